import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { PROFILES, type Profile } from "../../tools/corpus/cargo.ts";
import { findBpfLinker, RUSTC, TARGETS, type Target } from "../../tools/corpus/toolchain.ts";
import { cachedFile } from "../../tools/fork/cached.ts";
import { ensureMounts } from "../../tools/fork/mounts.ts";
import { MissingTool, needClangForBpf, needRustForBpf, needRustForHost } from "../../tools/fork/needs.ts";
import { buildObject, type Library, type ObjectBuild } from "../../tools/fork/objects.ts";
import { recordEnvironment } from "../../tools/fork/record.ts";
import { buildUserSpace } from "../../tools/fork/user-space.ts";
import { cacheRoot } from "../../tools/judges/cache.ts";
import { findProgram, versionLine } from "../../tools/judges/toolchain.ts";
import { type Judge, once } from "../judges/judge.ts";
import { kernel } from "../judges/kernel.ts";
import { inScratch } from "../judges/run.ts";

/** The seed's system, built and run: what tests of it share. */

/** All that builds the programs. */
export const compilers: () => Judge = once(() => {
  const judge = { name: "compilers", version: versionLine(RUSTC) ?? "", usable: false };
  try {
    for (const target of TARGETS) needRustForBpf(target);
    needClangForBpf();
    needRustForHost("libbpf");
    return { ...judge, usable: true, why: "" };
  } catch (error) {
    if (error instanceof MissingTool) return { ...judge, why: error.message };
    throw error;
  }
});

/** Name of the pid namespace that the kernel itself is in (PROC_PID_INIT_INO of include/linux/proc_ns.h): programs see its pids. */
const KERNELS_PIDS = "pid:[4026531836]";

/** Tracepoints to attach to, which takes root. */
export const tracepoints: () => Judge = once(() => {
  const judge = { name: "tracepoints", version: kernel().version, usable: false };
  if (!kernel().usable) return { ...judge, why: `no bpf(): ${kernel().why}` };
  ensureMounts(() => {});
  try {
    if (readlinkSync("/proc/self/ns/pid") !== KERNELS_PIDS) return { ...judge, why: "a pid namespace of its own" };
    readFileSync("/sys/kernel/tracing/events/sched/sched_process_fork/format");
    return { ...judge, usable: true, why: "" };
  } catch (error) {
    return { ...judge, why: `${error instanceof Error ? error.message : error}` };
  }
});

/** Every object of the two programs: the C program has one profile. */
export const BUILDS: readonly ObjectBuild[] = TARGETS.flatMap((target) => [
  ...PROFILES.map((profile) => ({ library: "aya", target, profile }) as const),
  { library: "libbpf", target, profile: "release" },
]);

/** "aya, dev, bpfel". */
export function buildName({ library, profile, target }: ObjectBuild): string {
  return [library, ...(library === "aya" ? [profile] : []), target.slice(0, 5)].join(", ");
}

/** A fork program as its compilers leave it. */
export function forkObject(build: ObjectBuild): Buffer {
  const { library, target, profile } = build;
  const { sources, versions } = library === "aya" ? ayaParts(target, profile) : cParts(target);
  const name = `fork-${library}.${target.slice(0, 5)}.${profile}.o`;
  return inScratch((folder) => {
    const output = join(folder, "fork.bpf.o");
    const made = (): string => buildObject({ ...build, output }, false);
    return readFileSync(cachedFile({ name, sources, versions, build: made }));
  });
}

interface Parts {
  readonly sources: readonly string[];
  readonly versions: readonly string[];
}

function ayaParts(target: Target, profile: Profile): Parts {
  const tools = [versionLine(RUSTC, "--version", "--verbose"), versionLine(findBpfLinker())];
  return {
    sources: ["ebpf/fork-ebpf-aya", "ebpf/Cargo.toml", "ebpf/Cargo.lock", "tools/corpus/cargo.ts"],
    versions: [target, profile, ...tools.map(String), JSON.stringify(recordEnvironment())],
  };
}

function cParts(target: Target): Parts {
  const { clang, llc } = needClangForBpf();
  const headers = versionLine("dpkg-query", "-W", "libbpf-dev");
  return {
    sources: ["ebpf/fork-ebpf-libbpf/Makefile", "ebpf/fork-ebpf-libbpf/fork.bpf.c"],
    versions: [target, ...[versionLine(clang), versionLine(llc), headers].map(String)],
  };
}

/** Where cargo builds user-space programs for tests, in whichever checkout. */
export const CARGO_TARGET_DIR: string = join(cacheRoot(), "target", "userspace");

/** Path of the user-space program on a library. */
export function userSpace(library: Library): string {
  return cachedFile({
    name: `userspace-${library}`,
    sources: ["ebpf/userspace", `ebpf/userspace-${library}`, "ebpf/Cargo.toml", "ebpf/Cargo.lock"],
    versions: [versionLine(findProgram("rustc")) ?? ""],
    build: () => buildUserSpace(library, "dev", { verbose: false, target: CARGO_TARGET_DIR }),
  });
}

/** How a user-space program ended, and what it had printed. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs in the background. */
export interface Background {
  readonly pid: number;
  /** Standard output so far. */
  stdout(): string;
  hasEnded(): boolean;
  interrupt(): boolean;
  readonly ended: Promise<Ended>;
}

/** Starts a program; four minutes, in which cargo may have to build, are the longest that it may take. */
export function background(program: string, args: readonly string[], options: SpawnOptions = {}): Background {
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"], timeout: 240_000 });
  let stdout = "";
  let stderr = "";
  let over = false;
  child.stdout?.on("data", (text) => {
    stdout += text;
  });
  child.stderr?.on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      over = true;
      resolve({ code, stdout, stderr });
    });
  });
  const interrupt = (): boolean => child.kill("SIGINT");
  return { pid: child.pid ?? -1, stdout: () => stdout, hasEnded: () => over, interrupt, ended };
}

/** Waits until the program's output is as it should be, or the program has ended; ten seconds at most. */
export async function until(running: Background, holds: (stdout: string) => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !running.hasEnded() && !holds(running.stdout()); tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

/** One fork each in `count` shells of their own: pids of parent and child. */
export function makeForks(count: number): readonly (readonly [parent: number, child: number])[] {
  return Array.from({ length: count }, () => {
    const shell = spawnSync("sh", ["-c", ": & echo $$ $!; wait"], { encoding: "utf8" });
    const [parent = 0, child = 0] = shell.stdout.trim().split(" ").map(Number);
    return [parent, child];
  });
}

/** Ids of what a process holds in the kernel, out of its descriptors. */
export function heldBy(pid: number, what: "map_id" | "prog_id"): readonly number[] {
  const folder = `/proc/${pid}/fdinfo`;
  const ids = readdirSync(folder).flatMap((fd) => {
    const id = new RegExp(`^${what}:\\s+(\\d+)$`, "m").exec(readFileSync(join(folder, fd), "utf8"))?.[1];
    return id === undefined ? [] : [Number(id)];
  });
  return [...new Set(ids)];
}

/** What a command of bpftool prints. */
export function askBpftool(...args: readonly string[]): string {
  return spawnSync(findProgram("bpftool", "/usr/sbin/bpftool") ?? "bpftool", args, { encoding: "utf8" }).stdout;
}
