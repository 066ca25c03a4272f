/**
 * Second pass: every type followed to where its size is known (`btf_check_all_types`). A stack of 32 types does what would be a
 * recursion; a type is looked at again after each of those that it waited for.
 */
import { KIND_NUMBER } from "../../btf/model.ts";
import { ENTRY_SIZE, MEMBER_SIZE } from "./lists.ts";
import { entryLine, memberLine, typeLine } from "./log.ts";
import { checkMember, KM_07 } from "./members.ts";
import { checkFunction, checkPrototype, KF_03 } from "./prototypes.ts";
import { KY_02, KY_03 } from "./references.ts";
import {
  isDone,
  isModifier,
  isSourceOnly,
  isStruct,
  isUnsized,
  needsResolve,
  type Resolution,
  sizedType,
  sizeOf,
} from "./resolution.ts";
import { type KernelRule, kernelRule } from "./rule.ts";
import { isRegularInt } from "./scalars.ts";
import { MISSING, Refusal, type Subject, VOID } from "./subject.ts";
import { giveUp, KM_08, KR_03, KR_04, pop, push, refuse, Walk, waitsFor } from "./walk.ts";

const INVALID_TYPE = "Invalid type_id";
const COMPONENT = "Invalid component_idx";

const KR_01 = kernelRule(
  "KR-01",
  "What a PTR or modifier refers to is there, and is a type of values.",
  "btf_modifier_resolve, btf_ptr_resolve",
  INVALID_TYPE,
);
const KR_02 = kernelRule(
  "KR-02",
  "Modifiers end in a type of known size, in void, FWD or FUNC_PROTO.",
  "btf_modifier_resolve, btf_ptr_resolve",
  INVALID_TYPE,
);
const KR_07 = kernelRule(
  "KR-07",
  "A type that was followed is in order.",
  "btf_resolve_valid",
  "Invalid resolve state",
  {
    unreachable: "a check of the kernel on itself",
  },
);
const KY_04 = kernelRule("KY-04", "INTs in an ARRAY are regular.", "btf_array_resolve", "Invalid array of int");
const KY_05 = kernelRule(
  "KY-05",
  "An ARRAY takes less than 4 GiB.",
  "btf_array_resolve",
  "Array size overflows U32_MAX",
);
const KV_03 = kernelRule("KV-03", "A VAR's type has a size.", "btf_var_resolve", INVALID_TYPE);
const KD_08 = kernelRule("KD-08", "Entries of a DATASEC are VARs.", "btf_datasec_resolve", "Not a VAR kind member");
const KD_09 = kernelRule("KD-09", "The VARs of a DATASEC have a size.", "btf_datasec_resolve", "Invalid type", {
  unreachable: "KV-03 refuses such a VAR before",
});
const KD_10 = kernelRule("KD-10", "An entry is at least as large as its VAR.", "btf_datasec_resolve", "Invalid size");
const KG_02 = kernelRule(
  "KG-02",
  "A DECL_TAG is of a STRUCT, UNION, FUNC, VAR or TYPEDEF.",
  "btf_decl_tag_resolve",
  INVALID_TYPE,
  { since: "6.1" },
);
const KG_03 = kernelRule("KG-03", "VARs and TYPEDEFs have no components.", "btf_decl_tag_resolve", COMPONENT, {
  since: "6.1",
});
const KG_04 = kernelRule(
  "KG-04",
  "component_idx counts a member or parameter that is there.",
  "btf_decl_tag_resolve",
  COMPONENT,
  { since: "6.1" },
);

export const secondPassRules: readonly KernelRule[] = [
  KR_01,
  KR_02,
  KR_03,
  KM_08,
  KR_04,
  KR_07,
  KY_04,
  KY_05,
  KV_03,
  KD_08,
  KD_09,
  KD_10,
  KG_02,
  KG_03,
  KG_04,
];

const { int, ptr, array, typedef, func, funcProto, fwd, datasec, declTag } = KIND_NUMBER;
const variable = KIND_NUMBER.var;

/** Follows every type, in the order of ids; says what each was found to be. */
export function checkReferences(subject: Subject): Resolution {
  const walk = new Walk(subject);
  for (let id = 1; id < subject.count; id++) {
    const kind = subject.kind(id);
    // Of a FUNC by itself all releases say the same; that it is resolved counts where something refers to it.
    const isResolved = kind === func ? subject.profile.resolvesFuncs : needsResolve(walk, kind);
    if (isResolved && !isDone(walk, id)) resolve(walk, id);
    try {
      if (kind === funcProto) checkPrototype(walk, id, resolve);
      if (kind === func && !isResolved) checkFunction(walk, id);
    } catch (thrown) {
      subject.keep(thrown);
    }
  }
  return walk;
}

function resolve(walk: Walk, root: number): void {
  const { subject } = walk;
  walk.root = root;
  walk.mode = "undecided";
  push(walk, root);
  while (walk.depth > 0) {
    const id = walk.ids[walk.depth - 1] ?? 0;
    try {
      step(walk, id);
    } catch (thrown) {
      subject.keep(thrown);
      giveUp(walk, thrown instanceof Refusal && thrown.rule === KF_03);
    }
  }
  if (walk.postponed.length > 0) {
    for (const id of walk.postponed.splice(0)) subject.setUnknown(id, false);
  }
}

function step(walk: Walk, id: number): void {
  const kind = walk.subject.kind(id);
  if (isStruct(kind)) stepStruct(walk, id);
  else if (kind === array) stepArray(walk, id);
  else if (kind === datasec) stepDatasec(walk, id);
  else if (kind === variable) stepVariable(walk, id);
  else if (kind === declTag) stepDeclTag(walk, id);
  else if (kind === func) {
    checkFunction(walk, id);
    pop(walk, walk.subject.word(walk.subject.at(id)), 0);
  } else stepReference(walk, id, kind === ptr);
}

/** A walk through structs stops at a PTR behind modifiers; one through PTRs goes on from there. */
function waitsForPointer(walk: Walk, type: number): boolean {
  if (!isModifier(walk.subject.kind(type))) return false;
  const resolved = walk.resolvedIds[type] ?? 0;
  return walk.subject.kind(resolved) === ptr && waitsFor(walk, resolved);
}

function stepReference(walk: Walk, id: number, isPointer: boolean): void {
  const { subject } = walk;
  const at = subject.at(id);
  const type = subject.word(at);
  const kind = subject.kind(type);
  if (kind === MISSING || isSourceOnly(kind)) subject.refuse(KR_01, id, typeLine(subject, id, at, INVALID_TYPE));
  if (waitsFor(walk, type)) return;
  if (isPointer && waitsForPointer(walk, type)) return;
  if (subject.isUnknown(type)) {
    giveUp(walk);
    return;
  }
  const sized = sizedType(walk, type);
  if (sized !== 0) {
    pop(walk, sized, 0);
    return;
  }
  if (kind === func) subject.fact("resolvesFuncs");
  const end = isDone(walk, type) ? (walk.resolvedIds[type] ?? 0) : type;
  const last = subject.kind(end);
  if (last !== VOID && last !== fwd && last !== funcProto) {
    subject.refuse(KR_02, id, typeLine(subject, id, at, INVALID_TYPE));
  }
  pop(walk, end, 0);
}

function stepVariable(walk: Walk, id: number): void {
  const { subject } = walk;
  const type = subject.word(subject.at(id));
  const kind = subject.kind(type);
  if (kind === MISSING || isSourceOnly(kind)) refuse(walk, KV_03, id, INVALID_TYPE);
  if (waitsFor(walk, type) || waitsForPointer(walk, type)) return;
  if (subject.isUnknown(type)) {
    giveUp(walk);
    return;
  }
  const sized = sizedType(walk, type);
  if (sized === 0) refuse(walk, KV_03, id, INVALID_TYPE);
  pop(walk, sized, 0);
}

function hasNoSize(kind: number): boolean {
  return isUnsized(kind) || isSourceOnly(kind);
}

function isIrregularInt({ subject }: Walk, id: number): boolean {
  return subject.kind(id) === int && !isRegularInt(subject, subject.at(id));
}

function stepArray(walk: Walk, id: number): void {
  const { subject } = walk;
  const tail = subject.tail(subject.at(id));
  const element = subject.u32(tail);
  const index = subject.u32(tail + 4);
  if (hasNoSize(subject.kind(index))) refuse(walk, KY_03, id, "Invalid index");
  if (waitsFor(walk, index)) return;
  const counted = sizedType(walk, index);
  const isIndex = subject.kind(counted) === int && !isIrregularInt(walk, counted);
  if (!isIndex && !subject.isUnknown(index)) refuse(walk, KY_03, id, "Invalid index");
  if (hasNoSize(subject.kind(element))) refuse(walk, KY_02, id, "Invalid elem");
  if (waitsFor(walk, element)) return;
  if (subject.isUnknown(element)) {
    giveUp(walk);
    return;
  }
  const sized = sizedType(walk, element);
  if (sized === 0) refuse(walk, KY_02, id, "Invalid elem");
  if (isIrregularInt(walk, sized)) refuse(walk, KY_04, id, "Invalid array of int");
  const size = sizeOf(walk, sized) * subject.u32(tail + 8);
  if (size > 0xffff_ffff) refuse(walk, KY_05, id, "Array size overflows U32_MAX");
  pop(walk, sized, size);
}

function stepStruct(walk: Walk, id: number): void {
  const { subject } = walk;
  const at = subject.at(id);
  const count = subject.vlen(at);
  const tail = subject.tail(at);
  const top = walk.depth - 1;
  const first = walk.next[top] ?? 0;
  if (first > 0) checkMember(walk, id, tail + (first - 1) * MEMBER_SIZE);
  for (let index = first; index < count; index++) {
    const member = tail + index * MEMBER_SIZE;
    const type = subject.u32(member + 4);
    const kind = subject.kind(type);
    if (isUnsized(kind) || isSourceOnly(kind))
      subject.refuse(KM_07, id, memberLine(subject, at, member, "Invalid member"));
    walk.next[top] = index + 1;
    if (waitsFor(walk, type)) return;
    checkMember(walk, id, member);
  }
  pop(walk, 0, 0);
}

function stepDatasec(walk: Walk, id: number): void {
  const { subject } = walk;
  const at = subject.at(id);
  const count = subject.vlen(at);
  const top = walk.depth - 1;
  // Each VAR is a walk of its own kind.
  walk.mode = "undecided";
  for (let index = walk.next[top] ?? 0; index < count; index++) {
    const entry = subject.tail(at) + index * ENTRY_SIZE;
    const type = subject.u32(entry);
    if (subject.kind(type) !== variable) subject.refuse(KD_08, id, entryLine(subject, entry, "Not a VAR kind member"));
    walk.next[top] = index + 1;
    if (waitsFor(walk, type)) return;
    if (subject.isUnknown(type)) continue;
    const size = sizeOf(walk, sizedType(walk, subject.word(subject.at(type))));
    if (subject.u32(entry + 8) < size) subject.refuse(KD_10, id, entryLine(subject, entry, "Invalid size"));
  }
  pop(walk, 0, 0);
}

function stepDeclTag(walk: Walk, id: number): void {
  const { subject } = walk;
  const at = subject.at(id);
  const type = subject.word(at);
  const kind = subject.kind(type);
  const isWhole = kind === variable || kind === typedef;
  if (!isStruct(kind) && kind !== func && !isWhole) refuse(walk, KG_02, id, INVALID_TYPE);
  if (waitsFor(walk, type)) return;
  const component = subject.i32(subject.tail(at));
  if (component !== -1 && !subject.isUnknown(type)) {
    if (isWhole) refuse(walk, KG_03, id, COMPONENT);
    const list = kind === func ? subject.word(subject.at(type)) : type;
    if (component >= subject.vlen(subject.at(list))) refuse(walk, KG_04, id, COMPONENT);
  }
  pop(walk, type, 0);
}
