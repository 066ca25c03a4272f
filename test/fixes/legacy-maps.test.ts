import { describe, expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { readMaps } from "../../src/maps.ts";
import { readObjectFile } from "../e2e/object-file.ts";
import { type AyaName, aya03, aya06, runAya } from "../judges/aya.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { type LibbpfName, libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { type LegacyDraft, type LegacyParts, legacyObject, loadedMaps } from "../maps/legacy.ts";

const NO_PREALLOC = 1;

/** One map of every length of a definition, in an order in which no offset stays; the last is pinned. */
const MIXED: readonly LegacyDraft[] = [
  { name: "SHORT", words: [1, 4, 8, 16, 0] },
  { name: "FLAGS", words: [5, 8, 8, 32, NO_PREALLOC, 0] },
  { name: "ARRAY", words: [2, 4, 12, 7, 0, 0, 0] },
  { name: "RING", words: [27, 0, 0, 4096, 0, 0, 0] },
  { name: "QUEUE", words: [22, 0, 16, 5, 0, 0, 0] },
  { name: "PERF", words: [4, 4, 4, 0, 0, 0, 0] },
  { name: "PROGS", words: [3, 4, 4, 2, 0, 0, 0] },
  { name: "PINNED", words: [9, 6, 10, 64, 0, 0, 1] },
];

const LOCAL = { binding: 0 } as const;
const HIDDEN = { visibility: 2 } as const;

/** The same object in every way in which code and BTF may know its maps. */
const FORMS: readonly (readonly [string, readonly LegacyDraft[], LegacyParts])[] = [
  ["maps alone", MIXED, {}],
  ["beside a BTF map", MIXED, { modern: "MODERN" }],
  ["named by the section's symbol", MIXED, { bySection: true }],
  ["private", MIXED.map((map) => ({ ...map, symbol: LOCAL })), { bySection: true }],
  ["hidden", MIXED.map((map) => ({ ...map, symbol: HIDDEN })), { modern: "MODERN" }],
  ["not in .BTF", MIXED, { described: false }],
  ["not in .BTF, beside a BTF map", MIXED, { described: false, modern: "MODERN" }],
  [
    "in two sections",
    MIXED.map((map, index) => ({ ...map, section: index % 2 === 0 ? "maps" : "maps/more" })),
    { bySection: true },
  ],
];

describe.each([
  ["little-endian", true],
  ["big-endian", false],
] as const)("%s", (_, littleEndian) => {
  test.each(FORMS)("%s: every reference means the same map, in .maps", async (_form, maps, parts) => {
    const raw = legacyObject(maps, { ...parts, littleEndian });
    const { bytes, summary, diagnostics } = await fixObject(raw);
    expect(summary).toContain(`${maps.length} legacy maps converted`);
    expect(diagnostics.filter(({ severity, fixed }) => severity === "error" && fixed === undefined)).toEqual([]);
    const [before, after] = [readObjectFile(raw), readObjectFile(bytes)];
    expect(loadedMaps(after)).toEqual(loadedMaps(before).map(([offset, , map]) => [offset, ".maps", map]));
    expect(loadedMaps(after)).toHaveLength(maps.length + (parts.modern === undefined ? 0 : 1));
    const sections = after.sections.map(({ name }) => name);
    expect(sections.filter((name) => name === ".maps")).toHaveLength(1);
    expect(sections.filter((name) => name.startsWith("maps"))).toEqual([]);
    expect(after.sections.find(({ name }) => name === ".maps")?.bytes.every((byte) => byte === 0)).toBe(true);
    for (const { index, isCode, bytes: code } of before.sections.map((section, at) => ({ ...section, index: at }))) {
      if (isCode) expect(after.sections[index]?.bytes).toEqual(code);
    }
    expect((await fixObject(bytes)).bytes).toEqual(bytes);
    expect((await checkObject(bytes)).diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

const LIBBPF: readonly (readonly [LibbpfName, typeof libbpf17])[] = [
  ["libbpf17", libbpf17],
  ["libbpf11", libbpf11],
];

/** Words of a definition as a loader gives them back. */
const words = ({ words: [type, key, value, entries, flags = 0, , pinning = 0] }: LegacyDraft): readonly unknown[] => [
  type,
  key,
  value,
  entries,
  flags,
  pinning,
];

describe.each(FORMS)("%s", (_, maps, parts) => {
  for (const [name, judge] of LIBBPF) {
    judgeTest(judge())(`${name} reads the numbers of the definition and loads the object`, async () => {
      const { bytes } = await fixObject(legacyObject(maps, parts));
      const report = answer(runLibbpf(name, bytes));
      expect([report.open.ok, report.load?.ok, (report.btfFd ?? -1) >= 0]).toEqual([true, true, true]);
      expect(report.maps.filter((map) => map.retriedWithoutBtf)).toEqual([]);
      const read = report.maps.map((map): readonly unknown[] => {
        const { type, keySize, valueSize, maxEntries, mapFlags, pinByName } = map;
        // libbpf counts the processors.
        return [map.name, type, keySize, valueSize, type === 4 ? 0 : maxEntries, mapFlags, pinByName ? 1 : 0];
      });
      for (const map of maps) expect(read).toContainEqual([map.name, ...words(map)]);
    });
  }

  judgeTest(cilium())(
    "cilium/ebpf loads it, but for an immediate that is an offset, which it takes for a descriptor",
    async () => {
      const { open, load } = answer(runCilium((await fixObject(legacyObject(maps, parts))).bytes));
      const refusal = expect.stringContaining("unsatisfied map reference");
      expect(open).toMatchObject({ ok: true });
      // No repair changes an instruction. Before, cilium/ebpf refuses such an object when it opens it.
      expect(load).toMatchObject(parts.bySection === true ? { ok: false, error: refusal } : { ok: true });
      if (parts.bySection !== true) return;
      const raw = answer(runCilium(legacyObject(maps, parts)));
      expect(raw.open.ok && raw.load?.ok === true).toBe(false);
    },
  );

  for (const [name, judge] of [
    ["aya03", aya03],
    ["aya06", aya06],
  ] as readonly (readonly [AyaName, typeof aya03])[]) {
    judgeTest(judge())(`${name} has the same maps behind the same references`, async () => {
      // aya cannot bind what names a map by its section.
      const raw = legacyObject(maps, { ...parts, bySection: false });
      const fixed = (await fixObject(legacyObject(maps, parts))).bytes;
      const [before, after] = [answer(runAya(name, raw)), answer(runAya(name, fixed))];
      const numbers = (list: typeof before.maps) =>
        list
          .map((map) => [map.name, map.type, map.keySize, map.valueSize, map.maxEntries, map.mapFlags, map.pinning])
          .sort();
      expect(numbers(after.maps)).toEqual(numbers(before.maps));
      expect(after.maps.every(({ definition }) => definition === "btf")).toBe(true);
      expect(after.programs).toEqual(before.programs);
      expect([after.parse.ok, after.relocate?.ok]).toEqual([true, true]);
    });
  }
});

const GOOD = [1, 4, 8, 16, 0, 0, 0] as const;

/** Definitions that nobody can convert without guessing, and both facts as the error gives them. */
const REFUSED: readonly (readonly [string, readonly LegacyDraft[], string])[] = [
  [
    "too short",
    [{ name: "M", words: [1, 4, 8, 16] }],
    "map M: its definition has 16 bytes, and the shortest one has 20",
  ],
  [
    "no size",
    [{ name: "M", words: GOOD, symbol: { size: 0 } }],
    "map M: its definition has 0 bytes, and the shortest one has 20",
  ],
  [
    "out of range",
    [{ name: "M", words: GOOD, symbol: { size: 32 } }],
    "map M: its symbol says bytes 0 to 32, and the section has 28",
  ],
  [
    "overlapping",
    [
      { name: "A", words: GOOD },
      { name: "B", words: GOOD, symbol: { value: 24 } },
    ],
    "map B: its definition begins at byte 24, inside that of the map before, which ends at 28",
  ],
  [
    "a kind that nobody knows",
    [{ name: "M", words: [77, 4, 8, 16, 0] }],
    "map M: its type is 77, and no kind of map has that number",
  ],
  ["no kind", [{ name: "M", words: [0, 4, 8, 16, 0] }], "map M: its type is 0, and no kind of map has that number"],
  [
    "a pinning that nobody knows",
    [{ name: "M", words: [1, 4, 8, 16, 0, 0, 2] }],
    "map M: its pinning is 2, and BTF maps know 0 (none) and 1 (by name)",
  ],
  [
    "more than a definition",
    [{ name: "M", words: [12, 4, 4, 16, 0, 0, 0, 5] }],
    "map M: its definition has 32 bytes, and what follows the first 28 is not zero",
  ],
  [
    "without a symbol",
    [
      { name: "A", words: GOOD },
      { name: "", words: GOOD },
    ],
    "section maps: its bytes 28 to 56 are not zero and belong to no symbol",
  ],
  [
    "two of one name",
    [
      { name: "M", words: GOOD },
      { name: "M", words: GOOD, symbol: LOCAL },
    ],
    "map M: it is private, and another symbol that is not has its name",
  ],
];

describe.each(REFUSED)("%s", (_, maps, message) => {
  test("is refused with both facts, and check tells", async () => {
    const raw = legacyObject(maps, { bySection: true });
    const rejection = { code: "REFUSED", message: expect.stringContaining(message) };
    await expect(fixObject(raw)).rejects.toMatchObject(rejection);
    if (maps.length < 2 || maps[0]?.name !== maps[1]?.name) {
      const found = (await checkObject(raw)).diagnostics.filter(({ rule }) => rule === "map/legacy-definition");
      expect(found).toMatchObject([{ severity: "error", message }]);
    }
  });
});

test("a reference into the middle of a definition is refused", async () => {
  const raw = legacyObject([{ name: "A", words: GOOD, symbol: { value: 0 } }], { bySection: true });
  const code = readObjectFile(raw).sections.find(({ isCode }) => isCode);
  code?.bytes.writeInt32LE(4, 4);
  await expect(fixObject(raw)).rejects.toMatchObject({ code: "REFUSED", message: expect.stringContaining("maps") });
});

test("the longer form of iproute2 is taken while it says no more", async () => {
  const { bytes } = await fixObject(legacyObject([{ name: "M", words: [...GOOD, 0, 0] }]));
  expect(await readMaps(bytes)).toMatchObject([{ name: "M", type: 1, keySize: 4, valueSize: 8, maxEntries: 16 }]);
});

judgeTest(libbpf17())("a section without any map is no reason for libbpf to refuse the object", async () => {
  const raw = legacyObject([], { modern: "MODERN", empty: true });
  expect(answer(runLibbpf("libbpf17", raw)).open.ok).toBe(false);
  const { bytes } = await fixObject(raw);
  const { open, load, btfFd } = answer(runLibbpf("libbpf17", bytes));
  expect([open.ok, load?.ok, (btfFd ?? -1) >= 0]).toEqual([true, true, true]);
  expect((await fixObject(bytes)).bytes).toEqual(bytes);
});

describe("--legacy-maps", () => {
  test("keep leaves the maps alone and says who refuses them", async () => {
    const raw = legacyObject(MIXED);
    const { bytes, diagnostics } = await fixObject(raw, { legacyMaps: "keep" });
    const [before, after] = [readObjectFile(raw), readObjectFile(bytes)];
    const content = (file: typeof before): Buffer | undefined =>
      file.sections.find(({ name }) => name === "maps")?.bytes;
    expect(content(after)).toEqual(content(before));
    const kept = diagnostics.filter(({ rule }) => rule === "elf/legacy-maps");
    expect(kept).toHaveLength(MIXED.length);
    for (const finding of kept) {
      expect(finding).toMatchObject({ severity: "warning", answers: [{ judge: "libbpf", answer: "rejects" }, {}] });
      expect(finding).not.toHaveProperty("fixed");
    }
  });

  test("error refuses the object by the names of its maps", async () => {
    const raw = legacyObject(MIXED.slice(0, 2));
    const rejection = { code: "REFUSED", message: expect.stringContaining("SHORT, FLAGS") };
    await expect(fixObject(raw, { legacyMaps: "error" })).rejects.toMatchObject(rejection);
    const none = legacyObject([], { modern: "MODERN" });
    expect((await fixObject(none, { legacyMaps: "error" })).summary).not.toContain("converted");
  });
});
