import { type AyaMap, type AyaName, aya03, aya06, runAya } from "../../test/judges/aya.ts";
import { cilium, runCilium } from "../../test/judges/cilium.ts";
import type { Judge } from "../../test/judges/judge.ts";
import { kernel, kernelBtfLoad, kernelMapCreate } from "../../test/judges/kernel.ts";
import { type LibbpfName, libbpf11, libbpf17, runLibbpf } from "../../test/judges/libbpf.ts";
import type { DwarfMap } from "./dwarf-maps.ts";
import { takes } from "./map-ids.ts";

/** Everyone who loads objects here. */
export const LOADERS = ["libbpf 1.7", "libbpf 1.1", "cilium/ebpf", "aya-obj 0.3", "aya-obj 0.6"] as const;
export type Loader = (typeof LOADERS)[number];

/**
 * What a loader makes of an object: "fine" (loads, the kernel holds its BTF, and each map has its type and the type ids that its kind
 * takes), else how far it comes, in two words; with what the loader or the kernel says.
 */
export interface LoaderVerdict {
  readonly word: "fine" | "no open" | "no load" | "no BTF" | "no types";
  readonly said: string;
}

const FINE: LoaderVerdict = { word: "fine", said: "" };

/** The judges behind the loaders. */
export function loaderJudges(): readonly Judge[] {
  return [kernel(), libbpf17(), libbpf11(), cilium(), aya03(), aya06()];
}

/** Verdicts of all loaders on an object whose maps are `maps` by its debug info. */
export function loaderVerdicts(object: Uint8Array, maps: readonly DwarfMap[]): Readonly<Record<Loader, LoaderVerdict>> {
  return {
    "libbpf 1.7": libbpfVerdict("libbpf17", object, maps),
    "libbpf 1.1": libbpfVerdict("libbpf11", object, maps),
    "cilium/ebpf": ciliumVerdict(object, maps),
    "aya-obj 0.3": ayaVerdict("aya03", object, maps),
    "aya-obj 0.6": ayaVerdict("aya06", object, maps),
  };
}

/** A map as a loader has it; ids as the kernel holds them, or as it would be sent them. */
interface LoadedMap {
  readonly name: string;
  readonly type: number;
  readonly keyId: number;
  readonly valueId: number;
}

/** Maps that are not there, are of another type, or lack type ids that their kind takes. */
function untyped(expected: readonly DwarfMap[], loaded: readonly LoadedMap[]): string[] {
  return expected.flatMap((map) => {
    const found = loaded.find(({ name }) => name === map.name);
    if (found === undefined) return [`map ${map.name} is not there`];
    const ids = takes(map);
    return [
      ...(found.type === map.type ? [] : [`map ${map.name} is of type ${found.type}, not ${map.type}`]),
      ...(ids.key && map.key !== undefined && found.keyId === 0 ? [`map ${map.name} has no key type`] : []),
      ...(ids.value && map.value !== undefined && found.valueId === 0 ? [`map ${map.name} has no value type`] : []),
    ];
  });
}

function typed(faults: readonly string[]): LoaderVerdict {
  return faults.length === 0 ? FINE : { word: "no types", said: faults.join("; ") };
}

function libbpfVerdict(name: LibbpfName, object: Uint8Array, maps: readonly DwarfMap[]): LoaderVerdict {
  const outcome = runLibbpf(name, object);
  if (outcome.outcome !== "answer") return { word: "no open", said: JSON.stringify(outcome) };
  const { open, load, btfFd, log, maps: loaded } = outcome.value;
  const warning = (log.find(({ level }) => level === "warn")?.text ?? "").split("\n")[0] ?? "";
  if (!open.ok) return { word: "no open", said: warning };
  if (load?.ok !== true) return { word: "no load", said: warning };
  if ((btfFd ?? -1) < 0) return { word: "no BTF", said: warning };
  const retried = loaded.filter(({ retriedWithoutBtf }) => retriedWithoutBtf).map((map) => `${map.name} was retried`);
  const held = loaded.flatMap(({ name: map, kernel: made }) =>
    made === null
      ? []
      : [{ name: map, type: made.type, keyId: made.btfKeyTypeId, valueId: made.btfValueTypeId } as const],
  );
  return typed([...retried, ...untyped(maps, held)]);
}

function ciliumVerdict(object: Uint8Array, maps: readonly DwarfMap[]): LoaderVerdict {
  const outcome = runCilium(object);
  if (outcome.outcome !== "answer") return { word: "no open", said: JSON.stringify(outcome) };
  const { open, load, maps: loaded } = outcome.value;
  if (!open.ok) return { word: "no open", said: open.error ?? "" };
  if (load?.ok !== true) return { word: "no load", said: load?.error ?? "" };
  const held = loaded.flatMap(({ name, kernel: made }) =>
    made === null ? [] : [{ name, type: made.type, keyId: made.btfKeyTypeId, valueId: made.btfValueTypeId } as const],
  );
  return typed(untyped(maps, held));
}

/** `enum bpf_map_type` of a perf event array: where it has no entries, aya counts the processors. */
const PERF_EVENT_ARRAY = 4;

/** aya-obj loads nothing itself: the kernel is asked to take the BTF that it sends, and to make its maps with the ids that aya sends. */
function ayaVerdict(name: AyaName, object: Uint8Array, maps: readonly DwarfMap[]): LoaderVerdict {
  const outcome = runAya(name, object);
  if (outcome.outcome !== "answer") return { word: "no open", said: JSON.stringify(outcome) };
  const { parse, fixUp, relocate, btf, maps: parsed } = outcome.value;
  if (!parse.ok) return { word: "no open", said: parse.error ?? "" };
  if (fixUp?.ok !== true) return { word: "no load", said: fixUp?.error ?? "" };
  if (relocate?.ok !== true) return { word: "no load", said: relocate?.error ?? "" };
  if (btf === undefined) return { word: "no BTF", said: "sends none" };
  const loaded = kernelBtfLoad([btf]);
  const refusal = loaded.outcome === "answer" ? loaded.value[0] : undefined;
  if (refusal?.errno !== 0) return { word: "no BTF", said: refusal?.log.trim().split("\n").at(-1) ?? loaded.outcome };
  const faults = untyped(
    maps,
    parsed.map((map) => ({ name: map.name, type: map.type, keyId: map.btfKeyTypeId, valueId: map.btfValueTypeId })),
  );
  return typed([...faults, ...uncreated(btf, maps, parsed)]);
}

/** Maps that the kernel does not make with the ids that aya's loader sends: it leaves them out where the kind takes none. */
function uncreated(btf: Uint8Array, maps: readonly DwarfMap[], parsed: readonly AyaMap[]): string[] {
  const known = parsed.flatMap((map) => {
    const expected = maps.find(({ name }) => name === map.name);
    return expected === undefined ? [] : [{ map, ids: takes(expected) }];
  });
  const created = kernelMapCreate(
    btf,
    known.map(({ map, ids }) => ({
      type: map.type,
      keySize: map.keySize,
      valueSize: map.valueSize,
      maxEntries: map.maxEntries === 0 && map.type === PERF_EVENT_ARRAY ? 1 : map.maxEntries,
      mapFlags: map.mapFlags,
      mapExtra: BigInt(map.mapExtra),
      keyTypeId: ids.key ? map.btfKeyTypeId : 0,
      valueTypeId: ids.value ? map.btfValueTypeId : 0,
    })),
  );
  if (created.outcome !== "answer") return [`maps: ${created.outcome}`];
  return known.flatMap(({ map }, index) => {
    const errno = created.value[index]?.withIds;
    return errno === 0 ? [] : [`map ${map.name} is refused with errno ${errno}`];
  });
}
