import { AT, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { type ElfSymbol, type ElfView, SHN_UNDEF, STB_LOCAL } from "../elf/model.ts";
import { definedSymbols, sectionNamed } from "../elf/symbols.ts";
import { addEntry, type DatasecItem, type Lowering } from "./entries.ts";
import { bytesOf, dimension, withoutAtomic, word } from "./layout.ts";
import { typeOf } from "./names.ts";

const POINTER_SIZE = 8;
/** Longest chain of typedefs, qualifiers and arrays whose size is asked for. */
const MAX_CHAIN = 64;

/** The DATASECs under construction, by section name (BTFDebug's DataSecEntries); entries stay in the order in which they come. */
export type DatasecTable = Map<string, DatasecItem[]>;

/** Makes sure that the section has a DATASEC, and returns its entries. */
export function datasec(table: DatasecTable, section: string): DatasecItem[] {
  let items = table.get(section);
  if (items === undefined) {
    items = [];
    table.set(section, items);
  }
  return items;
}

/**
 * The entry of a VAR. A local symbol is written as its section's symbol with its own offset in place; any other symbol stands for itself
 * (MCELFStreamer's choice). The size is that of the symbol, or of the type where the symbol is defined elsewhere.
 */
export function variableItem(dwarf: Dwarf, id: number, symbol: ElfSymbol, type: DieRow | undefined): DatasecItem {
  const size = symbol.section === SHN_UNDEF ? sizeOfType(dwarf, type) : symbol.size;
  const offset = symbol.binding === STB_LOCAL ? symbol.value : 0;
  return { id, symbol: symbol.index, offset: word(offset), size: word(size) };
}

/**
 * Whether `.rodata` holds a constant without a symbol: BTFDebug makes the DATASEC for such a private constant alone, and puts nothing
 * in. bpf-linker gives constants local symbols, and then there is no DATASEC. Zeros short of the alignment are padding.
 */
export function hasPrivateConstant(elf: ElfView): boolean {
  const section = sectionNamed(elf, ".rodata");
  if (section === undefined) return false;
  const symbols = definedSymbols(elf, section.index).toSorted((a, b) => a.value - b.value);
  if (symbols.length === 0) return true;
  let end = 0;
  for (const { value, size } of [...symbols, { value: section.size, size: 0 }]) {
    const gap = section.bytes.subarray(end, value);
    if (gap.length >= section.addralign || gap.some((byte) => byte !== 0)) return true;
    end = Math.max(end, value + size);
  }
  return false;
}

/** Appends all DATASECs in the byte order of their names (BTFDebug::endModule). */
export function addDatasecs(lowering: Lowering, table: DatasecTable): void {
  const encoder = new TextEncoder();
  const named = [...table].map(([name, items]) => ({ name, items, key: encoder.encode(name) }));
  named.sort((a, b) => compareBytes(a.key, b.key));
  for (const { name, items } of named) addEntry(lowering, { entry: "datasec", row: undefined, name, items }, undefined);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Size in bytes of a value of a type; 0 if DWARF does not tell. */
export function sizeOfType(dwarf: Dwarf, type: DieRow | undefined): number {
  let count = 1;
  let at = withoutAtomic(dwarf, type);
  for (let step = 0; at !== undefined && step < MAX_CHAIN; step++) {
    if (dwarf.has(at, AT.byteSize) || dwarf.has(at, AT.bitSize)) return count * bytesOf(dwarf, at);
    const tag = dwarf.tag(at);
    if (tag === TAG.pointerType) return count * POINTER_SIZE;
    if (tag === TAG.arrayType) {
      for (const child of dwarf.children(at)) {
        if (dwarf.tag(child) === TAG.subrangeType) count *= dimension(dwarf, child);
      }
    }
    at = withoutAtomic(dwarf, typeOf(dwarf, at));
    // clang lets a void variable (`extern const void x`, for an address alone) have the type i8.
    if (at === undefined) return count;
  }
  return 0;
}
