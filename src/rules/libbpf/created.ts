import { type Btf, LINKAGE_EXTERN, LINKAGE_GLOBAL, LINKAGE_STATIC, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import type { ElfView } from "../../elf/model.ts";
import type { CreatedMap } from "../kernel/map-create/attributes.ts";
import type { Collected } from "./collect.ts";
import type { LibbpfMapDef } from "./definition.ts";
import type { CollectedMap } from "./maps.ts";
import type { LibbpfVersion } from "./sanitise.ts";
import type { StructOps } from "./struct-ops.ts";

const [ARRAY, STRUCT_OPS, RINGBUF, USER_RINGBUF, ARENA] = [2, 26, 27, 31, 33];
/** Kinds that libbpf gives no type ids: PERF_EVENT_ARRAY, STACK_TRACE, CGROUP_ARRAY, maps of maps, DEVMAP … */
const WITHOUT_IDS: readonly number[] = [4, 7, 8, 12, 13, 14, 15, 16, 17, 18, 22, 23, 25];
const [READ_ONLY, MAPPABLE, LINK] = [0x80, 0x400, 0x2000];
const PAGE = 4096;
const INT_SIZE = 4;

/** The size of a ring buffer as the kernel wants it: the next power of two of pages (`adjust_ringbuf_sz`). */
function ringSize(size: number): number {
  const pages = size / PAGE;
  if (size === 0 || (Number.isInteger(pages) && Number.isInteger(Math.log2(pages)))) return size;
  for (let adjusted = PAGE; adjusted < 2 ** 32; adjusted *= 2) if (adjusted > size) return adjusted;
  return size;
}

function fromDefinition(name: string, def: LibbpfMapDef, version: LibbpfVersion): CreatedMap {
  const { type, keySize, valueSize, mapFlags, mapExtra, inner } = def;
  const isRing = type === RINGBUF || type === USER_RINGBUF;
  const hasIds = !WITHOUT_IDS.includes(type) && (type !== ARENA || version === "1.1");
  return {
    name,
    kernelName: name,
    type,
    keySize,
    valueSize,
    maxEntries: isRing ? ringSize(def.maxEntries) : def.maxEntries,
    mapFlags,
    mapExtra,
    keyTypeId: hasIds ? def.keyTypeId : 0,
    valueTypeId: hasIds ? def.valueTypeId : 0,
    inner: inner && fromDefinition(`${name}.inner`, inner, version),
  };
}

/** The id of the first type of this name, or 0 (`btf__find_by_name`). Compares bytes: names may be long, and share theirs. */
function idNamed(btf: Btf | undefined, name: string): number {
  if (btf === undefined) return 0;
  const { bytes } = btf.strings;
  const wanted = new TextEncoder().encode(`${name}\0`);
  const index = btf.types.findIndex(({ nameOff }) => wanted.every((byte, at) => bytes[nameOff + at] === byte));
  return index < 0 ? 0 : btf.firstId + index;
}

/** Whether user space may map the section: it has a variable that others see (`map_is_mmapable`). */
function isMappable(btf: Btf | undefined, id: number): boolean {
  const datasec = btf && typeById(btf, id);
  if (btf === undefined || datasec?.kind !== "datasec") return false;
  return datasec.entries.some(({ type }) => {
    const variable = typeById(btf, type);
    return variable?.kind === "var" && variable.linkage !== LINKAGE_STATIC;
  });
}

function ofData(name: string, size: number, btf: Btf | undefined, valueTypeId: number): CreatedMap {
  const isReadOnly = name.startsWith(".rodata") || name === ".kconfig";
  return {
    name,
    type: ARRAY,
    keySize: INT_SIZE,
    valueSize: size,
    maxEntries: 1,
    mapFlags: (isReadOnly ? READ_ONLY : 0) | (isMappable(btf, valueTypeId) ? MAPPABLE : 0),
    mapExtra: 0n,
    keyTypeId: 0,
    valueTypeId,
    inner: undefined,
  };
}

/** Linkage of the VAR with this id. */
function linkageOf(btf: Btf, id: number): number | undefined {
  const type = typeById(btf, id);
  return type?.kind === "var" ? type.linkage : undefined;
}

/** Bytes of the externs of `.kconfig`; undefined where the object has none, whose variables libbpf has allocated. */
function configSize({ own, btf }: OpenBtf): number | undefined {
  for (const [, { nameOff, entries, size }] of typesOfKind(btf, "datasec")) {
    const first = entries[0]?.type ?? 0;
    const isAllocated = linkageOf(own, first) === LINKAGE_EXTERN && linkageOf(btf, first) === LINKAGE_GLOBAL;
    if (isAllocated && nameText(btf, nameOff) === ".kconfig") return size;
  }
  return undefined;
}

function ofStructOps({ name, section, size, isOptional }: StructOps, elf: ElfView): readonly CreatedMap[] {
  if (isOptional) return [];
  const mapFlags = elf.sections[section]?.name.endsWith(".struct_ops.link") ? LINK : 0;
  const shape = { type: STRUCT_OPS, keySize: INT_SIZE, valueSize: size, maxEntries: 1, mapFlags, mapExtra: 0n };
  // libbpf finds the id in the BTF of the kernel, and without one gives up before it asks.
  return [{ name, ...shape, keyTypeId: 0, valueTypeId: 0, kernelTypeId: 1, inner: undefined }];
}

/** BTF as it stands in the file, and as the open object has it. */
export interface OpenBtf {
  readonly own: Btf;
  readonly btf: Btf;
}

/**
 * The maps that libbpf creates, in its order: those of `.maps`, of data, of `.kconfig` and of struct_ops (libbpf `bpf_object__init_maps`,
 * `bpf_object__create_maps`). Where the kernel refused the BTF, no ids are given.
 */
export function createdMaps(
  elf: ElfView,
  open: OpenBtf | undefined,
  collected: Collected,
  maps: readonly CollectedMap[],
  variables: readonly StructOps[],
  version: LibbpfVersion,
): readonly CreatedMap[] {
  const btf = open?.btf;
  const data = elf.sections.flatMap(({ index, name, size }) =>
    collected.uses.get(index) === "data" && size > 0 ? [ofData(name, size, btf, idNamed(btf, name))] : [],
  );
  const config = open && configSize(open);
  return [
    ...maps.map(({ name, def }) => fromDefinition(name, def, version)),
    ...data,
    ...(config === undefined ? [] : [ofData(".kconfig", config, btf, idNamed(btf, ".kconfig"))]),
    ...variables.flatMap((variable) => ofStructOps(variable, elf)),
  ];
}
