import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type CiliumReport, runCiliumStream } from "../../test/judges/cilium.ts";
import { machineCilium } from "../../test/judges/machine.ts";
import { ciliumComparisons, OLD_RELEASES } from "../../test/mutation/cilium.ts";
import { CASES } from "../../test/rules/cilium/cases.ts";
import { oddObject } from "../../test/rules/cilium/odd-cases.ts";
import { sentObject } from "../../test/rules/cilium/sent-cases.ts";
import { Random } from "../../test/rules/kernel/random.ts";
import { judgeFolder } from "../judges/cache.ts";
import { storedKernel } from "../matrix/kernels.ts";
import { corpusObjects } from "../scoreboard/objects.ts";
import { type Question, record, summary } from "./answers.ts";
import { drawnObjects } from "./objects.ts";

/** Drawn objects beside the vectors of the rules, such with one part at an edge, and such with types of every kind. */
const [DRAWN, ODD, SENT] = [700, 1300, 250];

/** Those in the other byte order, in bytes, and how many of them. */
const [LARGEST_BIG_ENDIAN, BIG_ENDIAN] = [12_000, 60];

/** How many of either an older kernel is asked about: a machine takes its time. */
const [DRAWN_ON_OLD, SENT_ON_OLD] = [60, 150];

/** What a program needs is compared elsewhere. */
function withoutPrograms(reports: readonly CiliumReport[]): readonly CiliumReport[] {
  return reports.map((report) => ({
    ...report,
    programs: report.programs.map(({ calls: _, ...program }) => program),
  }));
}

/** Small objects of the corpus that the drawn ones are none of. */
function bigEndianObjects(): readonly Uint8Array[] {
  const small = corpusObjects()
    .filter(({ name }) => name.includes("bpfeb"))
    .map(({ path }) => readFileSync(path))
    .filter(({ length }) => length <= LARGEST_BIG_ENDIAN);
  return small.slice(0, BIG_ENDIAN);
}

/** Asks cilium/ebpf about the vectors of all rules and as many drawn objects, here and on older kernels. */
export async function recordCilium(): Promise<void> {
  const vectors = Object.entries(CASES).flatMap(([rule, { broken, kept }]): Question[] => [
    ...broken.map((input) => ({ group: rule, input })),
    ...kept.map((input) => ({ group: "kept", input })),
  ]);
  const drawn = (await drawnObjects(1, DRAWN)).map(({ family, bytes }): Question => ({ group: family, input: bytes }));
  const random = new Random(1);
  const sent = Array.from({ length: SENT }, (): Question => ({ group: "sent", input: sentObject(random) }));
  const odd = Array.from({ length: ODD }, (): Question => {
    const { family, bytes } = oddObject(random);
    return { group: family, input: bytes };
  });
  const big = bigEndianObjects().map((input): Question => ({ group: "big-endian", input }));
  const judge = basename(judgeFolder("cilium"));
  const here = await record(
    "cilium",
    judge,
    [...vectors, ...drawn, ...odd, ...sent, ...big],
    (objects) => withoutPrograms(runCiliumStream(objects, { calls: true })),
    ciliumComparisons("6.18"),
  );
  console.log(summary("cilium", here));
  for (const release of OLD_RELEASES) {
    const name = `cilium-on-${release}`;
    const there = await record(
      name,
      `${judge} ${storedKernel(release)?.sha256 ?? ""}`,
      [
        ...vectors.filter(({ group }) => group === "kept" || group.startsWith("CL-")),
        ...drawn.slice(0, DRAWN_ON_OLD),
        ...sent.slice(0, SENT_ON_OLD),
      ],
      async (objects) => withoutPrograms((await machineCilium(release, objects)).answers),
      ciliumComparisons(release),
    );
    console.log(summary(name, there));
  }
}
