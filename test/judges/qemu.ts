import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JudgeProgram, judgeProgram } from "../../tools/judges/cache.ts";
import { findProgram, versionLine } from "../../tools/judges/toolchain.ts";
import { initramfs } from "../../tools/matrix/initramfs.ts";
import { kernelFile, type MatrixRelease, storedKernel } from "../../tools/matrix/kernels.ts";
import { builtProgram, type Judge, notBuilt } from "./judge.ts";
import type { Outcome } from "./run.ts";

/** Drivers that a machine holds, by their path there. */
const DRIVERS = { "/kernel": "machineKernel", "/libbpf": "machineLibbpf" } as const satisfies Drivers;
/** Such that it does without, where they are not built; Go's programs need no libraries. */
const MORE = { "/cilium": "cilium" } as const satisfies Drivers;

type Drivers = Readonly<Record<string, JudgeProgram>>;

/** One program to run in a machine; see `native/init.c`. */
export interface Job {
  readonly program: keyof typeof DRIVERS | keyof typeof MORE;
  readonly args: readonly string[];
  /** Bytes for standard input; none by default. */
  readonly input?: Uint8Array;
  /** Files of the folder in which it runs, by name. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Time limit in seconds, 60 by default. */
  readonly seconds?: number;
}

/** What a program printed, and its exit status. */
export interface Finished {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly status: number;
}

/** What became of a machine: the kernel's own name ("6.12.117+deb12-cloud-amd64"), and each job's outcome. */
export interface MachineRun {
  readonly release: string;
  /** A job that took the machine with it is a crash, and so are those that were to follow. */
  readonly outcomes: readonly Outcome<Finished>[];
  /** What the kernel wrote to its console: warnings of its own, if all went well nothing. */
  readonly console: string;
}

const MAGIC = 0x4d46_5442;
const STARTED = 0x5055_5442;
const TIMED_OUT = 0xffff_ffff;
/** Room for answers in bytes; the file is sparse, so that what is not written costs nothing. */
const ANSWERS = 192 << 20;

const probed = new Map<MatrixRelease, Judge>();

/** Whether a machine with this kernel can be started: qemu, the kernel and the programs are there. Starts none. */
export function matrixKernel(release: MatrixRelease): Judge {
  const judge = probed.get(release) ?? probe(release);
  probed.set(release, judge);
  return judge;
}

function probe(release: MatrixRelease): Judge {
  const judge = { name: `kernel ${release}`, version: "", usable: false };
  if (process.arch !== "x64") return { ...judge, why: `its kernel is for x64, this is ${process.arch}` };
  if (qemuPath() === undefined) return { ...judge, why: "qemu-system-x86_64 is not installed" };
  const stored = storedKernel(release);
  if (stored === undefined) return { ...judge, why: "not downloaded (npm run judges)" };
  const missing = (["machineInit", ...Object.values(DRIVERS)] as const).find(
    (name) => judgeProgram(name) === undefined,
  );
  const version = `${stored.version} in ${versionLine(qemuPath(), "--version")?.replace(/ \(.*/, "")}`;
  if (missing !== undefined) return { ...judge, version, why: notBuilt(missing) };
  return { ...judge, version, usable: true, why: "" };
}

function qemuPath(): string | undefined {
  return findProgram("qemu-system-x86_64");
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function counted(bytes: Uint8Array): Buffer[] {
  return [u32(bytes.length), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)];
}

function jobBytes({ program, args, input, files = {}, seconds = 60 }: Job): Buffer[] {
  const argv = [program, ...args];
  const named = Object.entries(files);
  return [
    u32(seconds),
    u32(argv.length),
    ...argv.flatMap((argument) => counted(Buffer.from(argument))),
    ...counted(input ?? new Uint8Array()),
    u32(named.length),
    ...named.flatMap(([name, bytes]) => [...counted(Buffer.from(name)), ...counted(bytes)]),
  ];
}

/** Writes the shared memory; returns where the answers will be, and its size, which must be a power of two. */
function writeShared(path: string, jobs: readonly Job[]): { readonly answers: number; readonly size: number } {
  const body = Buffer.concat(jobs.flatMap(jobBytes));
  const answers = 12 + body.length;
  writeFileSync(path, Buffer.concat([u32(MAGIC), u32(answers), u32(jobs.length), body]));
  const size = 2 ** Math.ceil(Math.log2(answers + ANSWERS));
  truncateSync(path, size);
  return { answers, size };
}

/** Reads what init left, as far as it came. */
function readAnswers(path: string, at: number, jobs: readonly Job[], died: string): Omit<MachineRun, "console"> {
  const file = openSync(path, "r");
  const take = (offset: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, offset);
    return bytes;
  };
  try {
    const head = take(at, 8);
    if (head.readUInt32LE(0) !== STARTED) throw new Error(`the machine did not start: ${died}`);
    const bytes = take(at, head.readUInt32LE(4));
    let offset = 8;
    const number = (): number => {
      offset += 4;
      return bytes.readUInt32LE(offset - 4);
    };
    const block = (): Buffer => {
      const length = number();
      offset += length;
      return bytes.subarray(offset - length, offset);
    };
    const release = block().toString();
    const outcomes = jobs.map(({ seconds = 60 }): Outcome<Finished> => {
      if (offset >= bytes.length) return { outcome: "crash", signal: died };
      const ended = number();
      const [stdout, stderr] = [block(), block().toString("utf8")];
      if (ended === TIMED_OUT) return { outcome: "timeout", seconds };
      if ((ended & 0x7f) !== 0) return { outcome: "crash", signal: `signal ${ended & 0x7f}` };
      return { outcome: "answer", value: { stdout, stderr, status: (ended >>> 8) & 0xff } };
    });
    return { release, outcomes };
  } finally {
    closeSync(file);
  }
}

function archive(): Buffer {
  const program = (path: string, name: JudgeProgram) => ({ path, bytes: readFileSync(builtProgram(name)) });
  const folders = ["proc", "sys", "dev", "job", "tmp"].map((path) => ({ path }));
  const more = Object.entries(MORE).filter(([, name]) => judgeProgram(name) !== undefined);
  const drivers = [...Object.entries(DRIVERS), ...more].map(([path, name]) => program(path.slice(1), name));
  return initramfs([...folders, program("init", "machineInit"), ...drivers]);
}

/** Plain emulation, as KVM is not to be had everywhere; `-nodefaults` and no disk or network, since nothing is kept and nobody asked. */
function qemuArguments(kernel: string, folder: string, size: number): readonly string[] {
  const file = (name: string): string => join(folder, name);
  return [
    ...["-accel", "tcg", "-smp", "1", "-m", "768", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"],
    ...["-kernel", kernel, "-initrd", file("initrd"), "-serial", `file:${file("console")}`],
    ...["-append", "console=ttyS0 quiet panic=-1 oops=panic no_timer_check rdinit=/init mitigations=off"],
    ...["-object", `memory-backend-file,id=shared,share=on,mem-path=${file("shared")},size=${size}`],
    ...["-device", "ivshmem-plain,memdev=shared,addr=4"],
  ];
}

/** Runs qemu to its end; what went wrong, "" if it ended because the machine restarted. */
function boot(args: readonly string[], seconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(qemuPath() ?? "qemu-system-x86_64", args, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, seconds * 1000);
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      if (late) resolve(`no end within ${seconds} s`);
      else resolve(status === 0 ? "" : `qemu ended with ${signal ?? status}: ${errors.trim()}`);
    });
  });
}

/** Boots the kernel of a release and runs the jobs in it, one after another. `seconds` is the limit for all of it, 300 by default. */
export async function runInKernel(release: MatrixRelease, jobs: readonly Job[], seconds = 300): Promise<MachineRun> {
  const stored = storedKernel(release);
  if (stored === undefined) throw new Error(`kernel ${release} is not there; look at the probe first`);
  const folder = mkdtempSync(join(tmpdir(), "btf-fix-machine-"));
  try {
    const { answers, size } = writeShared(join(folder, "shared"), jobs);
    writeFileSync(join(folder, "initrd"), archive());
    const ended = await boot(qemuArguments(kernelFile(stored), folder, size), seconds);
    const log = join(folder, "console");
    const text = existsSync(log) ? readFileSync(log, "utf8").replaceAll("\r", "").trim() : "";
    const died = `the machine died: ${ended || "at the end of its jobs"}: ${text.slice(-2000)}`;
    return { ...readAnswers(join(folder, "shared"), answers, jobs, died), console: text };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
