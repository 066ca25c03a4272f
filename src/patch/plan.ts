import type { PlannedChange } from "../api.ts";

/** New values for fields of one symbol; what is absent stays. `symbol` is its index before the patch. */
export interface SymbolEdit {
  readonly symbol: number;
  readonly name?: string;
  /** STB_*, STT_*, STV_*. */
  readonly binding?: number;
  readonly type?: number;
  readonly visibility?: number;
  /** Section index, and offset in it and length in bytes. */
  readonly section?: number;
  readonly value?: number;
  readonly size?: number;
}

/** New values for one relocation entry. `entry` counts from 0 in its section, `symbol` is an index before the patch. */
export interface RelocationEdit {
  readonly relSection: number;
  readonly entry: number;
  readonly offset?: number;
  readonly type?: number;
  readonly symbol?: number;
}

/** New values for fields of one section header; offset and size follow from the content, the name stays. */
export interface HeaderEdit {
  readonly section: number;
  readonly type?: number;
  readonly flags?: number;
  readonly link?: number;
  readonly info?: number;
  readonly addralign?: number;
  readonly entsize?: number;
}

/** A section that the input lacks; offset and size follow from the content. */
export interface AddedSection {
  readonly name: string;
  /** SHT_*, with content in the file, and SHF_*. */
  readonly type: number;
  readonly flags: number;
  readonly addralign: number;
  readonly entsize: number;
  /** Section indices, or what else the type takes them for; another added section has the number that `applyPlan` gives it. */
  readonly link: number;
  readonly info: number;
  readonly content: Uint8Array;
}

/**
 * All that a repair changes in a file; every number in it (sections, symbols, entries) is that of the input.
 *
 * Symbols that change between local and global are moved, and whoever counts symbols is renumbered, by `applyPlan`: contents of
 * relocation sections in `sections` still use the input's symbol numbers.
 */
export interface PatchPlan {
  /** New contents by section index. */
  readonly sections: ReadonlyMap<number, Uint8Array>;
  readonly symbols: readonly SymbolEdit[];
  readonly relocations: readonly RelocationEdit[];
  readonly headers: readonly HeaderEdit[];
  /** New sections; the first gets the number after the input's last, and so on. */
  readonly added: readonly AddedSection[];
  /** Why: the repairs that led here, in order. */
  readonly changes: readonly PlannedChange[];
}

/** A plan that replaces section contents and nothing else: all that repairs of `.BTF` and `.BTF.ext` need. */
export function contentPlan(
  sections: ReadonlyMap<number, Uint8Array>,
  changes: readonly PlannedChange[] = [],
): PatchPlan {
  return { sections, symbols: [], relocations: [], headers: [], added: [], changes };
}

/** Whether applying the plan can change a byte. */
export function isEmptyPlan(plan: PatchPlan): boolean {
  const { sections, symbols, relocations, headers, added } = plan;
  return sections.size + symbols.length + relocations.length + headers.length + added.length === 0;
}
