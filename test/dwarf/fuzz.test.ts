/** Damaged DWARF: a result or one `BtfFixError`, in bounded time and memory. */

import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { embeddedDwarfModule } from "../../src/dwarf/embedded.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import { type DwarfSections, readDwarf } from "../../src/dwarf/read.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { relocateSection } from "../../src/elf/relocate.ts";
import { BtfFixError } from "../../src/errors.ts";
import { exercise } from "./exercise.ts";
import { bytesOf, clangSamples, corpusSamples, hasProgram, type Sample, workshop } from "./samples.ts";

const shop = workshop();
afterAll(() => shop.remove());

// The corpus is always there; freshly compiled objects add the other DWARF versions.
const samples: Sample[] = [...corpusSamples(2), ...(hasProgram("clang-22") ? clangSamples(shop) : [])];

/** Milliseconds of processor time for one case; the machine may be busy with other things. */
const TIME = 1000;
const MEMORY = 256 << 20;

const NAMES = ["info", "abbrev", "str", "strOffsets", "addr", "line", "lineStr"] as const;
const ELF_NAMES: Record<(typeof NAMES)[number], string> = {
  info: ".debug_info",
  abbrev: ".debug_abbrev",
  str: ".debug_str",
  strOffsets: ".debug_str_offsets",
  addr: ".debug_addr",
  line: ".debug_line",
  lineStr: ".debug_line_str",
};

interface Base {
  readonly name: string;
  readonly littleEndian: boolean;
  readonly sections: DwarfSections;
}

function baseOf(sample: Sample): Base {
  const elf = parseElf(bytesOf(sample));
  const content = (name: string): Uint8Array | undefined => {
    const section = elf.sections.find((candidate) => candidate.name === name);
    return section === undefined ? undefined : relocateSection(elf, section.index);
  };
  const sections = Object.fromEntries(NAMES.map((name) => [name, content(ELF_NAMES[name])]));
  return { name: sample.name, littleEndian: elf.littleEndian, sections: sections as unknown as DwarfSections };
}

const bases = samples.filter((sample) => !sample.name.includes("zlib")).map(baseOf);

/** One piece of damage; positions are fractions of the section's length. */
type Damage =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "set"; readonly at: number; readonly bytes: readonly number[] }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "remove"; readonly at: number; readonly length: number }
  | { readonly kind: "repeat"; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: "move"; readonly from: number; readonly to: number; readonly length: number };

const position = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const length = fc.integer({ min: 1, max: 64 });
/** Values that length and count fields, LEB128 numbers and forms go wrong on. */
const spiteful = fc.constantFrom(
  [0],
  [0xff],
  [0x7f],
  [0x80],
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x16],
  [0x21],
  [0x19],
  [0, 0, 0, 0],
);
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: position, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("set" as const), at: position, bytes: spiteful }),
  fc.record({ kind: fc.constant("cut" as const), at: position }),
  fc.record({ kind: fc.constant("remove" as const), at: position, length }),
  fc.record({ kind: fc.constant("repeat" as const), at: position, length, times: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ kind: fc.constant("move" as const), from: position, to: position, length }),
);

function damaged(bytes: Uint8Array, how: Damage): Uint8Array {
  const place = (fraction: number): number => Math.floor(fraction * bytes.length);
  const copy = new Uint8Array(bytes);
  switch (how.kind) {
    case "flip":
      copy[place(how.at)] = (copy[place(how.at)] ?? 0) ^ (1 << how.bit);
      return copy;
    case "set":
      copy.set(how.bytes.slice(0, copy.length - place(how.at)), place(how.at));
      return copy;
    case "cut":
      return copy.slice(0, place(how.at));
    case "remove":
      return Uint8Array.from([...copy.subarray(0, place(how.at)), ...copy.subarray(place(how.at) + how.length)]);
    case "repeat": {
      const part = copy.subarray(place(how.at), place(how.at) + how.length);
      const parts = [copy.subarray(0, place(how.at)), ...Array.from({ length: how.times }, () => part)];
      return new Uint8Array(Buffer.concat([...parts, copy.subarray(place(how.at))]));
    }
    case "move":
      copy.set(
        bytes.subarray(
          place(how.from),
          Math.min(place(how.from) + how.length, place(how.from) + bytes.length - place(how.to)),
        ),
        place(how.to),
      );
      return copy;
  }
}

const counts = { read: 0, refused: 0 };

/** Runs one case: anything but a result or a BtfFixError is thrown on; time and memory are held to the limits. */
function holds(run: () => void): void {
  const start = process.cpuUsage();
  const external = process.memoryUsage().external;
  try {
    run();
    counts.read++;
  } catch (error) {
    if (!(error instanceof BtfFixError)) throw error;
    expect(error.code).toMatch(/^(DWARF|LIMIT|ELF)_/);
    expect(error.span, error.message).toBeDefined();
    counts.refused++;
  }
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1000).toBeLessThan(TIME);
  expect(process.memoryUsage().external - external).toBeLessThan(MEMORY);
}

describe(`damaged DWARF (${bases.length} objects)`, () => {
  test("sections damaged one by one", () => {
    const section = fc.constantFrom("info", "info", "info", "abbrev", "abbrev", "line", "line", ...NAMES);
    const changes = fc.array(fc.tuple(section, damage), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...bases), changes, (base, list) => {
        const sections: Record<string, Uint8Array | undefined> = { ...base.sections };
        for (const [name, how] of list) {
          const bytes = sections[name];
          if (bytes !== undefined && bytes.length > 0) sections[name] = damaged(bytes, how);
        }
        holds(() =>
          exercise(readDwarf(sections as unknown as DwarfSections, base.littleEndian, embeddedDwarfModule()), 3000),
        );
      }),
      { numRuns: 2000 },
    );
    // Both outcomes must occur, or the damage is too weak or too strong to say anything.
    expect(counts.read).toBeGreaterThan(100);
    expect(counts.refused).toBeGreaterThan(100);
  });

  test("sections of another object or byte order", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...bases),
        fc.constantFrom(...bases),
        fc.constantFrom(...NAMES),
        fc.boolean(),
        (a, b, name, turn) => {
          const sections = { ...a.sections, [name]: b.sections[name] ?? new Uint8Array(0) };
          holds(() => exercise(readDwarf(sections, a.littleEndian !== turn, embeddedDwarfModule()), 500));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("random bytes as sections", () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(fc.boolean(), bytes, bytes, bytes, bytes, (littleEndian, info, abbrev, line, str) => {
        const sections = { info, abbrev, line, str, lineStr: str, addr: str, strOffsets: str };
        holds(() => exercise(readDwarf(sections, littleEndian, embeddedDwarfModule()), 500));
      }),
      { numRuns: 500 },
    );
  });

  test("compressed sections damaged in the file", () => {
    const packed = samples.filter((sample) => sample.name.includes("zlib")).map(bytesOf);
    if (packed.length === 0) return;
    fc.assert(
      fc.property(fc.constantFrom(...packed), fc.array(damage, { minLength: 1, maxLength: 3 }), (base, list) => {
        const bytes = list.reduce((current, how) => (current.length === 0 ? current : damaged(current, how)), base);
        holds(() => {
          const dwarf = openDwarf(parseElf(bytes), embeddedDwarfModule());
          if (dwarf !== undefined) exercise(dwarf, 500);
        });
      }),
      { numRuns: 500 },
    );
  });
});
