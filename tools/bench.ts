/**
 * `npm run bench [-- PAIRS]`: what btf-fix costs on the fork object, as a whole process, beside `node -e 0` of the same Node; what `check`
 * costs there, on the kernel's types and on a thousand objects; what btf-fix-linker adds to a link; and what `emit` costs on the fork object,
 * on a series of growing objects, and on one of 155 MB of `.debug_info` beside pahole. It judges nothing, since a loaded machine would make a
 * timed test lie.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchCheck } from "./bench/check.ts";
import { benchEmit } from "./bench/emit.ts";
import { benchLinker } from "./bench/linker.ts";
import { compare, type Run, splitOf } from "./bench/measure.ts";
import { type NodeBinary, nodeOf } from "./bench/nodes.ts";
import { bundleProgram, ROOT } from "./bundle.ts";

/** The Node releases that the project answers for, and the goals. */
const MAJORS = [20, 24];
const RATIO_GOAL = 1.5;
const PEAK_GOAL_MIB = 64;

const pairs = Number(process.argv[2] ?? 30);
const object = join(ROOT, "corpus/aya/fork.bpfel.release.o");

function met(value: number, goal: number): string {
  return value <= goal ? "met" : "missed";
}

function bench(node: NodeBinary, folder: string): void {
  const args = [join(folder, "cli.cjs"), object, "-o", join(folder, "out"), "-q"];
  // Every run but the first of a Node finds the compiled code that an earlier one kept; where it cannot be kept, each is like the first.
  const fix: Run = { program: node.path, args, env: { BTF_FIX_CACHE: join(folder, "cache") } };
  const fresh: Run = { program: node.path, args, env: { BTF_FIX_CACHE: "off" } };
  const nothing: Run = { program: node.path, args: ["-e", "0"], env: {} };
  const unkept = compare(fresh, nothing, Math.ceil(pairs / 3));
  const { subject, reference, ratio, spread } = compare(fix, nothing, pairs);
  const { phases, peakMiB } = splitOf(fix, Math.min(pairs, 15));
  console.log(
    `node ${node.version}: ${subject.toFixed(1)} ms against ${reference.toFixed(1)} ms of node -e 0, ` +
      `ratio ${ratio.toFixed(2)} (quartiles ${spread.map((r) => r.toFixed(2)).join(" to ")}; ` +
      `goal ${RATIO_GOAL}: ${met(ratio, RATIO_GOAL)})`,
  );
  console.log(`  without kept code: ${unkept.subject.toFixed(1)} ms, ratio ${unkept.ratio.toFixed(2)}`);
  console.log(`  peak ${peakMiB.toFixed(1)} MiB (goal ${PEAK_GOAL_MIB}: ${met(peakMiB, PEAK_GOAL_MIB)})`);
  console.log(`  split ${[...phases].map(([phase, ms]) => `${phase} ${ms.toFixed(1)}`).join(", ")} ms`);
}

const folder = mkdtempSync(join(tmpdir(), "btf-fix-bench-"));
try {
  await bundleProgram(folder);
  for (const major of MAJORS) {
    const node = nodeOf(major);
    if (typeof node === "string") console.log(`node ${major}: skipped, ${node}`);
    else bench(node, folder);
  }
  await benchCheck(process.execPath, folder, object, folder);
  benchLinker(process.execPath, folder, folder);
  benchEmit(process.execPath, join(folder, "cli.cjs"), object, folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
