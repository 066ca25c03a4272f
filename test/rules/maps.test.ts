import { describe, expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { readMaps } from "../../src/maps.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { type LibbpfReport, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { define, event, type Field, type MapDraft, mapObject, u32, unit } from "../maps/define.ts";

/** A row of the truth table of the map rules; the failing map and its nearest neighbour are both called MAP. */
interface Row {
  readonly rule: string;
  readonly about: string;
  readonly failing: Omit<MapDraft, "name">;
  readonly passing: Omit<MapDraft, "name">;
  readonly severity: "error" | "warning";
  /** Exact text of the finding. */
  readonly message: string;
  /** What libbpf 1.7 warns of the failing map; undefined where it says nothing. */
  readonly libbpf: string | undefined;
  /** What the fix does without DWARF: mends it, leaves it, or refuses to decide. */
  readonly fix: "mended" | "left" | "refused";
}

const HASH: readonly Field[] = [
  ["type", 1],
  ["key", u32],
  ["value", event],
  ["max_entries", 8],
];
const def =
  (...fields: readonly Field[]): MapDraft["make"] =>
  (graph) =>
    define(graph, fields);
const hash = { make: def(...HASH) };
const RING: readonly Field[] = [
  ["type", 27],
  ["max_entries", 4096],
];
const PROGRAMS: Field = ["values", (g) => g.array(g.ptr(g.proto(0, [])), u32(g), 0)];

/** Outer { __0: UnsafeCell { value: Def } } with a PhantomData beside it. */
const wrapped: MapDraft["make"] = (graph) => {
  const inner = graph.struct("UnsafeCell", 32, [["value", define(graph, HASH), 0]]);
  return graph.struct("Table", 32, [
    ["__0", inner, 0],
    ["__1", graph.struct("PhantomData", 0, []), 256],
  ]);
};

const ROWS: readonly Row[] = [
  {
    rule: "map/wrapped",
    about: "two newtypes",
    failing: { make: wrapped },
    passing: hash,
    severity: "error",
    message: "map MAP: its definition is wrapped in Table, UnsafeCell",
    libbpf: "map 'MAP': unknown field '__0'.",
    fix: "mended",
  },
  {
    rule: "map/value-size-conflict",
    about: "RingBuf of aya-ebpf 0.2",
    failing: { make: def(["type", 27], ["max_entries", 4096], ["value", event], ["value_size", 0]) },
    passing: { make: def(...RING) },
    severity: "error",
    message: "map MAP: value is Event (16 bytes) but value_size is 0",
    libbpf: "map 'MAP': conflicting value size 16 != 0.",
    fix: "mended",
  },
  {
    rule: "map/value-on-ringbuf",
    about: "RingBuf of aya-ebpf 0.3",
    failing: { make: def(...RING, ["value", event]) },
    passing: { make: def(...RING) },
    severity: "error",
    message: "map MAP: a ringbuf map has no value",
    libbpf: "map 'MAP': failed to create: -EINVAL",
    fix: "mended",
  },
  {
    rule: "map/key-zero-size",
    about: "bloom filter",
    failing: { make: def(["type", 30], ["key", unit], ["value", event], ["max_entries", 8]) },
    passing: { make: def(["type", 30], ["value", event], ["max_entries", 8]) },
    severity: "error",
    message: "map MAP: key has no size, and a bloom_filter map has no key",
    libbpf: "Error in bpf_create_map_xattr(MAP): -EINVAL. Retrying without BTF.",
    fix: "mended",
  },
  {
    rule: "map/redundant-size",
    about: "key and key_size",
    failing: { make: def(...HASH, ["key_size", 4]) },
    passing: { make: def(["type", 1], ["key_size", 4], ["value_size", 4], ["max_entries", 8]) },
    severity: "warning",
    message: "map MAP: key is 4 bytes and key_size says it again",
    libbpf: undefined,
    fix: "mended",
  },
  {
    rule: "map/size-contradiction",
    about: "key_size of another key",
    failing: { make: def(...HASH, ["key_size", 8]) },
    passing: hash,
    severity: "error",
    message: "map MAP: key is 4 bytes but key_size is 8",
    libbpf: "map 'MAP': conflicting key size 4 != 8.",
    fix: "refused",
  },
  {
    rule: "map/key-without-size",
    about: "void",
    failing: { make: def(["type", 1], ["key", () => 0], ["value", event], ["max_entries", 8]) },
    passing: hash,
    severity: "error",
    message: "map MAP: key points at a type without size",
    libbpf: "map 'MAP': can't determine key size for type [0]: -22.",
    fix: "left",
  },
  {
    rule: "map/key-without-size",
    about: "a value that is only declared",
    failing: { make: def(["type", 1], ["key", u32], ["value", (g) => g.fwd("Event")], ["max_entries", 8]) },
    passing: hash,
    severity: "error",
    message: "map MAP: value points at a type without size",
    libbpf: "map 'MAP': can't determine value size for type",
    fix: "left",
  },
  {
    rule: "map/prog-array-key",
    about: "key and values",
    failing: { make: def(["type", 3], ["key", u32], ["max_entries", 8], PROGRAMS) },
    passing: { make: def(["type", 3], ["key_size", 4], ["max_entries", 8], PROGRAMS) },
    severity: "warning",
    message: "map MAP: a prog_array with values has a key type but no value type",
    libbpf: "Error in bpf_create_map_xattr(MAP): -EINVAL. Retrying without BTF.",
    fix: "mended",
  },
  {
    rule: "map/values-not-array",
    about: "Rust's pointer to an array",
    failing: {
      make: def(
        ["type", 12],
        ["key", u32],
        ["max_entries", 8],
        ["values", (g) => g.ptr(g.array(g.ptr(define(g, HASH)), u32(g), 0))],
      ),
    },
    passing: {
      make: def(
        ["type", 12],
        ["key", u32],
        ["max_entries", 8],
        ["values", (g) => g.array(g.ptr(define(g, HASH)), u32(g), 0)],
      ),
    },
    severity: "error",
    message: "map MAP: values is not an empty array of pointers to maps",
    libbpf: "map 'MAP': map-in-map inner spec is not a zero-sized array.",
    fix: "mended",
  },
  {
    rule: "map/inner-incomplete",
    about: "a declared inner map",
    failing: {
      make: def(
        ["type", 12],
        ["key", u32],
        ["max_entries", 8],
        ["values", (g) => g.array(g.ptr(g.fwd("Inner")), u32(g), 0)],
      ),
    },
    passing: {
      make: def(
        ["type", 12],
        ["key", u32],
        ["max_entries", 8],
        ["values", (g) => g.array(g.ptr(define(g, HASH)), u32(g), 0)],
      ),
    },
    severity: "error",
    message: "map MAP: its inner map is only declared",
    libbpf: "map 'MAP': map-in-map inner def is of unexpected kind fwd.",
    fix: "left",
  },
  {
    rule: "map/not-a-definition",
    about: "a field that nobody knows",
    failing: { make: def(...HASH, ["colour", 3]) },
    passing: { make: def(...HASH, ["pinning", 0]) },
    severity: "error",
    message: "map MAP: its member colour is no map attribute, or not in the form of one",
    libbpf: "map 'MAP': unknown field 'colour'.",
    fix: "left",
  },
  {
    rule: "map/not-a-definition",
    about: "no definition at all",
    failing: { make: event },
    passing: hash,
    severity: "error",
    message: "map MAP: no definition with a member `type` lies behind it",
    libbpf: "map 'MAP': unknown field 'at'.",
    fix: "left",
  },
  {
    rule: "map/private",
    about: "a private static",
    failing: { ...hash, linkage: 0, symbol: { binding: 0 } },
    passing: hash,
    severity: "error",
    message: "map MAP: it is private to the object",
    libbpf: "map 'MAP': unsupported map linkage static.",
    fix: "mended",
  },
];

const object = (map: Omit<MapDraft, "name">, littleEndian = true): Uint8Array =>
  mapObject([{ name: "MAP", ...map }], littleEndian);
const aboutMaps = ({ rule }: { readonly rule: string }): boolean => rule.startsWith("map/");
const names = ROWS.map((row) => [`${row.rule}: ${row.about}`, row] as const);

describe.each([
  ["little-endian", true],
  ["big-endian", false],
] as const)("%s", (_, littleEndian) => {
  test.each(names)("%s", async (_name, row) => {
    const failing = (await checkObject(object(row.failing, littleEndian))).diagnostics.filter(aboutMaps);
    expect(failing.filter(({ rule }) => rule === row.rule)).toMatchObject([
      { message: row.message, severity: row.severity },
    ]);
    const passing = (await checkObject(object(row.passing, littleEndian))).diagnostics.filter(aboutMaps);
    expect(passing).toEqual([]);
  });

  test.each(names)("%s, fixed", async (_name, row) => {
    const raw = object(row.failing, littleEndian);
    if (row.fix === "refused") {
      await expect(fixObject(raw)).rejects.toMatchObject({ code: "REFUSED", message: `${row.message} [${row.rule}]` });
      return;
    }
    const { bytes, diagnostics } = await fixObject(raw);
    const [finding] = diagnostics.filter(({ rule }) => rule === row.rule);
    if (row.fix === "left") expect(finding).not.toHaveProperty("fixed");
    else expect(finding?.fixed).toEqual(expect.any(String));
    expect(await fixObject(bytes)).toMatchObject({ bytes, changed: false, plan: [] });
    const after = (await checkObject(bytes)).diagnostics.filter(aboutMaps);
    expect(after.map(({ rule }) => rule)).toEqual(row.fix === "left" ? expect.arrayContaining([row.rule]) : []);
    expect(await readMaps(bytes)).toEqual(await readMaps(raw));
  });
});

function libbpf(bytes: Uint8Array): LibbpfReport {
  return answer(runLibbpf("libbpf17", bytes, { until: "maps" }));
}
const warnings = ({ log }: LibbpfReport): readonly string[] =>
  log.filter(({ level }) => level === "warn").map(({ text }) => text);

describe("libbpf", () => {
  for (const [name, row] of names) {
    judgeTest(libbpf17())(`says of ${name} what the rule says`, async () => {
      const raw = libbpf(object(row.failing));
      const { diagnostics } = await checkObject(object(row.failing));
      const finding = diagnostics.find(({ rule }) => rule === row.rule);
      const ours = finding?.answers.find(({ judge }) => judge === "libbpf");
      if (row.libbpf === undefined) {
        expect(ours?.answer).toBe("accepts");
        expect(warnings(raw)).toEqual([]);
      } else {
        expect(warnings(raw).join("\n")).toContain(row.libbpf);
        expect(row.libbpf.startsWith(ours?.text ?? "no text"), ours?.text).toBe(true);
      }
      expect(raw.open.ok).toBe(ours?.answer !== "rejects" || row.rule === "map/value-on-ringbuf");

      const passing = libbpf(object(row.passing));
      expect([passing.open.ok, warnings(passing)]).toEqual([true, []]);
      if (row.fix !== "mended") return;
      const mended = libbpf((await fixObject(object(row.failing))).bytes);
      expect([mended.open.ok, warnings(mended)]).toEqual([true, []]);
      expect(mended.btfFd).toBeGreaterThanOrEqual(0);
      expect(mended.maps.map((map) => [map.name, map.fd >= 0, map.retriedWithoutBtf])).toEqual([["MAP", true, false]]);
    });
  }
});

describe("map/name-invalid", () => {
  const named = (name: string): Uint8Array => mapObject([{ name, ...hash }]);

  test("a dash cannot be mended", async () => {
    const { diagnostics } = await checkObject(named("my-map.v1"));
    const message =
      "map my-map.v1: the kernel takes no such name, and renaming it would change what user space asks for";
    expect(diagnostics.filter(aboutMaps)).toMatchObject([{ rule: "map/name-invalid", severity: "error", message }]);
    await expect(fixObject(named("my-map.v1"))).rejects.toMatchObject({ code: "REFUSED" });
  });

  test("sixteen bytes are one too many, and no more than worth a note", async () => {
    const { diagnostics } = await checkObject(named("A_MAP_OF_16_BYTE"));
    expect(diagnostics.filter(aboutMaps)).toMatchObject([
      { severity: "note", message: "map A_MAP_OF_16_BYTE: the kernel will know it as A_MAP_OF_16_BYT" },
    ]);
    expect((await checkObject(named("A_MAP_OF_15_BYT"))).diagnostics.filter(aboutMaps)).toEqual([]);
    expect((await checkObject(named("dotted.map"))).diagnostics.filter(aboutMaps)).toEqual([]);
  });

  judgeTest(libbpf17())("and the kernel agrees", () => {
    expect(libbpf(named("A_MAP_OF_16_BYTE")).maps).toMatchObject([{ fd: expect.any(Number), errno: 0 }]);
    expect(libbpf(named("dotted.map")).maps[0]?.fd).toBeGreaterThanOrEqual(0);
    expect(warnings(libbpf(named("my-map"))).join("\n")).toContain("map 'my-map': failed to create");
  });
});
