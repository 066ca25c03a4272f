import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fixObject } from "../../src/fix.ts";
import { dwarfMaps } from "../../tools/scoreboard/dwarf-maps.ts";
import { judgeResult } from "../../tools/scoreboard/fine.ts";
import { scoreboardJudges } from "../../tools/scoreboard/judges.ts";
import { LOADERS, type Loader, loaderJudges, loaderVerdicts } from "../../tools/scoreboard/loaders.ts";
import { readObjectFile } from "../e2e/object-file.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { seed } from "../seed.ts";
import { type Program, program } from "./map-program.ts";
import { rustSource } from "./rust-source.ts";

/** Programs of one run, and how often every value of a dimension must occur among them. */
const PROGRAMS = 300;
const LEAST = 10;

/** Runs are shared out among files, which run side by side. */
export const PARTS = 3;

function programs(): readonly Program[] {
  return fc.sample(program, { numRuns: PROGRAMS, seed: seed() });
}

/** How often each value of each dimension occurs: by map, and by program. */
export function occurrences(all: readonly Program[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const add = (key: string): void => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  for (const { maps, ...rest } of all) {
    add(`maps=${maps.length}`);
    for (const [name, value] of Object.entries(rest)) add(`${name}=${value}`);
    for (const shape of maps) for (const [name, value] of Object.entries(shape)) add(`${name}=${value}`);
  }
  return counts;
}

/**
 * What no repair can do: code names a private map by its offset in the section, instructions never change, and cilium/ebpf takes an
 * immediate above 0 for a file descriptor that its caller put there (`collection.go`).
 */
function isBeyond(loader: Loader, said: string, source: string): boolean {
  return loader === "cilium/ebpf" && said.endsWith("unsatisfied map reference") && /"\.?maps"\] static /.test(source);
}

interface Judged {
  /** What the judges have against the repaired program; empty if nothing. */
  readonly against: readonly string[];
  /** Rules whose findings a repair cured. */
  readonly repairs: ReadonlySet<string>;
}

async function judged(source: string): Promise<Judged> {
  const raw = compileRust(source);
  const result = await fixObject(raw);
  const folder = mkdtempSync(join(tmpdir(), "btf-fix-property-"));
  try {
    const path = join(folder, "program.bpfel.o");
    writeFileSync(path, raw);
    const { reasons } = await judgeResult(path, Buffer.from(raw), result);
    const verdicts = loaderVerdicts(result.bytes, dwarfMaps(path, readObjectFile(raw)));
    const others = LOADERS.flatMap((loader) => {
      const { word, said } = verdicts[loader];
      return word === "fine" || isBeyond(loader, said, source) ? [] : [`${loader}: ${word}: ${said}`];
    });
    return { against: [...reasons, ...others], repairs: new Set(result.plan.map(({ rule }) => rule)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The smallest program with a complaint that fast-check finds around one that has some. */
async function shrunk(failing: Program): Promise<string> {
  let smallest = failing;
  const tried = await fc.check(
    fc.asyncProperty(program, async (candidate) => {
      const { against } = await judged(rustSource(candidate)).catch((error: unknown) => ({
        against: [String(error)],
      }));
      if (against.length > 0) smallest = candidate;
      return against.length === 0;
    }),
    { numRuns: 1, examples: [[failing]], endOnFailure: false, interruptAfterTimeLimit: 60_000 },
  );
  return `${JSON.stringify(tried.counterexample ?? smallest)}\n${rustSource(smallest)}`;
}

/** The tests of one part of the programs. */
export function testPrograms(part: number): void {
  const all = programs();
  const mine = all.filter((_, index) => index % PARTS === part);

  judgeTest(
    rustc(),
    ...scoreboardJudges(),
    ...loaderJudges(),
  )(`programs of seed ${seed()}, part ${part + 1} of ${PARTS}: fine for every judge`, async () => {
    let manyRepairs = 0;
    for (const candidate of mine) {
      const source = rustSource(candidate);
      const { against, repairs } = await judged(source);
      if (repairs.size >= 2) manyRepairs++;
      if (against.length > 0) throw new Error(`${against.join("\n")}\n${await shrunk(candidate)}`);
    }
    console.log(`part ${part + 1}: ${mine.length} programs, ${manyRepairs} needed two or more repairs`);
    expect(manyRepairs * 2).toBeGreaterThanOrEqual(mine.length);
  });

  if (part !== 0) return;
  test("every value of every dimension occurs often enough", () => {
    const counts = [...occurrences(all)].sort(([a], [b]) => (a < b ? -1 : 1));
    console.log(
      `${PROGRAMS} programs of seed ${seed()}:\n${counts.map(([key, count]) => `  ${key} ${count}`).join("\n")}`,
    );
    expect(counts.filter(([, count]) => count < LEAST)).toEqual([]);
  });
}
