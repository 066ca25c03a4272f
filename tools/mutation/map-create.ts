import { release as runningKernel } from "node:os";
import { basename } from "node:path";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import type { KernelRelease } from "../../src/rules/kernel/rule.ts";
import { machineMapCreate } from "../../test/judges/machine.ts";
import { type MapAnswers, mapComparisons, mapsAsBytes, mapsOfBytes } from "../../test/mutation/map-create.ts";
import { runningRelease } from "../../test/rules/kernel/summary.ts";
import { mapGroups } from "../../test/rules/map-create/campaign.ts";
import { sweep } from "../../test/rules/map-create/sweep.ts";
import { mapVectors } from "../../test/rules/map-create/vectors.ts";
import { askedGroups, askRunning } from "../fuzz-kernel/maps.ts";
import { judgeFolder } from "../judges/cache.ts";
import { MATRIX_RELEASES, storedKernel } from "../matrix/kernels.ts";
import { type Question, record, summary } from "./answers.ts";

/** Generated maps of each release, beside the vectors of the rules. */
const GENERATED = 1600;

/** The vectors of each rule, maps of every kind at all edges, and generated ones with types that the release knows. */
function questions(release: KernelRelease): readonly Question[] {
  const profile = KERNEL_PROFILES[release];
  const generated = mapGroups(GENERATED, GENERATED, profile);
  return [
    ...mapVectors(profile).map(({ rule, ...vectors }) => ({ group: rule, input: mapsAsBytes(vectors) })),
    ...sweep(release).map((group, index) => ({ group: `sweep ${index}`, input: mapsAsBytes(group) })),
    ...generated.map((group, index) => ({ group: `generated ${index}`, input: mapsAsBytes(group) })),
  ];
}

/** Asks the running kernel and those of the matrix about the vectors of all rules and generated maps. */
export async function recordMaps(): Promise<void> {
  const driver = basename(judgeFolder("kernel"));
  const running = runningRelease();
  for (const release of [running, ...MATRIX_RELEASES.filter((known) => known !== running)]) {
    const machine = MATRIX_RELEASES.find((known) => known === release && known !== running);
    const kernel = machine === undefined ? runningKernel() : storedKernel(machine)?.sha256;
    const ask = async (inputs: readonly Uint8Array[]): Promise<readonly MapAnswers[]> => {
      const groups = inputs.map(mapsOfBytes);
      return machine === undefined
        ? askRunning(groups)
        : (await machineMapCreate(machine, askedGroups(groups))).answers;
    };
    const name = `map-create-${release}`;
    console.log(
      summary(name, await record(name, `${kernel} ${driver}`, questions(release), ask, mapComparisons(release))),
    );
  }
}
