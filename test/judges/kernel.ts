import { writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { judgeProgram } from "../../tools/judges/cache.ts";
import { builtProgram, type Judge, notBuilt, once } from "./judge.ts";
import { answer, asFile, inScratch, jsonLines, type Outcome, run, runJson } from "./run.ts";

/** Answer of BPF_BTF_LOAD: errno 0 is acceptance; `log` is the kernel's text of a refusal (its last 256 KiB). */
export interface BtfLoadVerdict {
  readonly errno: number;
  readonly log: string;
}

/** Attributes of BPF_MAP_CREATE, numbers as in `union bpf_attr`; what is left out is 0. */
export interface MapAttributes {
  readonly type: number;
  readonly keySize?: number;
  readonly valueSize?: number;
  readonly maxEntries?: number;
  readonly mapFlags?: number;
  readonly mapExtra?: bigint;
  readonly keyTypeId?: number;
  readonly valueTypeId?: number;
}

/** errno of BPF_MAP_CREATE with the type ids (null if the BTF itself was refused) and, as control, without. */
export interface MapCreateVerdict {
  readonly btfErrno: number;
  readonly withIds: number | null;
  readonly withoutIds: number;
}

/** A program for BPF_PROG_LOAD; the info arrays are the kernel's (instruction numbers, not byte offsets). */
export interface ProgramAttributes {
  /** `enum bpf_prog_type`; 1 (socket filter) needs nothing else. */
  readonly type: number;
  readonly expectedAttachType?: number;
  /** Instructions, 8 bytes each. */
  readonly insns: Uint8Array;
  /** "GPL" by default. */
  readonly license?: string;
  readonly btf?: Uint8Array;
  readonly funcInfo?: InfoArray;
  readonly lineInfo?: InfoArray;
  readonly coreRelo?: InfoArray;
}

/** Records of `recordSize` bytes each. */
export interface InfoArray {
  readonly records: Uint8Array;
  readonly recordSize: number;
}

/** errno of BPF_PROG_LOAD and, as control, of the same instructions without BTF and info. */
export interface ProgramLoadVerdict {
  readonly btfErrno: number;
  readonly errno: number;
  readonly controlErrno: number;
  readonly log: string;
}

/** Smallest blob that every kernel with BTF takes: a header, one 4-byte INT named "i", the strings. */
export function smallestBtf(): Uint8Array<ArrayBuffer> {
  const words = [0x0001eb9f, 24, 0, 16, 16, 3, 1, 0x01000000, 4, 32];
  const bytes = new Uint8Array(words.length * 4 + 3);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
  bytes[words.length * 4 + 1] = 0x69;
  return bytes;
}

const errnoNames: Readonly<Record<number, string>> = { 1: "EPERM: no CAP_BPF", 38: "ENOSYS: no bpf() system call" };

/** Probe: the smallest blob must be taken, and the same with a wrong magic refused with EINVAL. */
export const kernel: () => Judge = once(() => {
  const judge = { name: "kernel", version: release(), usable: false };
  if (process.platform !== "linux")
    return { ...judge, version: "", why: `bpf() is Linux's, this is ${process.platform}` };
  if (judgeProgram("kernel") === undefined) return { ...judge, why: notBuilt("kernel") };
  const good = smallestBtf();
  const [taken, refused] = answer(kernelBtfLoad([good, Uint8Array.from(good, (b, i) => (i === 0 ? 0 : b))]));
  if (taken?.errno !== 0) {
    const errno = taken?.errno ?? -1;
    return { ...judge, why: `the smallest BTF is refused with ${errnoNames[errno] ?? `errno ${errno}`}` };
  }
  if (refused?.errno !== 22) return { ...judge, why: `a wrong magic gives errno ${refused?.errno}, not EINVAL` };
  return { ...judge, usable: true, why: "" };
});

/** Blobs as `kernel btf-load --stream` reads them. */
export function blobStream(blobs: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    blobs.flatMap((blob) => {
      const head = Buffer.alloc(4);
      head.writeUInt32LE(blob.length);
      return [head, blob];
    }),
  );
}

/** Gives each blob to BPF_BTF_LOAD, any number in one child process; verdicts in the order of the blobs. */
export function kernelBtfLoad(blobs: readonly Uint8Array[], seconds = 60): Outcome<BtfLoadVerdict[]> {
  const input = blobStream(blobs);
  const result = run({ program: builtProgram("kernel"), args: ["btf-load", "--stream"], input, seconds });
  if (result.outcome !== "answer") return result;
  const verdicts = jsonLines<BtfLoadVerdict>(result.value.stdout);
  if (verdicts.length !== blobs.length)
    throw new Error(`${verdicts.length} verdicts of ${blobs.length}: ${result.value.stderr}`);
  return { outcome: "answer", value: verdicts };
}

/** A map as `kernel map-create` is told of it. */
export function mapSpec(map: MapAttributes): string {
  return [
    `type=${map.type}`,
    `key_size=${map.keySize ?? 0}`,
    `value_size=${map.valueSize ?? 0}`,
    `max_entries=${map.maxEntries ?? 0}`,
    `map_flags=${map.mapFlags ?? 0}`,
    `map_extra=${map.mapExtra ?? 0n}`,
    `key_id=${map.keyTypeId ?? 0}`,
    `value_id=${map.valueTypeId ?? 0}`,
  ].join(",");
}

/** Creates each map with the BTF's type ids and without; maps of maps get an array as model of their inner map. */
export function kernelMapCreate(btf: Uint8Array, maps: readonly MapAttributes[]): Outcome<MapCreateVerdict[]> {
  const specs = maps.map(mapSpec);
  if (specs.length === 0) return { outcome: "answer", value: [] };
  return asFile(btf, "in.btf", (path) => {
    const result = run({ program: builtProgram("kernel"), args: ["map-create", path, ...specs] });
    if (result.outcome !== "answer") return result;
    return { outcome: "answer", value: jsonLines<MapCreateVerdict>(result.value.stdout) };
  });
}

/** What `kernel prog-load` is told of a program, and the files that it reads, by name; they lie in `folder`. */
export function programCall(
  program: ProgramAttributes,
  folder: string,
): { readonly args: readonly string[]; readonly files: Readonly<Record<string, Uint8Array>> } {
  const { btf, funcInfo, lineInfo, coreRelo } = program;
  const arrays = { func_info: funcInfo, line_info: lineInfo, core_relo: coreRelo };
  const files: Record<string, Uint8Array> = { insns: program.insns, ...(btf === undefined ? {} : { btf }) };
  const sizes: string[] = [];
  for (const [name, info] of Object.entries(arrays)) {
    if (info === undefined) continue;
    files[name] = info.records;
    sizes.push(`${name.replace(/_\w+$/, "_rec")}=${info.recordSize}`);
  }
  const args = [
    `type=${program.type}`,
    `attach=${program.expectedAttachType ?? 0}`,
    `license=${program.license ?? "GPL"}`,
    ...sizes,
    ...Object.keys(files).map((name) => `${name}=${join(folder, name)}`),
  ];
  return { args, files };
}

/** Loads a program with its BTF and info arrays, and once without them as control. */
export function kernelProgLoad(program: ProgramAttributes): Outcome<ProgramLoadVerdict> {
  return inScratch((folder) => {
    const { args, files } = programCall(program, folder);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    return runJson({ program: builtProgram("kernel"), args: ["prog-load", ...args] });
  });
}
