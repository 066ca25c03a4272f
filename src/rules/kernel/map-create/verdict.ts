import type { KernelProfile } from "../profile.ts";
import { ENOTSUPP, hasRule, type KernelRule } from "../rule.ts";
import type { HeldBtf } from "../verdict.ts";
import type { MapAttributes } from "./attributes.ts";
import { type Broken, isLocked } from "./fields.ts";
import { MAP_FLAG, MAP_KIND } from "./kinds.ts";
import { type Check, hasCheck, mapRule } from "./rule.ts";
import { type Shape, shapeOf } from "./shapes.ts";
import { brokenTypes, valueTypeOf } from "./types.ts";

const EBADF = 9;

const KC_01 = mapRule("KC-01", "A value's type is given where the key's is.", "syscall.c map_create");
const KC_02 = mapRule(
  "KC-02",
  "Only struct_ops name a type of the kernel's, and then none of the program's.",
  "syscall.c map_create",
);
const KC_03 = mapRule("KC-03", "Kinds that know nothing of map_extra have none.", "syscall.c map_create");
const KC_04 = mapRule("KC-04", "User space may read the map or write it.", "syscall.c bpf_get_file_flag");
const KC_05 = mapRule("KC-05", "The kernel knows the kind of map.", "syscall.c map_create");
const KC_21 = mapRule("KC-21", "BPF_F_TOKEN_FD comes with a token.", "token.c bpf_token_get_from_fd", {
  since: "6.12",
});
const KC_22 = mapRule(
  "KC-22",
  "A map of maps has a model of what it holds, which is no map of maps.",
  "map_in_map.c bpf_map_meta_alloc",
);
const KC_23 = mapRule(
  "KC-23",
  "The model is of a kind that maps may hold; up to 6.1 its values have no lock.",
  "map_in_map.c bpf_map_meta_alloc",
  {
    errno: ENOTSUPP,
  },
);

const KC_34 = mapRule(
  "KC-34",
  "The first 15 bytes of a map's name are letters, digits, _ and dots.",
  "syscall.c bpf_obj_name_cpy",
);

/** Those of the call itself, which it looks at before those of the kind. */
export const callRules: readonly KernelRule[] = [KC_01, KC_02, KC_03, KC_04, KC_05];
/** Those that it looks at after. */
export const modelRules: readonly KernelRule[] = [KC_21, KC_22, KC_23, KC_34];

/** What BPF_MAP_CREATE says of a map. */
export interface MapCreateVerdict {
  /** Positive; 0 if the map is created. */
  readonly errno: number;
  /** Id of the rule that is broken; undefined if none is. */
  readonly rule: string | undefined;
}

const CREATED: MapCreateVerdict = { errno: 0, rule: undefined };

/**
 * What the kernel of the profile answers to BPF_MAP_CREATE, with its first failure. With `btf` the map is given its type ids, without
 * it none, as loaders do when they try again. An inner map is taken to be there if the kernel creates it with its ids or without; `model`
 * is the BTF that it was created with, which may be another.
 *
 * Not judged: whether there is memory for the map, what the caller may do (it may do all), and what hangs on the kernel's own types:
 * values of struct_ops, and kptrs, which are taken to be to types of the program's own.
 */
export function mapCreateVerdict(
  map: MapAttributes,
  btf: HeldBtf | undefined,
  profile: KernelProfile,
  model: HeldBtf | undefined = btf,
): MapCreateVerdict {
  const asked = btf === undefined ? { ...map, keyTypeId: 0, valueTypeId: 0 } : map;
  const broken = firstBroken(asked, { own: btf, model }, profile);
  return broken === undefined ? CREATED : { errno: broken.errno, rule: broken.rule.id };
}

/** The BTF of a map, and that of the model of what it holds. */
interface Given {
  readonly own: HeldBtf | undefined;
  readonly model: HeldBtf | undefined;
}

function firstBroken(map: MapAttributes, btf: Given, profile: KernelProfile): Broken | undefined {
  const applied = ({ rule, errno }: Broken): Broken | undefined =>
    profile.without.has(rule.id) || !hasRule(profile.release, rule) ? undefined : { rule, errno };
  const shape = shapeOf(map.type, profile.release);
  for (const step of stepsOf(map, shape, btf, profile)) {
    const broken = step();
    const found = broken && applied(broken);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Step = () => Broken | undefined;

/** What the kernel looks at, in its order. */
function stepsOf(map: MapAttributes, shape: Shape | undefined, btf: Given, profile: KernelProfile): readonly Step[] {
  const { release } = profile;
  const isLate = hasRule(release, { since: "7.2" });
  const access = (): Broken | undefined => (isInaccessible(map) ? broken(KC_04) : undefined);
  const call: readonly Step[] = [() => brokenCall(map, shape), ...(isLate ? [] : [access])];
  if (shape === undefined) return [...call, () => broken(KC_05)];
  const isToken = hasRule(release, KC_21) && (map.mapFlags & MAP_FLAG.tokenFd) !== 0;
  const known = isToken ? { ...map, mapFlags: map.mapFlags & ~MAP_FLAG.tokenFd } : map;
  const stepOf = (check: Check): Step => {
    const { rule, errno } = check;
    return () => (hasCheck(release, check) && check.isBroken(known) ? { rule, errno } : undefined);
  };
  return [
    ...call,
    ...shape.check.map(stepOf),
    () => (isToken ? broken(KC_21) : undefined),
    () => brokenModel(known, shape, btf.model, profile),
    ...shape.alloc.map(stepOf),
    () => (hasName(map) ? undefined : broken(KC_34)),
    () => (btf.own === undefined || map.valueTypeId === 0 ? undefined : brokenTypes(known, shape, btf.own)),
    ...(isLate ? [access] : []),
  ];
}

function broken(rule: KernelRule): Broken {
  return { rule, errno: rule.errno };
}

const WITH_EXTRA: readonly number[] = [MAP_KIND.bloomFilter, MAP_KIND.arena, MAP_KIND.rhash];

function brokenCall(map: MapAttributes, shape: Shape | undefined): Broken | undefined {
  const { type, mapExtra, keyTypeId, valueTypeId, kernelTypeId = 0 } = map;
  const hasIds = keyTypeId !== 0 || valueTypeId !== 0;
  if (kernelTypeId !== 0 && (type !== MAP_KIND.structOps || hasIds)) return broken(KC_02);
  if (keyTypeId !== 0 && valueTypeId === 0) return broken(KC_01);
  return mapExtra !== 0n && (shape === undefined || !WITH_EXTRA.includes(type)) ? broken(KC_03) : undefined;
}

function isInaccessible({ mapFlags }: MapAttributes): boolean {
  const { readOnly, writeOnly } = MAP_FLAG;
  return (mapFlags & readOnly) !== 0 && (mapFlags & writeOnly) !== 0;
}

const LONGEST_NAME = 15;
/** `isalnum` of the kernel, which knows the letters of Latin-1, and what else a name may have. */
const NAME_BYTES: RegExp = /^[\w.\xc0-\xd6\xd8-\xf6\xf8-\xff]*$/;

function hasName({ kernelName = "" }: MapAttributes): boolean {
  const bytes = new TextEncoder().encode(kernelName).subarray(0, LONGEST_NAME);
  return NAME_BYTES.test(String.fromCharCode(...bytes));
}

function brokenModel(
  { inner }: MapAttributes,
  { isOfMaps }: Shape,
  btf: HeldBtf | undefined,
  profile: KernelProfile,
): Broken | undefined {
  if (isOfMaps === undefined) return undefined;
  // Descriptor 0 is open, but no map.
  if (inner === undefined) return broken(KC_22);
  const isTyped = btf !== undefined && mapCreateVerdict(inner, btf, profile).errno === 0;
  const isCreated = isTyped || mapCreateVerdict(inner, undefined, profile).errno === 0;
  const shape = isCreated ? shapeOf(inner.type, profile.release) : undefined;
  if (shape === undefined) return { rule: KC_22, errno: EBADF };
  if (shape.isOfMaps) return broken(KC_22);
  if (shape.asInner !== undefined) return { rule: KC_23, errno: shape.asInner };
  return isTyped && isLocked(btf.subject, valueTypeOf(btf, inner), profile) ? broken(KC_23) : undefined;
}
