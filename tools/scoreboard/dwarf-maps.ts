import { type PrintedDie, printedDies } from "../../test/dwarf/dwarfdump.ts";
import type { ObjectFile } from "../../test/e2e/object-file.ts";
import { legacyMaps } from "./legacy-maps.ts";
import { arrayText, DEPTH, type Member, POINTER, shapeText, TAG } from "./shape.ts";

/** A map as `llvm-dwarfdump` tells it: numbers as in the definition, key and value as shapes; undefined where there is none. */
export interface DwarfMap {
  readonly name: string;
  readonly type: number | undefined;
  readonly key: string | undefined;
  readonly value: string | undefined;
  readonly hasValues: boolean;
  /** What a legacy definition says beside its type. */
  readonly numbers?: LegacyNumbers;
}

/** Sizes in bytes, entries, flags, and whether the map is pinned by name, of a legacy definition. */
export interface LegacyNumbers {
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly mapFlags: number;
  readonly pinByName: boolean;
}

/** A DIE with its children. */
export interface Die extends PrintedDie {
  readonly children: Die[];
}

/** The DIEs of an object by offset. */
export type Dies = ReadonlyMap<number, Die>;

/** The DIEs of an object by offset, each with its children. */
function diesOf(path: string): Dies {
  const dies = printedDies({ name: path, path }).map((die): Die => ({ ...die, children: [] }));
  const open: Die[] = [];
  for (const die of dies) {
    open.length = Math.min(open.length, die.depth);
    open.at(-1)?.children.push(die);
    open.push(die);
  }
  return new Map(dies.map((die) => [die.offset, die]));
}

/** The DIE that DW_AT_type names. */
export function typeOf(dies: Dies, die: Die | undefined): Die | undefined {
  const offset = /^0x([0-9a-f]+)/.exec(die?.attributes.get("type") ?? "")?.[1];
  return offset === undefined ? undefined : dies.get(Number.parseInt(offset, 16));
}

/** llvm-dwarfdump writes bytes outside ASCII as octal escapes. */
export function nameOf(die: Die): string | null {
  const quoted = /^"(.*)"$/.exec(die.attributes.get("name") ?? "")?.[1];
  if (quoted === undefined) return null;
  const bytes = quoted.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** A number as printed; 0 where the attribute is absent. */
export function number(die: Die | undefined, attribute: string): number {
  return Number(die?.attributes.get(attribute) ?? 0);
}

/** Children of one tag. */
export function children(die: Die | undefined, tag: string): Die[] {
  return (die?.children ?? []).filter((child) => child.tag === tag);
}

/** Lengths from the outermost dimension in. */
function dimensions(array: Die | undefined): number[] {
  return children(array, "subrange_type").map((range) =>
    range.attributes.has("upper_bound")
      ? number(range, "upper_bound") - number(range, "lower_bound") + 1
      : number(range, "count"),
  );
}

/** The length of an array of one dimension. */
function elements(array: Die | undefined): number {
  return dimensions(array)[0] ?? 0;
}

/** The shape of a type in DWARF, by the rules of LLVM's BTFDebug: what a type's BTF must say. */
export function dwarfShape(dies: Dies, type: Die | undefined, depth = DEPTH): string {
  if (type === undefined) return "void";
  switch (type.tag) {
    case "pointer_type":
    case "reference_type":
      return POINTER;
    case "const_type":
    case "volatile_type":
    case "restrict_type":
      return dwarfShape(dies, typeOf(dies, type), depth);
    case "typedef":
      return `${nameOf(type)}=${dwarfShape(dies, typeOf(dies, type), depth)}`;
    case "array_type":
      return dimensions(type).reduceRight(arrayText, dwarfShape(dies, typeOf(dies, type), depth));
    case "subroutine_type":
      return "function";
    case "enumeration_type":
      return shapeText(
        nameOf(type),
        number(type, "byte_size"),
        children(type, "enumerator").map((value) => ({
          name: nameOf(value),
          bitOffset: number(value, "const_value"),
          shape: "",
        })),
      );
    case "base_type":
      return shapeText(baseName(type), number(type, "byte_size"));
    default:
      if (isNullablePointer(dies, type)) return POINTER;
      return shapeText(nameOf(type), number(type, "byte_size"), depth === 0 ? [] : membersOf(dies, type, depth));
  }
}

/** Whether a record of 8 bytes holds a pointer and nothing else, through newtypes. */
function holdsPointer(dies: Dies, type: Die | undefined, layers = 8): boolean {
  if (type?.tag === "pointer_type") return true;
  if (type?.tag !== "structure_type" || number(type, "byte_size") !== 8 || layers === 0) return false;
  const sized = children(type, "member").filter((member) => number(typeOf(dies, member), "byte_size") !== 0);
  const [member, ...more] = sized.length > 0 ? sized : children(type, "member");
  return member !== undefined && more.length === 0 && holdsPointer(dies, typeOf(dies, member), layers - 1);
}

/** `Option<&T>` and its like, of which rustc's reference promises that they are pointers, null for `None`. */
function isNullablePointer(dies: Dies, type: Die): boolean {
  const [part] = children(type, "variant_part");
  if (part === undefined || number(type, "byte_size") !== 8 || !/^Option(?:<|_3C_)/.test(nameOf(type) ?? ""))
    return false;
  const some = children(part, "variant").find((variant) => !variant.attributes.has("discr_value"));
  const tag = children(part, "member")[0];
  const isNiche =
    tag !== undefined && number(typeOf(dies, tag), "byte_size") === 8 && number(tag, "data_member_location") === 0;
  return isNiche && holdsPointer(dies, typeOf(dies, children(some, "member")[0]));
}

/** Rust's `char` has 4 bytes; its BTF carries C's name for such a type, since `char` would be read as one byte. */
function baseName(type: Die): string | null {
  return type.attributes.get("encoding") === "DW_ATE_UTF" ? "char32_t" : nameOf(type);
}

function memberOf(dies: Dies, die: Die, depth: number): Member {
  // Only bit fields have their place in bits.
  const bitOffset = 8 * number(die, "data_member_location") + number(die, "data_bit_offset");
  const name = nameOf(die);
  const type = typeOf(dies, die);
  if (name === null && die.attributes.has("artificial")) {
    return { name: TAG, bitOffset, shape: String(number(type, "byte_size")) };
  }
  return { name, bitOffset, shape: dwarfShape(dies, type, depth - 1) };
}

/** Members; the variants of an enum form one anonymous union of the record's size, as LLVM writes them. */
function membersOf(dies: Dies, record: Die, depth: number): Member[] {
  const members = children(record, "member").map((die) => memberOf(dies, die, depth));
  for (const part of children(record, "variant_part")) {
    const tags = children(part, "member");
    const variants = children(part, "variant").flatMap((variant) => children(variant, "member"));
    const union = depth === 1 ? [] : [...tags, ...variants].map((die) => memberOf(dies, die, depth - 1));
    members.push({ name: null, bitOffset: 0, shape: shapeText(null, number(record, "byte_size"), union) });
  }
  return members;
}

const ZERO_SIZED = new Set(["structure_type", "base_type"]);

/** The record that defines the map: what is left when wrappers of one member with a size are taken off. */
function definition(dies: Dies, type: Die | undefined): Die | undefined {
  for (let record = type, layer = 0; record !== undefined && layer < 16; layer++) {
    const members = children(record, "member");
    if (members.some((member) => nameOf(member) === "type" && typeOf(dies, member)?.tag === "pointer_type"))
      return record;
    const sized = members.filter((member) => {
      const target = typeOf(dies, member);
      return target !== undefined && !(ZERO_SIZED.has(target.tag) && number(target, "byte_size") === 0);
    });
    if (sized.length !== 1) return undefined;
    record = typeOf(dies, sized[0]);
  }
  return undefined;
}

/** The variable that a symbol names. */
export function variableOf(dies: Dies, symbol: string): Die | undefined {
  return [...dies.values()].find((die) => {
    if (die.tag !== "variable" || !die.attributes.get("location")?.startsWith("DW_OP_addr")) return false;
    return (die.attributes.get("linkage_name") ?? die.attributes.get("name")) === `"${symbol}"`;
  });
}

/** The maps of a raw object: the variables whose symbol lies in `.maps` or `maps`, as its debug info and definitions define them. */
export function dwarfMaps(path: string, file: ObjectFile): readonly DwarfMap[] {
  const dies = diesOf(path);
  const maps: DwarfMap[] = [...legacyMaps(dies, file)];
  for (const symbol of file.symbols) {
    if (file.sections[symbol.section]?.name !== ".maps" || symbol.name === "" || symbol.type !== 1) continue;
    const variable = variableOf(dies, symbol.name);
    const record = definition(dies, typeOf(dies, variable));
    const field = (name: string): Die | undefined => {
      const member = children(record, "member").find((die) => nameOf(die) === name);
      return typeOf(dies, typeOf(dies, member));
    };
    const count = field("type");
    const shapeOf = (type: Die | undefined): string | undefined =>
      type === undefined ? undefined : dwarfShape(dies, type);
    maps.push({
      name: symbol.name,
      type: count === undefined ? undefined : elements(count),
      key: shapeOf(field("key")),
      value: shapeOf(field("value")),
      hasValues: children(record, "member").some((die) => nameOf(die) === "values"),
    });
  }
  return maps;
}
