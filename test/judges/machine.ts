import type { MatrixRelease } from "../../tools/matrix/kernels.ts";
import { type CiliumReport, objectStream } from "./cilium.ts";
import {
  type BtfLoadVerdict,
  blobStream,
  type MapAttributes,
  type MapCreateVerdict,
  mapStream,
  type ProgramAttributes,
  type ProgramLoadVerdict,
  programStream,
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
  return { kernel, answers: allOf(jsonLines<BtfLoadVerdict>(finished(outcomes[0]).stdout), blobs.length) };
}

/** BTF and maps that are to be created with its type ids. */
export interface MapsOfBtf {
  readonly btf: Uint8Array;
  readonly maps: readonly MapAttributes[];
}

/** Creates all maps in one boot of a kernel, with their type ids and without; verdicts by BTF, then by map. */
export async function machineMapCreate(
  release: MatrixRelease,
  groups: readonly MapsOfBtf[],
): Promise<MachineAnswers<readonly MapCreateVerdict[]>> {
  const jobs = groups.map(
    ({ btf, maps }): Job => ({
      program: "/kernel",
      args: ["map-create", "btf", "--stream"],
      files: { btf },
      input: mapStream(maps),
      seconds: 500,
    }),
  );
  const { release: kernel, outcomes } = await runInKernel(release, jobs, 600);
  const answers = groups.map(({ maps }, group) =>
    allOf(jsonLines<MapCreateVerdict>(finished(outcomes[group]).stdout), maps.length),
  );
  return { kernel, answers };
}

/** Loads each program in one boot of a kernel, with its BTF and info arrays and without. */
export async function machineProgLoad(
  release: MatrixRelease,
  programs: readonly ProgramAttributes[],
): Promise<MachineAnswers<ProgramLoadVerdict>> {
  const input = programStream(programs);
  const job: Job = { program: "/kernel", args: ["prog-load", "--stream"], input, seconds: 500 };
  const { release: kernel, outcomes } = await runInKernel(release, [job], 600);
  return { kernel, answers: allOf(jsonLines<ProgramLoadVerdict>(finished(outcomes[0]).stdout), programs.length) };
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

/** Opens and loads each object with cilium/ebpf in one boot of a kernel, with what it then asks of it. There are no pins. */
export async function machineCilium(
  release: MatrixRelease,
  objects: readonly Uint8Array[],
): Promise<MachineAnswers<CiliumReport>> {
  const job: Job = { program: "/cilium", args: ["-calls", "-stream"], input: objectStream(objects), seconds: 500 };
  const { release: kernel, outcomes } = await runInKernel(release, [job], 600);
  return { kernel, answers: allOf(jsonLines<CiliumReport>(finished(outcomes[0]).stdout), objects.length) };
}

function allOf<T>(verdicts: readonly T[], count: number): readonly T[] {
  if (verdicts.length !== count) throw new Error(`${verdicts.length} verdicts of ${count}`);
  return verdicts;
}

/** What a driver of ours left, which ends with 0 whatever it thinks of its input. */
function finished(outcome: Outcome<Finished> | undefined): Finished {
  if (outcome === undefined) throw new RangeError("a job without an outcome");
  const value = answer(outcome);
  if (value.status !== 0) throw new Error(`a driver exited with ${value.status}: ${value.stderr.trim()}`);
  return value;
}
