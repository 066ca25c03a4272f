import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { kernelMapCreate, type MapCreateVerdict } from "../../test/judges/kernel.ts";
import { machineMapCreate } from "../../test/judges/machine.ts";
import { matrixKernel } from "../../test/judges/qemu.ts";
import { answer } from "../../test/judges/run.ts";
import { runningRelease } from "../../test/rules/kernel/summary.ts";
import {
  askedMap,
  compareMaps,
  disagreementLine,
  type MapCampaign,
  type MapGroup,
  mapGroups,
} from "../../test/rules/map-create/campaign.ts";
import { mapVectors } from "../../test/rules/map-create/vectors.ts";
import { MATRIX_RELEASES, type MatrixRelease } from "../matrix/kernels.ts";

/** The groups as the judges take them. */
export function askedGroups(groups: readonly MapGroup[]): { btf: Uint8Array; maps: ReturnType<typeof askedMap>[] }[] {
  return groups.map(({ btf, maps }) => ({ btf, maps: maps.map(askedMap) }));
}

/** What the running kernel says of each group's maps. */
export function askRunning(groups: readonly MapGroup[]): readonly (readonly MapCreateVerdict[])[] {
  return askedGroups(groups).map(({ btf, maps }) => answer(kernelMapCreate(btf, maps)));
}

/** Generated maps and the rules' vectors, given to a kernel of the matrix in one boot. Its memory has room for some thousands. */
export async function mapsOfMachine(release: MatrixRelease, seed: number, count: number): Promise<MapCampaign> {
  const profile = KERNEL_PROFILES[release];
  const groups = [...mapGroups(seed, count, profile), ...mapVectors(profile)];
  const { answers } = await machineMapCreate(release, askedGroups(groups));
  return compareMaps(groups, answers, profile);
}

function report(name: string, seed: number, { maps, created, hits, disagreements }: MapCampaign): boolean {
  console.log(
    `kernel ${name}, seed ${seed}: ${maps} maps, ${created[0]} created with ids, ${created[1]} without; ${disagreements.length} disagreements`,
  );
  console.log(
    `rules: ${[...hits]
      .sort()
      .map(([id, count]) => `${id} ${count}`)
      .join(", ")}`,
  );
  for (const found of disagreements) console.log(disagreementLine(found));
  return disagreements.length === 0;
}

const AT_ONCE = 5000;

function ofRunning(seed: number, count: number): MapCampaign {
  const profile = KERNEL_PROFILES[runningRelease()];
  const groups = mapGroups(seed, count, profile);
  return compareMaps(groups, askRunning(groups), profile);
}

/** Says what `npm run fuzz:kernel -- --maps` is to say of the running kernel; false if it disagrees with the rules. */
export function fuzzMaps(seed: number, count: number): boolean {
  let agrees = true;
  for (let done = 0; done < count; done += AT_ONCE) {
    const own = (seed + done) >>> 0;
    agrees = report(runningRelease(), own, ofRunning(own, Math.min(AT_ONCE, count - done))) && agrees;
  }
  return agrees;
}

/** The same of each kernel of the matrix, of which those that cannot be started are skipped. */
export async function fuzzMapsOfMatrix(seed: number, count: number): Promise<boolean> {
  let agrees = true;
  for (const release of MATRIX_RELEASES) {
    const judge = matrixKernel(release);
    if (!judge.usable) console.log(`kernel ${release} skipped: ${judge.why}`);
    else agrees = report(release, seed, await mapsOfMachine(release, seed, count)) && agrees;
  }
  return agrees;
}
