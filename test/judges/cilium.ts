import { judgeProgram } from "../../tools/judges/cache.ts";
import { versionLine } from "../../tools/judges/toolchain.ts";
import { builtProgram, type Judge, notBuilt, once } from "./judge.ts";
import { kernel } from "./kernel.ts";
import type { KernelMap } from "./libbpf.ts";
import { answer, asFile, jsonLines, type Outcome, run, runJson } from "./run.ts";

/** Success, or the library's error text (its last 64 KiB, the verifier's log included) and the errno inside it, else 0. */
export interface CiliumVerdict {
  readonly ok: boolean;
  readonly errno: number;
  readonly error: string | null;
}

/** A map of the collection, sizes in bytes; `key` and `value` are the types as the library prints them. */
export interface CiliumMap {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly mapFlags: number;
  readonly mapExtra: number;
  readonly numaNode: number;
  readonly pinning: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly inner: CiliumMap | null;
  /** Slots that name a map or a program: "1=name". */
  readonly contents: readonly string[];
  /** Its creation: with the whole collection, or alone when that failed; null if only opened. */
  readonly created: CiliumVerdict | null;
  /** As the kernel holds it. The library sends a blob of its own, so the ids are not the object's. */
  readonly kernel: KernelMap | null;
  /** What is asked of the kernel to create it alone; absent unless it was wanted. */
  readonly calls?: readonly CiliumCall[];
}

/** A bpf() that makes something: the attributes as the kernel is given them, and the bytes that they point to, all in base64. */
export interface CiliumCall {
  readonly command: "btf" | "map" | "program";
  readonly attr: string;
  readonly btf?: string;
  readonly insns?: string;
  readonly funcs?: string;
  readonly lines?: string;
}

/** A program of the collection; `loaded` as `created` above. */
export interface CiliumProgram {
  readonly name: string;
  readonly section: string;
  readonly type: number;
  readonly loaded: CiliumVerdict | null;
  /** What is asked of the kernel to load it with its maps alone; absent unless it was wanted. */
  readonly calls?: readonly CiliumCall[];
}

/** A variable of a data section, offset and size in bytes. */
export interface CiliumVariable {
  readonly name: string;
  readonly section: string;
  readonly offset: number;
  readonly size: number;
  readonly type: string | null;
}

/** Everything that cilium/ebpf made of one object. */
export interface CiliumReport {
  readonly version: string;
  /** What the library fell with over one object of a stream; it is no answer then. */
  readonly panic?: string;
  readonly open: CiliumVerdict;
  readonly load: CiliumVerdict | null;
  readonly maps: readonly CiliumMap[];
  readonly programs: readonly CiliumProgram[];
  readonly variables: readonly CiliumVariable[];
}

/** cilium/ebpf in the version of `cilium/go.mod`. */
export const cilium: () => Judge = once(() => {
  const program = judgeProgram("cilium");
  const judge = { name: "cilium", version: "", usable: false };
  if (program === undefined) return { ...judge, why: notBuilt("cilium") };
  const version = versionLine(program, "-version");
  if (version === undefined) return { ...judge, why: "the driver does not start" };
  if (!kernel().usable) return { ...judge, version, why: `no bpf(): ${kernel().why}` };
  return { ...judge, version, usable: true, why: "" };
});

/** Opens and loads an object (bytes or path); pins go to a bpffs that dies with the run. */
export function runCilium(
  object: Uint8Array | string,
  options: { until?: "open" | "load"; seconds?: number } = {},
): Outcome<CiliumReport> {
  return asFile(object, "object.o", (path) =>
    runJson({
      program: builtProgram("cilium"),
      args: options.until === "open" ? ["-open-only", path] : ["-pins", "/sys/fs/bpf", path],
      privateBpffs: options.until !== "open",
      seconds: options.seconds ?? 60,
    }),
  );
}

/** Objects as the driver reads them from its input, each behind its length. */
export function objectStream(objects: readonly Uint8Array[]): Uint8Array {
  const input = new Uint8Array(objects.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(input.buffer);
  let at = 0;
  for (const object of objects) {
    view.setUint32(at, object.length, true);
    input.set(object, at + 4);
    at += 4 + object.length;
  }
  return input;
}

/**
 * The same for many objects in one process, in their order; with `calls`, if they are wanted. Throws if the process falls, which a panic
 * of the library is no reason for.
 */
export function runCiliumStream(
  objects: readonly Uint8Array[],
  options: { until?: "open" | "load"; seconds?: number; calls?: boolean } = {},
): readonly CiliumReport[] {
  const more = options.calls === true ? ["-calls"] : [];
  const { stdout, stderr, status } = answer(
    run({
      program: builtProgram("cilium"),
      args: options.until === "open" ? ["-open-only", "-stream"] : ["-pins", "/sys/fs/bpf", ...more, "-stream"],
      input: objectStream(objects),
      privateBpffs: options.until !== "open",
      seconds: options.seconds ?? 600,
    }),
  );
  const reports = jsonLines<CiliumReport>(stdout);
  if (status !== 0 || reports.length !== objects.length) {
    throw new Error(
      `cilium/ebpf reported on ${reports.length} of ${objects.length} objects (exit ${status}): ${stderr}`,
    );
  }
  return reports;
}
