import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KernelRelease } from "../../src/rules/kernel/rule.ts";
import { cacheRoot } from "../judges/cache.ts";

/** A suite of Debian's archive, and the folder of the mirror that has it. */
export interface Suite {
  readonly name: string;
  readonly archive: "debian" | "debian-security";
}

/** A release of Linux that is booted, and where Debian has it. */
export interface MatrixKernel {
  readonly release: MatrixRelease;
  /** Tried in this order; the archive drops old ones, and their packages before their lists. */
  readonly suites: readonly Suite[];
  /** Name of its package; point releases change the rest of it. */
  readonly pattern: RegExp;
}

/** Releases of the matrix, oldest first. 6.18 is not among them: Debian has none, and it is the one that runs here. */
export const MATRIX_RELEASES = ["5.10", "6.1", "6.12", "7.2", "7.3"] as const satisfies readonly KernelRelease[];

export type MatrixRelease = (typeof MATRIX_RELEASES)[number];

function main(name: string): Suite {
  return { name, archive: "debian" };
}

function security(name: string): Suite {
  return { name, archive: "debian-security" };
}

/** Cloud kernels, which are small and have no drivers that nobody wants; unsigned ones bring the kernel and not just its signature. */
export const MATRIX_KERNELS: readonly MatrixKernel[] = [
  {
    release: "5.10",
    suites: [main("bullseye"), security("bullseye-security")],
    pattern: /^linux-image-5\.10\.[^ ]*-cloud-amd64-unsigned$/,
  },
  {
    release: "6.1",
    suites: [security("bookworm-security"), main("bookworm")],
    pattern: /^linux-image-6\.1\.[^ ]*-cloud-amd64-unsigned$/,
  },
  {
    release: "6.12",
    suites: [security("bookworm-security"), security("trixie-security"), main("trixie")],
    pattern: /^linux-image-6\.12\.[^ ]*-cloud-amd64-unsigned$/,
  },
  // From 7.2 on the package is named after what it holds.
  {
    release: "7.2",
    suites: [main("sid"), main("forky"), main("testing")],
    pattern: /^linux-binary-7\.2[.+-][^ ]*cloud-amd64$/,
  },
  {
    release: "7.3",
    suites: [main("experimental"), main("sid"), main("testing")],
    pattern: /^linux-binary-7\.3[.+-][^ ]*cloud-amd64$/,
  },
];

/** A kernel as it lies in the cache. */
export interface StoredKernel {
  /** Debian's package and its version: "linux-image-5.10.0-32-cloud-amd64-unsigned", "5.10.223-1". */
  readonly package: string;
  readonly version: string;
  /** Of the bootable file, which is named by it. */
  readonly sha256: string;
}

/** Where the kernels lie: `<release>.json` says which file is that release. */
export function kernelsFolder(): string {
  return join(cacheRoot(), "kernels");
}

/** Path of the bootable file of a stored kernel. */
export function kernelFile({ sha256 }: StoredKernel): string {
  return join(kernelsFolder(), `${sha256}.vmlinuz`);
}

/** SHA-256 in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The kernel of a release; undefined if it was not downloaded, or is no longer what was downloaded. */
export function storedKernel(release: MatrixRelease): StoredKernel | undefined {
  const record = join(kernelsFolder(), `${release}.json`);
  if (!existsSync(record)) return undefined;
  const stored = JSON.parse(readFileSync(record, "utf8")) as StoredKernel;
  const file = kernelFile(stored);
  return existsSync(file) && sha256(readFileSync(file)) === stored.sha256 ? stored : undefined;
}
