import { ayaVerdict } from "../../../src/rules/aya/verdict.ts";
import { ciliumVerdict } from "../../../src/rules/cilium/verdict.ts";
import { libbpfVerdict } from "../../../src/rules/libbpf/verdict.ts";
import { type AyaName, runAyaOnAll } from "../../judges/aya.ts";
import { runCiliumStream } from "../../judges/cilium.ts";
import { type LibbpfName, type LibbpfReport, runLibbpf } from "../../judges/libbpf.ts";
import type { Compared, MadeMap, Opened } from "./campaign.ts";

const STRUCT_OPS = 26;
const MADE = /^libbpf: map '(.*)': failed to create: /;

/** BPF_F_NUMA_NODE. */
const ON_NODE = 0x4;

/**
 * What became of the maps of a report; those that libbpf never asked for, because the object fails before, are left out, and those that are
 * refused on a node of memory other than the first: which there are is the machine's matter, not the object's.
 */
export function madeByLibbpf({ maps, log }: LibbpfReport): readonly MadeMap[] {
  const refused = new Set(log.flatMap(({ text }) => MADE.exec(text)?.[1] ?? []));
  return maps.flatMap(({ name, type, mapFlags, numaNode, kernel, errno }): readonly MadeMap[] => {
    const created = kernel !== null;
    const isElsewhere = (mapFlags & ON_NODE) !== 0 && numaNode !== 0;
    if (type === STRUCT_OPS || (!created && (isElsewhere || !refused.has(name)))) return [];
    const withIds = created && (kernel.btfKeyTypeId !== 0 || kernel.btfValueTypeId !== 0);
    return [{ name, created, withIds, errno }];
  });
}

function openedByLibbpf(name: LibbpfName, bytes: Uint8Array, wantMaps: boolean): Opened {
  const run = runLibbpf(name, bytes, { until: wantMaps ? "maps" : "open", seconds: 5 });
  if (run.outcome !== "answer") return { accepted: false, errno: 0, said: [], fell: run.outcome };
  const { open, log } = run.value;
  const said = log.map(({ text }) => text.replace(/^libbpf: /, ""));
  return {
    accepted: open.ok,
    errno: open.errno,
    said,
    ...(open.ok && wantMaps ? { maps: madeByLibbpf(run.value) } : {}),
  };
}

/** A panic is a refusal; what aya makes of maps and BTF is compared in test/rules/aya. */
function openedByAya(name: AyaName, bytes: Uint8Array): Opened {
  const parse = runAyaOnAll(name, [bytes])[0]?.parse;
  if (parse === undefined) return { accepted: false, errno: 0, said: [], fell: "crash" };
  const said = parse.error?.replace(/^panicked: /, "thread 'main' panicked: ") ?? "";
  return { accepted: parse.ok, errno: 0, said: [said] };
}

/** It goes through symbols and variables in no certain order, so of two faults it names either. */
function openedByCilium(bytes: Uint8Array): Opened {
  const [report] = runCiliumStream([bytes], { until: "open", seconds: 5 });
  if (report === undefined || report.panic !== undefined) return { accepted: false, errno: 0, said: [], fell: "panic" };
  return { accepted: report.open.ok, errno: 0, said: [report.open.error ?? ""] };
}

/** The loaders whose rules are known, by the name of their judge. */
export const COMPARED: Readonly<Record<string, Compared>> = {
  libbpf17: {
    name: "libbpf 1.7",
    ours: (elf, kernel) => libbpfVerdict(elf, "1.7", kernel),
    theirs: (bytes, wantMaps) => openedByLibbpf("libbpf17", bytes, wantMaps),
    words: true,
    falls: ({ rule }) => rule?.startsWith("LC-") === true,
  },
  libbpf11: {
    name: "libbpf 1.1",
    ours: (elf, kernel) => libbpfVerdict(elf, "1.1", kernel),
    theirs: (bytes, wantMaps) => openedByLibbpf("libbpf11", bytes, wantMaps),
    words: true,
    falls: ({ rule }) => rule?.startsWith("LC-") === true,
  },
  aya03: {
    name: "aya-obj 0.3",
    ours: (elf, kernel) => ayaVerdict(elf, "0.3", kernel),
    theirs: (bytes) => openedByAya("aya03", bytes),
    words: true,
  },
  aya06: {
    name: "aya-obj 0.6",
    ours: (elf, kernel) => ayaVerdict(elf, "0.6", kernel),
    theirs: (bytes) => openedByAya("aya06", bytes),
    words: true,
  },
  cilium: {
    name: "cilium/ebpf 0.22",
    ours: ciliumVerdict,
    theirs: openedByCilium,
    words: false,
  },
};
