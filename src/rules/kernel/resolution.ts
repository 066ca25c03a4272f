import { KIND_NUMBER } from "../../btf/model.ts";
import { MISSING, type Subject, VOID } from "./subject.ts";

const {
  int,
  ptr,
  array,
  struct,
  union,
  enum: enum32,
  enum64,
  fwd,
  func,
  funcProto,
  datasec,
  float,
  declTag,
} = KIND_NUMBER;
const variable = KIND_NUMBER.var;

function kinds(...numbers: readonly number[]): readonly boolean[] {
  const table = new Array<boolean>(20).fill(false);
  for (const number of numbers) table[number] = true;
  return table;
}

const MODIFIERS = kinds(
  KIND_NUMBER.typedef,
  KIND_NUMBER.volatile,
  KIND_NUMBER.const,
  KIND_NUMBER.restrict,
  KIND_NUMBER.typeTag,
);
const HAVE_SIZE = kinds(int, struct, union, enum32, enum64, datasec, float, array, ptr);
const UNSIZED = kinds(VOID, fwd, func, funcProto);
const SOURCES = kinds(variable, datasec, declTag);
/** FUNC apart, which some releases resolve. */
const NEED_RESOLVE = MODIFIERS.map(
  (is, kind) => is || SOURCES[kind] === true || kind === ptr || kind === array || isStruct(kind),
);

export function isModifier(kind: number): boolean {
  return MODIFIERS[kind] === true;
}

/** `btf_type_nosize_or_null`. */
export function isUnsized(kind: number): boolean {
  return kind === MISSING || UNSIZED[kind] === true;
}

/** `btf_type_is_resolve_source_only`: nothing may refer to these as the type of a value. */
export function isSourceOnly(kind: number): boolean {
  return SOURCES[kind] === true;
}

export function isStruct(kind: number): boolean {
  return kind === struct || kind === union;
}

/** `sizeof(void *)` of every kernel that the profiles describe. */
export const POINTER_SIZE = 8;

/** What the walk is after: decided by the first type that has a say, and kept until the root is done. */
export type ResolveMode = "undecided" | "pointer" | "aggregate";

/** How far the second pass has come (`btf->resolved_ids`, `resolved_sizes`, `visit_states`), by type id. */
export interface Resolution {
  readonly subject: Subject;
  readonly resolvedIds: Uint32Array;
  readonly resolvedSizes: Uint32Array;
  /** 0 not seen, 1 on the way, 2 done. */
  readonly states: Uint8Array;
}

export const SEEN = 1;
export const DONE = 2;

export function isDone({ states }: Resolution, id: number): boolean {
  return states[id] === DONE;
}

/** `btf_type_needs_resolve`. */
export function needsResolve({ subject }: Resolution, kind: number): boolean {
  if (kind === func) return subject.fact("resolvesFuncs");
  return NEED_RESOLVE[kind] === true;
}

/** `env_type_is_resolve_sink`: where a walk of this mode need not go on. */
export function isSink(resolution: Resolution, mode: ResolveMode, kind: number): boolean {
  if (mode === "undecided") return !needsResolve(resolution, kind);
  if (isModifier(kind)) return false;
  return mode === "pointer" ? kind !== ptr : kind !== array && !isStruct(kind);
}

/** `btf_type_id_size`, which knows of modifiers and variables what the walk has found: the id of the type that has the size, 0 if none has. */
export function sizedType({ subject, resolvedIds }: Resolution, id: number): number {
  const kind = subject.kind(id);
  if (!isModifier(kind) && kind !== variable) return HAVE_SIZE[kind] === true ? id : 0;
  const target = resolvedIds[id] ?? 0;
  return HAVE_SIZE[subject.kind(target)] === true ? target : 0;
}

/** Bytes of a type that `sizedType` has found; 0 for id 0. */
export function sizeOf({ subject, resolvedSizes }: Resolution, id: number): number {
  const kind = subject.kind(id);
  if (kind === ptr) return POINTER_SIZE;
  if (kind === array) return resolvedSizes[id] ?? 0;
  return kind === VOID ? 0 : subject.word(subject.at(id));
}
