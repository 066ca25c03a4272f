import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { checkObject, fixObject, parseBtfExt } from "../../src/index.ts";
import { judgeFine } from "../../tools/scoreboard/fine.ts";
import { scoreboardJudges } from "../../tools/scoreboard/judges.ts";
import { corpusObjects } from "../../tools/scoreboard/objects.ts";
import { bpftool, bpftoolDump } from "../judges/bpftool.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { type ObjectFile, readObjectFile } from "./object-file.ts";

/** What clang wrote and loads as it is must stay as it is: only what every loader fills in anyway may be filled in. */

const objects = corpusObjects().filter(({ name }) => name.startsWith("c/"));

/** Programs that are broken as C can be: the kernel refuses their BTF. */
const BROKEN = ["empty_global", "shrunk_static"];

/** Constants without names alone, which clang lists as nothing: kernel 5.10 refuses the BTF for it. */
const UNNAMED = ["bounded_loops", "maps_per_cpu", "odd_keys"];

function program(name: string): string {
  return basename(name).split(".")[0] ?? "";
}

const whole = objects.filter(({ name }) => ![...BROKEN, ...UNNAMED].includes(program(name)));
const unnamed = objects.filter(({ name }) => UNNAMED.includes(program(name)));

/** bpftool's lines, without the sizes and offsets that are for the loader to fill in. */
function types(object: Uint8Array): string[] {
  const { ok, stdout, stderr } = answer(bpftoolDump(object, "raw"));
  expect([ok, stderr]).toEqual([true, ""]);
  return stdout
    .toString("latin1")
    .split("\n")
    .map((line) => {
      if (/^\[\d+\] DATASEC /.test(line)) return line.replace(/ size=\d+/, "");
      // Entries are sorted by offset, which all are 0 before.
      return line.replace(/^(\ttype_id=\d+) offset=\d+ (size=\d+)/, "$1 $2");
    });
}

/** The lines of each type; those of a DATASEC in no order. */
function sortedEntries(lines: readonly string[]): string[] {
  return lines
    .join("\n")
    .split(/\n(?=\[)/)
    .map((type) => {
      const [head = "", ...rest] = type.split("\n");
      return [head, ...(head.includes(" DATASEC ") ? rest.sort() : rest)].join("\n");
    });
}

/** What `.rel.BTF` makes of each entry: the VAR's id, and the section and address that symbol and word add up to; in no order. */
function relocatedEntries({ littleEndian, sections, symbols }: ObjectFile): string[] {
  const word = (bytes: Buffer, at: number): number => (littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const types = sections.find(({ name }) => name === ".BTF")?.bytes ?? Buffer.alloc(0);
  const rel = sections.find(({ name }) => name === ".rel.BTF")?.bytes ?? Buffer.alloc(0);
  return Array.from({ length: rel.length / 16 }, (_, index) => {
    const [offset, symbol] = littleEndian ? [0, 12] : [4, 8];
    const place = word(rel, index * 16 + offset);
    const target = symbols[word(rel, index * 16 + symbol)];
    return `[${word(types, place - 4)}] at ${target?.section}:${(target?.value ?? 0) + word(types, place)}`;
  });
}

test("there are at least 40 programs, in both byte orders, and few are broken", () => {
  expect(new Set(objects.map(({ name }) => program(name))).size).toBeGreaterThanOrEqual(40);
  expect(objects).toHaveLength(2 * new Set(objects.map(({ name }) => program(name))).size);
  expect(objects.length - whole.length).toBe(2 * (BROKEN.length + UNNAMED.length));
});

/** KIND_* of include/uapi/linux/btf.h as bpftool spells them. */
const KINDS = [
  ...["INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE", "CONST", "RESTRICT", "FUNC"],
  ...["FUNC_PROTO", "VAR", "DATASEC", "FLOAT", "DECL_TAG", "TYPE_TAG", "ENUM64"],
];

judgeTest(bpftool())("the programs hold every kind, every linkage and every kind of CO-RE relocation", () => {
  const kinds = new Set<string>();
  const linkages = new Set<string>();
  const relocations = new Set<number>();
  for (const { path } of objects) {
    const object = readFileSync(path);
    for (const line of types(object)) {
      const [, kind] = /^\[\d+\] (\w+)/.exec(line) ?? [];
      if (kind === undefined) continue;
      kinds.add(kind);
      const linkage = /linkage=(\w+)/.exec(line)?.[1];
      if (linkage !== undefined) linkages.add(`${kind} ${linkage}`);
    }
    const ext = readObjectFile(object).sections.find(({ name }) => name === ".BTF.ext")?.bytes ?? Buffer.alloc(0);
    for (const { records } of parseBtfExt(ext).coreRelo?.sections ?? []) {
      for (const { kind } of records) relocations.add(kind);
    }
  }
  expect([...kinds].sort()).toEqual([...KINDS].sort());
  expect([...linkages].sort()).toEqual(
    ["FUNC", "VAR"].flatMap((kind) => ["extern", "global", "static"].map((linkage) => `${kind} ${linkage}`)),
  );
  expect([...relocations].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

describe("no error is found, and nothing but sizes and offsets is filled in", () => {
  test.each(whole.map((object) => [object.name, object] as const))("%s", async (_name, { path }) => {
    const raw = readFileSync(path);
    const { diagnostics } = await checkObject(raw);
    expect(diagnostics.filter(({ severity }) => severity !== "note")).toEqual([]);
    const { changed, plan, bytes } = await fixObject(raw);
    expect(new Set(plan.map(({ rule }) => rule))).toEqual(new Set(["datasec/unplaced"]));
    expect(changed).toBe(false);
    expect(bytes).toHaveLength(raw.length);
    const [before, after] = [readObjectFile(raw), readObjectFile(bytes)];
    const moved = before.sections.filter((section, index) => !after.sections[index]?.bytes.equals(section.bytes));
    // Entries are sorted by offset, and their relocations go with them; one that would count the offset twice goes for good.
    expect([".BTF", ".rel.BTF"]).toEqual(expect.arrayContaining(moved.map(({ name }) => name)));
    expect(relocatedEntries(before)).toEqual(expect.arrayContaining(relocatedEntries(after)));
    const again = await fixObject(bytes);
    expect(Buffer.compare(again.bytes, bytes)).toBe(0);
    expect(again.plan).toEqual([]);
  });
});

describe("bpftool reads the same types", () => {
  for (const { name, path } of whole) {
    judgeTest(bpftool())(name, async () => {
      const raw = readFileSync(path);
      const { bytes } = await fixObject(raw);
      expect(sortedEntries(types(bytes))).toEqual(sortedEntries(types(raw)));
    });
  }
});

describe("constants without names are listed as bytes, and nothing else is touched", () => {
  for (const { name, path } of unnamed) {
    judgeTest(bpftool())(name, async () => {
      const raw = readFileSync(path);
      const { bytes, plan } = await fixObject(raw);
      expect(new Set(plan.map(({ rule }) => rule))).toEqual(new Set(["datasec/empty", "datasec/unplaced"]));
      const [before = [], after = []] = [raw, bytes].map((object) =>
        sortedEntries(types(object).filter((line) => line !== "")),
      );
      const changed = before.filter((type, index) => after[index] !== type);
      expect(changed).toEqual([expect.stringMatching(/ DATASEC '.rodata' vlen=0/)]);
      expect(after.slice(before.length).filter((type) => !/ (ARRAY|INT) /.test(type))).toEqual([
        expect.stringMatching(/ VAR 'unnamed_constants' type_id=\d+, linkage=static/),
      ]);
      expect((await fixObject(bytes)).plan).toEqual([]);
    });
  }
});

describe("libbpf sends the kernel the same BTF, to the byte", () => {
  for (const { name, path } of whole) {
    if (name.includes(".bpfeb.")) continue;
    judgeTest(libbpf17())(name, async () => {
      const raw = readFileSync(path);
      const sent = (bytes: Uint8Array) => answer(runLibbpf("libbpf17", bytes, { until: "open", wantBtf: true })).btf;
      expect(sent(raw)).toBeDefined();
      expect(sent((await fixObject(raw)).bytes)).toEqual(sent(raw));
    });
  }
});

describe("fine as it is and fine once fixed", () => {
  for (const { name, path } of objects) {
    judgeTest(...scoreboardJudges())(name, async () => {
      const { raw, fixed, reasons } = await judgeFine(path);
      expect(reasons).toEqual([]);
      if (raw === null) return;
      expect(fixed).toEqual({ column: "OK/OK/yes", complaint: "" });
      expect(raw.column).toBe(BROKEN.includes(program(name)) ? "OK/OK/no" : "OK/OK/yes");
    });
  }
});
