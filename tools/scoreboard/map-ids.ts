import type { LibbpfMap, LibbpfReport } from "../../test/judges/libbpf.ts";
import { btfShape, type DumpedType } from "./btf-types.ts";
import type { DwarfMap } from "./dwarf-maps.ts";

/** `enum bpf_map_type` (include/uapi/linux/bpf.h) of the kinds that are not described by a key and a value type. */
const PROG_ARRAY = 3;
const PERF_EVENT_ARRAY = 4;
const BLOOM_FILTER = 30;
/** Made by libbpf of the variables of `.struct_ops`. */
const STRUCT_OPS = 26;
/** Queue, stack, ring buffers, arena: no key or no value to describe. */
const NOTHING_TO_DESCRIBE = [22, 23, 27, 31, 33];
/** perf_event_array, stack_trace, cgroup_array, maps of maps, devmap, sockmap, cpumap, xskmap, sockhash, devmap_hash: refused by the kernel. */
const IDS_REFUSED = [4, 7, 8, 12, 13, 14, 15, 16, 17, 18, 25];

/** Whether a map of this kind carries the ids of its key's and value's types once it is created. */
export function takes(map: Pick<DwarfMap, "type" | "hasValues">): { readonly key: boolean; readonly value: boolean } {
  const type = map.type ?? 0;
  if (NOTHING_TO_DESCRIBE.includes(type) || IDS_REFUSED.includes(type)) return { key: false, value: false };
  if (type === PROG_ARRAY && map.hasValues) return { key: false, value: false };
  return { key: type !== BLOOM_FILTER, value: true };
}

function faultOf(types: ReadonlyMap<number, DumpedType>, role: string, id: number, expected: string | undefined) {
  if (expected === undefined) return id === 0 ? [] : [`has the ${role} id ${id}, should have none`];
  if (id === 0) return [`has no ${role} id`];
  const shape = btfShape(types, id);
  return shape === expected ? [] : [`${role} is ${shape}, DWARF says ${expected}`];
}

/** What is wrong with a map that was created: type ids that are missing, needless, or name another type than DWARF. */
function mapFaults(expected: DwarfMap, map: LibbpfMap, types: ReadonlyMap<number, DumpedType>): string[] {
  const { kernel } = map;
  if (kernel === null) return ["was not created"];
  const ids = takes(expected);
  const faults = [
    ...(map.type === expected.type ? [] : [`is of type ${map.type}, DWARF says ${expected.type}`]),
    ...faultOf(types, "key", kernel.btfKeyTypeId, ids.key ? expected.key : undefined),
    ...faultOf(types, "value", kernel.btfValueTypeId, ids.value ? expected.value : undefined),
  ];
  if (expected.numbers !== undefined) {
    const { keySize, valueSize, maxEntries, mapFlags, pinByName } = map;
    // Where a perf array says 0, libbpf counts the processors.
    const entries = expected.type === PERF_EVENT_ARRAY && expected.numbers.maxEntries === 0 ? 0 : maxEntries;
    const said = JSON.stringify({ keySize, valueSize, maxEntries: entries, mapFlags, pinByName });
    if (said !== JSON.stringify(expected.numbers))
      faults.push(`is ${said}, its definition ${JSON.stringify(expected.numbers)}`);
  }
  if (expected.type === PROG_ARRAY && expected.hasValues && kernel.keySize !== 4) faults.push("has no key_size");
  return faults;
}

/** Faults of all maps of a loaded object, each with the map's name; `types` are those of the object that was loaded. */
export function wrongMaps(
  expected: readonly DwarfMap[],
  report: LibbpfReport,
  types: ReadonlyMap<number, DumpedType>,
): string[] {
  const own = report.maps.filter(({ internal, type }) => !internal && type !== STRUCT_OPS);
  const named = new Map(own.map((map) => [map.name, map]));
  const extra = own.filter(({ name }) => !expected.some((map) => map.name === name));
  return [
    ...extra.map(({ name }) => `map ${name} is not in DWARF`),
    ...expected.flatMap((map) => {
      const loaded = named.get(map.name);
      const faults = loaded === undefined ? ["is not there"] : mapFaults(map, loaded, types);
      return faults.map((fault) => `map ${map.name} ${fault}`);
    }),
  ];
}
