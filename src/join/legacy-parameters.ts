import { AT, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";

/** A type parameter of a Rust type: `K` of `HashMap<K, V>`, and the DIE of what it stands for. */
export interface TypeParameter {
  readonly name: string;
  readonly row: DieRow;
}

/** Deepest nesting that is looked through; real wrappers have three or four layers. */
const MAX_LAYERS = 32;

/**
 * The type parameters around a legacy definition, one list a layer, innermost first: the layers are the records that the variable's type
 * consists of (`HashMap<K, V>`, `MapDef`, `UnsafeCell<bpf_map_def>`, `bpf_map_def`). A parameter that is a layer itself tells of no key
 * or value and is left out, as are layers without any.
 */
export function parameterLayers(dwarf: Dwarf, type: DieRow): readonly (readonly TypeParameter[])[] {
  const rows: DieRow[] = [];
  for (let row: DieRow | undefined = type; row !== undefined && rows.length < MAX_LAYERS; row = inside(dwarf, row)) {
    if (rows.includes(row)) break;
    rows.push(row);
  }
  const layers = rows.map((row) => parametersOf(dwarf, row).filter((parameter) => !rows.includes(parameter.row)));
  return layers.filter((layer) => layer.length > 0).reverse();
}

function isRecord(dwarf: Dwarf, row: DieRow): boolean {
  const tag = dwarf.tag(row);
  return tag === TAG.structureType || tag === TAG.unionType || tag === TAG.classType;
}

/** The record that fills another from its first byte to its last. */
function inside(dwarf: Dwarf, row: DieRow): DieRow | undefined {
  if (!isRecord(dwarf, row)) return undefined;
  const size = dwarf.number(row, AT.byteSize);
  for (const child of dwarf.children(row)) {
    const type = dwarf.tag(child) === TAG.member ? dwarf.type(child) : undefined;
    if (type === undefined || (dwarf.number(child, AT.dataMemberLocation) ?? 0) !== 0) continue;
    if (isRecord(dwarf, type) && dwarf.number(type, AT.byteSize) === size) return type;
  }
  return undefined;
}

function parametersOf(dwarf: Dwarf, row: DieRow): readonly TypeParameter[] {
  const parameters: TypeParameter[] = [];
  for (const child of dwarf.children(row)) {
    const type = dwarf.tag(child) === TAG.templateTypeParameter ? dwarf.type(child) : undefined;
    if (type !== undefined) parameters.push({ name: dwarf.name(child) ?? "", row: type });
  }
  return parameters;
}

/**
 * The record of an LPM trie's key as the source has it: a `u32` and the data behind it, together `size` bytes (`lpm_trie::Key<K>` of
 * aya-ebpf). It is there only if some function of the object handles keys.
 */
export function trieKeyRow(dwarf: Dwarf, data: DieRow, size: number): DieRow | undefined {
  for (let row = 0; row < dwarf.count; row++) {
    if (dwarf.tag(row) !== TAG.structureType || dwarf.number(row, AT.byteSize) !== size) continue;
    const members = [...dwarf.children(row)].filter((child) => dwarf.tag(child) === TAG.member);
    const [prefix, second] = members;
    if (members.length !== 2 || prefix === undefined || second === undefined) continue;
    const length = dwarf.type(prefix);
    const isPrefix =
      length !== undefined && dwarf.tag(length) === TAG.baseType && dwarf.number(length, AT.byteSize) === 4;
    const isFirst = (dwarf.number(prefix, AT.dataMemberLocation) ?? 0) === 0;
    const isBehind = dwarf.number(second, AT.dataMemberLocation) === 4;
    if (isPrefix && isFirst && isBehind && dwarf.type(second) === data) return row;
  }
  return undefined;
}
