import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { emitObject, fixObject, readMaps } from "../../src/index.ts";
import { judgeFine } from "../../tools/scoreboard/fine.ts";
import { scoreboardJudges } from "../../tools/scoreboard/judges.ts";
import { type AyaLoad, type AyaRunName, aya14, aya16, loadWithAya, runTraffic } from "../judges/aya-run.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { readObjectFile } from "./object-file.ts";

/** A whole Aya program with legacy maps, run by its user space before and after the repair. */
const PATH = join(import.meta.dirname, "legacy", "traffic.bpfel.o");
const raw = readFileSync(PATH);

/** What `test/judges/aya-run/main.rs` sends, and what the kernel puts before it. */
const PACKETS = 5;
const LENGTH = 21 + 8;

const AYA: readonly (readonly [AyaRunName, typeof aya14])[] = [
  ["aya14", aya14],
  ["aya16", aya16],
];

describe("a program of nine legacy maps and a BTF map", () => {
  for (const [name, judge] of AYA) {
    judgeTest(judge())(`runs under ${name} as before`, async () => {
      const { bytes } = await fixObject(raw);
      const [before, after] = [answer(runTraffic(name, raw)), answer(runTraffic(name, bytes))];
      expect(after).toEqual(before);
      expect(after.runs).toHaveLength(2);
      for (const [index, run] of after.runs.entries()) {
        expect(run).toMatchObject({
          received: PACKETS * 21,
          flows: [[LENGTH, 2, PACKETS, PACKETS * LENGTH]],
          // The second filter runs behind a tail call, and its counter is the first element.
          totals: [PACKETS, PACKETS],
          // The pinned map goes on counting when the object is loaded again.
          state: PACKETS * (index + 1),
          scratch: true,
          modern: PACKETS,
          routed: PACKETS,
          records: PACKETS,
          log: Array.from({ length: PACKETS }, () => `INFO received ${LENGTH} bytes`),
        });
        // The loader asks for 32 entries, the object says 1024.
        expect(run.maps).toContain("FLOWS Hash [8, 16, 32, 0]");
        expect(run.maps).toContain("AYA_LOGS RingBuf [0, 0, 131072, 0]");
      }
      expect(after.pins).toContain("STATE");
    });
  }

  judgeTest(...scoreboardJudges())("is fine for libbpf, the kernel and bpftool", async () => {
    const { raw: before, fixed, reasons } = await judgeFine(PATH);
    expect(before).toMatchObject({ column: "FAIL/-/-", complaint: expect.stringContaining("legacy map definitions") });
    expect(reasons).toEqual([]);
    expect(fixed).toEqual({ column: "OK/OK/yes", complaint: "" });
  });

  judgeTest(libbpf11())("loads in libbpf 1.1", async () => {
    const { open, load, btfFd } = answer(runLibbpf("libbpf11", (await fixObject(raw)).bytes));
    expect([open.ok, load?.ok, (btfFd ?? -1) >= 0]).toEqual([true, true, true]);
  });

  judgeTest(cilium())("loads in cilium/ebpf, with types", async () => {
    const { load, maps } = answer(runCilium((await fixObject(raw)).bytes));
    expect(load).toMatchObject({ ok: true });
    const typed = maps.filter(({ kernel }) => (kernel?.btfValueTypeId ?? 0) !== 0).map(({ name }) => name);
    expect(typed).toEqual(expect.arrayContaining(["FLOWS", "TOTALS", "SCRATCH", "STATE", "ROUTES", "STEPS", "MODERN"]));
  });

  test("lists its maps with the types of the source", async () => {
    const maps = await readMaps((await fixObject(raw)).bytes, { from: "btf" });
    const told = maps.map(({ name, key, value }) => `${name}: ${key?.name ?? "-"} -> ${value?.name ?? "-"}`);
    expect(told).toEqual([
      "AYA_LOGS: - -> -",
      "EVENTS: - -> -",
      "FLOWS: Flow -> Stats",
      "JOBS: - -> Record",
      "MODERN: u32 -> u64",
      "ROUTES: Key<[u8; 4]> -> u32",
      "SCRATCH: u32 -> [u8; 64]",
      "STATE: u32 -> u64",
      "STEPS: u32 -> u32",
      "TOTALS: u32 -> Stats",
    ]);
  });
});

test("new BTF from debug info does not lose the converted definitions: it is refused", async () => {
  const { bytes } = await fixObject(raw);
  const rejection = { code: "REFUSED", message: expect.stringContaining("FLOWS") };
  await expect(emitObject(bytes)).rejects.toMatchObject(rejection);
  await expect(emitObject(bytes, { from: "dwarf", dialect: "rust" })).rejects.toMatchObject(rejection);
  // Before, the definitions are still there.
  const emitted = await emitObject(raw, { dialect: "rust" });
  expect((await readMaps(emitted)).map(({ name }) => name)).toEqual((await readMaps(bytes)).map(({ name }) => name));
});

/** Every committed object with legacy maps that this machine can load. */
function legacyObjects(): readonly string[] {
  const folders = ["aya-kinds", "aya-programs", "shapes"];
  const corpus = join(import.meta.dirname, "..", "..", "corpus");
  return folders
    .filter((folder) => existsSync(join(corpus, folder)))
    .flatMap((folder) => readdirSync(join(corpus, folder)).map((file) => join(corpus, folder, file)))
    .filter((path) => path.includes(".bpfel."))
    .filter((path) => readObjectFile(readFileSync(path)).sections.some((section) => section.name === "maps"));
}

/** The programs that load, as the judge says it. */
function loading({ programs }: AyaLoad): readonly string[] {
  return programs.filter((program) => program.endsWith(" loads"));
}

describe("all legacy objects of the corpus", () => {
  judgeTest(aya14(), aya16())("aya creates their maps and loads their programs as before", async () => {
    const paths = legacyObjects();
    expect(paths.length).toBeGreaterThan(25);
    for (const path of paths) {
      const object = readFileSync(path);
      const { bytes } = await fixObject(object);
      for (const [name] of AYA) {
        const before = answer(loadWithAya(name, object));
        const after = answer(loadWithAya(name, bytes));
        expect([path, after.maps]).toEqual([path, before.maps]);
        expect([path, after.programs]).toEqual([path, expect.arrayContaining([...loading(before)])]);
        expect([path, before.error]).toEqual([path, undefined]);
      }
    }
  });
});

describe("other compilers", () => {
  const MAPS = ["COUNTS", "EVENTS", "FLOWS", "JOBS", "ROUTES"];

  judgeTest(libbpf17(), libbpf11())("wrappers of 2022 by rustc 1.63 and LLVM 14 load with their types", async () => {
    const object = readFileSync(join(import.meta.dirname, "legacy", "rustc-1.63.bpfel.o"));
    const { bytes, diagnostics } = await fixObject(object);
    expect(diagnostics.filter(({ severity, fixed }) => severity === "error" && fixed === undefined)).toEqual([]);
    expect((await fixObject(bytes)).bytes).toEqual(bytes);
    for (const name of ["libbpf17", "libbpf11"] as const) {
      const { open, load, btfFd, maps } = answer(runLibbpf(name, bytes));
      expect([name, open.ok, load?.ok, (btfFd ?? -1) >= 0]).toEqual([name, true, true, true]);
      expect(maps.filter(({ retriedWithoutBtf }) => retriedWithoutBtf)).toEqual([]);
      expect(maps.filter(({ internal }) => !internal)).toHaveLength(MAPS.length + 1);
    }
    const told = (await readMaps(bytes)).map(({ name, key, value }) => [name, key?.name, value?.name]);
    expect(told).toEqual([
      ["COUNTS", "u32", "[u64; 2]"],
      ["EVENTS", undefined, undefined],
      ["FLOWS", "Flow", "Stats"],
      ["JOBS", undefined, "Flow"],
      ["ROUTES", "Key<u32>", "u64"],
      [expect.stringContaining("PRIVATE"), "u16", "u8"],
    ]);
  });

  judgeTest(
    clang(),
    libbpf17(),
    libbpf11(),
    cilium(),
  )("C of libbpf before 1.0 loads, by its sizes", async () => {
    const bytes = (
      await fixObject(
        compileC(`
struct bpf_map_def { unsigned int type, key_size, value_size, max_entries, map_flags; };
struct bpf_map_def SEC("maps") HITS = { .type = 2, .key_size = 4, .value_size = 8, .max_entries = 3 };
struct bpf_map_def SEC("maps") PEERS = { 1, 6, 16, 32, 1 };
struct { __uint(type, 1); __type(key, u32); __type(value, u64); __uint(max_entries, 4); } MODERN SEC(".maps");
SEC("socket") int prog(void *ctx)
{
    u32 key[2] = {0, 0};
    return lookup(&HITS, key) && lookup(&PEERS, key) && lookup(&MODERN, key);
}
`),
      )
    ).bytes;
    for (const name of ["libbpf17", "libbpf11"] as const) {
      const { open, load, btfFd, maps } = answer(runLibbpf(name, bytes));
      expect([name, open.ok, load?.ok, (btfFd ?? -1) >= 0]).toEqual([name, true, true, true]);
      const numbers = maps.map((map) => [map.name, map.type, map.keySize, map.valueSize, map.maxEntries, map.mapFlags]);
      expect(numbers).toContainEqual(["HITS", 2, 4, 8, 3, 0]);
      expect(numbers).toContainEqual(["PEERS", 1, 6, 16, 32, 1]);
      expect(numbers).toContainEqual(["MODERN", 1, 4, 8, 4, 0]);
    }
    expect(answer(runCilium(bytes)).load).toMatchObject({ ok: true });
  });
});
