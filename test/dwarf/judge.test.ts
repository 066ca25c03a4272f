/** Everything that DIEs and line tables say, held against `llvm-dwarfdump`, and addresses against the symbol table. */
import { afterAll, describe, expect, test } from "vitest";
import { AT, TAG } from "../../src/dwarf/constants.ts";
import { embeddedDwarfModule } from "../../src/dwarf/embedded.ts";
import type { Dwarf } from "../../src/dwarf/model.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import { type ElfView, STT_FUNC, STT_OBJECT } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { type PrintedDie, printedDies, printedLines } from "./dwarfdump.ts";
import { lineRows } from "./exercise.ts";
import { bytesOf, clangSamples, corpusSamples, gccSamples, missingPrograms, type Sample, workshop } from "./samples.ts";

const missing = missingPrograms("clang-22", "llvm-link-22", "llc-22", "llvm-dwarfdump-22");
const missingGcc = missingPrograms("bpf-gcc");
const shop = workshop();
afterAll(() => shop.remove());

const samples: Sample[] =
  missing === undefined
    ? [...clangSamples(shop), ...(missingGcc === undefined ? gccSamples(shop) : []), ...corpusSamples(6)]
    : [];

const TAG_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(TAG).map(([name, value]) => [value, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]),
);

/** Constants, printed in decimal or hexadecimal; gimli's forms say which are signed. */
const CONSTANTS: readonly (readonly [printed: string, attribute: number])[] = [
  ["byte_size", AT.byteSize],
  ["bit_size", AT.bitSize],
  ["bit_offset", AT.bitOffset],
  ["data_bit_offset", AT.dataBitOffset],
  ["data_member_location", AT.dataMemberLocation],
  ["count", AT.count],
  ["upper_bound", AT.upperBound],
  ["alignment", AT.alignment],
  ["discr_value", AT.discrValue],
  ["const_value", AT.constValue],
  ["decl_line", AT.declLine],
  ["decl_column", AT.declColumn],
];
const REFERENCES: readonly (readonly [printed: string, attribute: number])[] = [
  ["type", AT.type],
  ["abstract_origin", AT.abstractOrigin],
  ["specification", AT.specification],
  ["discr", AT.discr],
];
const FLAGS: readonly (readonly [printed: string, attribute: number])[] = [
  ["external", AT.external],
  ["declaration", AT.declaration],
  ["prototyped", AT.prototyped],
  ["artificial", AT.artificial],
  ["enum_class", AT.enumClass],
];

/** A constant as the tool prints it: "12", "0x0c" or, up to DWARF 2, "DW_OP_plus_uconst 0xc"; undefined if not a constant. */
function constantOf(printed: string): bigint | undefined {
  const text = printed.replace(/^DW_OP_plus_uconst /, "");
  if (/^-\d+$/.test(text)) return -BigInt(text.slice(1));
  return /^(\d+|0x[0-9a-f]+)$/.test(text) ? BigInt(text) : undefined;
}

function open(sample: Sample): { elf: ElfView; dwarf: Dwarf } {
  const elf = parseElf(bytesOf(sample));
  const dwarf = openDwarf(elf, embeddedDwarfModule());
  if (dwarf === undefined) throw new Error(`${sample.name} has no DWARF`);
  return { elf, dwarf };
}

function compareDie(dwarf: Dwarf, row: number, printed: PrintedDie, depth: number): void {
  const where = `DIE 0x${printed.offset.toString(16)}`;
  expect(dwarf.offset(row), where).toBe(printed.offset);
  expect(dwarf.rowAt(printed.offset), where).toBe(row);
  expect(depth, where).toBe(printed.depth);
  const tag = TAG_NAMES.get(dwarf.tag(row));
  if (tag !== undefined) expect(tag, where).toBe(printed.tag.replace("LLVM_a", "llvm_a").replace("GNU_", "gnu_"));
  const constant = printed.attributes.get("const_value");
  for (const [key, value] of [
    ["name", dwarf.name(row)],
    ["linkage_name", dwarf.linkageName(row)],
    ...(constant?.startsWith('"') === true ? ([["const_value", dwarf.string(row, AT.constValue)]] as const) : []),
  ] as const) {
    const expected = printed.attributes.get(key) ?? printed.attributes.get(`MIPS_${key}`);
    // The tool escapes what is not printable.
    if (expected?.includes("\\") === true) continue;
    expect(value === undefined ? undefined : `"${value}"`, `${where} ${key}`).toBe(expected);
  }
  for (const [key, attribute] of CONSTANTS) {
    const text = printed.attributes.get(key);
    const expected = text === undefined ? undefined : constantOf(text);
    expect(dwarf.has(row, attribute), `${where} ${key}`).toBe(text !== undefined);
    if (text !== undefined && expected === undefined) continue;
    expect(dwarf.bigint(row, attribute), `${where} ${key}`).toBe(expected);
    // By contract a number is exact, or it is none.
    const exact = expected !== undefined && Number.isSafeInteger(Number(expected)) ? Number(expected) : undefined;
    expect(dwarf.number(row, attribute), `${where} ${key}`).toBe(exact);
  }
  for (const [key, attribute] of REFERENCES) {
    const text = printed.attributes.get(key);
    const target = text === undefined ? undefined : dwarf.rowAt(Number.parseInt(text, 16));
    expect(dwarf.reference(row, attribute), `${where} ${key}`).toBe(target);
  }
  for (const [key, attribute] of FLAGS) {
    const text = printed.attributes.get(key);
    expect(dwarf.flag(row, attribute), `${where} ${key}`).toBe(text === "true" || text === "0x01");
  }
  const file = printed.attributes.get("decl_file");
  const line = printed.attributes.get("decl_line");
  if (file !== undefined && line !== undefined) {
    expect(dwarf.place(row), where).toEqual({
      file: file.slice(1, -1),
      line: Number(line),
      column: dwarf.number(row, AT.declColumn),
    });
  }
  const low = printed.attributes.get("low_pc");
  const high = printed.attributes.get("high_pc");
  if (low !== undefined && high !== undefined) {
    expect(dwarf.codeLength(row), where).toBe(Number(BigInt(high) - BigInt(low)));
  }
  const location = printed.attributes.get("location");
  const isStatic = location !== undefined && /^DW_OP_addrx? /.test(location);
  expect(dwarf.staticAddress(row) !== undefined, `${where} location`).toBe(isStatic);
}

describe.skipIf(missing !== undefined)(
  `DWARF as llvm-dwarfdump prints it${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    test("the samples cover both compilers' forms", () => {
      expect(samples.length).toBeGreaterThan(20);
    });

    test.each(samples.map((sample) => [sample.name, sample] as const))("DIEs of %s", (_, sample) => {
      const { dwarf } = open(sample);
      const printed = printedDies(sample);
      expect(dwarf.count).toBe(printed.length);
      const depths: number[] = [];
      for (const [row, die] of printed.entries()) {
        const parent = dwarf.parent(row);
        const depth = parent === undefined ? 0 : (depths[parent] ?? -1) + 1;
        depths[row] = depth;
        compareDie(dwarf, row, die, depth);
        expect([...dwarf.children(row)].every((child) => dwarf.parent(child) === row)).toBe(true);
      }
      // Every row but the unit DIEs is someone's child, once.
      let children = 0;
      for (let row = 0; row < dwarf.count; row++) for (const _child of dwarf.children(row)) children++;
      expect(children + dwarf.units.length).toBe(dwarf.count);
    });

    test.each(samples.map((sample) => [sample.name, sample] as const))("line rows of %s", (_, sample) => {
      const { dwarf } = open(sample);
      const programs = printedLines(sample);
      const printed = [...programs.keys()].sort((a, b) => a - b).flatMap((offset) => programs.get(offset) ?? []);
      const rows = lineRows(dwarf);
      expect(rows.length).toBe(printed.length);
      for (const [i, row] of rows.entries()) {
        const { file, ...expected } = printed[i] ?? { file: "?" };
        const { offset, line, column, isStmt, endSequence } = row ?? {};
        expect({ offset, line, column, isStmt, endSequence }, `row ${i}`).toEqual(expected);
        expect(row?.file.endsWith(file), `row ${i}: ${row?.file} ends in ${file}`).toBe(true);
      }
    });

    test.each(samples.map((sample) => [sample.name, sample] as const))(
      "addresses in %s are the symbols'",
      (_, sample) => {
        const { elf, dwarf } = open(sample);
        if (sample.name.startsWith("gcc.")) return;
        let compared = 0;
        for (let row = 0; row < dwarf.count; row++) {
          const isVariable = dwarf.tag(row) === TAG.variable;
          if (!isVariable && dwarf.tag(row) !== TAG.subprogram) continue;
          const address = isVariable ? dwarf.staticAddress(row) : dwarf.lowPc(row);
          const specification = dwarf.reference(row, AT.specification) ?? row;
          const name = dwarf.linkageName(row) ?? dwarf.linkageName(specification) ?? dwarf.name(row);
          if (address === undefined || name === undefined) continue;
          const type = isVariable ? STT_OBJECT : STT_FUNC;
          const symbols = elf.symbols.filter(
            (symbol) => symbol.name === name && (symbol.type === type || symbol.section === 0),
          );
          const [symbol] = symbols;
          if (symbol === undefined || symbols.length > 1) continue;
          compared++;
          const expected =
            symbol.section === 0
              ? { section: undefined, undefinedSymbol: symbol.index, offset: 0 }
              : { section: symbol.section, undefinedSymbol: undefined, offset: symbol.value };
          expect(address, name).toEqual(expected);
        }
        expect(compared).toBeGreaterThan(0);
      },
    );
  },
);
