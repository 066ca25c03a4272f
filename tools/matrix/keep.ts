import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { kernelVerdict } from "../../src/rules/kernel/verdict.ts";
import { machineBtfLoad } from "../../test/judges/machine.ts";
import { disagreement, smallerThan } from "../../test/rules/kernel/campaign.ts";
import { draftOf } from "../../test/rules/kernel/real.ts";
import { ROOT } from "../bundle.ts";
import type { MatrixDisagreement } from "./blobs.ts";
import type { MatrixRelease } from "./kernels.ts";

const FOLDER = join(ROOT, ".cache", "matrix");

/** Each step of shrinking is a boot. */
const STEPS = 30;

/** A smaller blob on which kernel and profile still differ, as far as its records can be taken out. */
async function shrunk(release: MatrixRelease, blob: Uint8Array): Promise<Uint8Array> {
  const profile = KERNEL_PROFILES[release];
  let best = blob;
  try {
    for (let step = 0; step < STEPS; step++) {
      const smaller = smallerThan(draftOf(best)).map((draft) => draft.blob());
      const { answers } = await machineBtfLoad(release, smaller);
      const found = smaller.find((candidate, index) => {
        const answer = answers[index];
        return answer !== undefined && disagreement(kernelVerdict(candidate, profile), answer) !== undefined;
      });
      if (found === undefined) break;
      best = found;
    }
  } catch (error) {
    console.log(`  not shrunk further: ${String(error)}`);
  }
  return best;
}

/** Prints a disagreement, and keeps it shrunk and whole under `.cache/matrix/`. */
export async function keepDisagreement(release: MatrixRelease, found: MatrixDisagreement, name: string): Promise<void> {
  const path = join(FOLDER, `${release}-${name}.btf`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${path}.whole`, found.blob);
  const blob = await shrunk(release, found.blob);
  writeFileSync(path, blob);
  const { answers } = await machineBtfLoad(release, [blob]);
  const last = (answers[0]?.log ?? "").split("\n").slice(-3).join("\n");
  console.log(`${release}: ${found.what} of ${found.origin}, kept as ${path}`);
  console.log(`  kernel: ${answers[0]?.errno} ${JSON.stringify(last)}`);
  console.log(`  ours:   ${JSON.stringify(kernelVerdict(blob, KERNEL_PROFILES[release]))}`);
}
