import { basename } from "node:path";
import { runCiliumStream } from "../../test/judges/cilium.ts";
import { ciliumComparisons } from "../../test/mutation/cilium.ts";
import { BTF_CASES, EXT_CASES } from "../../test/rules/cilium/btf-cases.ts";
import { LOAD_CASES } from "../../test/rules/cilium/load-cases.ts";
import { MAP_CASES } from "../../test/rules/cilium/map-cases.ts";
import {
  DATA_CASES,
  ELF_CASES,
  PROGRAM_CASES,
  RELOCATION_CASES,
  STRUCT_OPS_CASES,
} from "../../test/rules/cilium/object-cases.ts";
import { judgeFolder } from "../judges/cache.ts";
import { type Question, record, summary } from "./answers.ts";
import { drawnObjects } from "./objects.ts";

const CASES = [
  BTF_CASES,
  EXT_CASES,
  ELF_CASES,
  MAP_CASES,
  DATA_CASES,
  PROGRAM_CASES,
  RELOCATION_CASES,
  STRUCT_OPS_CASES,
  LOAD_CASES,
];

/** Drawn objects beside the vectors of the rules. */
const DRAWN = 2200;

/** Asks cilium/ebpf about the vectors of all rules and as many drawn objects. */
export async function recordCilium(): Promise<void> {
  const vectors = CASES.flatMap((cases) => Object.entries(cases)).flatMap(([rule, { broken, kept }]): Question[] => [
    ...broken.map((input) => ({ group: rule, input })),
    ...kept.map((input) => ({ group: "kept", input })),
  ]);
  const drawn = (await drawnObjects(1, DRAWN)).map(({ family, bytes }): Question => ({ group: family, input: bytes }));
  const judge = basename(judgeFolder("cilium"));
  const answers = await record("cilium", judge, [...vectors, ...drawn], runCiliumStream, ciliumComparisons);
  console.log(summary("cilium", answers));
}
