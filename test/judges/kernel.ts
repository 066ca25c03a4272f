import { release } from "node:os";
import { judgeProgram } from "../../tools/judges/cache.ts";
import { builtProgram, type Judge, notBuilt, once } from "./judge.ts";
import { answer, asFile, jsonLines, type Outcome, run } from "./run.ts";

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
  /** Model of what a map of maps holds, created first, without type ids; "none" sends no descriptor. An array of one 4-byte value by default. */
  readonly inner?: InnerMap | "none";
}

/** The model of an inner map. Of a map of maps its own model is an array of one 4-byte value. */
export type InnerMap = Pick<MapAttributes, "type" | "keySize" | "valueSize" | "maxEntries" | "mapFlags">;

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
  /** How many the kernel is told of; as many as there are by default. */
  readonly count?: number;
}

/**
 * errno of BPF_PROG_LOAD and, as control, of the same instructions without BTF and info. `written`: size of records that the kernel knows,
 * which it writes back where the rest of one is not 0; else 0.
 */
export interface ProgramLoadVerdict {
  readonly btfErrno: number;
  readonly errno: number;
  readonly controlErrno: number;
  readonly written: number;
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

/** The driver's verdicts of a stream of `count` things. */
function streamed<T>(args: readonly string[], input: Buffer, count: number, seconds: number): Outcome<T[]> {
  const result = run({ program: builtProgram("kernel"), args: [...args, "--stream"], input, seconds });
  if (result.outcome !== "answer") return result;
  const verdicts = jsonLines<T>(result.value.stdout);
  if (verdicts.length !== count) throw new Error(`${verdicts.length} verdicts of ${count}: ${result.value.stderr}`);
  return { outcome: "answer", value: verdicts };
}

/** Gives each blob to BPF_BTF_LOAD, any number in one child process; verdicts in the order of the blobs. */
export function kernelBtfLoad(blobs: readonly Uint8Array[], seconds = 60): Outcome<BtfLoadVerdict[]> {
  return streamed(["btf-load"], blobStream(blobs), blobs.length, seconds);
}

function innerSpec(inner: MapAttributes["inner"]): readonly string[] {
  if (inner === undefined) return [];
  if (inner === "none") return ["inner_without=1"];
  const { type, keySize = 0, valueSize = 0, maxEntries = 0, mapFlags = 0 } = inner;
  return [
    `inner_type=${type}`,
    `inner_key_size=${keySize}`,
    `inner_value_size=${valueSize}`,
    `inner_max_entries=${maxEntries}`,
    `inner_map_flags=${mapFlags}`,
  ];
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
    ...innerSpec(map.inner),
  ].join(",");
}

/** Maps as `kernel map-create BTF --stream` reads them. */
export function mapStream(maps: readonly MapAttributes[]): Buffer {
  return Buffer.from(maps.map((map) => `${mapSpec(map)}\n`).join(""));
}

/** Creates each map with the BTF's type ids and without, any number in one child process; verdicts in the order of the maps. */
export function kernelMapCreate(
  btf: Uint8Array,
  maps: readonly MapAttributes[],
  seconds = 60,
): Outcome<MapCreateVerdict[]> {
  return asFile(btf, "in.btf", (path) => streamed(["map-create", path], mapStream(maps), maps.length, seconds));
}

function infoWords(info: InfoArray | undefined): readonly number[] {
  if (info === undefined) return [0, 0, 0];
  const { records, recordSize, count = recordSize === 0 ? 0 : Math.floor(records.length / recordSize) } = info;
  return [recordSize, count, records.length];
}

const NO_BYTES = new Uint8Array();

/** Programs as `kernel prog-load --stream` reads them: each after a head of 14 words. */
export function programStream(programs: readonly ProgramAttributes[]): Buffer {
  return Buffer.concat(
    programs.flatMap(({ type, expectedAttachType = 0, insns, license, btf, funcInfo, lineInfo, coreRelo }) => {
      const infos = [funcInfo, lineInfo, coreRelo];
      const text = license === undefined ? NO_BYTES : Buffer.from(`${license}\0`);
      const blob = btf ?? NO_BYTES;
      const sizes = [insns.length, text.length, blob.length];
      const head = Uint32Array.from([type, expectedAttachType, ...sizes, ...infos.flatMap(infoWords)]);
      return [Buffer.from(head.buffer), insns, text, blob, ...infos.map((info) => info?.records ?? NO_BYTES)];
    }),
  );
}

/** The one program of a stream. */
export function programOfStream(stream: Uint8Array): ProgramAttributes {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let at = 0;
  const word = (): number => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const [type, expectedAttachType, code, text, blob] = [word(), word(), word(), word(), word()];
  const heads = [0, 1, 2].map(() => ({ recordSize: word(), count: word(), length: word() }));
  const block = (length: number): Uint8Array => {
    at += length;
    return stream.subarray(at - length, at);
  };
  const insns = block(code);
  const license = Buffer.from(block(text)).toString("utf8").slice(0, -1);
  const btf = block(blob);
  const infos = heads.map(({ recordSize, count, length }) => ({ recordSize, count, records: block(length) }));
  const present = (key: string, index: number): { readonly [key: string]: InfoArray } => {
    const info = infos[index];
    return info === undefined || (info.count === 0 && info.records.length === 0) ? {} : { [key]: info };
  };
  return {
    type,
    expectedAttachType,
    insns,
    ...(text === 0 ? {} : { license }),
    ...(blob === 0 ? {} : { btf }),
    ...present("funcInfo", 0),
    ...present("lineInfo", 1),
    ...present("coreRelo", 2),
  };
}

/** Loads each program with its BTF and info arrays, any number in one child process; verdicts in the order of the programs. */
export function kernelProgLoads(programs: readonly ProgramAttributes[], seconds = 60): Outcome<ProgramLoadVerdict[]> {
  return streamed(["prog-load"], programStream(programs), programs.length, seconds);
}

/** Loads one program. */
export function kernelProgLoad(program: ProgramAttributes): Outcome<ProgramLoadVerdict> {
  const result = kernelProgLoads([program]);
  if (result.outcome !== "answer") return result;
  const [value] = result.value;
  if (value === undefined) throw new RangeError("no verdict of a program");
  return { outcome: "answer", value };
}
