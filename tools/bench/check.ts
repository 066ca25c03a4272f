import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "../bundle.ts";
import { allObjects } from "../scoreboard/objects.ts";
import { compare, type Run, splitOf } from "./measure.ts";

const START_GOAL = 1.5;
const KERNEL_GOAL_MS = 400;
const MANY = 1000;
const MANY_GOAL = 2;
/** Pairs of the slow ones. */
const PAIRS = 5;

const VMLINUX = "/sys/kernel/btf/vmlinux";

function met(value: number, goal: number): string {
  return value <= goal ? "met" : "missed";
}

/** A folder with this many objects: those of the corpus, over and over. */
function manyObjects(folder: string): string {
  const many = join(folder, "many");
  mkdirSync(many);
  const objects = allObjects();
  for (let i = 0; i < MANY; i++) {
    const object = objects[i % objects.length];
    if (object !== undefined) copyFileSync(object.path, join(many, `${i}.o`));
  }
  return many;
}

async function parseOnly(folder: string): Promise<string> {
  const outfile = join(folder, "parse-only.cjs");
  await build({
    absWorkingDir: ROOT,
    entryPoints: ["tools/bench/parse-only.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20.19",
    alias: { "gimli-wasm": "./src/cli/wasm-file.ts", fflate: "./src/cli/inflate-node.ts" },
    logLevel: "warning",
  });
  return outfile;
}

/**
 * What `check` costs as a whole process: on the fork object beside `node -e 0`, on the running kernel's types, and on a thousand objects beside
 * a process that only takes them apart. `dist` is the folder of the built program.
 */
export async function benchCheck(node: string, dist: string, object: string, folder: string): Promise<void> {
  const env = { BTF_FIX_CACHE: join(dist, "cache") };
  const check = (path: string): Run => ({ program: node, args: [join(dist, "cli.cjs"), "check", "-q", path], env });
  const nothing: Run = { program: node, args: ["-e", "0"], env: {} };
  const one = compare(check(object), nothing, PAIRS * 4);
  console.log(
    `check: ${one.subject.toFixed(1)} ms against ${one.reference.toFixed(1)} ms of node -e 0, ratio ${one.ratio.toFixed(2)} ` +
      `(goal ${START_GOAL}: ${met(one.ratio, START_GOAL)}), peak ${splitOf(check(object), PAIRS).peakMiB.toFixed(1)} MiB`,
  );
  if (existsSync(VMLINUX)) {
    const { subject } = compare(check(VMLINUX), nothing, PAIRS);
    console.log(
      `check of the kernel's types: ${subject.toFixed(0)} ms (goal ${KERNEL_GOAL_MS}: ${met(subject, KERNEL_GOAL_MS)})`,
    );
  } else console.log(`check of the kernel's types: skipped, no ${VMLINUX}`);
  const many = manyObjects(folder);
  const parse: Run = { program: node, args: [await parseOnly(dist), many], env: {} };
  const all = compare(check(many), parse, PAIRS);
  console.log(
    `check of ${MANY} objects: ${all.subject.toFixed(0)} ms against ${all.reference.toFixed(0)} ms of taking them apart, ` +
      `ratio ${all.ratio.toFixed(2)} (goal ${MANY_GOAL}: ${met(all.ratio, MANY_GOAL)}), ` +
      `peak ${splitOf(check(many), 1).peakMiB.toFixed(0)} MiB`,
  );
}
