import type { BtfBuilder } from "../btf/builder.ts";
import { escapeName } from "../btf/escape.ts";
import { type Btf, type BtfMember, typesWithIds } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import type { LegacyDefinition } from "../maps/legacy-definition.ts";
import { type LegacyPlan, type LegacyType, NESTED_MEMBER } from "../maps/legacy-types.ts";
import { arrayIndex } from "./bytes-type.ts";

/** The STRUCT of one definition: its own id and its length in bytes. */
export interface DefinitionStruct {
  readonly id: number;
  readonly size: number;
}

/** Writes the struct that libbpf, cilium/ebpf and aya read a map from; equal ones are written once. */
export type LegacyWriter = (definition: LegacyDefinition, plan: LegacyPlan) => DefinitionStruct;

const encoder = new TextEncoder();
/** Bytes of a pointer: every member of a definition is one. */
const POINTER = 8;
/** BTF_INT_SIGNED, BTF_INT_CHAR and BTF_INT_BOOL all clear. */
const UNSIGNED = 0;
/** The kernel counts an array's bytes in 32 bits (`btf_array_resolve`), so a large number needs short elements. */
const MOST_BYTES = 0xffff_ffff;

/** What an unsigned integer is called in Rust and in C, by its size. */
const NAMES: Readonly<Record<number, readonly string[]>> = {
  1: ["u8", "unsigned char", "__u8"],
  4: ["u32", "unsigned int", "__u32"],
  8: ["u64", "unsigned long long", "__u64"],
};

/** The INTs of `btf`, or ones appended where it lacks them. */
function integers(btf: Btf, builder: BtfBuilder): (size: number) => number {
  const known = new Map<number, number>();
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind !== "int" || type.encoding !== UNSIGNED || type.bits !== 8 * type.size || known.has(type.size))
      continue;
    if (NAMES[type.size]?.includes(nameText(btf, type.nameOff)) === true) known.set(type.size, id);
  }
  return (size) => {
    const id = known.get(size);
    if (id !== undefined) return id;
    const nameOff = builder.string(NAMES[size]?.[0] ?? `u${8 * size}`);
    const added = builder.add({ kind: "int", nameOff, size, bits: 8 * size, bitOffset: 0, encoding: UNSIGNED });
    known.set(size, added);
    return added;
  };
}

/** A writer on `builder`; `graft` gives the own id of a lowered type. */
export function legacyWriter(btf: Btf, builder: BtfBuilder, graft: (loweredId: number) => number): LegacyWriter {
  const int = integers(btf, builder);
  const written = new Map<string, number>();
  const once = (key: string, add: () => number): number => {
    const id = written.get(key) ?? add();
    written.set(key, id);
    return id;
  };
  const pointer = (type: number): number =>
    once(`pointer ${type}`, () => builder.add({ kind: "ptr", nameOff: 0, type }));
  const uint = (nelems: number): number =>
    once(`uint ${nelems}`, () => {
      const type = int(4 * nelems > MOST_BYTES ? 1 : 4);
      return pointer(builder.add({ kind: "array", nameOff: 0, type, indexType: arrayIndex(btf) ?? int(4), nelems }));
    });
  const record = (name: string, size: number, members: readonly (readonly [string, number, number])[]): number =>
    once(`record ${name} ${JSON.stringify(members)}`, () =>
      builder.add({
        kind: "struct",
        nameOff: builder.string(escapeName(encoder.encode(name))),
        size,
        bitfields: false,
        members: members.map(
          ([member, at, type]): BtfMember => ({
            nameOff: builder.string(member),
            type,
            bitOffset: 8 * at,
            bitfieldSize: 0,
          }),
        ),
      }),
    );

  const pointee = (type: LegacyType): number | undefined => {
    switch (type.how) {
      case "type":
        return graft(type.loweredId);
      case "int":
        return int(type.size);
      case "cgroup":
        return record("bpf_cgroup_storage_key", 16, [
          ["cgroup_inode_id", 0, int(8)],
          ["attach_type", 8, int(4)],
        ]);
      case "trie":
        // bpf(2), BPF_MAP_TYPE_LPM_TRIE: the prefix length in bits, then the data. The name is that of aya's own struct.
        return record(type.name, type.size, [
          ["prefix_len", 0, int(4)],
          ["data", 4, graft(type.loweredId)],
        ]);
      case "arrays":
        return record(type.name, type.size, [[NESTED_MEMBER, 0, graft(type.loweredId)]]);
      case "size":
      case "none":
        return undefined;
    }
  };
  const field = (name: "key" | "value", type: LegacyType): readonly (readonly [string, number])[] => {
    const id = pointee(type);
    if (id !== undefined) return [[name, pointer(id)]];
    return type.how === "size" ? [[`${name}_size`, uint(type.size)]] : [];
  };

  return ({ type, maxEntries, mapFlags, pinning }, plan) => {
    const fields: readonly (readonly [string, number])[] = [
      ["type", uint(type)],
      ...field("key", plan.key),
      ...field("value", plan.value),
      ["max_entries", uint(maxEntries)],
      ...(mapFlags === 0 ? [] : [["map_flags", uint(mapFlags)] as const]),
      ...(pinning === 0 ? [] : [["pinning", uint(pinning)] as const]),
    ];
    const size = POINTER * fields.length;
    const members = fields.map(([name, id], index) => [name, POINTER * index, id] as const);
    return { id: record("", size, members), size };
  };
}
