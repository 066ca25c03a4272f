import type { BtfExt } from "../btf/ext-model.ts";
import type { Btf } from "../btf/model.ts";
import type { ElfView } from "../elf/model.ts";
import type { BtfFixError } from "../errors.ts";
import type { Correspondence } from "../join/model.ts";
import type { Choices } from "./choices.ts";

/** Everything known of one object at one moment of a repair. Rules read it; each fix returns a new one. */
export interface ObjectState {
  /** Undefined for a raw BTF file given alone. */
  readonly elf: ElfView | undefined;
  readonly btf: Btf;
  readonly ext: BtfExt | undefined;
  /** Why the object's own BTF is no model, though there is debug info to make one from; `btf` is empty then. */
  readonly unreadable?: BtfFixError;
  /** The two witnesses tied together, undefined when the object has no DWARF. Made from the object as it came in; ids never change. */
  readonly join: Correspondence | undefined;
  /** Lowered types that a repair has appended so far: lowered id → own id. */
  readonly grafts: ReadonlyMap<number, number>;
  /**
   * Whether the kernel throws the BTF away as it came in. Its functions were then verified in the context of their callers; once the
   * BTF loads, every global one is verified alone. Rules on linkage ask this.
   */
  readonly refusedAsGiven: boolean;
  /** What the user decided. */
  readonly choices: Choices;
}
