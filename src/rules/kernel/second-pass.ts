/**
 * Second pass: every type followed to where its size is known (`btf_check_all_types`). A stack of 32 types does what would be a
 * recursion; a type is looked at again after each of those that it waited for.
 */
import { KIND_NUMBER } from "../../btf/model.ts";
import { ENTRY_SIZE, MEMBER_SIZE } from "./lists.ts";
import { entryLine, memberLine, typeLine } from "./log.ts";
import { checkMember, KM_07 } from "./members.ts";
import { checkFunction, checkPrototype } from "./prototypes.ts";
import { KY_02, KY_03 } from "./references.ts";
import {
  DONE,
  isDone,
  isModifier,
  isSink,
  isSourceOnly,
  isStruct,
  isUnsized,
  needsResolve,
  newResolution,
  type Resolution,
  type ResolveMode,
  SEEN,
  sizedType,
} from "./resolution.ts";
import { E2BIG, EEXIST, type KernelRule, kernelRule } from "./rule.ts";
import { isRegularInt } from "./scalars.ts";
import { MISSING, type Subject, VOID } from "./subject.ts";

const MAX_RESOLVE_DEPTH = 32;
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
const KR_03 = kernelRule("KR-03", "PTRs and modifiers form no circle.", "btf_resolve", "Loop detected", {
  errno: EEXIST,
});
const KM_08 = kernelRule("KM-08", "No struct contains itself.", "btf_resolve", "Loop detected", { errno: EEXIST });
const KR_04 = kernelRule(
  "KR-04",
  "At most 32 types wait for each other.",
  "btf_resolve",
  "Exceeded max resolving depth:32",
  { errno: E2BIG },
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

/** A walk from one type; `ids` and `next` are the stack, `mode` what it is after. */
interface Walk extends Resolution {
  readonly ids: number[];
  /** Member or entry with which the type at the same place goes on. */
  readonly next: number[];
  mode: ResolveMode;
}

/** Thrown where the walk cannot go on from a type; the kernel describes the root. */
class WalkEnd extends Error {
  override readonly name = "WalkEnd";
  readonly isLoop: boolean;
  constructor(isLoop: boolean) {
    super("the walk ends");
    this.isLoop = isLoop;
  }
}

/** Follows every type, in the order of ids. */
export function checkReferences(subject: Subject): void {
  const walk: Walk = { ...newResolution(subject), ids: [], next: [], mode: "undecided" };
  for (let id = 1; id < subject.records.length; id++) {
    const kind = subject.kind(id);
    if (needsResolve(walk, kind) && !isDone(walk, id)) resolve(walk, id);
    if (kind === funcProto) checkPrototype(walk, id, (type) => resolve(walk, type));
    if (kind === func && !subject.profile.resolvesFuncs) checkFunction(walk, id);
  }
}

function resolve(walk: Walk, root: number): void {
  const { subject } = walk;
  try {
    start(walk, root);
    for (let top = walk.ids.at(-1); top !== undefined; top = walk.ids.at(-1)) step(walk, top);
  } catch (end) {
    if (!(end instanceof WalkEnd)) throw end;
    const line = (text: string): string => typeLine(subject, root, subject.at(root), text);
    const loop = walk.mode === "aggregate" ? KM_08 : KR_03;
    if (end.isLoop) subject.refuse(loop, root, line("Loop detected"));
    else subject.refuse(KR_04, root, line(`Exceeded max resolving depth:${MAX_RESOLVE_DEPTH}`));
    walk.ids.length = 0;
    walk.next.length = 0;
    return;
  }
  if (!isInOrder(walk, root))
    subject.refuse(KR_07, root, typeLine(subject, root, subject.at(root), "Invalid resolve state"));
}

function start(walk: Walk, root: number): void {
  walk.mode = "undecided";
  push(walk, root);
}

/** `env_stack_push`. */
function push(walk: Walk, id: number): void {
  if (walk.ids.length === MAX_RESOLVE_DEPTH) throw new WalkEnd(false);
  if (walk.states[id] !== 0) throw new WalkEnd(true);
  walk.states[id] = SEEN;
  walk.ids.push(id);
  walk.next.push(0);
  if (walk.mode !== "undecided") return;
  const kind = walk.subject.kind(id);
  if (kind === ptr) walk.mode = "pointer";
  else if (isStruct(kind) || kind === array) walk.mode = "aggregate";
}

/** `env_stack_pop_resolved`. */
function pop(walk: Walk, resolvedId: number, resolvedSize: number): void {
  const id = walk.ids.pop() ?? 0;
  walk.next.pop();
  walk.resolvedIds[id] = resolvedId;
  walk.resolvedSizes[id] = resolvedSize;
  walk.states[id] = DONE;
}

/** True if the walk must first go to the type, which it then does. */
function waitsFor(walk: Walk, type: number): boolean {
  if (isSink(walk, walk.mode, walk.subject.kind(type)) || isDone(walk, type)) return false;
  push(walk, type);
  return true;
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
  const sized = sizedType(walk, type);
  if (sized !== undefined) {
    pop(walk, sized.id, 0);
    return;
  }
  const end = isDone(walk, type) ? (walk.resolvedIds[type] ?? 0) : type;
  const last = subject.kind(end);
  if (last !== VOID && last !== fwd && last !== funcProto) {
    subject.refuse(KR_02, id, typeLine(subject, id, at, INVALID_TYPE));
  }
  pop(walk, end, 0);
}

function stepVariable(walk: Walk, id: number): void {
  const { subject } = walk;
  const at = subject.at(id);
  const type = subject.word(at);
  const kind = subject.kind(type);
  const refuse = (): void => subject.refuse(KV_03, id, typeLine(subject, id, at, INVALID_TYPE));
  if (kind === MISSING || isSourceOnly(kind)) refuse();
  if (waitsFor(walk, type) || waitsForPointer(walk, type)) return;
  const sized = sizedType(walk, type);
  if (sized === undefined) refuse();
  pop(walk, sized?.id ?? type, 0);
}

function stepArray(walk: Walk, id: number): void {
  const { subject } = walk;
  const at = subject.at(id);
  const [type, indexType, count] = [0, 4, 8].map((offset) => subject.u32(subject.tail(at) + offset));
  const refuse = (rule: typeof KY_02, text: string): void => subject.refuse(rule, id, typeLine(subject, id, at, text));
  const element = type ?? 0;
  const index = indexType ?? 0;
  const hasNoSize = (kind: number): boolean => isUnsized(kind) || isSourceOnly(kind);
  if (hasNoSize(subject.kind(index))) refuse(KY_03, "Invalid index");
  if (waitsFor(walk, index)) return;
  const counted = sizedType(walk, index);
  if (counted?.kind !== int || !isRegularInt(subject, subject.at(counted.id))) refuse(KY_03, "Invalid index");
  if (hasNoSize(subject.kind(element))) refuse(KY_02, "Invalid elem");
  if (waitsFor(walk, element)) return;
  const sized = sizedType(walk, element);
  if (sized === undefined) refuse(KY_02, "Invalid elem");
  if (sized?.kind === int && !isRegularInt(subject, subject.at(sized.id))) refuse(KY_04, "Invalid array of int");
  const size = (sized?.size ?? 0) * (count ?? 0);
  if (size > 0xffff_ffff) refuse(KY_05, "Array size overflows U32_MAX");
  pop(walk, sized?.id ?? element, size >>> 0);
}

function stepStruct(walk: Walk, id: number): void {
  const { subject } = walk;
  const at = subject.at(id);
  const count = subject.vlen(at);
  const place = (index: number): number => subject.tail(at) + index * MEMBER_SIZE;
  const top = walk.next.length - 1;
  const first = walk.next[top] ?? 0;
  if (first > 0) checkMember(walk, id, place(first - 1));
  for (let index = first; index < count; index++) {
    const member = place(index);
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
  const top = walk.next.length - 1;
  // Each VAR is a walk of its own kind.
  walk.mode = "undecided";
  for (let index = walk.next[top] ?? 0; index < count; index++) {
    const entry = subject.tail(at) + index * ENTRY_SIZE;
    const type = subject.u32(entry);
    if (subject.kind(type) !== variable) subject.refuse(KD_08, id, entryLine(subject, entry, "Not a VAR kind member"));
    walk.next[top] = index + 1;
    if (waitsFor(walk, type)) return;
    const sized = sizedType(walk, subject.word(subject.at(type)));
    if (sized === undefined) subject.refuse(KD_09, id, entryLine(subject, entry, "Invalid type"));
    else if (subject.u32(entry + 8) < sized.size) subject.refuse(KD_10, id, entryLine(subject, entry, "Invalid size"));
  }
  pop(walk, 0, 0);
}

function stepDeclTag(walk: Walk, id: number): void {
  const { subject } = walk;
  const at = subject.at(id);
  const type = subject.word(at);
  const kind = subject.kind(type);
  const refuse = (rule: typeof KG_03, text: string): void => subject.refuse(rule, id, typeLine(subject, id, at, text));
  const isWhole = kind === variable || kind === typedef;
  if (!isStruct(kind) && kind !== func && !isWhole) refuse(KG_02, INVALID_TYPE);
  if (waitsFor(walk, type)) return;
  const component = subject.i32(subject.tail(at));
  if (component !== -1) {
    if (isWhole) refuse(KG_03, COMPONENT);
    const list = kind === func ? subject.word(subject.at(type)) : type;
    if (component >= subject.vlen(subject.at(list))) refuse(KG_04, COMPONENT);
  }
  pop(walk, type, 0);
}

/** `btf_resolve_valid`. */
function isInOrder(walk: Walk, id: number): boolean {
  const kind = walk.subject.kind(id);
  const resolvedId = walk.resolvedIds[id] ?? 0;
  if (!isDone(walk, id)) return false;
  if (isStruct(kind) || kind === datasec) return resolvedId === 0;
  if (kind === declTag || kind === func) return resolvedId !== 0;
  const end = walk.subject.kind(resolvedId);
  if (kind === array) {
    const at = walk.subject.at(id);
    const element = sizedType(walk, walk.subject.u32(walk.subject.tail(at)));
    const count = walk.subject.u32(walk.subject.tail(at) + 8);
    return element !== undefined && !isModifier(element.kind) && element.size * count === walk.resolvedSizes[id];
  }
  return end !== MISSING && !isModifier(end) && end !== variable && end !== datasec;
}
