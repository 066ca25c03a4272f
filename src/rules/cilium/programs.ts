import type { ElfSymbol, ElfView } from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import type { Collected, ReadSection } from "./collect.ts";
import { isCompressed, rawBytes } from "./contents.ts";
import { BREAK, DOUBLE, type Instruction, isCall, isFunctionReference, readInstruction } from "./insn.ts";
import { type Externs, relocate } from "./relocate.ts";
import { ciliumRule, refuse, within } from "./rule.ts";

const symbolsThere = ciliumRule(
  "CP-01",
  "A section of code has a symbol of a function.",
  "elfCode.loadProgramSections",
  "section S: missing symbols",
);
const plain = ciliumRule(
  "CP-02",
  "A section of code is not compressed.",
  "elfCode.loadProgramSections",
  "compressed program section is not supported",
);
const nameOnce = ciliumRule(
  "CP-03",
  "The functions of a section have different names.",
  "elfCode.loadFunctions",
  "duplicate symbol V in section S",
);
const within32 = ciliumRule(
  "CP-04",
  "Offset and size of a symbol are below 2^32.",
  "elfCode.loadFunctions",
  "symbol V: offset or size exceeds 32 bits in section S",
);
const inside = ciliumRule(
  "CP-05",
  "A function ends with its section, or before.",
  "elfCode.loadFunctions",
  "symbol V: size goes out of bounds of section S",
);
const filled = ciliumRule(
  "CP-06",
  "A function has instructions.",
  "elfCode.loadFunctions",
  "no instructions found for symbol V in section S",
);
const jumpTarget = ciliumRule(
  "CP-07",
  "A call without relocation is one of a function of the section.",
  "referenceRelativeJump",
  "no jump target found at offset N",
);
const programOnce = ciliumRule(
  "CP-08",
  "The functions of an object have different names.",
  "elfCode.loadProgramSections",
  "duplicate program name V",
);

export const programRules: readonly LoaderRule[] = [
  symbolsThere,
  plain,
  nameOnce,
  within32,
  inside,
  filled,
  jumpTarget,
  programOnce,
];

const MOST = 0xffff_ffff;

/** A function of the object, which is a program unless it stands in `.text`. */
export interface Program {
  readonly name: string;
  readonly section: string;
  readonly instructions: readonly Instruction[];
}

/** A call or a load of a function by its distance, which LLVM once wrote instead of a relocation. */
function checkJump(insn: Instruction, offset: number, symbols: ReadonlyMap<number, ElfSymbol>): void {
  if (!isFunctionReference(insn) || insn.constant === -1n) return;
  const distance = BigInt.asIntN(64, insn.constant * 8n + BigInt(offset + 8));
  const target = distance < 0n ? 0n : distance;
  if (symbols.has(Number(target))) return;
  refuse(jumpTarget, `no jump target found at offset ${target}`);
}

function decode(elf: ElfView, { section }: ReadSection, { value, size }: ElfSymbol): readonly Instruction[] {
  const bytes = rawBytes(elf, section).subarray(value, value + size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const instructions: Instruction[] = [];
  for (let at = 0; at < bytes.length; ) {
    const offset = at;
    const insn = within(`offset ${offset}`, () => readInstruction(view, offset, elf.littleEndian));
    if (insn === BREAK) break;
    instructions.push(insn);
    at += insn.opcode === DOUBLE ? 16 : 8;
  }
  return instructions;
}

function loadFunctions(collected: Collected, of: ReadSection, externs: Externs): ReadonlyMap<string, Program> {
  const { section, symbols, relocations } = of;
  const { name } = section;
  const functions = new Map<string, Program>();
  for (const symbol of [...symbols.values()].sort((a, b) => a.value - b.value)) {
    const at = { program: symbol.name };
    if (functions.has(symbol.name)) refuse(nameOnce, `duplicate symbol ${symbol.name} in section ${name}`, at);
    if (symbol.value > MOST || symbol.size > MOST) {
      refuse(within32, `symbol ${symbol.name}: offset or size exceeds 32 bits in section ${name}`, at);
    }
    if (symbol.value + symbol.size > section.size) {
      refuse(inside, `symbol ${symbol.name}: size goes out of bounds of section ${name}`, at);
    }
    collected.budget.spend(symbol.size);
    const label = `decoding instructions for symbol ${symbol.name} in section ${name}`;
    const instructions = within(label, () => decode(collected.elf, of, symbol), at);
    if (instructions.length === 0) {
      refuse(filled, `no instructions found for symbol ${symbol.name} in section ${name}`, at);
    }
    let offset = symbol.value;
    for (const insn of instructions) {
      const relocation = relocations.get(offset);
      const place = `offset ${offset} in section ${name}`;
      if (relocation !== undefined) {
        within(`${place}: relocating instruction`, () => relocate(collected, insn, relocation, externs), at);
      } else if (isCall(insn) || insn.opcode === DOUBLE) {
        const from = offset;
        within(`${place}: resolving relative jump`, () => checkJump(insn, from, symbols), at);
      }
      offset += insn.opcode === DOUBLE ? 16 : 8;
    }
    functions.set(symbol.name, { name: symbol.name, section: name, instructions });
  }
  return functions;
}

/** Every function of the object by its name. Errors: CP-01 to CP-08, those of instructions and of relocations. */
export function loadPrograms(collected: Collected, externs: Externs): ReadonlyMap<string, Program> {
  const programs = new Map<string, Program>();
  for (const of of collected.sections.values()) {
    if (of.kind !== "program") continue;
    const { name } = of.section;
    if (of.symbols.size === 0) refuse(symbolsThere, `section ${name}: missing symbols`);
    if (isCompressed(of.section)) refuse(plain);
    for (const program of within(`section ${name}`, () => loadFunctions(collected, of, externs)).values()) {
      if (programs.has(program.name)) {
        refuse(programOnce, `duplicate program name ${program.name}`, { program: program.name });
      }
      programs.set(program.name, program);
    }
  }
  return programs;
}
