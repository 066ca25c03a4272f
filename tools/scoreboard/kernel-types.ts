import { existsSync, readFileSync } from "node:fs";
import { type Btf, parseBtf } from "../../src/index.ts";

/** Where a kernel shows its own types. */
export const VMLINUX = "/sys/kernel/btf/vmlinux";

let read: { readonly btf: Btf | undefined } | undefined;

/** The types of the running kernel, read on the first call; undefined where it shows none. */
export function kernelTypes(): Btf | undefined {
  read ??= { btf: existsSync(VMLINUX) ? parseBtf(new Uint8Array(readFileSync(VMLINUX))) : undefined };
  return read.btf;
}
