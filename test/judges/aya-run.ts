import { judgeProgram } from "../../tools/judges/cache.ts";
import { builtProgram, type Judge, notBuilt, once } from "./judge.ts";
import { kernel } from "./kernel.ts";
import { asFile, type Outcome, runJson } from "./run.ts";

/** The two versions of aya, the library that users write their loaders with. */
export type AyaRunName = "aya14" | "aya16";

/** What one load and run of the traffic program came to; counts are of five packets. */
export interface AyaRun {
  /** Each map as the kernel holds it: "FLOWS Hash [key, value, entries, flags]". */
  readonly maps: readonly string[];
  readonly received: number;
  /** Entries of the hash: length, family, packets, bytes. */
  readonly flows: readonly (readonly number[])[];
  /** Packets that the second filter saw, behind a tail call, and the first. */
  readonly totals: readonly number[];
  /** Packets that the pinned map has counted since it was pinned. */
  readonly state: number;
  readonly scratch: boolean;
  readonly modern: number;
  /** Entries of the queue that carry the value of the trie. */
  readonly routed: number;
  /** Records of the ring buffer. */
  readonly records: number;
  readonly log: readonly string[];
  /** The error that ended the run, with its causes; nothing else is there then. */
  readonly error?: string;
}

/** Two loads, one after the other, and the names in the bpffs. */
export interface AyaRuns {
  readonly runs: readonly AyaRun[];
  readonly pins: readonly string[];
}

function probe(name: AyaRunName, version: string): () => Judge {
  return once(() => {
    if (judgeProgram(name) === undefined) return { name, version: "", usable: false, why: notBuilt(name) };
    return { name, version, usable: kernel().usable, why: kernel().usable ? "" : `no bpf(): ${kernel().why}` };
  });
}

/** aya 0.14 with aya-log 0.3. */
export const aya14: () => Judge = probe("aya14", "0.14.0");

/** aya 0.16 with aya-log 0.4. */
export const aya16: () => Judge = probe("aya16", "0.16.0");

/** Loads and runs an object of `test/e2e/legacy/ebpf/src/bin/traffic.rs` twice. */
export function runTraffic(name: AyaRunName, object: Uint8Array | string, seconds = 60): Outcome<AyaRuns> {
  return asFile(object, "object.o", (path) =>
    runJson<AyaRuns>({ program: builtProgram(name), args: [path], seconds, privateBpffs: true }),
  );
}

/** What aya makes of any object; or why it does not. */
export interface AyaLoad {
  /** Once they are created: "FLOWS Hash [key, value, entries, flags]". */
  readonly maps: readonly string[];
  /** "count loads", "count: …", or "count needs more" (a hook). */
  readonly programs: readonly string[];
  readonly error?: string;
}

/** Lets aya create the maps of any object and load its programs, attaching none. */
export function loadWithAya(name: AyaRunName, object: Uint8Array | string, seconds = 60): Outcome<AyaLoad> {
  return asFile(object, "object.o", (path) =>
    runJson<AyaLoad>({ program: builtProgram(name), args: ["--load", path], seconds, privateBpffs: true }),
  );
}
