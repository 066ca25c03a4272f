import type { ObjectFile } from "../../test/e2e/object-file.ts";
import {
  children,
  type Die,
  type Dies,
  type DwarfMap,
  dwarfShape,
  nameOf,
  number,
  typeOf,
  variableOf,
} from "./dwarf-maps.ts";
import { shapeText } from "./shape.ts";

/** `enum bpf_map_type` of the kinds whose key or value a Rust wrapper has no parameter for. */
const PAIRS = [1, 5, 9, 10];
const INDEXED = [2, 6];
const NUMBERS = [3, 20];
const LPM_TRIE = 11;
const CGROUP_STORAGES = [19, 21];
const BLOOM_FILTER = 30;

const U32 = shapeText("u32", 4);
const CGROUP_KEY = shapeText("bpf_cgroup_storage_key", 16, [
  { name: "cgroup_inode_id", bitOffset: 0, shape: shapeText("u64", 8) },
  { name: "attach_type", bitOffset: 64, shape: U32 },
]);

/** The innermost record around the definition that has type parameters, and what these stand for. */
function parameters(dies: Dies, type: Die | undefined): readonly Die[] {
  let found: readonly Die[] = [];
  const size = number(type, "byte_size");
  for (let record = type, layer = 0; record !== undefined && layer < 16; layer++) {
    const own = children(record, "template_type_parameter")
      .map((parameter) => typeOf(dies, parameter))
      .filter((target) => target !== undefined);
    const inner: Die | undefined = children(record, "member")
      .map((member) => typeOf(dies, member))
      .find((target) => number(target, "byte_size") === size);
    // `UnsafeCell<bpf_map_def>` names what it holds.
    if (own.length > 0 && !own.some((parameter) => parameter === inner)) found = own;
    record = inner;
  }
  return found;
}

/** The struct of an LPM key in the source: a length, then the data. */
function trieKey(dies: Dies, data: Die): Die | undefined {
  return [...dies.values()].find((die) => {
    const [length, rest] = die.tag === "structure_type" ? children(die, "member") : [];
    return length !== undefined && nameOf(length) === "prefix_len" && rest !== undefined && typeOf(dies, rest) === data;
  });
}

/** Key and value as shapes, where the kind's wrapper tells them and the kernel takes them. */
function shapes(dies: Dies, type: number, variable: Die | undefined): Pick<DwarfMap, "key" | "value"> {
  const found = parameters(dies, typeOf(dies, variable));
  const shape = (die: Die | undefined): string | undefined => (die === undefined ? undefined : dwarfShape(dies, die));
  const [first, second] = found;
  if (PAIRS.includes(type)) return { key: shape(first), value: shape(second) };
  if (INDEXED.includes(type)) return first === undefined ? NONE : { key: U32, value: shape(first) };
  if (NUMBERS.includes(type)) return { key: U32, value: U32 };
  if (type === LPM_TRIE && first !== undefined) return { key: shape(trieKey(dies, first)), value: shape(second) };
  if (CGROUP_STORAGES.includes(type) && first !== undefined) return { key: CGROUP_KEY, value: shape(first) };
  if (type === BLOOM_FILTER) return { key: undefined, value: shape(first) };
  return NONE;
}

const NONE = { key: undefined, value: undefined } as const;

/** The maps of section `maps`: numbers from its bytes, types from the parameters of the Rust types around the definitions. */
export function legacyMaps(dies: Dies, file: ObjectFile): readonly DwarfMap[] {
  const word = (bytes: Buffer, at: number): number =>
    at + 4 > bytes.length ? 0 : file.littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  return file.symbols.flatMap((symbol): DwarfMap[] => {
    const section = file.sections[symbol.section];
    if (section?.name !== "maps" || symbol.name === "" || symbol.type !== 1) return [];
    const bytes = section.bytes.subarray(symbol.value, symbol.value + symbol.size);
    const [type, keySize, valueSize, maxEntries, mapFlags, , pinning] = [0, 4, 8, 12, 16, 20, 24].map((at) =>
      word(bytes, at),
    );
    const numbers = {
      keySize: keySize ?? 0,
      valueSize: valueSize ?? 0,
      maxEntries: maxEntries ?? 0,
      mapFlags: mapFlags ?? 0,
      pinByName: pinning === 1,
    };
    const variable = variableOf(dies, symbol.name);
    return [{ name: symbol.name, type, ...shapes(dies, type ?? 0, variable), hasValues: false, numbers }];
  });
}
