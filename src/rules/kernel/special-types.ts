import { KIND_NUMBER } from "../../btf/model.ts";
import { isModifier } from "./resolution.ts";
import type { Subject } from "./subject.ts";

/** What the kernel takes a member for that has the name of one of its own objects (`btf_field_type`). */
export type SpecialField =
  | "lock"
  | "resilient lock"
  | "list head"
  | "list node"
  | "tree root"
  | "tree node"
  | "refcount"
  | "pointer"
  | "timer"
  | "workqueue"
  | "task work"
  | "user pointer";

/** A special type: its struct's name, size and alignment in bytes, and whether one struct may have but one. */
export interface SpecialType {
  readonly field: SpecialField;
  readonly name: string;
  readonly size: number;
  readonly alignment: number;
  readonly unique?: true;
}

const RESILIENT_LOCK: SpecialType = {
  field: "resilient lock",
  name: "bpf_res_spin_lock",
  size: 4,
  alignment: 4,
  unique: true,
};

const LIST_NODE: SpecialType = { field: "list node", name: "bpf_list_node", size: 24, alignment: 8 };
const TREE_NODE: SpecialType = { field: "tree node", name: "bpf_rb_node", size: 32, alignment: 8 };

/** Of include/uapi/linux/bpf.h; a struct is parsed if it has a member of one of these types. */
const TYPES: readonly SpecialType[] = [
  { field: "lock", name: "bpf_spin_lock", size: 4, alignment: 4, unique: true },
  { field: "list head", name: "bpf_list_head", size: 16, alignment: 8 },
  LIST_NODE,
  { field: "tree root", name: "bpf_rb_root", size: 16, alignment: 8 },
  TREE_NODE,
  { field: "refcount", name: "bpf_refcount", size: 4, alignment: 4 },
];

/** What the kernel looks for: the special types, and whether pointers to user memory are of interest. */
export interface WantedFields {
  readonly types: readonly SpecialType[];
  readonly userPointers: boolean;
}

const OF_STRUCTS: WantedFields = { types: TYPES, userPointers: false };
const WITH_RESILIENT_LOCKS: WantedFields = { types: [...TYPES, RESILIENT_LOCK], userPointers: false };

/** Those that make structs special (`btf_parse_struct_metas`). */
export function ofStructs(subject: Subject): WantedFields {
  return subject.fact("resilientLocks") ? WITH_RESILIENT_LOCKS : OF_STRUCTS;
}

const TIMER: SpecialType = { field: "timer", name: "bpf_timer", size: 16, alignment: 8, unique: true };
const WORKQUEUE: SpecialType = { field: "workqueue", name: "bpf_wq", size: 16, alignment: 8, unique: true };
const TASK_WORK: SpecialType = { field: "task work", name: "bpf_task_work", size: 8, alignment: 8, unique: true };

/** Those that values of maps may have (`map_check_btf`): no nodes, but what runs later. */
export function ofMaps({ profile }: Subject): WantedFields {
  const common = [...TYPES.filter((type) => type !== LIST_NODE && type !== TREE_NODE), TIMER, WORKQUEUE];
  return {
    types: profile.resilientLocks ? [...common, RESILIENT_LOCK, TASK_WORK] : common,
    userPointers: profile.userPointers,
  };
}

/** Which nodes a head or root owns. */
export const NODE_OF: Readonly<Partial<Record<SpecialField, SpecialType>>> = {
  "list head": LIST_NODE,
  "tree root": TREE_NODE,
};

export const POINTER: SpecialType = { field: "pointer", name: "", size: 8, alignment: 8 };
export const TO_USER: SpecialType = { ...POINTER, field: "user pointer" };

const LONGEST_NAME = 20;
const PREFIX = "bpf_";

/** Whether a name begins as those of all special types: most do not, and need not be read. */
function isSpecialName(subject: Subject, nameOff: number): boolean {
  for (let at = 0; at < PREFIX.length; at++) if (subject.char(nameOff + at) !== PREFIX.charCodeAt(at)) return false;
  return true;
}

/** The special type of that name, found for any kind of type. */
export function specialTypeNamed(
  subject: Subject,
  nameOff: number,
  { types }: WantedFields = ofStructs(subject),
): SpecialType | undefined {
  if (!isSpecialName(subject, nameOff)) return undefined;
  const name = subject.string(nameOff, LONGEST_NAME);
  return types.find((type) => type.name === name);
}

const { ptr, struct, typeTag } = KIND_NUMBER;

/** First STRUCT of each special name (`alloc_obj_fields`), and every tagged pointer: members of these make a struct special. */
export function specialIds(subject: Subject): ReadonlySet<number> {
  const ids = new Set<number>();
  const seen = new Set<string>();
  for (let id = 1; id < subject.count; id++) {
    const kind = subject.kind(id);
    if (kind === struct) {
      const type = specialTypeNamed(subject, subject.nameOff(subject.at(id)), OF_STRUCTS);
      if (type === undefined || seen.has(type.name)) continue;
      seen.add(type.name);
      ids.add(id);
    } else if (taggedPointer(subject, id) === "kptr") ids.add(id);
  }
  return ids;
}

/** The TYPE_TAG of a pointer to user memory, which is no business of BPF_BTF_LOAD where it is known. */
const USER_POINTER = "uptr";

/** TYPE_TAGs that make a pointer one of the kernel's. */
const POINTER_TAGS: ReadonlySet<string> = new Set(["kptr", "kptr_untrusted", "percpu_kptr"]);

function isPointerTag(subject: Subject, text: string): boolean {
  return POINTER_TAGS.has(text) || (text === USER_POINTER && subject.fact("userPointers"));
}

type Tagged = "kptr" | "uptr" | "invalid" | "invalid uptr";

/** What `btf_find_kptr` makes of a type: a kernel pointer, one to user memory, or one that may not be; undefined for nothing of the kind. */
export function taggedPointer(subject: Subject, id: number): Tagged | undefined {
  const pointer = pointerOf(subject, id);
  if (subject.kind(pointer) !== ptr) return undefined;
  const { tag, isMixed } = pointerTag(subject, subject.word(subject.at(pointer)));
  if (tag === undefined) return undefined;
  if (!isPointerTag(subject, tag) || isMixed) return "invalid";
  const target = pointedStruct(subject, pointer);
  if (subject.isUnknown(target)) return undefined;
  if (tag === USER_POINTER) return subject.kind(target) === struct ? "uptr" : "invalid uptr";
  return subject.kind(target) === struct ? "kptr" : "invalid";
}

function pointerOf(subject: Subject, id: number): number {
  return subject.kind(id) === KIND_NUMBER.volatile ? subject.word(subject.at(id)) : id;
}

/** What a pointer with a tag is to, modifiers left out: a STRUCT, where it is in order. */
export function pointedStruct(subject: Subject, id: number): number {
  return chainFrom(subject, subject.word(subject.at(pointerOf(subject, id)))).end;
}

/** The tag that makes a pointer one of the kernel's, and whether another goes with it. */
interface PointerTag {
  readonly tag: string | undefined;
  readonly isMixed: boolean;
}

/** Modifiers that follow each other: where they end, and the first tag of a pointer among them. */
interface Chain extends PointerTag {
  readonly end: number;
}

const NO_TAG: PointerTag = { tag: undefined, isMixed: false };

const chains = new WeakMap<Subject, Map<number, Chain>>();

/** The modifiers from a type on, each followed once however many pointers lead to it: a chain can be as long as the blob. */
function chainFrom(subject: Subject, start: number): Chain {
  const known = chains.get(subject) ?? new Map<number, Chain>();
  chains.set(subject, known);
  const path: number[] = [];
  let id = start;
  for (; isModifier(subject.kind(id)) && !subject.isUnknown(id) && !known.has(id); id = subject.word(subject.at(id))) {
    path.push(id);
  }
  let chain: Chain = known.get(id) ?? { end: id, ...NO_TAG };
  for (const modifier of path.reverse()) {
    if (isTag(subject, modifier)) {
      const tag = tagText(subject, modifier);
      const differs = chain.tag !== undefined && chain.tag !== tag;
      if (isPointerTag(subject, tag)) chain = { end: chain.end, tag, isMixed: chain.isMixed || differs };
    }
    known.set(modifier, chain);
  }
  return chain;
}

function tagText(subject: Subject, id: number): string {
  return subject.string(subject.nameOff(subject.at(id)), LONGEST_NAME);
}

function isTag(subject: Subject, id: number): boolean {
  return subject.kind(id) === typeTag && !subject.kindFlag(subject.at(id));
}

/** Modifiers that follow each other (KR-05), where releases have the rule. */
const MAX_CHAIN = 32;

/** Whether some TYPE_TAG may count; true also of a chain that is too long to tell. */
function hasTag(subject: Subject, target: number): boolean {
  let id = target;
  for (let left = MAX_CHAIN; left > 0; left--) {
    if (!isModifier(subject.kind(id))) return false;
    if (isTag(subject, id)) return true;
    id = subject.word(subject.at(id));
  }
  return true;
}

/** The TYPE_TAG at the target of a pointer that counts: up to 6.18 the first, which must be alone; since then all that are known. */
function pointerTag(subject: Subject, target: number): PointerTag {
  if (!hasTag(subject, target)) return NO_TAG;
  if (subject.fact("skipsOtherTags")) return chainFrom(subject, target);
  if (!isTag(subject, target)) return NO_TAG;
  const isMixed = subject.kind(subject.word(subject.at(target))) === typeTag;
  return { tag: tagText(subject, target), isMixed };
}
