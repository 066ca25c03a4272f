import type { MatrixRelease } from "../../tools/matrix/kernels.ts";
import { type BtfLoadVerdict, blobStream } from "./kernel.ts";
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

/** Opens and loads each object with libbpf 1.7 in one boot of a kernel. */
export async function machineLibbpf(
  release: MatrixRelease,
  objects: readonly Uint8Array[],
): Promise<MachineAnswers<Outcome<LibbpfReport>>> {
  const jobs = objects.map((bytes): Job => ({ program: "/libbpf", args: ["o"], files: { o: bytes } }));
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
