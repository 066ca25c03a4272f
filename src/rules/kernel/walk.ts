/** The walk of the second pass: its stack, and what becomes of a type from which it cannot go on (`btf_resolve`). */
import { KIND_NUMBER } from "../../btf/model.ts";
import { typeLine } from "./log.ts";
import { DONE, isDone, isModifier, isSink, isStruct, type Resolution, type ResolveMode, SEEN } from "./resolution.ts";
import { E2BIG, EEXIST, type KernelRule, kernelRule } from "./rule.ts";
import type { Subject } from "./subject.ts";

const MAX_RESOLVE_DEPTH = 32;

export const KR_03: KernelRule = kernelRule(
  "KR-03",
  "PTRs and modifiers form no circle.",
  "btf_resolve",
  "Loop detected",
  {
    errno: EEXIST,
  },
);
export const KM_08: KernelRule = kernelRule("KM-08", "No struct contains itself.", "btf_resolve", "Loop detected", {
  errno: EEXIST,
});
export const KR_04: KernelRule = kernelRule(
  "KR-04",
  "At most 32 types wait for each other.",
  "btf_resolve",
  "Exceeded max resolving depth:32",
  { errno: E2BIG },
);

const { ptr, array, func } = KIND_NUMBER;
const variable = KIND_NUMBER.var;

/**
 * A walk from one type; the first `depth` of `ids` and `next` are the stack, `mode` what it is after. A class, so that V8 gives the walks of
 * all blobs the same form, and code that has become fast stays so.
 */
export class Walk implements Resolution {
  readonly subject: Subject;
  readonly resolvedIds: Uint32Array;
  readonly resolvedSizes: Uint32Array;
  readonly states: Uint8Array;
  readonly ids: Uint32Array = new Uint32Array(MAX_RESOLVE_DEPTH);
  /** Member or entry with which the type at the same place goes on. */
  readonly next: Uint32Array = new Uint32Array(MAX_RESOLVE_DEPTH);
  depth = 0;
  mode: ResolveMode = "undecided";
  /** Where it began, and the last such type of which it was told that it leads too far or back. */
  root = 0;
  refused = 0;
  /** Types that it could not go to from here, and which are to be walked from by themselves. */
  readonly postponed: number[] = [];

  constructor(subject: Subject) {
    const count = subject.count;
    this.subject = subject;
    this.resolvedIds = new Uint32Array(count);
    this.resolvedSizes = new Uint32Array(count);
    this.states = new Uint8Array(count);
  }
}

/** Refuses with a line about the type. */
export function refuse({ subject }: Walk, rule: KernelRule, id: number, text: string): void {
  subject.refuse(rule, id, typeLine(subject, id, subject.at(id), text));
}

/** Ends with a type that is at fault, or depends on one that is. Of the kinds whose size is not in their record nothing is known then. */
export function giveUp(walk: Walk, isKnown = false): void {
  const { subject } = walk;
  const id = walk.ids[walk.depth - 1] ?? 0;
  const kind = subject.kind(id);
  if (!isKnown && (isModifier(kind) || kind === array || kind === variable || kind === func)) subject.setUnknown(id);
  pop(walk, 0, 0);
}

/** Ends the walk where the kernel does, with a line about the root; what goes on behind it takes the type for unknown. */
function refuseRoot(walk: Walk, type: number, isLoop: boolean): void {
  const { subject, root } = walk;
  if (walk.refused !== root) {
    walk.refused = root;
    try {
      if (!isLoop) refuse(walk, KR_04, root, `Exceeded max resolving depth:${MAX_RESOLVE_DEPTH}`);
      else refuse(walk, walk.mode === "aggregate" ? KM_08 : KR_03, root, "Loop detected");
    } catch (thrown) {
      subject.keep(thrown, true);
    }
  }
  subject.setUnknown(type);
  if (!isLoop) walk.postponed.push(type);
  // The circle itself; what only leads to it is in order but for that.
  else for (let at = walk.depth - 1; at >= 0 && walk.ids[at] !== type; at--) subject.setUnknown(walk.ids[at] ?? 0);
}

/** `env_stack_push`; false where it refuses. */
export function push(walk: Walk, id: number): boolean {
  const isLoop = walk.states[id] !== 0;
  if (walk.depth === MAX_RESOLVE_DEPTH || isLoop) {
    refuseRoot(walk, id, walk.depth < MAX_RESOLVE_DEPTH);
    return false;
  }
  walk.states[id] = SEEN;
  walk.ids[walk.depth] = id;
  walk.next[walk.depth] = 0;
  walk.depth++;
  if (walk.mode !== "undecided") return true;
  const kind = walk.subject.kind(id);
  if (kind === ptr) walk.mode = "pointer";
  else if (isStruct(kind) || kind === array) walk.mode = "aggregate";
  return true;
}

/** `env_stack_pop_resolved`. */
export function pop(walk: Walk, resolvedId: number, resolvedSize: number): void {
  walk.depth--;
  const id = walk.ids[walk.depth] ?? 0;
  walk.resolvedIds[id] = resolvedId;
  walk.resolvedSizes[id] = resolvedSize;
  walk.states[id] = DONE;
}

/** True if the walk must first go to the type, which it then does. */
export function waitsFor(walk: Walk, type: number): boolean {
  const { subject } = walk;
  if (isSink(walk, walk.mode, subject.kind(type)) || isDone(walk, type) || subject.isUnknown(type)) return false;
  return push(walk, type);
}
