/** Special fields of a map's value: which kinds of maps may have them (`map_check_btf`, `btf_check_and_fixup_fields`). */
import { KIND_NUMBER } from "../../../btf/model.ts";
import { ENTRY_SIZE, MEMBER_SIZE, memberBits } from "../lists.ts";
import type { KernelProfile } from "../profile.ts";
import { E2BIG, EFAULT, ENOTSUPP, type KernelRule } from "../rule.ts";
import { type Field, fieldsOfValue, isSpecial } from "../special-fields.ts";
import type { SpecialField } from "../special-types.ts";
import { Refusal, type Subject } from "../subject.ts";
import type { MapAttributes } from "./attributes.ts";
import { MAP_FLAG, MAP_KIND, PROGRAM_ACCESS_FLAGS } from "./kinds.ts";
import { mapRule } from "./rule.ts";

const EACCES = 13;
const EOPNOTSUPP = 95;
const PAGE = 4096;

const KC_29 = mapRule(
  "KC-29",
  "Maps with special fields are read and written by programs.",
  "syscall.c map_check_btf",
  {
    errno: EACCES,
  },
);
const KC_30 = mapRule(
  "KC-30",
  "The special fields of values are those that the kind may have.",
  "syscall.c map_check_btf",
  {
    errno: EOPNOTSUPP,
  },
);
const KC_31 = mapRule(
  "KC-31",
  "What lists and trees in values own is a struct that the kernel knows special fields of.",
  "btf.c btf_check_and_fixup_fields",
  { errno: EFAULT, since: "6.12" },
);
const KC_32 = mapRule(
  "KC-32",
  "A pointer to user memory is to a struct of at most a page.",
  "btf.c btf_check_and_fixup_fields",
  {
    errno: E2BIG,
    since: "6.18",
  },
);

export const fieldRules: readonly KernelRule[] = [KC_29, KC_30, KC_31, KC_32];

/** A rule that is broken, and what the call returns. */
export interface Broken {
  readonly rule: KernelRule;
  readonly errno: number;
}

const { hash, rhash, array, percpuHash, percpuArray, lruHash, lruPercpuHash, cgroupStorage } = MAP_KIND;
const { skStorage, inodeStorage, taskStorage, cgrpStorage } = MAP_KIND;
const STORAGES = [skStorage, inodeStorage, taskStorage, cgrpStorage];
const OF_LOCKS: readonly number[] = [hash, rhash, array, cgroupStorage, ...STORAGES];
const OF_LISTS: readonly number[] = [hash, lruHash, array];
const OF_TIMERS: readonly number[] = [...OF_LISTS, rhash];
const OF_POINTERS: readonly number[] = [
  hash,
  rhash,
  percpuHash,
  lruHash,
  lruPercpuHash,
  array,
  percpuArray,
  ...STORAGES,
];

/** Kinds of maps whose values may have a field. */
const KINDS_OF: Readonly<Partial<Record<SpecialField, readonly number[]>>> = {
  lock: OF_LOCKS,
  "resilient lock": OF_LOCKS,
  timer: OF_TIMERS,
  workqueue: OF_TIMERS,
  "task work": OF_TIMERS,
  pointer: OF_POINTERS,
  refcount: OF_POINTERS,
  "user pointer": [taskStorage],
  "list head": OF_LISTS,
  "tree root": OF_LISTS,
};

/** What is wrong with the special fields of a value of this type; a value whose fields are not in order has none for the kernel. */
export function brokenFields(map: MapAttributes, subject: Subject, value: number): Broken | undefined {
  const { profile } = subject;
  if (!profile.specialFields) return brokenOldFields(map, subject, value);
  const fields = soundFields(subject, value);
  if (fields.length === 0) return undefined;
  if ((flagsOf(map) & PROGRAM_ACCESS_FLAGS) !== 0) return { rule: KC_29, errno: EACCES };
  if (fields.some(({ type }) => !KINDS_OF[type.field]?.includes(map.type))) return { rule: KC_30, errno: EOPNOTSUPP };
  for (const { value: owned, target } of fields) {
    if (owned !== undefined && !isSpecial(subject, owned)) return { rule: KC_31, errno: EFAULT };
    if (target === undefined) continue;
    const size = subject.word(subject.at(target));
    if (size === 0) return { rule: KC_32, errno: 22 };
    if (size > PAGE) return { rule: KC_32, errno: E2BIG };
  }
  return undefined;
}

/** Read-only for programs, whatever the flags are. */
const READ_ONLY: readonly number[] = [MAP_KIND.devmap, MAP_KIND.devmapHash, MAP_KIND.insnArray];

function flagsOf({ type, mapFlags }: MapAttributes): number {
  return READ_ONLY.includes(type) ? mapFlags | MAP_FLAG.readOnlyProg : mapFlags;
}

function soundFields(subject: Subject, value: number): readonly Field[] {
  try {
    return fieldsOfValue(subject, value);
  } catch (refusal) {
    if (refusal instanceof Refusal) return [];
    throw refusal;
  }
}

/**
 * Up to 6.1: a lock, and since then a timer, among the members themselves. Pointers to the kernel's own types are fields too in 6.1, which
 * nobody can tell without its BTF.
 */
function brokenOldFields(map: MapAttributes, subject: Subject, value: number): Broken | undefined {
  const { release } = subject.profile;
  const isReadOnly = (flagsOf(map) & MAP_FLAG.readOnlyProg) !== 0;
  if (hasLoneField(subject, value, "bpf_spin_lock", 4, 4)) {
    if (isReadOnly) return { rule: KC_29, errno: EACCES };
    if (!OF_LOCKS.includes(map.type)) return { rule: KC_30, errno: ENOTSUPP };
  }
  if (release === "5.10" || !hasLoneField(subject, value, "bpf_timer", 16, 8)) return undefined;
  if (isReadOnly) return { rule: KC_29, errno: EACCES };
  return OF_TIMERS.includes(map.type) ? undefined : { rule: KC_30, errno: EOPNOTSUPP };
}

const { struct, datasec } = KIND_NUMBER;
const LONGEST = 20;

/** Whether a value has just one field of that type, in order (`btf_find_spin_lock`, `btf_find_timer`). */
export function hasLoneField(subject: Subject, value: number, name: string, size: number, alignment: number): boolean {
  const { release } = subject.profile;
  let found = 0;
  for (const place of placesOf(subject, value)) {
    const at = subject.at(place.type);
    const isNamed = subject.string(subject.nameOff(at), LONGEST) === name;
    const isSized = subject.kind(place.type) === struct && subject.word(at) === size;
    const isLooked = place.size === 0 || place.size === size;
    if (!isNamed || !isLooked || (release === "5.10" && !isSized)) continue;
    if (place.bits % (8 * alignment) !== 0) return false;
    if (isSized) found++;
  }
  return found === 1;
}

interface Place {
  readonly type: number;
  readonly bits: number;
  /** Of the entry of a DATASEC; 0 for members. */
  readonly size: number;
}

function placesOf(subject: Subject, value: number): readonly Place[] {
  const at = subject.at(value);
  const kind = subject.kind(value);
  if (kind === struct) {
    return Array.from({ length: subject.vlen(at) }, (_, index) => {
      const member = subject.tail(at) + index * MEMBER_SIZE;
      return { type: subject.u32(member + 4), bits: memberBits(subject, at, member), size: 0 };
    });
  }
  if (kind !== datasec || subject.profile.release === "5.10") return [];
  return Array.from({ length: subject.vlen(at) }, (_, index) => {
    const entry = subject.tail(at) + index * ENTRY_SIZE;
    const type = subject.word(subject.at(subject.u32(entry)));
    return { type, bits: subject.u32(entry + 4) * 8, size: subject.u32(entry + 8) };
  });
}

/** Whether maps of maps may not hold this one, since its values have a lock: up to 6.1. */
export function isLocked(subject: Subject, value: number, { specialFields }: KernelProfile): boolean {
  return !specialFields && hasLoneField(subject, value, "bpf_spin_lock", 4, 4);
}
