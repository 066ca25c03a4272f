import { type BtfType, typeById, typesWithIds } from "../btf/model.ts";
import type { Side } from "./names.ts";
import { type SameTypeOptions, singleReference, typeComparer } from "./same-type.ts";

/** How far a key looks along pointers, qualifiers and arrays. */
const KEY_DEPTH = 4;

/** Lowest own id that is the lowered type, or undefined. */
export type FindOwn = (loweredId: number) => number | undefined;

/**
 * Finds an existing own type for a lowered one, by structure alone: candidates share a key of kinds, names and sizes, and are then
 * compared in depth (`sameType`). The index over all own types is built at the first question.
 */
export function ownIndex(own: Side, lowered: Side, options: SameTypeOptions = {}): FindOwn {
  const same = typeComparer(own, lowered, options);
  const answers = new Map<number, number | undefined>();
  let index: ReadonlyMap<string, readonly number[]> | undefined;
  return (loweredId) => {
    if (loweredId === 0) return 0;
    if (answers.has(loweredId)) return answers.get(loweredId);
    index ??= indexOwn(own);
    const found = index.get(typeKey(lowered, loweredId))?.find((ownId) => same(ownId, loweredId));
    answers.set(loweredId, found);
    return found;
  };
}

function indexOwn(own: Side): Map<string, number[]> {
  const index = new Map<string, number[]>();
  for (const [id] of typesWithIds(own.btf())) {
    const key = typeKey(own, id);
    const others = index.get(key);
    if (others === undefined) index.set(key, [id]);
    else others.push(id);
  }
  return index;
}

/**
 * What equal types must have in common. Records that are referred to count by name alone (a FWD may stand for one), so that a key costs
 * no more than a few steps.
 */
function typeKey(side: Side, id: number): string {
  let at = id;
  let key = "";
  for (let depth = 0; depth < KEY_DEPTH; depth++) {
    if (at === 0) return `${key}void`;
    const type = typeById(side.btf(), at);
    if (type === undefined) return `${key}nothing`;
    key += `${ownKey(side, type, depth === 0)}/`;
    const next = singleReference(type);
    if (next === undefined) return key;
    at = next;
  }
  return key;
}

function ownKey(side: Side, type: BtfType, root: boolean): string {
  switch (type.kind) {
    case "struct":
    case "union":
      return root
        ? `${type.kind} ${type.size} ${type.members.length} ${side.name(type.nameOff)}`
        : `record ${side.name(type.nameOff)}`;
    case "fwd":
      return `${root ? "fwd" : "record"} ${side.name(type.nameOff)}`;
    case "int":
    case "float":
    case "enum":
    case "enum64":
      return `${type.kind} ${type.size} ${side.name(type.nameOff)}`;
    case "array":
      return `array ${type.nelems}`;
    case "funcProto":
      return `proto ${type.params.length}`;
    case "typedef":
    case "typeTag":
      return `${type.kind} ${side.name(type.nameOff)}`;
    default:
      return type.kind;
  }
}
