/** From an ELF file to DWARF: compression makes no difference, and what is not supported is refused by name. */
import { afterAll, describe, expect, test } from "vitest";
import { embeddedDwarfModule } from "../../src/dwarf/embedded.ts";
import type { Dwarf } from "../../src/dwarf/model.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import type { ElfView } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { lineRows } from "./exercise.ts";
import { bytesOf, corpusSamples, missingPrograms, workshop } from "./samples.ts";

const missing = missingPrograms("clang-22");
const shop = workshop();
afterAll(() => shop.remove());

function elfOf(name: string, ...args: readonly string[]): ElfView {
  // Only C++ types have the identity that a type unit needs.
  const source = args.includes("-fdebug-types-section") ? "names.cpp" : "first.c";
  const sample = shop.compile("clang-22", ["-target", "bpf", "-g", "-O1", "-c", ...args, source], name);
  if (sample === undefined) throw new Error(`clang-22 does not compile ${name}`);
  return parseElf(bytesOf(sample));
}

function open(elf: ElfView): Dwarf {
  const dwarf = openDwarf(elf, embeddedDwarfModule());
  if (dwarf === undefined) throw new Error("no DWARF");
  return dwarf;
}

/** What a compression must not change. */
function summary(dwarf: Dwarf): unknown {
  const rows = Array.from({ length: dwarf.count }, (_, row) => [
    dwarf.tag(row),
    dwarf.name(row),
    dwarf.type(row),
    dwarf.staticAddress(row),
    dwarf.lowPc(row),
    dwarf.place(row),
  ]);
  return { rows, lines: lineRows(dwarf) };
}

describe.skipIf(missing !== undefined)(`objects of clang${missing === undefined ? "" : ` (${missing})`}`, () => {
  test("zlib-compressed sections read as plain ones, relocations included", () => {
    const packed = elfOf("zlib.o", "-gz=zlib");
    expect(packed.sections.some(({ name, flags }) => name === ".debug_info" && (flags & 0x800) !== 0)).toBe(true);
    // The sections behind .debug_info have other numbers only if the compiler adds some: it does not.
    expect(summary(open(packed))).toEqual(summary(open(elfOf("plain.o"))));
  });

  test("an object without debug info has no DWARF", () => {
    expect(openDwarf(elfOf("none.o", "-g0"), embeddedDwarfModule())).toBeUndefined();
  });

  test("line tables alone have units and lines", () => {
    const dwarf = open(elfOf("lines.o", "-gline-tables-only"));
    expect(dwarf.units.length).toBe(1);
    expect(dwarf.lines().length).toBeGreaterThan(5);
  });

  test.each([
    ["zstd.o", ["-gz=zstd"], "zstd compression is not supported"],
    ["types4.o", ["-gdwarf-4", "-fdebug-types-section"], ".debug_types"],
    ["split4.o", ["-gdwarf-4", "-gsplit-dwarf=single"], "split DWARF"],
    ["split5.o", ["-gdwarf-5", "-gsplit-dwarf=single"], "split DWARF"],
    ["skeleton4.o", ["-gdwarf-4", "-gsplit-dwarf"], "split DWARF (DW_AT_dwo_name)"],
    ["skeleton5.o", ["-gdwarf-5", "-gsplit-dwarf"], "split DWARF (DW_UT_skeleton"],
  ] as const)("%s is refused by name", (name, args, message) => {
    const elf = elfOf(name, ...args);
    const error = expect.objectContaining({ code: "DWARF_UNSUPPORTED", message: expect.stringContaining(message) });
    expect(() => openDwarf(elf, embeddedDwarfModule())).toThrow(error);
  });
});

test("of two sections with the same name the first is read", () => {
  const [sample] = corpusSamples(1);
  if (sample === undefined) throw new Error("the corpus is empty");
  const elf = parseElf(bytesOf(sample));
  const [first] = elf.sections.filter(({ name }) => name === ".debug_info");
  if (first === undefined) throw new Error("no .debug_info");
  const second = { ...first, index: elf.sections.length, bytes: Uint8Array.from([1, 2, 3]), size: 3 };
  const both = { ...elf, sections: [...elf.sections, second] };
  expect(open(both).count).toBe(open(elf).count);
  // Read alone, the second one is refused.
  const swapped = {
    ...elf,
    sections: elf.sections.map((section) => (section === first ? { ...second, index: first.index } : section)),
  };
  expect(() => open(swapped)).toThrow();
});
