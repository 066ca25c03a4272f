import { release as runningKernel } from "node:os";
import { basename } from "node:path";
import { type LibbpfName, runLibbpf } from "../../test/judges/libbpf.ts";
import { machineLibbpf } from "../../test/judges/machine.ts";
import { type LibbpfAnswer, libbpfComparisons, machineComparisons, OLD_RELEASES } from "../../test/mutation/libbpf.ts";
import { BTF_CASES, EXT_CASES } from "../../test/rules/libbpf/btf-cases.ts";
import { DATA_CASES, EXTERN_CASES, FALL_CASES, OPS_CASES } from "../../test/rules/libbpf/code-cases.ts";
import { ELF_CASES } from "../../test/rules/libbpf/elf-cases.ts";
import { LOAD_CASES } from "../../test/rules/libbpf/load-cases.ts";
import { MAP_CASES, SLOT_CASES } from "../../test/rules/libbpf/map-cases.ts";
import { madeByLibbpf } from "../../test/rules/loaders/compared.ts";
import { judgeFolder } from "../judges/cache.ts";
import { storedKernel } from "../matrix/kernels.ts";
import { type Question, record, summary } from "./answers.ts";
import { drawnObjects } from "./objects.ts";

const CASES = [
  ELF_CASES,
  BTF_CASES,
  EXT_CASES,
  DATA_CASES,
  EXTERN_CASES,
  MAP_CASES,
  SLOT_CASES,
  OPS_CASES,
  LOAD_CASES,
  FALL_CASES,
];

/** Drawn objects beside the vectors of the rules. */
const DRAWN = 900;

function ask(name: LibbpfName, object: Uint8Array): LibbpfAnswer {
  const run = runLibbpf(name, object, { until: "maps", wantBtf: true, seconds: 3 });
  if (run.outcome !== "answer") return { fell: run.outcome, said: [] };
  const { btf, log, ...report } = run.value;
  const said = [...new Set(log.map(({ text }) => text.replace(/^libbpf: /, "")))];
  const sent = btf === undefined ? {} : { sent: Buffer.from(btf).toString("base64") };
  return { report, said, maps: madeByLibbpf(run.value), ...sent };
}

/** Asks both versions of libbpf about the vectors of all rules and as many drawn objects. */
export async function recordLibbpf(): Promise<void> {
  const vectors = CASES.flatMap((cases) => Object.entries(cases)).flatMap(([rule, { broken, kept }]): Question[] => [
    ...broken.map((input) => ({ group: rule, input })),
    ...kept.map((input) => ({ group: "kept", input })),
  ]);
  const drawn = (await drawnObjects(1, DRAWN)).map(({ family, bytes }): Question => ({ group: family, input: bytes }));
  for (const [version, name] of [
    ["1.7", "libbpf17"],
    ["1.1", "libbpf11"],
  ] as const) {
    const judge = `3 ${basename(judgeFolder(name))} ${runningKernel()}`;
    const answers = await record(
      `libbpf-${version}`,
      judge,
      [...vectors, ...drawn],
      (objects) => objects.map((object) => ask(name, object)),
      libbpfComparisons(version),
    );
    console.log(summary(`libbpf-${version}`, answers));
  }
  for (const release of OLD_RELEASES) {
    const name = `libbpf-1.7-on-${release}`;
    const judge = [judgeFolder("machineLibbpf"), storedKernel(release)?.sha256 ?? ""]
      .map((part) => basename(part))
      .join(" ");
    const questions = [...vectors.filter(({ group }) => group === "kept"), ...drawn.slice(0, ON_OLD)];
    const ask = async (objects: readonly Uint8Array[]): Promise<readonly LibbpfAnswer[]> => {
      const { answers } = await machineLibbpf(release, objects);
      return answers.map((outcome): LibbpfAnswer => {
        if (outcome.outcome !== "answer") return { fell: outcome.outcome, said: [] };
        const { btf: _, log: __, ...report } = outcome.value;
        return { report, said: [] };
      });
    };
    console.log(summary(name, await record(name, judge, questions, ask, machineComparisons(release))));
  }
}

/** How many of the drawn objects an older kernel is asked about: a machine takes its time. */
const ON_OLD = 250;
