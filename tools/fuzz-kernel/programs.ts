import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { type ProgramAttributes, programStream } from "../../test/judges/kernel.ts";
import { machineProgLoad } from "../../test/judges/machine.ts";
import { runningRelease } from "../../test/rules/kernel/summary.ts";
import {
  type Campaign,
  newCampaign,
  note,
  programSummary,
  runCampaign,
  samples,
} from "../../test/rules/program-info/campaign.ts";
import { ROOT } from "../bundle.ts";
import { MATRIX_RELEASES } from "../matrix/kernels.ts";
import { inPairs } from "../matrix/parallel.ts";

const FOLDER = join(ROOT, ".cache", "fuzz-kernel");

/** Keeps a program as the kernel's judge reads it (`kernel prog-load --stream`). */
function keep(program: ProgramAttributes, name: string): string {
  const path = join(FOLDER, `${name}.program`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path, programStream([program]));
  return path;
}

function tell(kernel: string, campaign: Campaign): boolean {
  for (const { what, index, program, verdict, said } of campaign.disagreements) {
    console.log(`${kernel}: ${what} of program ${index}, kept as ${keep(program, `${campaign.seed}-${index}`)}`);
    console.log(`  kernel: ${said.errno} ${JSON.stringify(said.log.slice(0, 400))}`);
    console.log(`  ours:   ${JSON.stringify(verdict)}`);
  }
  console.log(`${kernel}, ${programSummary(campaign)}`);
  return campaign.disagreements.length === 0;
}

/** Gives generated programs with records to the running kernel; whether it said what `src/rules/kernel` says. */
export function fuzzPrograms(seed: number, count: number): boolean {
  const release = runningRelease();
  return tell(release, runCampaign(seed, count, KERNEL_PROFILES[release]));
}

/** The same for each kernel of the matrix, in one boot each. */
export async function fuzzProgramsOfMatrix(seed: number, count: number): Promise<boolean> {
  const programs = samples(seed, count);
  const agreed: boolean[] = [];
  await inPairs(MATRIX_RELEASES, async (release) => {
    const { kernel, answers } = await machineProgLoad(release, programs);
    const campaign = newCampaign(seed);
    note(campaign, programs, answers, KERNEL_PROFILES[release]);
    agreed.push(tell(kernel, campaign));
  });
  return agreed.every(Boolean);
}
