import { BtfBuilder } from "../../btf/builder.ts";
import {
  type Btf,
  type BtfDatasec,
  type BtfFunc,
  type BtfSecInfo,
  type BtfVar,
  LINKAGE_EXTERN,
  LINKAGE_GLOBAL,
} from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { sizeOf } from "../../btf/walk.ts";
import type { ElfView } from "../../elf/model.ts";
import { externs } from "../elf/extern.ts";
import { alignOf } from "./align.ts";

const KSYMS = ".ksyms";
const KCONFIG = ".kconfig";
/** Bytes that every kernel symbol is pretended to take. */
const KSYM_SIZE = 4;

interface Extern {
  readonly name: string;
  readonly id: number;
  readonly section: number;
}

/** The first INT of 32 bits, or 0 (`find_int_btf_id`). */
function intOf32Bits(btf: Btf): number {
  for (const [id, type] of typesOfKind(btf, "int")) if (type.bits === 32) return id;
  return 0;
}

/** Externs in the order of their symbols, with their records; undefined where libbpf finds none (`find_extern_btf_id`). */
function collect(btf: Btf, elf: ElfView): readonly Extern[] | undefined {
  const described = new Map<string, readonly [number, BtfVar | BtfFunc]>();
  for (const [id, type] of typesOfKind(btf, "var", "func")) {
    const name = nameText(btf, type.nameOff);
    if (!described.has(name)) described.set(name, [id, type]);
  }
  const homes = new Map<number, number>();
  for (const [id, { entries }] of typesOfKind(btf, "datasec"))
    for (const { type } of entries) if (!homes.has(type)) homes.set(type, id);
  const found: Extern[] = [];
  for (const name of externs(elf)) {
    const [id = 0, type] = described.get(name) ?? [];
    const section = homes.get(id);
    if (type?.linkage !== LINKAGE_EXTERN || section === undefined) return undefined;
    found.push({ name, id, section });
  }
  return found;
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Offset of each extern of `.kconfig` and the size of all: strictest alignment first, then by size and name (`cmp_externs`). */
function layOutConfig(
  btf: Btf,
  found: readonly Extern[],
): { readonly offsets: ReadonlyMap<string, number>; readonly size: number } {
  const sized = found.map(({ name, id }) => ({ name, size: sizeOf(btf, id) ?? 0, align: alignOf(btf, id) || 1 }));
  sized.sort((a, b) => b.align - a.align || a.size - b.size || compareNames(a.name, b.name));
  const offsets = new Map<string, number>();
  let end = 0;
  for (const { name, size, align } of sized) {
    const offset = Math.ceil(end / align) * align;
    offsets.set(name, offset);
    end = offset + size;
  }
  return { offsets, size: end };
}

/** A variable that stands for each function among the kernel symbols (`add_dummy_ksym_var`); 0 where there is none. */
function addStandIn(builder: BtfBuilder, btf: Btf): number {
  const [first] = [...typesOfKind(btf, "datasec")].filter(([, { nameOff }]) => nameText(btf, nameOff) === KSYMS);
  const isFunc = ({ type }: BtfSecInfo): boolean => builder.get(type)?.kind === "func";
  if (first === undefined || !first[1].entries.some(isFunc)) return 0;
  return builder.add({
    kind: "var",
    nameOff: builder.string("dummy_ksym"),
    type: intOf32Bits(btf),
    linkage: LINKAGE_GLOBAL,
  });
}

/** `.ksyms`: every extern becomes an allocated variable of 4 bytes, a function global. */
function allocateSymbols(builder: BtfBuilder, btf: Btf, id: number, section: BtfDatasec, standIn: number): void {
  const int = intOf32Bits(btf);
  const entries = section.entries.map((entry, index): BtfSecInfo => {
    const type = builder.get(entry.type);
    const place = { offset: index * KSYM_SIZE, size: KSYM_SIZE };
    if (type?.kind === "var") builder.replace(entry.type, { ...type, linkage: LINKAGE_GLOBAL, type: int });
    if (type?.kind !== "func") return { ...place, type: entry.type };
    builder.replace(entry.type, { ...type, linkage: LINKAGE_GLOBAL });
    const proto = builder.get(type.type);
    const dummy = builder.get(standIn);
    if (proto?.kind === "funcProto" && dummy !== undefined) {
      const params = proto.params.map((param) =>
        param.type !== 0 && param.nameOff === 0 ? { ...param, nameOff: dummy.nameOff } : param,
      );
      builder.replace(type.type, { ...proto, params });
    }
    return { ...place, type: standIn };
  });
  builder.replace(id, { ...section, entries, size: entries.length * KSYM_SIZE });
}

/** `.kconfig`: every extern becomes an allocated variable at its place in the map of that name. */
function allocateConfig(
  builder: BtfBuilder,
  btf: Btf,
  id: number,
  section: BtfDatasec,
  found: readonly Extern[],
): void {
  const { offsets, size } = layOutConfig(btf, found);
  const entries = section.entries.map((entry) => {
    const type = builder.get(entry.type);
    if (type?.kind !== "var") return entry;
    builder.replace(entry.type, { ...type, linkage: LINKAGE_GLOBAL });
    return { ...entry, offset: offsets.get(nameText(btf, type.nameOff)) ?? entry.offset };
  });
  builder.replace(id, { ...section, entries, size });
}

/**
 * The BTF once libbpf has made variables of its externs, which no kernel takes as such (libbpf `bpf_object__collect_externs`). Undefined
 * where an extern is not described: the object is refused then.
 */
export function withExternsAllocated(btf: Btf, elf: ElfView): Btf | undefined {
  const builder = new BtfBuilder(btf);
  const standIn = addStandIn(builder, btf);
  const found = collect(btf, elf);
  if (found === undefined) return undefined;
  const sections = new Set(found.map(({ section }) => section));
  for (const id of sections) {
    const section = builder.get(id);
    if (section?.kind !== "datasec") continue;
    const name = nameText(btf, section.nameOff);
    if (name === KSYMS) allocateSymbols(builder, btf, id, section, standIn);
    else if (name === KCONFIG)
      allocateConfig(
        builder,
        btf,
        id,
        section,
        found.filter((each) => each.section === id),
      );
    else return undefined;
  }
  return builder.finish();
}
