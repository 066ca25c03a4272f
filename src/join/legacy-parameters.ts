import { AT, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";

/** A type parameter of a Rust type: `K` of `HashMap<K, V>`, and the DIE of what it stands for. */
export interface TypeParameter {
  readonly name: string;
  readonly row: DieRow;
}

/** Deepest nesting that is looked through; real wrappers have three or four layers. */
const MAX_LAYERS = 32;
/** Parameters of one type that are looked at; real wrappers have one or two. */
const MAX_PARAMETERS = 16;
/** Bytes of `prefixlen` (struct bpf_lpm_trie_key of include/uapi/linux/bpf.h). */
const PREFIX = 4;

/** What has been read of one program's DIEs: many maps share a type, and each part of it is looked at once. */
interface Known {
  readonly inside: Map<DieRow, DieRow | undefined>;
  readonly parameters: Map<DieRow, readonly TypeParameter[]>;
  /** Records of a `u32` and something behind it: "row of its type, size" → row. */
  trieKeys: ReadonlyMap<string, DieRow> | undefined;
}

const knownOf = new WeakMap<Dwarf, Known>();

function known(dwarf: Dwarf): Known {
  const there = knownOf.get(dwarf);
  if (there !== undefined) return there;
  const made: Known = { inside: new Map(), parameters: new Map(), trieKeys: undefined };
  knownOf.set(dwarf, made);
  return made;
}

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
  const { inside: answers } = known(dwarf);
  if (!answers.has(row)) answers.set(row, findInside(dwarf, row));
  return answers.get(row);
}

function findInside(dwarf: Dwarf, row: DieRow): DieRow | undefined {
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
  const { parameters: answers } = known(dwarf);
  const there = answers.get(row);
  if (there !== undefined) return there;
  const parameters: TypeParameter[] = [];
  for (const child of dwarf.children(row)) {
    const type = dwarf.tag(child) === TAG.templateTypeParameter ? dwarf.type(child) : undefined;
    if (type !== undefined && parameters.length < MAX_PARAMETERS)
      parameters.push({ name: dwarf.name(child) ?? "", row: type });
  }
  answers.set(row, parameters);
  return parameters;
}

/**
 * The record of an LPM trie's key as the source has it: a `u32` and the data behind it, together `size` bytes (`lpm_trie::Key<K>` of
 * aya-ebpf). It is there only if some function of the object handles keys.
 */
export function trieKeyRow(dwarf: Dwarf, data: DieRow, size: number): DieRow | undefined {
  const answers = known(dwarf);
  answers.trieKeys ??= trieKeys(dwarf);
  return answers.trieKeys.get(`${data}, ${size}`);
}

function trieKeys(dwarf: Dwarf): ReadonlyMap<string, DieRow> {
  const keys = new Map<string, DieRow>();
  for (let row = 0; row < dwarf.count; row++) {
    if (dwarf.tag(row) !== TAG.structureType) continue;
    const data = behindPrefix(dwarf, row);
    const key = `${data}, ${dwarf.number(row, AT.byteSize)}`;
    if (data !== undefined && !keys.has(key)) keys.set(key, row);
  }
  return keys;
}

/** What a record of two members holds at byte 4, behind a prefix length of 4 bytes. */
function behindPrefix(dwarf: Dwarf, row: DieRow): DieRow | undefined {
  const members: DieRow[] = [];
  for (const child of dwarf.children(row)) {
    if (dwarf.tag(child) !== TAG.member) continue;
    if (members.push(child) > 2) return undefined;
  }
  const [prefix, second] = members;
  const length = prefix === undefined ? undefined : dwarf.type(prefix);
  if (prefix === undefined || second === undefined || length === undefined) return undefined;
  // By its name too: many a record of the user's begins with a u32.
  const isNamed = /^prefix_?len$/.test(dwarf.name(prefix) ?? "");
  const isPrefix = isNamed && dwarf.tag(length) === TAG.baseType && dwarf.number(length, AT.byteSize) === PREFIX;
  const isFirst = (dwarf.number(prefix, AT.dataMemberLocation) ?? 0) === 0;
  return isPrefix && isFirst && dwarf.number(second, AT.dataMemberLocation) === PREFIX ? dwarf.type(second) : undefined;
}
