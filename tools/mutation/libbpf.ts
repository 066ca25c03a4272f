import { release as runningKernel } from "node:os";
import { basename } from "node:path";
import { type LibbpfName, runLibbpf } from "../../test/judges/libbpf.ts";
import { machineLibbpf } from "../../test/judges/machine.ts";
import {
  type CallsAnswer,
  kindComparisons,
  type LibbpfAnswer,
  type LoadAnswer,
  libbpfComparisons,
  loadAnswer,
  loadComparisons,
  machineComparisons,
  OLD_RELEASES,
  ownCalls,
  programComparisons,
} from "../../test/mutation/libbpf.ts";
import { Random } from "../../test/rules/kernel/random.ts";
import { BTF_CASES, EXT_CASES } from "../../test/rules/libbpf/btf-cases.ts";
import { DATA_CASES, EXTERN_CASES, FALL_CASES, OPS_CASES } from "../../test/rules/libbpf/code-cases.ts";
import { CORNER_OBJECTS } from "../../test/rules/libbpf/corner-objects.ts";
import { ELF_CASES } from "../../test/rules/libbpf/elf-cases.ts";
import { LOAD_CASES } from "../../test/rules/libbpf/load-cases.ts";
import { MAP_CASES, SLOT_CASES } from "../../test/rules/libbpf/map-cases.ts";
import { PROGRAM_OBJECTS } from "../../test/rules/libbpf/program-cases.ts";
import { SANITISE_OBJECTS } from "../../test/rules/libbpf/sanitise-cases.ts";
import { KINDS_KNOWN } from "../../test/rules/libbpf/sent.ts";
import { madeByLibbpf } from "../../test/rules/loaders/compared.ts";
import { brokenObject, seedObjects } from "../../test/rules/program-info/objects.ts";
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
  const made = runLibbpf(name, object, { until: "maps", wantBtf: true, seconds: 3 });
  // Over some that it opens it falls later, which no rule tells.
  const run = made.outcome === "answer" ? made : runLibbpf(name, object, { until: "open", wantBtf: true, seconds: 3 });
  if (run.outcome !== "answer") return { fell: run.outcome, said: [] };
  const { btf, log, ...report } = run.value;
  const said = [...new Set(log.map(({ text }) => text.replace(/^libbpf: /, "")))];
  const sent = btf === undefined ? {} : { sent: Buffer.from(btf).toString("base64") };
  return { report, said, maps: madeByLibbpf(run.value), ...sent };
}

/** What it asks a kernel for that takes every program, and knows kinds up to this one. */
function askCalls(name: LibbpfName, object: Uint8Array, maxKind?: number): CallsAnswer {
  const until = maxKind === undefined ? "load" : "maps";
  const run = runLibbpf(name, object, {
    until,
    wantCalls: true,
    seconds: 3,
    ...(maxKind !== undefined && { maxKind }),
  });
  return run.outcome === "answer" ? ownCalls(object, run.value) : {};
}

/** Objects of the corpus whose records of programs have been changed. */
function withBrokenRecords(count: number): readonly Question[] {
  const random = new Random(count);
  const seeds = seedObjects().filter(({ bytes }) => bytes.length <= 14_000);
  return Array.from({ length: count }, () => ({ group: "records", input: brokenObject(random.pick(seeds), random) }));
}

/** Asks what this version gives to kernels: programs with their records, and BTF without kinds that they do not know. */
async function recordCalls(
  version: "1.7" | "1.1",
  name: LibbpfName,
  judge: string,
  vectors: readonly Question[],
  drawn: readonly Question[],
): Promise<void> {
  const whole = vectors.filter(({ group }) => group === "kept");
  const kinds = SANITISE_OBJECTS.map((input): Question => ({ group: "kinds", input }));
  const several = PROGRAM_OBJECTS.map((input): Question => ({ group: "several", input }));
  const questions = [...several, ...vectors, ...withBrokenRecords(BROKEN_RECORDS), ...drawn.slice(0, ON_OLD)];
  const ask = (objects: readonly Uint8Array[]): CallsAnswer[] => objects.map((object) => askCalls(name, object));
  const programs = `libbpf-${version}-programs`;
  console.log(summary(programs, await record(programs, judge, questions, ask, programComparisons(version))));
  const loads = `libbpf-${version}-loads`;
  const load = (objects: readonly Uint8Array[]): LoadAnswer[] =>
    objects.map((object) => {
      const run = runLibbpf(name, object, { seconds: 5 });
      return run.outcome === "answer" ? loadAnswer(run.value) : { programs: [], refused: [] };
    });
  const loaded = [...several, ...questions.filter(({ group }) => group === "records")];
  console.log(summary(loads, await record(loads, judge, loaded, load, loadComparisons(version))));
  for (const kind of KINDS_KNOWN) {
    const file = `libbpf-${version}-kinds-${kind}`;
    const asked = [...kinds, ...whole, ...drawn.slice(0, REWRITTEN)];
    const answers = await record(
      file,
      judge,
      asked,
      (objects) => objects.map((object) => askCalls(name, object, kind)),
      kindComparisons(version, kind),
    );
    console.log(summary(file, answers));
  }
}

/** Asks both versions of libbpf about the vectors of all rules and as many drawn objects. */
export async function recordLibbpf(): Promise<void> {
  const vectors = CASES.flatMap((cases) => Object.entries(cases)).flatMap(([rule, { broken, kept }]): Question[] => [
    ...broken.map((input) => ({ group: rule, input })),
    ...kept.map((input) => ({ group: "kept", input })),
  ]);
  const corners = CORNER_OBJECTS.map((input): Question => ({ group: "corners", input }));
  const drawn = (await drawnObjects(1, DRAWN)).map(({ family, bytes }): Question => ({ group: family, input: bytes }));
  for (const [version, name] of [
    ["1.7", "libbpf17"],
    ["1.1", "libbpf11"],
  ] as const) {
    const judge = `3 ${basename(judgeFolder(name))} ${runningKernel()}`;
    const answers = await record(
      `libbpf-${version}`,
      judge,
      [...vectors, ...corners, ...drawn],
      (objects) => objects.map((object) => ask(name, object)),
      libbpfComparisons(version),
    );
    console.log(summary(`libbpf-${version}`, answers));
    await recordCalls(version, name, judge, vectors, drawn);
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

/** Objects with changed records of programs, and drawn ones whose BTF is rewritten for pretended kernels. */
const [BROKEN_RECORDS, REWRITTEN] = [300, 60];

/** How many of the drawn objects an older kernel is asked about: a machine takes its time. */
const ON_OLD = 250;
