/** Type ids of keys and values (`map_check_btf`, and the `map_check_btf` of each kind). */
import { KIND_NUMBER } from "../../../btf/model.ts";
import { MEMBER_SIZE } from "../lists.ts";
import { sizedType, sizeOf } from "../resolution.ts";
import { ENOTSUPP, hasRule, type KernelRelease, type KernelRule } from "../rule.ts";
import type { HeldBtf } from "../verdict.ts";
import type { MapAttributes } from "./attributes.ts";
import { type Broken, brokenFields } from "./fields.ts";
import { MAP_KIND } from "./kinds.ts";
import { mapRule } from "./rule.ts";
import type { Shape } from "./shapes.ts";

const KC_24 = mapRule("KC-24", "The key's type has a size, which is the key's.", "syscall.c map_check_btf");
const KC_25 = mapRule(
  "KC-25",
  "Where a value's type is given, so is the key's, unless the kind has no keys.",
  "syscall.c map_check_btf",
);
const KC_26 = mapRule("KC-26", "The value's type has a size, which is the value's.", "syscall.c map_check_btf");
const KC_27 = mapRule("KC-27", "The kind takes type ids.", "syscall.c map_check_no_btf", { errno: ENOTSUPP });
const KC_28 = mapRule("KC-28", "The key's type is the one that the kind is about.", "*.c map_check_btf");

export const typeRules: readonly KernelRule[] = [KC_24, KC_25, KC_26, KC_27, KC_28];

const { int, struct, datasec } = KIND_NUMBER;

/** A type that has a size, where modifiers and variables end. */
interface SizedType {
  readonly id: number;
  readonly kind: number;
  readonly size: number;
}

function typeOf({ subject, resolution }: HeldBtf, id: number): SizedType | undefined {
  const found = sizedType(resolution, id);
  return found === 0 ? undefined : { id: found, kind: subject.kind(found), size: sizeOf(resolution, found) };
}

const broken = (rule: KernelRule): Broken => ({ rule, errno: rule.errno });

/** The type of a map's values without modifiers; 0 if it has none, or one without a size. */
export function valueTypeOf({ resolution }: HeldBtf, { valueTypeId }: MapAttributes): number {
  return sizedType(resolution, valueTypeId);
}

/** Releases in which hash tables look for the key's type after the fields; 6.12.117 has it from later ones. */
const LATE_KEYS: readonly KernelRelease[] = ["6.12", "7.2", "7.3"];

/** What is wrong with the type ids of a map, one of which at least is a value's. */
export function brokenTypes(map: MapAttributes, { types }: Shape, btf: HeldBtf): Broken | undefined {
  const key = map.keyTypeId === 0 ? undefined : typeOf(btf, map.keyTypeId);
  if (map.keyTypeId !== 0 && key?.size !== map.keySize) return broken(KC_24);
  const isAskedLate = LATE_KEYS.includes(btf.subject.profile.release);
  if (key === undefined && (types === "both" || (types === "elements" && !isAskedLate))) return broken(KC_25);
  const value = typeOf(btf, map.valueTypeId);
  if (value === undefined || value.size !== map.valueSize) return broken(KC_26);
  return brokenFields(map, btf.subject, value.id) ?? brokenKey(map, types, key, value, btf);
}

function brokenKey(
  map: MapAttributes,
  types: Shape["types"],
  key: SizedType | undefined,
  value: SizedType,
  btf: HeldBtf,
): Broken | undefined {
  const isInt = (bits: number): boolean => key !== undefined && isIntOf(btf, key, bits);
  switch (types) {
    case "none":
      return broken(KC_27);
    case "elements":
      return key === undefined ? broken(KC_25) : undefined;
    case "array":
      if (key === undefined) return isSection(map, value, btf) ? undefined : broken(KC_25);
      return isInt(32) ? undefined : broken(KC_28);
    case "trie":
      if (key === undefined) return broken(KC_25);
      return key.kind === struct ? undefined : broken(KC_28);
    case "int key":
      return isInt(32) ? undefined : broken(KC_28);
    case "no key":
      return key === undefined ? undefined : broken(KC_28);
    case "instructions":
      // The value's type would have 8 bytes, the value has 16.
      return broken(KC_28);
    case "cgroup storage": {
      if (key === undefined) return broken(KC_25);
      const isKey = map.keySize === 16 ? isCgroupKey(btf, key) : isInt(64);
      return isKey ? undefined : broken(KC_28);
    }
    default:
      return undefined;
  }
}

/** `.data` and the like: an array of one section, and no key; arrays of each processor have them later. */
function isSection({ type, maxEntries }: MapAttributes, value: SizedType, { subject }: HeldBtf): boolean {
  const { release } = subject.profile;
  const isArray = type === MAP_KIND.array || hasRule(release, { since: "7.3" });
  return isArray && maxEntries === 1 && value.kind === datasec;
}

/** An INT of so many bits, which begin at the first. */
function isIntOf({ subject }: HeldBtf, { id, kind }: SizedType, bits: number): boolean {
  if (kind !== int) return false;
  const data = subject.u32(subject.tail(subject.at(id)));
  return (data & 0xff) === bits && ((data >>> 16) & 0xff) === 0;
}

/** `struct bpf_cgroup_storage_key`: two members, of 64 and of 32 bits. */
function isCgroupKey(btf: HeldBtf, { id, kind }: SizedType): boolean {
  const { subject } = btf;
  const at = subject.at(id);
  if (kind !== struct || subject.vlen(at) !== 2) return false;
  return isIntMember(btf, at, 0, 0, 8) && isIntMember(btf, at, 1, 8, 4);
}

/** `btf_member_is_reg_int`, offset and size in bytes. */
function isIntMember(btf: HeldBtf, at: number, index: number, offset: number, size: number): boolean {
  const { subject } = btf;
  const member = subject.tail(at) + index * MEMBER_SIZE;
  const type = typeOf(btf, subject.u32(member + 4));
  if (type === undefined) return false;
  // No bitfield: that would stand in the upper bits of the member's place.
  return isIntOf(btf, type, size * 8) && subject.u32(member + 8) === offset * 8;
}
