import { release as runningKernel } from "node:os";
import { basename } from "node:path";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import type { KernelRelease } from "../../src/rules/kernel/rule.ts";
import { kernelProgLoads, type ProgramLoadVerdict, programOfStream, programStream } from "../../test/judges/kernel.ts";
import { machineProgLoad } from "../../test/judges/machine.ts";
import { answer } from "../../test/judges/run.ts";
import { programComparisons } from "../../test/mutation/program-info.ts";
import { runningRelease } from "../../test/rules/kernel/summary.ts";
import { samples, verdictOf } from "../../test/rules/program-info/campaign.ts";
import { CORNERS } from "../../test/rules/program-info/corners.ts";
import { programOf, vectorPrograms } from "../../test/rules/program-info/vectors.ts";
import { judgeFolder } from "../judges/cache.ts";
import { MATRIX_RELEASES, storedKernel } from "../matrix/kernels.ts";
import { type Question, record, summary } from "./answers.ts";

/** Generated programs beside the vectors of the rules. */
const GENERATED = 2000;

/** What the kernel says after its first lines is of the instructions. */
const LOG_HEAD = 4096;

const firstLines = (said: ProgramLoadVerdict): ProgramLoadVerdict => ({ ...said, log: said.log.slice(0, LOG_HEAD) });

/** Vectors, corners and generated programs; those that break the same rule are one group. */
function questions(release: KernelRelease): readonly Question[] {
  return [...vectorPrograms(), ...CORNERS.map(programOf), ...samples(GENERATED, GENERATED)].map((program) => ({
    group: verdictOf(program, KERNEL_PROFILES[release]).rule ?? "accepted",
    input: programStream([program]),
  }));
}

/** Asks the running kernel and those of the matrix about the vectors of all rules and generated programs. */
export async function recordPrograms(): Promise<void> {
  const driver = basename(judgeFolder("kernel"));
  const running = runningRelease();
  for (const release of [running, ...MATRIX_RELEASES.filter((known) => known !== running)]) {
    const machine = MATRIX_RELEASES.find((known) => known === release && known !== running);
    const kernel = machine === undefined ? runningKernel() : storedKernel(machine)?.sha256;
    const ask = async (inputs: readonly Uint8Array[]): Promise<readonly ProgramLoadVerdict[]> => {
      const programs = inputs.map(programOfStream);
      const said =
        machine === undefined
          ? answer(kernelProgLoads(programs, 300))
          : (await machineProgLoad(machine, programs)).answers;
      return said.map(firstLines);
    };
    const name = `program-info-${release}`;
    console.log(
      summary(name, await record(name, `${kernel} ${driver}`, questions(release), ask, programComparisons(release))),
    );
  }
}
