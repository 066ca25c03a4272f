import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { judgeProgram } from "../../tools/judges/cache.ts";
import { versionLine } from "../../tools/judges/toolchain.ts";
import { builtProgram, type Judge, notBuilt, once } from "./judge.ts";
import { kernel } from "./kernel.ts";
import { asFile, inScratch, type Outcome, runJson } from "./run.ts";

/** The two libbpf versions: libbpf-sys's own and Debian's. */
export type LibbpfName = "libbpf17" | "libbpf11";

/** Success, or the errno of the failure (libbpf's own numbers start at 4000). */
export interface LibbpfVerdict {
  readonly ok: boolean;
  readonly errno: number;
}

/** A map as the kernel holds it; an id is 0 if the map was created without BTF. */
export interface KernelMap {
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly mapFlags: number;
  readonly btfId: number;
  readonly btfKeyTypeId: number;
  readonly btfValueTypeId: number;
}

/** A map of the object; sizes in bytes, `fd` -1 if it was not created, `errno` why (only if each was tried alone). */
export interface LibbpfMap {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly mapFlags: number;
  readonly mapExtra: number;
  readonly numaNode: number;
  /** Made by libbpf for a data section. */
  readonly internal: boolean;
  /** Declared with LIBBPF_PIN_BY_NAME. */
  readonly pinByName: boolean;
  readonly pinned: boolean;
  readonly fd: number;
  readonly errno: number;
  readonly btfKeyTypeId: number;
  readonly btfValueTypeId: number;
  readonly kernel: KernelMap | null;
  readonly inner?: LibbpfMap;
  /** libbpf dropped the type ids after a refusal ("Retrying without BTF"). */
  readonly retriedWithoutBtf: boolean;
}

/** A 16-byte load of the final instructions; `map` is the one whose descriptor it carries (src 1 or 2). */
export interface WideLoad {
  /** Number of the instruction. */
  readonly insn: number;
  readonly src: number;
  readonly imm: number;
  readonly nextImm: number;
  readonly map: string | null;
}

/** A program of the object; `errno` is that of its load alone when the object's load failed. */
export interface LibbpfProgram {
  readonly name: string;
  readonly section: string;
  readonly type: number;
  readonly attempted: boolean;
  readonly loaded: boolean;
  readonly errno: number;
  readonly insnCount: number;
  /** Instructions that the verifier walked, if it finished. */
  readonly processed: number | null;
  readonly verifierLog: string;
  readonly wideLoads: readonly WideLoad[];
}

/** A line that libbpf said; `pass` is "open", "all", "maps", or the map or program that was loaded alone. */
export interface LibbpfLogLine {
  readonly pass: string;
  readonly level: "warn" | "info" | "debug";
  readonly text: string;
}

/** Everything that libbpf made of one object; bytes that are not UTF-8 stand as \xNN in every string. */
export interface LibbpfReport {
  readonly version: string;
  readonly open: LibbpfVerdict;
  /** Null if only opened. */
  readonly load: LibbpfVerdict | null;
  /** Descriptor of the BTF in the kernel; -1 if libbpf went on without, null if only opened. */
  readonly btfFd: number | null;
  readonly maps: readonly LibbpfMap[];
  readonly programs: readonly LibbpfProgram[];
  readonly log: readonly LibbpfLogLine[];
  /** `.BTF` as libbpf would send it (DATASEC sizes and offsets filled in), if it was asked for. */
  readonly btf?: Uint8Array;
  /** What libbpf asked the kernel for, in order, probes of its features among it; if it was asked for. Bytes in hexadecimal. */
  readonly calls?: readonly LibbpfCall[];
}

/** A BTF, or a program with its records, as the kernel is given it. A name is cut after 15 bytes. */
export type LibbpfCall =
  | { readonly command: "btf"; readonly bytes: string }
  | {
      readonly command: "program";
      readonly name: string;
      readonly insns: string;
      readonly hasBtf: boolean;
      /** Bytes of one record, and all of them. */
      readonly funcSize: number;
      readonly funcs: string;
      readonly lineSize: number;
      readonly lines: string;
    };

/** How far to go: `maps` creates the maps but loads no program. */
export interface LibbpfOptions {
  readonly until?: "open" | "maps" | "load";
  readonly wantBtf?: boolean;
  /** Notes the calls, and pretends that the kernel takes every program. */
  readonly wantCalls?: boolean;
  /** Pretends that the kernel knows no kinds past this one, and of sections only names that are identifiers. */
  readonly maxKind?: number;
  /** Pretends that the kernel refuses to create any map, with this number. */
  readonly mapErrno?: number;
  /** Time limit in seconds, 60 by default. */
  readonly seconds?: number;
}

function probe(name: LibbpfName, release: (line: string) => string): () => Judge {
  return once(() => {
    const program = judgeProgram(name);
    const judge = { name, version: "", usable: false };
    if (program === undefined) return { ...judge, why: notBuilt(name) };
    const line = versionLine(program, "--version");
    if (line === undefined) return { ...judge, why: "the driver does not start" };
    const version = release(line.replace(/^v/, ""));
    if (!kernel().usable) return { ...judge, version, why: `no bpf(): ${kernel().why}` };
    return { ...judge, version, usable: true, why: "" };
  });
}

/** libbpf 1.7 of the crate libbpf-sys. */
export const libbpf17: () => Judge = probe("libbpf17", (line) => line);

/** Debian's libbpf; the library itself only says "1.1", the package knows the third number. */
export const libbpf11: () => Judge = probe("libbpf11", (line) => {
  const debian = /\t(?:\d+:)?([\d.]+)/.exec(versionLine("dpkg-query", "-W", "libbpf1") ?? "")?.[1];
  return debian?.startsWith(line) ? debian : line;
});

/** What the driver prints. */
export type RawReport = Omit<LibbpfReport, "maps"> & { maps: readonly Omit<LibbpfMap, "retriedWithoutBtf">[] };

/** Names of the maps whose type ids libbpf dropped. */
function retried(log: readonly LibbpfLogLine[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { text } of log) {
    const match = /bpf_create_map_xattr\((.*?)\): ?.*Retrying without BTF/.exec(text);
    if (match?.[1] !== undefined) names.add(match[1]);
  }
  return names;
}

/** The report with what only the log tells. */
export function libbpfReport(raw: RawReport): LibbpfReport {
  const names = retried(raw.log);
  return { ...raw, maps: raw.maps.map((map) => ({ ...map, retriedWithoutBtf: names.has(map.name) })) };
}

/** Opens and loads an object (bytes or path) with one libbpf; pins nothing that lasts. */
export function runLibbpf(
  name: LibbpfName,
  object: Uint8Array | string,
  options: LibbpfOptions = {},
): Outcome<LibbpfReport> {
  const until = options.until ?? "load";
  return inScratch((folder) =>
    asFile(object, "object.o", (path) => {
      const btf = join(folder, "sent.btf");
      const scope = until === "open" ? ["--open-only"] : until === "maps" ? ["--maps-only"] : [];
      const more = [
        ...(options.wantBtf === true ? ["--btf-out", btf] : []),
        ...(options.wantCalls === true ? ["--calls"] : []),
        ...(options.maxKind === undefined ? [] : ["--max-kind", `${options.maxKind}`]),
        ...(options.mapErrno === undefined ? [] : ["--map-errno", `${options.mapErrno}`]),
      ];
      const args = [...scope, ...more, path];
      const result = runJson<RawReport>({ program: builtProgram(name), args, seconds: options.seconds ?? 60 });
      if (result.outcome !== "answer") return result;
      const value = {
        ...libbpfReport(result.value),
        ...(existsSync(btf) ? { btf: new Uint8Array(readFileSync(btf)) } : {}),
      };
      return { outcome: "answer", value };
    }),
  );
}
