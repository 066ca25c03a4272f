import { AT, TAG } from "../../src/dwarf/constants.ts";

/** A DIE by hand; `type` attributes are other DIEs. Strings stand in place (DW_FORM_string), so that one section holds all. */
export interface Die {
  readonly tag: keyof typeof TAG;
  readonly attributes: readonly (readonly [name: keyof typeof AT, value: string | number | Die | Address])[];
  readonly children?: readonly Die[];
}

/** Address of a symbol: a location expression, with a relocation. */
export interface Address {
  readonly symbol: string;
}

/** The sections of one unit, and the relocations of `.debug_info`. */
export interface WrittenDwarf {
  readonly info: Uint8Array;
  readonly abbrev: Uint8Array;
  readonly relocations: readonly { readonly offset: number; readonly symbol: string }[];
}

/** DW_FORM_* of DWARF 4, section 7.5.4. */
const FORM = { string: 0x08, data8: 0x07, ref4: 0x13, exprloc: 0x18 };
const DW_OP_ADDR = 3;
const VERSION = 4;
const ADDRESS_SIZE = 8;
const HEADER = 11;
/** DW_LANG_Rust. */
const LANGUAGE_RUST = 0x1c;

const encoder = new TextEncoder();

function uleb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const byte = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? byte : byte | 0x80);
  } while (rest !== 0);
  return bytes;
}

function isAddress(value: string | number | Die | Address): value is Address {
  return typeof value === "object" && "symbol" in value;
}

function formOf(value: string | number | Die | Address): number {
  if (typeof value === "string") return FORM.string;
  if (typeof value === "number") return FORM.data8;
  return isAddress(value) ? FORM.exprloc : FORM.ref4;
}

/** One DWARF 4 unit of these DIEs, little-endian; every DIE that an attribute names must be among them. */
export function writeDwarf(top: readonly Die[]): WrittenDwarf {
  const bytes: number[] = [];
  const abbreviations = new Map<string, number>();
  const offsets = new Map<Die, number>();
  const references: { readonly at: number; readonly to: Die }[] = [];
  const relocations: { offset: number; symbol: string }[] = [];
  const word = (value: number, size: number): void => {
    for (let i = 0; i < size; i++) bytes.push(Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
  };

  const write = (die: Die): void => {
    offsets.set(die, HEADER + bytes.length);
    const hasChildren = (die.children?.length ?? 0) > 0;
    const shape = [
      TAG[die.tag],
      hasChildren ? 1 : 0,
      ...die.attributes.flatMap(([name, value]) => [AT[name], formOf(value)]),
    ];
    const key = shape.join(" ");
    const code = abbreviations.get(key) ?? abbreviations.size + 1;
    abbreviations.set(key, code);
    bytes.push(...uleb(code));
    for (const [, value] of die.attributes) {
      if (typeof value === "string") bytes.push(...encoder.encode(value), 0);
      else if (typeof value === "number") word(value, 8);
      else if (isAddress(value)) {
        bytes.push(1 + ADDRESS_SIZE, DW_OP_ADDR);
        relocations.push({ offset: HEADER + bytes.length, symbol: value.symbol });
        word(0, ADDRESS_SIZE);
      } else {
        references.push({ at: bytes.length, to: value });
        word(0, 4);
      }
    }
    if (!hasChildren) return;
    for (const child of die.children ?? []) write(child);
    bytes.push(0);
  };

  write({
    tag: "compileUnit",
    attributes: [
      ["language", LANGUAGE_RUST],
      ["name", "synthetic.rs"],
    ],
    children: top,
  });
  for (const { at, to } of references) {
    const offset = offsets.get(to);
    if (offset === undefined) throw new Error(`a DIE ${to.tag} is named and not written`);
    for (let i = 0; i < 4; i++) bytes[at + i] = (offset >> (8 * i)) & 0xff;
  }
  const info = new Uint8Array(HEADER + bytes.length);
  const view = new DataView(info.buffer);
  view.setUint32(0, info.length - 4, true);
  view.setUint16(4, VERSION, true);
  view.setUint8(10, ADDRESS_SIZE);
  info.set(bytes, HEADER);
  const abbrev = [...abbreviations].flatMap(([key, code]) => [
    ...uleb(code),
    ...key.split(" ").flatMap((number, index) => (index === 1 ? [Number(number)] : uleb(Number(number)))),
    0,
    0,
  ]);
  return { info, abbrev: Uint8Array.from([...abbrev, 0]), relocations };
}
