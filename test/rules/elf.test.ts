import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { checkObject } from "../../src/check.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import type { Diagnostic } from "../../src/rules/rule.ts";
import { concat } from "../btf/assemble.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { define, type Field, u32 } from "../maps/define.ts";
import { buildObject, makeExt, type ObjectParts } from "../object.ts";

const HASH: readonly Field[] = [
  ["type", 1],
  ["key", u32],
  ["value", u32],
  ["max_entries", 8],
];
const LICENSE = { name: "license", bytes: new TextEncoder().encode("GPL\0") } as const;

/** A row: parts of an object that break a rule of the ELF file, and of its neighbour that does not. */
interface Row {
  readonly rule: string;
  readonly parts: (bad: boolean, littleEndian: boolean) => ObjectParts;
  readonly message: string;
  /** A repair cures it. */
  readonly mended?: true;
  /** What libbpf 1.7 warns of, if it does more than go on. */
  readonly libbpf?: string;
}

function mapParts(
  littleEndian: boolean,
  symbols: ObjectParts["symbols"],
  more: Partial<ObjectParts> = {},
): ObjectParts {
  const graph = new Graph(littleEndian);
  const variables = (symbols ?? []).map(({ name }) => graph.variable(name, define(graph, HASH)));
  graph.datasec(
    ".maps",
    0,
    variables.map((id) => [id, 0, 32]),
  );
  return {
    littleEndian,
    sections: [{ name: ".maps", bytes: new Uint8Array(64) }, LICENSE],
    symbols: symbols ?? [],
    btf: graph.finish(),
    ...more,
  };
}

const object = (name: string, section: string | number, value = 0) => ({ name, section, value, size: 32 });

/** A map whose first word is a pointer to something, or is not. */
function pointing(littleEndian: boolean, symbol: string | undefined): ObjectParts {
  const relocations = symbol === undefined ? [] : [{ offset: 0, type: 2, symbol }];
  return mapParts(littleEndian, [object("M", 0)], {
    sections: [
      { name: ".maps", bytes: new Uint8Array(32), ...(symbol === undefined ? {} : { relocations }) },
      { name: ".rodata", bytes: new Uint8Array(32), flags: 2 },
    ],
    symbols: [object("M", 0), object("ARRAY", 1)],
  });
}

const ROWS: readonly Row[] = [
  {
    rule: "elf/duplicate-maps",
    parts: (bad, littleEndian) =>
      mapParts(littleEndian, [object("A", 0), object("B", bad ? 1 : 0, bad ? 0 : 32)], {
        sections: [
          { name: ".maps", bytes: new Uint8Array(64), flags: 2 },
          { name: bad ? ".maps" : ".other", bytes: new Uint8Array(32) },
        ],
      }),
    message: "two sections are called .maps: one holds A, the other B",
    mended: true,
  },
  {
    rule: "elf/maps-relocations",
    parts: (bad, littleEndian) => pointing(littleEndian, bad ? "ARRAY" : undefined),
    message: ".maps has 1 relocations outside `values`: its integers point at real arrays",
    mended: true,
  },
  {
    rule: "elf/maps-relocations",
    parts: (bad, littleEndian) => pointing(littleEndian, bad ? "M" : undefined),
    message: ".maps holds M at 0, outside `values`",
  },
  {
    rule: "elf/extern-without-btf",
    parts: (bad, littleEndian) => {
      const graph = new Graph(littleEndian);
      graph.func("f", graph.proto(0, []), 0);
      return {
        littleEndian,
        sections: [LICENSE],
        symbols: bad ? [{ name: "bpf_rcu_read_lock" }] : [],
        btf: graph.finish(),
        ext: makeExt(littleEndian, {}),
      };
    },
    message: "extern bpf_rcu_read_lock is not described by BTF",
    libbpf: "failed to find BTF for extern 'bpf_rcu_read_lock'",
  },
  {
    rule: "elf/concatenated-btf",
    parts: (bad, littleEndian) => {
      const graph = new Graph(littleEndian);
      graph.int("u32", 4);
      // GNU ld pads each input's blob to the section's alignment.
      const blob = encodeBtf(graph.finish());
      const padded = concat([blob, new Uint8Array(-blob.length & 3)]);
      return { littleEndian, sections: [LICENSE], btf: bad ? concat([padded, blob]) : blob };
    },
    message: "section .BTF holds more than one blob; readers see the first",
    mended: true,
  },
];

describe.each([
  ["little-endian", true],
  ["big-endian", false],
] as const)("%s", (_, littleEndian) => {
  test.each(ROWS)("$rule", async ({ rule, parts, message }) => {
    const found = async (bad: boolean) =>
      (await checkObject(buildObject(parts(bad, littleEndian)))).diagnostics.filter((finding) => finding.rule === rule);
    expect(await found(true)).toMatchObject([{ message, severity: "error" }]);
    expect(await found(false)).toEqual([]);
  });

  test.each(ROWS.filter(({ mended }) => mended === true))("$rule is mended", async ({ rule, parts }) => {
    const { bytes, diagnostics } = await fixObject(buildObject(parts(true, littleEndian)));
    expect(diagnostics.find((finding) => finding.rule === rule)).toHaveProperty("fixed");
    expect((await checkObject(bytes)).diagnostics.map((finding) => finding.rule)).not.toContain(rule);
    expect((await fixObject(bytes)).bytes).toEqual(bytes);
  });

  test.each(ROWS.filter(({ mended }) => mended !== true))(
    "$rule cannot be mended yet and is told after the fix as before",
    async ({ rule, parts }) => {
      const { bytes, diagnostics } = await fixObject(buildObject(parts(true, littleEndian)));
      expect(diagnostics.find((finding) => finding.rule === rule)).not.toHaveProperty("fixed");
      expect((await checkObject(bytes)).diagnostics.map((finding) => finding.rule)).toContain(rule);
      expect((await fixObject(bytes)).bytes).toEqual(bytes);
    },
  );
});

test("relocations of .maps prove nothing where no map is described", async () => {
  const found = await checkObject(
    buildObject({
      littleEndian: true,
      sections: [
        { name: ".maps", bytes: new Uint8Array(32), relocations: [{ offset: 24, type: 2, symbol: "M" }] },
        LICENSE,
      ],
      symbols: [object("M", ".maps")],
      btf: new Graph().finish(),
    }),
  );
  expect(found.diagnostics.map(({ rule }) => rule)).not.toContain("elf/maps-relocations");
});

for (const { rule, parts, libbpf } of ROWS.filter((row) => row.libbpf !== undefined)) {
  judgeTest(libbpf17())(`libbpf refuses what breaks ${rule}, and takes its neighbour`, async () => {
    const [bad, good] = [true, false].map((isBad) =>
      answer(runLibbpf("libbpf17", buildObject(parts(isBad, true)), { until: "maps" })),
    );
    expect([bad?.open.ok, good?.open.ok]).toEqual([false, true]);
    expect(bad?.log.map(({ text }) => text).join("\n")).toContain(libbpf);
    const { diagnostics } = await checkObject(buildObject(parts(true, true)));
    const ours = diagnostics.find((finding) => finding.rule === rule)?.answers.find(({ judge }) => judge === "libbpf");
    expect(ours?.answer).toBe("rejects");
    expect(ours?.text).toContain(libbpf);
  });
}

/** `.data` with A at 0, B at 8, and the DATASEC as `size` and entries say. */
function dataObject(size: number, entries: readonly (readonly [name: string, offset: number])[], littleEndian = true) {
  const graph = new Graph(littleEndian);
  const type = graph.int("u64", 8);
  graph.datasec(
    ".data",
    size,
    entries.map(([name, offset]) => [graph.variable(name, type), offset, 8]),
  );
  return buildObject({
    littleEndian,
    sections: [{ name: ".data", bytes: new Uint8Array(16) }, LICENSE],
    symbols: [
      { name: "A", section: ".data", value: 0, size: 8 },
      { name: "B", section: ".data", value: 8, size: 8 },
    ],
    btf: graph.finish(),
  });
}

const blobOf = (bytes: Uint8Array): Uint8Array => sectionNamed(parseElf(bytes), ".BTF")?.bytes ?? new Uint8Array(0);
const UNFILLED = [
  ["B", 0],
  ["A", 0],
] as const;

/** Other loaders than libbpf send entries in the order in which they are. */
const isOurs = ({ rule }: Diagnostic): boolean => !/^(cilium|aya)\//.test(rule);

describe.each([
  ["little-endian", true],
  ["big-endian", false],
] as const)("datasec/unplaced, %s", (_, littleEndian) => {
  test("a section as every compiler leaves it is filled in, and that alone is no change", async () => {
    const raw = dataObject(0, UNFILLED, littleEndian);
    const { diagnostics, verdicts } = await checkObject(raw);
    expect(diagnostics.filter(isOurs)).toMatchObject([
      { rule: "datasec/unplaced", severity: "note", message: "DATASEC .data [4] has no size yet; loaders fill it in" },
    ]);
    expect(verdicts.kernel).toMatchObject({
      accepted: false,
      message: expect.stringMatching(/size == 0$/),
      asSent: { accepted: true },
    });
    const { bytes, changed } = await fixObject(raw);
    expect(changed).toBe(false);
    expect(parseBtf(blobOf(bytes)).types.at(-1)).toMatchObject({
      size: 16,
      entries: [
        { type: 3, offset: 0 },
        { type: 2, offset: 8 },
      ],
    });
    expect(await fixObject(bytes)).toMatchObject({ bytes, changed: false, plan: [], diagnostics: [] });
  });

  test("a section that is filled in wrongly is an error", async () => {
    const raw = dataObject(16, UNFILLED, littleEndian);
    const message = "DATASEC .data [4] has a size, but offsets or order that are not those of its section";
    expect((await checkObject(raw)).diagnostics.filter(isOurs)).toMatchObject([{ severity: "error", message }]);
    const { bytes, changed } = await fixObject(raw);
    expect(changed).toBe(true);
    expect(blobOf(bytes)).toEqual(blobOf((await fixObject(dataObject(0, UNFILLED, littleEndian))).bytes));
  });
});

judgeTest(kernel())("the kernel refuses the three forms of a section, and takes it laid out", async () => {
  const unsized = dataObject(0, UNFILLED);
  const wrong = dataObject(16, UNFILLED);
  const fixed = await Promise.all([unsized, wrong].map(fixObjectBytes));
  const verdicts = answer(kernelBtfLoad([unsized, wrong, ...fixed].map(blobOf)));
  const said = verdicts.map(({ errno, log }) => (errno === 0 ? "" : (log.trimEnd().split("\n").at(-1) ?? "")));
  expect(said).toEqual([expect.stringMatching(/size == 0$/), expect.stringMatching(/Invalid offset$/), "", ""]);
});

async function fixObjectBytes(raw: Uint8Array): Promise<Uint8Array> {
  return (await fixObject(raw)).bytes;
}
