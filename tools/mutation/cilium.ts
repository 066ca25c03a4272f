import { basename } from "node:path";
import { runCiliumStream } from "../../test/judges/cilium.ts";
import { ciliumComparisons } from "../../test/mutation/cilium.ts";
import { CASES } from "../../test/rules/cilium/cases.ts";
import { judgeFolder } from "../judges/cache.ts";
import { type Question, record, summary } from "./answers.ts";
import { drawnObjects } from "./objects.ts";

/** Drawn objects beside the vectors of the rules. */
const DRAWN = 2200;

/** Asks cilium/ebpf about the vectors of all rules and as many drawn objects. */
export async function recordCilium(): Promise<void> {
  const vectors = Object.entries(CASES).flatMap(([rule, { broken, kept }]): Question[] => [
    ...broken.map((input) => ({ group: rule, input })),
    ...kept.map((input) => ({ group: "kept", input })),
  ]);
  const drawn = (await drawnObjects(1, DRAWN)).map(({ family, bytes }): Question => ({ group: family, input: bytes }));
  const judge = basename(judgeFolder("cilium"));
  const answers = await record("cilium", judge, [...vectors, ...drawn], runCiliumStream, ciliumComparisons);
  console.log(summary("cilium", answers));
}
