import type { Insn, ObjectSection, ObjectSymbol } from "../../object.ts";

/**
 * Code for tests in clang's notation (RFC 9669): `r0 = r1`, `w0 += 3`, `r0 = *(u8 *)(r1 + 2)`, `*(u64 *)(r10 - 8) = r1`, `if r1 > 3 goto +1`,
 * `goto -2`, `exit`, `call 12` (a helper), `call +4` (resolved by the assembler), `call f` and `r1 = f ll` (by relocation), `r1 = 7 ll`,
 * `r0 = *(u8 *)skb[4]`, `lock *(u64 *)(r10 - 8) += r1`, and `r1 = fetch *(u64 *)(r10 - 8)`. What it lacks is given as `code 0x8d 0x01`.
 */

/** An instruction, or a slot of one, and the symbol that it names. */
interface Assembled {
  readonly insn: Insn;
  readonly symbol?: { readonly name: string; readonly type: number };
}

const R_BPF_64_64 = 1;
const R_BPF_64_32 = 10;

const OPERATIONS = ["+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "", "%=", "^=", "=", "s>>="];
const JUMPS = ["", "==", ">", ">=", "&", "!=", "s>", "s>=", "", "", "<", "<=", "s<", "s<="];
const SIZES: Readonly<Record<string, number>> = { u32: 0x00, u16: 0x08, u8: 0x10, u64: 0x18 };

const registers = (to: string | undefined, from: string | undefined): number => Number(to) | (Number(from) << 4);
const offset = (sign: string | undefined, digits: string | undefined): number =>
  sign === "-" ? -Number(digits) : Number(digits);

type Form = readonly [pattern: RegExp, make: (parts: readonly (string | undefined)[]) => readonly Assembled[]];
const one = (code: number, regs: number, off: number, immediate: number): readonly Assembled[] => [
  { insn: [code, regs, off, immediate] },
];
const wide = (regs: number, immediate: number, symbol?: string): readonly Assembled[] => [
  {
    insn: [0x18, regs, 0, immediate],
    ...(symbol === undefined ? {} : { symbol: { name: symbol, type: R_BPF_64_64 } }),
  },
  { insn: [0, 0, 0, 0] },
];

const MEMORY = String.raw`\*\((u\d+) \*\)\(r(\d+) ([+-]) (\d+)\)`;
const FORMS: readonly Form[] = [
  [/^exit$/, () => one(0x95, 0, 0, 0)],
  [/^call (\d+)$/, ([, helper]) => one(0x85, 0, 0, Number(helper))],
  [/^call ([+-])(\d+)$/, ([, sign, digits]) => one(0x85, 0x10, 0, offset(sign, digits))],
  [
    /^call (\D\S*?)(?:\+(\d+))?$/,
    ([, name = "", slots = "0"]) => [{ insn: [0x85, 0x10, 0, Number(slots) - 1], symbol: { name, type: R_BPF_64_32 } }],
  ],
  [/^goto ([+-])(\d+)$/, ([, sign, digits]) => one(0x05, 0, offset(sign, digits), 0)],
  [/^r(\d+) = (\d+) ll$/, ([, to, value]) => wide(Number(to), Number(value))],
  [/^r(\d+) = code([+-])(\d+) ll$/, ([, to, sign, digits]) => wide(Number(to) | 0x40, offset(sign, digits))],
  [/^r(\d+) = (\S+?)(?:\+(\d+))? ll$/, ([, to, name, addend = "0"]) => wide(Number(to), Number(addend), name)],
  [/^r(\d+) = -r\1$/, ([, to]) => one(0x87, Number(to), 0, 0)],
  [/^r(\d+) = \(s8\)r(\d+)$/, ([, to, from]) => one(0xbf, registers(to, from), 8, 0)],
  [
    new RegExp(`^r(\\d+) = ${MEMORY}$`),
    ([, to, size = "", from, sign, digits]) =>
      one(0x61 | (SIZES[size] ?? 0), registers(to, from), offset(sign, digits), 0),
  ],
  [
    new RegExp(`^${MEMORY} = r(\\d+)$`),
    ([, size = "", to, sign, digits, from]) =>
      one(0x63 | (SIZES[size] ?? 0), registers(to, from), offset(sign, digits), 0),
  ],
  [
    new RegExp(`^${MEMORY} = (\\d+)$`),
    ([, size = "", to, sign, digits, value]) =>
      one(0x62 | (SIZES[size] ?? 0), Number(to), offset(sign, digits), Number(value)),
  ],
  [
    new RegExp(`^lock ${MEMORY} \\+= r(\\d+)$`),
    ([, size = "", to, sign, digits, from]) =>
      one(0xc3 | (SIZES[size] ?? 0), registers(to, from), offset(sign, digits), 0),
  ],
  [
    new RegExp(`^r(\\d+) = fetch ${MEMORY}$`),
    ([, from, size = "", to, sign, digits]) =>
      one(0xc3 | (SIZES[size] ?? 0), registers(to, from), offset(sign, digits), 1),
  ],
  [/^r0 = \*\(u8 \*\)skb\[(\d+)\]$/, ([, at]) => one(0x30, 0, 0, Number(at))],
  [/^r0 = \*\(u8 \*\)skb\[r(\d+)\]$/, ([, from]) => one(0x50, registers("0", from), 0, 0)],
  [
    /^if ([rw])(\d+) (\S+) r(\d+) goto ([+-])(\d+)$/,
    ([, width, left, how = "", right, sign, digits]) =>
      one((width === "r" ? 0x0d : 0x0e) | (JUMPS.indexOf(how) << 4), registers(left, right), offset(sign, digits), 0),
  ],
  [
    /^if ([rw])(\d+) (\S+) (\d+) goto ([+-])(\d+)$/,
    ([, width, left, how = "", value, sign, digits]) =>
      one((width === "r" ? 0x05 : 0x06) | (JUMPS.indexOf(how) << 4), Number(left), offset(sign, digits), Number(value)),
  ],
  [
    /^([rw])(\d+) (\S*=) [rw](\d+)$/,
    ([, width, to, how = "", from]) =>
      one((width === "r" ? 0x0f : 0x0c) | (OPERATIONS.indexOf(how) << 4), registers(to, from), 0, 0),
  ],
  [
    /^([rw])(\d+) (\S*=) (-?\d+)$/,
    ([, width, to, how = "", value]) =>
      one((width === "r" ? 0x07 : 0x04) | (OPERATIONS.indexOf(how) << 4), Number(to), 0, Number(value)),
  ],
  [/^code (0x\w+) (0x\w+)$/, ([, code, regs]) => one(Number(code), Number(regs), 0, 0)],
];

function line(text: string): readonly Assembled[] {
  for (const [pattern, make] of FORMS) {
    const match = pattern.exec(text);
    if (match !== null) return make(match);
  }
  throw new Error(`no instruction: ${text}`);
}

/** Functions of a section, one behind the other, by name; each a text with `;` between its instructions. */
export type Functions = Readonly<Record<string, string>>;

/** The section and the symbols of its functions, which are global. */
export function assemble(
  section: string,
  functions: Functions,
): { readonly section: ObjectSection; readonly symbols: readonly ObjectSymbol[] } {
  const insns: Insn[] = [];
  const relocations: { offset: number; type: number; symbol: string }[] = [];
  const symbols: ObjectSymbol[] = [];
  for (const [name, text] of Object.entries(functions)) {
    const value = insns.length * 8;
    for (const { insn, symbol } of text.split(";").flatMap((part) => (part.trim() === "" ? [] : line(part.trim())))) {
      if (symbol !== undefined) relocations.push({ offset: insns.length * 8, type: symbol.type, symbol: symbol.name });
      insns.push(insn);
    }
    symbols.push({ name, section, value, size: insns.length * 8 - value });
  }
  return { section: { name: section, insns, ...(relocations.length === 0 ? {} : { relocations }) }, symbols };
}
