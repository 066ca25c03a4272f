import { probeLine, probes } from "../test/judges/probes.ts";
import { ensureBpfLinker, ensureJudge } from "./judges/build.ts";
import type { JudgeProgram } from "./judges/cache.ts";
import { ensurePackages } from "./judges/packages.ts";
import { ensureKernels } from "./matrix/download.ts";

/**
 * `npm run judges`: installs and builds the real programs that judge our output, then asks each whether it answers.
 * What cannot be had is said and left out; only `BTF_FIX_JUDGES=required` makes that a failure.
 */
function main(): number {
  const say = (line: string): void => console.log(line);
  ensurePackages(say);
  ensureBpfLinker(say);
  const names: readonly JudgeProgram[] = [
    "kernel",
    "libbpf17",
    "libbpf11",
    "dedup17",
    "dedup11",
    "cilium",
    "aya03",
    "aya06",
    "aya14",
    "aya16",
    "attach",
    "machineInit",
    "machineKernel",
    "machineLibbpf",
  ];
  for (const name of names) ensureJudge(name, say);
  ensureKernels(say);
  const judges = probes();
  for (const judge of judges) say(probeLine(judge));
  return process.env["BTF_FIX_JUDGES"] === "required" && judges.some((judge) => !judge.usable) ? 1 : 0;
}

process.exitCode = main();
