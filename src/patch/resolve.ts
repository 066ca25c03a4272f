import type { HeaderEdit, RelocationEdit, SymbolEdit } from "../elf/edit.ts";
import {
  type ElfView,
  REL_SIZE,
  RELA_SIZE,
  type Section,
  SHT_GROUP,
  SHT_LLVM_ADDRSIG,
  SHT_REL,
  SHT_RELA,
  STB_LOCAL,
  SYM_SIZE,
} from "../elf/model.ts";
import { relocationSections } from "../elf/relocations.ts";
import { writeU64 } from "../elf/u64.ts";
import { BtfFixError } from "../errors.ts";
import { addrsigSections, readAddrsig, writeAddrsig } from "./addrsig.ts";
import type { PatchPlan } from "./plan.ts";

/** A plan brought down to bytes: new contents and header fields by section index, nothing left to work out. */
export interface ResolvedPlan {
  readonly contents: ReadonlyMap<number, Uint8Array>;
  readonly headers: readonly HeaderEdit[];
}

/**
 * Turns edits of symbols and relocations into section contents: `.symtab` (locals first), its string table, `sh_info`, and every section
 * that counts symbols.
 *
 * Errors: REFUSED when an unknown kind of section refers to symbols that would be renumbered, ELF_MALFORMED.
 */
export function resolvePlan(elf: ElfView, plan: PatchPlan): ResolvedPlan {
  const contents = new Map(plan.sections);
  const headers = [...plan.headers];
  editRelocations(elf, plan.relocations, contents);
  if (plan.symbols.length === 0) return { contents, headers };
  const symtab = elf.symtab === undefined ? undefined : elf.sections[elf.symtab];
  if (symtab === undefined) throw new RangeError("a plan edits symbols of an object that has none");
  if (contents.has(symtab.index)) throw new RangeError("a plan both edits symbols and replaces their table");
  const entries = editSymbols(elf, symtab, plan.symbols, contents);
  if (!plan.symbols.some((edit) => changesLocality(elf, edit))) {
    contents.set(symtab.index, entries);
    return { contents, headers };
  }
  const order = localsFirst(entries);
  contents.set(symtab.index, reorder(entries, order));
  const locals = order.filter((old) => isLocal(entries, old)).length;
  headers.push({ section: symtab.index, info: locals });
  renumber(elf, inverse(order), contents, headers);
  return { contents, headers };
}

function editRelocations(elf: ElfView, edits: readonly RelocationEdit[], contents: Map<number, Uint8Array>): void {
  const copies = new Map<number, Uint8Array>();
  for (const { relSection, entry, offset, type, symbol } of edits) {
    const section = elf.sections[relSection];
    if (section === undefined) throw new RangeError(`the object has no section ${relSection}`);
    // One copy for all edits of a section: a file may ask for as many as it has bytes.
    const content = copies.get(relSection) ?? ownCopy(section, contents);
    copies.set(relSection, content);
    const entrySize = section.type === SHT_RELA ? RELA_SIZE : REL_SIZE;
    const at = entry * entrySize;
    const view = viewOf(content);
    if (offset !== undefined) writeU64(view, at, elf.littleEndian, offset);
    if (type !== undefined) view.setUint32(at + (elf.littleEndian ? 8 : 12), type, elf.littleEndian);
    if (symbol !== undefined) view.setUint32(at + (elf.littleEndian ? 12 : 8), symbol, elf.littleEndian);
  }
}

/** New symbol entries in the old order; new names are appended to the string table in `contents`. */
function editSymbols(
  elf: ElfView,
  symtab: Section,
  edits: readonly SymbolEdit[],
  contents: Map<number, Uint8Array>,
): Uint8Array {
  const entries = new Uint8Array(symtab.bytes);
  const view = viewOf(entries);
  const { littleEndian } = elf;
  for (const edit of edits) {
    const symbol = elf.symbols[edit.symbol];
    if (symbol === undefined) throw new RangeError(`the object has no symbol ${edit.symbol}`);
    const at = edit.symbol * SYM_SIZE;
    if (edit.name !== undefined && edit.name !== symbol.name) {
      view.setUint32(at, appendName(elf, symtab.link, edit.name, contents), littleEndian);
    }
    const info = view.getUint8(at + 4);
    view.setUint8(at + 4, ((edit.binding ?? info >> 4) << 4) | (edit.type ?? info & 0xf));
    // Only the two low bits of st_other are the visibility.
    const other = view.getUint8(at + 5);
    if (edit.visibility !== undefined) view.setUint8(at + 5, (other & ~3) | edit.visibility);
    if (edit.section !== undefined) view.setUint16(at + 6, edit.section, littleEndian);
    if (edit.value !== undefined) writeU64(view, at + 8, littleEndian, edit.value);
    if (edit.size !== undefined) writeU64(view, at + 16, littleEndian, edit.size);
  }
  return entries;
}

/** Appending leaves every other name where it is, even in LLVM's one table for symbols and sections. */
function appendName(elf: ElfView, strtab: number, name: string, contents: Map<number, Uint8Array>): number {
  const section = elf.sections[strtab];
  if (section === undefined) throw new RangeError(`the object has no section ${strtab}`);
  const old = contents.get(strtab) ?? section.bytes;
  const added = new TextEncoder().encode(`${name}\0`);
  const table = new Uint8Array(old.length + added.length);
  table.set(old);
  table.set(added, old.length);
  contents.set(strtab, table);
  return old.length;
}

function changesLocality(elf: ElfView, edit: SymbolEdit): boolean {
  const old = elf.symbols[edit.symbol];
  return old !== undefined && (edit.binding ?? old.binding) !== old.binding;
}

function isLocal(entries: Uint8Array, index: number): boolean {
  return (entries[index * SYM_SIZE + 4] ?? 0) >> 4 === STB_LOCAL;
}

/** Old indices in their new order: elf(5) wants all local symbols before the others; else nothing moves. */
function localsFirst(entries: Uint8Array): number[] {
  const all = Array.from({ length: entries.length / SYM_SIZE }, (_, i) => i);
  return [...all.filter((i) => isLocal(entries, i)), ...all.filter((i) => !isLocal(entries, i))];
}

function reorder(entries: Uint8Array, order: readonly number[]): Uint8Array {
  const result = new Uint8Array(entries.length);
  order.forEach((old, i) => {
    result.set(entries.subarray(old * SYM_SIZE, (old + 1) * SYM_SIZE), i * SYM_SIZE);
  });
  return result;
}

function inverse(order: readonly number[]): Uint32Array {
  const result = new Uint32Array(order.length);
  order.forEach((old, i) => {
    result[old] = i;
  });
  return result;
}

/** Gives every section that counts symbols the new numbers. */
function renumber(elf: ElfView, numbers: Uint32Array, contents: Map<number, Uint8Array>, headers: HeaderEdit[]): void {
  refuseUnknownUsers(elf);
  for (const section of relocationSections(elf)) {
    const content = ownCopy(section, contents);
    const view = viewOf(content);
    const entrySize = section.type === SHT_RELA ? RELA_SIZE : REL_SIZE;
    for (let at = 0; at + entrySize <= content.length; at += entrySize) {
      const place = at + (elf.littleEndian ? 12 : 8);
      const symbol = view.getUint32(place, elf.littleEndian);
      const number = numbers[symbol] ?? 0;
      if (number !== symbol) view.setUint32(place, number, elf.littleEndian);
    }
  }
  for (const section of addrsigSections(elf)) {
    const symbols = readAddrsig(section, numbers.length);
    contents.set(section.index, writeAddrsig(symbols.map((symbol) => numbers[symbol] ?? 0)));
  }
  for (const section of elf.sections) {
    // The signature symbol of a COMDAT group.
    if (section.type !== SHT_GROUP || section.link !== elf.symtab) continue;
    headers.push({ section: section.index, info: numbers[section.info] ?? 0 });
  }
}

function refuseUnknownUsers(elf: ElfView): void {
  const known: readonly number[] = [SHT_REL, SHT_RELA, SHT_GROUP, SHT_LLVM_ADDRSIG];
  for (const section of elf.sections) {
    if (section.index === 0 || section.link !== elf.symtab || known.includes(section.type)) continue;
    throw new BtfFixError(
      "REFUSED",
      `section ${section.index} (${section.name}) may count symbols that would be renumbered`,
      {
        section: section.name,
        offset: 0,
        length: section.bytes.length,
      },
    );
  }
}

/** The planned content of a section as a copy that may be written to. */
function ownCopy(section: Section, contents: Map<number, Uint8Array>): Uint8Array {
  const copy = new Uint8Array(contents.get(section.index) ?? section.bytes);
  contents.set(section.index, copy);
  return copy;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
