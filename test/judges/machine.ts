import type { MatrixRelease } from "../../tools/matrix/kernels.ts";
import {
  type BtfLoadVerdict,
  blobStream,
  type MapAttributes,
  type MapCreateVerdict,
  mapSpec,
  type ProgramAttributes,
  type ProgramLoadVerdict,
  programCall,
} from "./kernel.ts";
import { type LibbpfReport, libbpfReport, type RawReport } from "./libbpf.ts";
import { type Finished, type Job, runInKernel } from "./qemu.ts";
import { answer, jsonLines, type Outcome } from "./run.ts";

/** What a kernel of the matrix said, and what it is called by itself. */
export interface MachineAnswers<T> {
  /** "6.12.117+deb12-cloud-amd64" */
  readonly kernel: string;
  readonly answers: readonly T[];
}

/** More would not fit into a machine's memory with what is said of them. */
export const MOST_BLOBS = 50_000;

/** Gives each blob to BPF_BTF_LOAD of a kernel; at most `MOST_BLOBS`. */
export async function machineBtfLoad(
  release: MatrixRelease,
  blobs: readonly Uint8Array[],
): Promise<MachineAnswers<BtfLoadVerdict>> {
  const job: Job = { program: "/kernel", args: ["btf-load", "--stream"], input: blobStream(blobs), seconds: 500 };
  const { release: kernel, outcomes } = await runInKernel(release, [job], 600);
  const verdicts = jsonLines<BtfLoadVerdict>(finished(outcomes[0]).stdout);
  if (verdicts.length !== blobs.length) throw new Error(`${verdicts.length} verdicts of ${blobs.length}`);
  return { kernel, answers: verdicts };
}

/** BTF and maps that are to be created with its type ids. */
export interface MapsOfBtf {
  readonly btf: Uint8Array;
  readonly maps: readonly MapAttributes[];
}

/** What `native/init.c` lets a program be told, less its own words. */
const MOST_MAPS = 60;

/** Creates all maps in one boot of a kernel, with their type ids and without; verdicts by BTF, then by map. */
export async function machineMapCreate(
  release: MatrixRelease,
  groups: readonly MapsOfBtf[],
): Promise<MachineAnswers<readonly MapCreateVerdict[]>> {
  const parts = groups.flatMap(({ btf, maps }, group) =>
    Array.from({ length: Math.ceil(maps.length / MOST_MAPS) }, (_, part) => ({
      group,
      btf,
      specs: maps.slice(part * MOST_MAPS, (part + 1) * MOST_MAPS).map(mapSpec),
    })),
  );
  const jobs = parts.map(
    ({ btf, specs }): Job => ({ program: "/kernel", args: ["map-create", "btf", ...specs], files: { btf } }),
  );
  const { release: kernel, outcomes } = await runInKernel(release, jobs, 600);
  const answers = groups.map((_, group) =>
    parts.flatMap((part, index) =>
      part.group === group ? jsonLines<MapCreateVerdict>(finished(outcomes[index]).stdout) : [],
    ),
  );
  return { kernel, answers };
}

/** Loads each program in one boot of a kernel, with its BTF and info arrays and without. */
export async function machineProgLoad(
  release: MatrixRelease,
  programs: readonly ProgramAttributes[],
): Promise<MachineAnswers<ProgramLoadVerdict>> {
  const jobs = programs.map((program): Job => {
    const { args, files } = programCall(program, "");
    return { program: "/kernel", args: ["prog-load", ...args], files };
  });
  const { release: kernel, outcomes } = await runInKernel(release, jobs, 600);
  const answers = outcomes.map(
    (outcome) => JSON.parse(finished(outcome).stdout.toString("utf8")) as ProgramLoadVerdict,
  );
  return { kernel, answers };
}

/** Opens and loads each object with libbpf 1.7 in one boot of a kernel. */
export async function machineLibbpf(
  release: MatrixRelease,
  objects: readonly Uint8Array[],
): Promise<MachineAnswers<Outcome<LibbpfReport>>> {
  const jobs = objects.map((bytes): Job => ({ program: "/libbpf", args: ["object.o"], files: { "object.o": bytes } }));
  const { release: kernel, outcomes } = await runInKernel(release, jobs, 600);
  const answers = outcomes.map((outcome): Outcome<LibbpfReport> => {
    if (outcome.outcome !== "answer") return outcome;
    const raw = JSON.parse(finished(outcome).stdout.toString("utf8")) as RawReport;
    return { outcome: "answer", value: libbpfReport(raw) };
  });
  return { kernel, answers };
}

/** What a driver of ours left, which ends with 0 whatever it thinks of its input. */
function finished(outcome: Outcome<Finished> | undefined): Finished {
  if (outcome === undefined) throw new RangeError("a job without an outcome");
  const value = answer(outcome);
  if (value.status !== 0) throw new Error(`a driver exited with ${value.status}: ${value.stderr.trim()}`);
  return value;
}
