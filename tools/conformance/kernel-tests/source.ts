import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KernelRelease } from "../../../src/rules/kernel/rule.ts";
import { ROOT } from "../../bundle.ts";
import { cacheRoot } from "../../judges/cache.ts";
import { candidates, privateApt, run } from "../../matrix/download.ts";
import { MATRIX_KERNELS } from "../../matrix/kernels.ts";

/** Releases whose tables are compared. */
export const TABLE_RELEASES = ["6.1", "6.12", "7.2", "7.3"] as const satisfies readonly KernelRelease[];

export type TableRelease = (typeof TABLE_RELEASES)[number];

/** One test of the kernel's own; numbers as in its table, texts and bytes in hex. */
export interface TableRow {
  readonly table: "raw" | "info" | "dedup";
  readonly descr: string;
  /** 1 if the BTF, or of "info" the program, must be refused. */
  readonly refused: number;
  /** Part of the log that is expected; empty if any will do. */
  readonly message: string;
  readonly blob: string;
  /** Type, sizes of key and value, entries, and the ids of both; of "raw". */
  readonly map: readonly [number, number, number, number, number, number];
  readonly mapRefused: number;
  /** Of "info". */
  readonly type: number;
  readonly insns: string;
  readonly funcRec: number;
  readonly funcInfo: string;
  readonly lineRec: number;
  readonly lineInfo: string;
  /** Of "dedup". */
  readonly expected: string;
}

const BPF = "tools/testing/selftests/bpf";
const WANTED = [`*/${BPF}/prog_tests/btf.c`, `*/${BPF}/test_btf.h`, "*/tools/include/uapi/linux/*.h"];
const OURS = join(ROOT, "tools/conformance/kernel-tests");

function folderOf(release: TableRelease): string {
  return join(cacheRoot(), "kernel-tests", release);
}

function shell(command: string, cwd: string): void {
  const result = spawnSync("bash", ["-o", "pipefail", "-c", command], { cwd, encoding: "utf8", timeout: 300_000 });
  if (result.status !== 0) throw new Error(`${command}: ${result.stderr.trim().split("\n").slice(0, 3).join("; ")}`);
}

/** Downloads the newest source package of the release by apt, which checks signatures, and keeps the few files that are asked for. */
function download(release: TableRelease): void {
  const suites = MATRIX_KERNELS.find((kernel) => kernel.release === release)?.suites ?? [];
  const pattern = new RegExp(`^linux-source-${release.replace(".", "\\.")}$`);
  const reasons: string[] = [];
  for (const suite of suites) {
    const folder = mkdtempSync(join(tmpdir(), "btf-fix-apt-"));
    try {
      const options = privateApt(folder, suite);
      run("apt-get", [...options, "update", "-q"], folder);
      const [newest] = candidates(options, pattern, folder);
      if (newest === undefined) throw new Error("no such package");
      run("apt-get", [...options, "download", "-q", `${newest.package}=${newest.version}`], folder);
      const deb = readdirSync(folder).find((name) => name.endsWith(".deb")) ?? "";
      const fresh = `${folderOf(release)}.${process.pid}`;
      mkdirSync(fresh, { recursive: true });
      const files = WANTED.map((file) => `'${file}'`).join(" ");
      const inner = `tar -xO ./usr/src/${newest.package}.tar.xz`;
      const outer = `tar -xJ -C '${fresh}' --strip-components=1 --wildcards ${files}`;
      shell(`dpkg-deb --fsys-tarfile '${deb}' | ${inner} | ${outer}`, folder);
      writeFileSync(join(fresh, "version"), newest.version);
      renameSync(fresh, folderOf(release));
      return;
    } catch (error) {
      reasons.push(`${suite.name}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  throw new Error(reasons.join("; "));
}

/** Whether the sources of the release lie in the cache. */
export function hasTable(release: TableRelease): boolean {
  return existsSync(join(folderOf(release), "version"));
}

/** The tests of the release's table and Debian's version; downloads its source if the cache lacks it. Nothing goes into the repository. */
export function tableOf(release: TableRelease): { readonly version: string; readonly rows: readonly TableRow[] } {
  if (!hasTable(release)) download(release);
  const root = folderOf(release);
  const work = mkdtempSync(join(tmpdir(), "btf-fix-tests-"));
  try {
    // The files that it includes and that only its own harness needs are ours, or empty.
    mkdirSync(join(work, "linux"));
    const empty = ["linux/err.h", "linux/kernel.h", "linux/filter.h", "libelf.h", "gelf.h", "bpf_util.h"];
    for (const name of empty) writeFileSync(join(work, name), "");
    writeFileSync(join(work, "test_progs.h"), readFileSync(join(OURS, "stubs.h")));
    const includes = [work, join(root, BPF), join(root, "tools/include/uapi")].map((folder) => `-I${folder}`);
    const program = join(work, "tests");
    const flags = ["-w", "-O1", "-std=gnu11", "-ffunction-sections", "-Wl,--gc-sections"];
    run("gcc", [...flags, ...includes, "-o", program, join(OURS, "driver.c")], work);
    const lines = run(program, [], work).trim().split("\n");
    const version = readFileSync(join(root, "version"), "utf8");
    return { version, rows: lines.map((line) => JSON.parse(line) as TableRow) };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
