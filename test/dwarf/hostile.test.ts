/** DWARF made to exhaust or confuse: each case ends quickly, with a result or with the error that names it. */
import { describe, expect, test } from "vitest";
import { AT, TAG } from "../../src/dwarf/constants.ts";
import { embeddedDwarfModule } from "../../src/dwarf/embedded.ts";
import type { Dwarf } from "../../src/dwarf/model.ts";
import { type DwarfSections, readDwarf } from "../../src/dwarf/read.ts";
import { BtfFixError } from "../../src/errors.ts";
import { abbreviation, FORM, fixed, HEADER_5, joined, type Spec, sectionsOf, text, uleb, unit } from "./assemble.ts";
import { exercise, lineRows } from "./exercise.ts";

const read = (sections: DwarfSections): Dwarf => readDwarf(sections, true, embeddedDwarfModule());

/** The error of a run, with the processor time it took. */
function errorOf(run: () => void): BtfFixError {
  const start = process.cpuUsage();
  let caught: unknown;
  try {
    run();
  } catch (error) {
    caught = error;
  }
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1000).toBeLessThan(1000);
  if (!(caught instanceof BtfFixError)) throw new Error(`expected a BtfFixError, got ${String(caught)}`);
  expect(caught.span?.section).toBeDefined();
  return caught;
}

const ROOT = abbreviation(1, TAG.compileUnit, true, []);

describe("units", () => {
  test("references in a circle end", () => {
    const abbrev = [
      ...ROOT,
      ...abbreviation(2, TAG.subprogram, false, [
        [AT.abstractOrigin, FORM.ref1],
        [AT.specification, FORM.ref1],
        [AT.type, FORM.ref1],
      ]),
      0,
    ];
    const at = HEADER_5 + 1;
    const dwarf = read(sectionsOf({ info: unit({ dies: [1, 2, at, at, at, 2, at + 4, at, at + 4, 0] }), abbrev }));
    expect(dwarf.reference(1, AT.abstractOrigin)).toBe(1);
    expect(dwarf.reference(2, AT.specification)).toBe(1);
    expect(dwarf.place(1)).toBeUndefined();
    exercise(dwarf, 10);
  });

  test("a hundred thousand levels", () => {
    const levels = 100_000;
    const abbrev = [...ROOT, ...abbreviation(2, TAG.lexicalBlock, true, []), 0];
    const dies = new Uint8Array(2 * levels + 2).fill(2, 1, levels + 1);
    dies[0] = 1;
    const dwarf = read(sectionsOf({ info: unit({ dies }), abbrev }));
    expect(dwarf.count).toBe(levels + 1);
    expect(dwarf.parent(levels)).toBe(levels - 1);
    expect([...dwarf.children(levels - 1)]).toEqual([levels]);
    expect([...dwarf.children(levels)]).toEqual([]);
  });

  test("attributes without bytes", () => {
    const specs = Array.from({ length: 900 }, (): Spec => [AT.external, FORM.flagPresent]);
    const abbrev = [...ROOT, ...abbreviation(2, TAG.variable, false, specs), 0];
    const info = unit({ dies: [1, ...new Array<number>(100_000).fill(2), 0] });
    const error = errorOf(() => read(sectionsOf({ info, abbrev })));
    expect(error.code).toBe("LIMIT_EXCEEDED");
    expect(error.message).toContain("too many attributes for so few bytes");
  });

  test("a DIE of thousands of attributes", () => {
    const specs = Array.from({ length: 2000 }, (): Spec => [AT.external, FORM.flag]);
    const abbrev = [...ROOT, ...abbreviation(2, TAG.variable, false, specs), 0];
    const info = unit({ dies: [1, 2, ...new Array<number>(2000).fill(1), 0] });
    expect(errorOf(() => read(sectionsOf({ info, abbrev }))).code).toBe("LIMIT_EXCEEDED");
  });

  test("many units, each with its own way into one long abbreviation table", () => {
    // Every six bytes an abbreviation begins; all tables end at the one zero.
    const count = 20_000;
    const table = Array.from({ length: count }, (_, i) => [...abbreviation(i + 1, TAG.compileUnit, false, [])]);
    const units = Array.from({ length: 20_000 }, (_, i) =>
      unit({ dies: [...uleb(i + 1)], abbrevOffset: table.slice(0, i % 50).flat().length }),
    );
    const error = errorOf(() => read(sectionsOf({ info: joined(...units), abbrev: [...table.flat(), 0] })));
    expect(error.message).toContain("abbreviation tables overlap");
    expect(error.code).toBe("LIMIT_EXCEEDED");
  });

  test("an abbreviation table that fills the memory", () => {
    // Odd codes go into a tree, and six attributes into a list of their own.
    const specs = Array.from({ length: 6 }, (): Spec => [AT.name, FORM.strp]);
    const table = Array.from({ length: 200_000 }, (_, i) => abbreviation(2 * i + 1, TAG.variable, false, specs)).flat();
    const run = (): Dwarf =>
      read(sectionsOf({ info: unit({ dies: [1, 0, 0, 0, 0] }), abbrev: [...table, 0], str: new Uint8Array(1) }));
    const before = process.memoryUsage().external;
    expect(errorOf(run).code).toBe("LIMIT_EXCEEDED");
    expect(process.memoryUsage().external - before).toBeLessThan(256 << 20);
  });

  test.each<[string, Uint8Array, string]>([
    ["a unit that is cut", unit({ dies: [1, 2, 0] }).slice(0, -1), "ends early"],
    ["a tree that is not closed", unit({ dies: [1, 2] }), "ends before its tree of entries does"],
    ["a DIE behind the tree", unit({ dies: [1, 2, 0, 2] }), "outside of the unit's tree"],
    ["a code that is not in the table", unit({ dies: [1, 9, 0] }), "abbreviation code is not in the unit's table"],
    [
      "a table outside of its section",
      unit({ dies: [1, 0], abbrevOffset: 999 }),
      ".debug_abbrev at offset 999: the data ends early",
    ],
    ["a reserved length", Uint8Array.from([0xf5, 0xff, 0xff, 0xff, 0, 0]), "reserved"],
    [
      "a 64-bit length past everything",
      Uint8Array.from([...fixed(0xffffffff, 4, true), ...fixed(2n ** 60n, 8, true), 5]),
      "DWARF",
    ],
    ["an unknown unit type", unit({ dies: [1, 0], type: 3 }).with(6, 0x33), "unit type is unknown"],
  ])("%s", (name, info, message) => {
    const abbrev = [...ROOT, ...abbreviation(2, TAG.variable, false, []), 0];
    const error = errorOf(() => read(sectionsOf({ info, abbrev })));
    expect(error.code, name).toBe("DWARF_MALFORMED");
    if (message !== "DWARF") expect(error.message).toContain(message);
  });

  test.each<[string, Uint8Array]>([
    ["version 1", unit({ version: 1, dies: [1, 0] })],
    ["version 6", unit({ version: 6, dies: [1, 0] })],
    ["a type unit", unit({ type: 2, dies: [1, 0] })],
    ["a skeleton unit", unit({ type: 4, dies: [1, 0] })],
    ["a split unit", unit({ type: 5, dies: [1, 0] })],
    ["a split type unit", unit({ type: 6, dies: [1, 0] })],
  ])("%s is not supported", (name, info) => {
    const error = errorOf(() => read(sectionsOf({ info, abbrev: [...ROOT, 0] })));
    expect(error.code, name).toBe("DWARF_UNSUPPORTED");
  });

  test("padding, empty units and partial units are read", () => {
    const empty = unit({ dies: [] });
    const padded = unit({ dies: [1, 0, 0, 0, 0], type: 3 });
    const dwarf = read(sectionsOf({ info: joined(empty, padded, empty), abbrev: [...ROOT, 0] }));
    expect(dwarf.units.map(({ offset, row, end }) => ({ offset, row, end }))).toEqual([
      { offset: empty.length, row: 0, end: 1 },
    ]);
  });

  test("long strings that overlap", () => {
    const str = new Uint8Array(200_001).fill(0x61, 0, 200_000);
    const abbrev = [...ROOT, ...abbreviation(2, TAG.variable, false, [[AT.name, FORM.strp]]), 0];
    const names = Array.from({ length: 20_000 }, (_, i) => [2, ...fixed(i, 4, true)]);
    const dwarf = read(sectionsOf({ info: unit({ dies: [1, ...names.flat(), 0] }), abbrev, str }));
    const kept: (string | undefined)[] = [];
    const error = errorOf(() => {
      for (let row = 0; row < dwarf.count; row++) kept.push(dwarf.name(row));
    });
    expect(error.code).toBe("LIMIT_EXCEEDED");
    // The same long string is no trouble, however often it is asked for.
    expect(dwarf.name(1)?.length).toBe(200_000);
    expect(dwarf.name(1)).toBe(kept[1]);
  });
});

describe("line programs", () => {
  /** A DWARF 5 line program whose header ends in `tables`. */
  function program(tables: readonly number[], code: readonly number[]): Uint8Array {
    const opcodes = [13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
    const header = [1, 1, 1, 0xfb, 14, ...opcodes, ...tables];
    const rest = [...fixed(5, 2, true), 8, 0, ...fixed(header.length, 4, true), ...header, ...code];
    return Uint8Array.from([...fixed(rest.length, 4, true), ...rest]);
  }

  /** As many units as there are offsets, each with its own program. */
  function withLines(offsets: readonly number[], line: Uint8Array): Dwarf {
    const abbrev = [
      ...abbreviation(1, TAG.compileUnit, false, [
        [0x10, FORM.secOffset],
        [AT.declFile, FORM.data1],
        [AT.declLine, FORM.data1],
      ]),
      0,
    ];
    const units = offsets.map((offset) => unit({ dies: [1, ...fixed(offset, 4, true), 0, 7] }));
    return read(sectionsOf({ info: joined(...units), abbrev, line }));
  }

  const TABLES = [1, 1, 0x08, 1, ...text("/dir"), 2, 1, 0x08, 2, 0x0b, 1, ...text("file.c"), 0];
  const CODE = [0, 9, 2, ...fixed(0x5_0000_0008n, 8, true), 3, 4, 1, 2, 8, 0, 1, 1];

  test("a plain one", () => {
    const dwarf = withLines([0], program(TABLES, CODE));
    const file = "/dir/file.c";
    expect(lineRows(dwarf)).toEqual([
      { section: 5, offset: 8, file: "", line: 5, column: 0, isStmt: true, endSequence: false },
      { section: 5, offset: 16, file: "", line: 5, column: 0, isStmt: true, endSequence: true },
    ]);
    expect(dwarf.place(0)).toEqual({ file, line: 7, column: undefined });
    expect(dwarf.lines()).toBe(dwarf.lines());
  });

  test.each<[string, number[], number[]]>([
    ["2^60 files", [...TABLES.slice(0, -9), ...uleb(2 ** 50)], []],
    ["a format without a path", [1, 1, 0x08, 0, 1, 2, 0x0b, 1, 0], []],
    ["255 formats", [255, ...new Array<number>(40).fill(1)], []],
    ["an extended opcode past the end", TABLES, [0, 200, 2]],
    ["a file name of an unknown form", [0, 0, 1, 1, 0x60, 1, 0], []],
  ])("%s", (_, tables, code) => {
    const dwarf = withLines([0], program(tables, code));
    const error = errorOf(() => dwarf.lines());
    expect(error.code).toBe("DWARF_MALFORMED");
    expect(error.span?.section).toBe(".debug_line");
    // What does not need the lines goes on.
    expect(dwarf.tag(0)).toBe(TAG.compileUnit);
    expect(dwarf.number(0, AT.declLine)).toBe(7);
  });

  test("an offset past the section", () => {
    const error = errorOf(() => withLines([9999], program(TABLES, CODE)).lines());
    expect(error).toMatchObject({ code: "DWARF_MALFORMED", span: { section: ".debug_line", offset: 9999 } });
  });

  test("thousands of programs inside of each other", () => {
    // Each header claims all that follows it.
    const one = program(TABLES, CODE);
    const line = joined(...Array.from({ length: 5000 }, () => one));
    const view = new DataView(line.buffer, line.byteOffset);
    for (let at = 0; at < line.length; at += one.length) view.setUint32(at, line.length - at - 4, true);
    const offsets = Array.from({ length: 5000 }, (_, i) => i * one.length);
    const dwarf = withLines(offsets, line);
    const error = errorOf(() => dwarf.lines());
    expect(error.code).toBe("DWARF_MALFORMED");
  });
});
