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
const SIZED = kinds(int, struct, union, enum32, enum64, datasec, float);
const UNSIZED = kinds(VOID, fwd, func, funcProto);
const SOURCES = kinds(variable, datasec, declTag);

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

export function newResolution(subject: Subject): Resolution {
  const count = subject.records.length;
  return {
    subject,
    resolvedIds: new Uint32Array(count),
    resolvedSizes: new Uint32Array(count),
    states: new Uint8Array(count),
  };
}

export function isDone({ states }: Resolution, id: number): boolean {
  return states[id] === DONE;
}

/** `btf_type_needs_resolve`. */
export function needsResolve({ subject }: Resolution, kind: number): boolean {
  if (kind === func) return subject.profile.resolvesFuncs;
  return isModifier(kind) || kind === ptr || isStruct(kind) || kind === array || isSourceOnly(kind);
}

/** `env_type_is_resolve_sink`: where a walk of this mode need not go on. */
export function isSink(resolution: Resolution, mode: ResolveMode, kind: number): boolean {
  if (mode === "undecided") return !needsResolve(resolution, kind);
  if (isModifier(kind)) return false;
  return mode === "pointer" ? kind !== ptr : kind !== array && !isStruct(kind);
}

/** A type that has a size, where modifiers end in one. */
export interface SizedType {
  readonly id: number;
  readonly kind: number;
  readonly size: number;
}

/** `btf_type_id_size`, which knows of modifiers and variables what the walk has found. */
export function sizedType({ subject, resolvedIds, resolvedSizes }: Resolution, id: number): SizedType | undefined {
  let target = id;
  let kind = subject.kind(target);
  if (isModifier(kind) || kind === variable) {
    target = resolvedIds[id] ?? 0;
    kind = subject.kind(target);
  }
  if (isUnsized(kind)) return undefined;
  if (SIZED[kind] === true) return { id: target, kind, size: subject.word(subject.at(target)) };
  if (kind === array) return { id: target, kind, size: resolvedSizes[target] ?? 0 };
  return kind === ptr ? { id: target, kind, size: POINTER_SIZE } : undefined;
}
