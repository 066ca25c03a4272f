import type { BtfExt } from "../btf/ext-model.ts";
import type { Btf } from "../btf/model.ts";
import type { ElfView } from "../elf/model.ts";
import type { Correspondence } from "../join/model.ts";

/** Everything known of one object at one moment of a repair. Rules read it; each fix returns a new one. */
export interface ObjectState {
  readonly elf: ElfView;
  /** Undefined for a raw `.BTF` file given alone. */
  readonly btf: Btf;
  readonly ext: BtfExt | undefined;
  /** The second witness, undefined when the object has no (readable) DWARF. */
  readonly join: Correspondence | undefined;
}
