import { readFileSync, writeFileSync } from "node:fs";
import { endianness } from "node:os";
import { join } from "node:path";
import { judgeProgram } from "../../tools/judges/cache.ts";
import { versionLine } from "../../tools/judges/toolchain.ts";
import { builtProgram, type Judge, notBuilt, once } from "./judge.ts";
import { answer, inScratch, run } from "./run.ts";

/** The two versions of libbpf whose `btf__dedup` can be asked. */
export type DedupName = "dedup17" | "dedup11";

/** A blob to be deduplicated, with its `.BTF.ext` if it has one. */
export interface DedupInput {
  readonly btf: Uint8Array;
  readonly ext?: Uint8Array;
}

/** What libbpf made of it: `errno` is 0 or negative; the bytes are empty where there are none. */
export interface DedupVerdict {
  readonly errno: number;
  readonly btf: Uint8Array;
  readonly ext: Uint8Array;
  /** What `btf__dedup` alone took. */
  readonly microseconds: number;
}

function probe(name: DedupName): () => Judge {
  return once(() => {
    const program = judgeProgram(name);
    const judge = { name, version: "", usable: false };
    if (program === undefined) return { ...judge, why: notBuilt(name) };
    const line = versionLine(program, "--version");
    if (line === undefined) return { ...judge, why: "the driver does not start" };
    return { name, version: line.replace(/^v/, ""), usable: true, why: "" };
  });
}

/** `btf__dedup` of libbpf 1.7, of the crate libbpf-sys. */
export const dedup17: () => Judge = probe("dedup17");

/** `btf__dedup` of Debian's libbpf 1.1. */
export const dedup11: () => Judge = probe("dedup11");

/** Deduplicates many blobs in one process; throws if libbpf falls over one of them. */
export function libbpfDedup(name: DedupName, inputs: readonly DedupInput[]): readonly DedupVerdict[] {
  return inScratch((folder) => {
    const [source, target] = [join(folder, "in"), join(folder, "out")];
    writeFileSync(source, Buffer.concat(inputs.flatMap(packed)));
    const { status, stderr } = answer(run({ program: builtProgram(name), args: [source, target], seconds: 120 }));
    if (status !== 0) throw new Error(`${name} exited with ${status}: ${stderr.trim()}`);
    return unpacked(readFileSync(target), inputs.length);
  });
}

const littleEndian = endianness() === "LE";

function packed({ btf, ext = new Uint8Array() }: DedupInput): Uint8Array[] {
  const lengths = new DataView(new ArrayBuffer(8));
  lengths.setUint32(0, btf.length, littleEndian);
  lengths.setUint32(4, ext.length, littleEndian);
  return [new Uint8Array(lengths.buffer), btf, ext];
}

function unpacked(bytes: Buffer, count: number): DedupVerdict[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const word = (): number => {
    at += 4;
    return view.getUint32(at - 4, littleEndian);
  };
  const take = (length: number): Uint8Array => {
    at += length;
    return new Uint8Array(bytes.subarray(at - length, at));
  };
  return Array.from({ length: count }, () => {
    const errno = word() | 0;
    const [btfLength, extLength] = [word(), word()];
    return { errno, btf: take(btfLength), ext: take(extLength), microseconds: word() };
  });
}
