import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** What loading and attaching needs: file system by the folder where the loaders look for it. */
const FILE_SYSTEMS: ReadonlyMap<string, string> = new Map([
  ["/sys/kernel/tracing", "tracefs"],
  ["/sys/fs/bpf", "bpf"],
]);

/** Mounts what is not mounted yet, if root asks; says what it did. Elsewhere that is the system's affair. */
export function ensureMounts(say: (line: string) => void): void {
  if (process.getuid?.() !== 0) return;
  const mounted = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ").slice(1, 3).join(" "));
  for (const [folder, type] of FILE_SYSTEMS) {
    if (mounted.includes(`${folder} ${type}`)) continue;
    const run = spawnSync("mount", ["-t", type, type, folder], { encoding: "utf8" });
    say(run.status === 0 ? `mounted ${type} on ${folder}` : `cannot mount ${type} on ${folder}: ${run.stderr?.trim()}`);
  }
}
