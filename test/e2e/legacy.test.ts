import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fixObject, readMaps } from "../../src/index.ts";
import { judgeFine } from "../../tools/scoreboard/fine.ts";
import { scoreboardJudges } from "../../tools/scoreboard/judges.ts";
import { type AyaRunName, aya14, aya16, runTraffic } from "../judges/aya-run.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf11, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";

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
