import type { BtfExt } from "../btf/ext-model.ts";
import type { Btf } from "../btf/model.ts";
import type { ElfEdits } from "../elf/edit.ts";
import type { ElfView } from "../elf/model.ts";
import type { Diagnostic, Rule } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";

/** The state of an object that is an ELF file. */
export type ElfState = ObjectState & { readonly elf: ElfView };

/** What one repair of the ELF file asks for. */
export interface ElfStep {
  readonly edits: ElfEdits;
  /** The new `.BTF` and `.BTF.ext`; the same object as in the state where nothing changes. Existing ids stay. */
  readonly btf: Btf;
  readonly ext: BtfExt | undefined;
  /** For each finding, by position: what was done about it, in the past tense; undefined if it was left. */
  readonly done: readonly (string | undefined)[];
}

/**
 * A repair that moves symbols, sections or relocations. Unlike a `Fix` of BTF alone it is applied to the file at once, and the next one
 * sees the object that came of it: read, lowered and joined anew.
 */
export interface ElfFix {
  /** The rules whose findings it cures; their findings come in this order. */
  readonly rules: readonly Rule[];
  /** For the outcome line: `count` findings were cured ("2 legacy maps converted"). */
  summary(count: number): string;
  /** @throws BtfFixError REFUSED where the repair would change what the program means. */
  apply(state: ElfState, findings: readonly Diagnostic[]): ElfStep;
}

/** Edits that change nothing, to be spread. */
export const NO_EDITS: ElfEdits = { sections: new Map(), symbols: [], relocations: [], headers: [], added: [] };
