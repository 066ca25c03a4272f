import { type Btf, type BtfType, typeById } from "../btf/model.ts";
import { isForwardOf, isRecordLike, sameHead } from "./heads.ts";
import { matchMembers, placedMembers } from "./members.ts";
import { type Side, sideOf } from "./names.ts";

export interface SameTypeOptions {
  /** Whether a FWD is the same as the full record of its name behind a pointer (default "different"). */
  readonly fwd?: "equal" | "different";
}

/** Pairs and members that one comparer looks at before it gives up with "different"; hostile graphs could ask for any number. */
const MAX_STEPS = 50_000_000;

/** Compares types of two blobs; answers are remembered. */
export type TypeComparer = (ownId: number, loweredId: number) => boolean;

/**
 * Whether two types are equal in depth: same kinds, sizes, encodings, counts and names up to bpf-linker's escaping, members of the same
 * name and place (in any order), and the same again for all they refer to. Not compared are names of pointers, index types of arrays
 * and DECL_TAGs. Types that contain themselves are equal when no difference can be reached.
 */
export function sameType(
  own: Btf,
  ownId: number,
  lowered: Btf,
  loweredId: number,
  options: SameTypeOptions = {},
): boolean {
  return typeComparer(
    sideOf(() => own),
    sideOf(() => lowered),
    options,
  )(ownId, loweredId);
}

/** `sameType` for many questions about two sides. */
export function typeComparer(own: Side, lowered: Side, options: SameTypeOptions = {}): TypeComparer {
  const equal = new Map<number, Set<number>>();
  const different = new Map<number, Set<number>>();
  const budget = { left: MAX_STEPS };
  return (ownId, loweredId) => {
    if (equal.get(ownId)?.has(loweredId) === true) return true;
    if (different.get(ownId)?.has(loweredId) === true) return false;
    const assumed = reachable(own, lowered, ownId, loweredId, options.fwd === "equal", equal, budget);
    if (assumed === undefined) {
      note(different, ownId, loweredId);
      return false;
    }
    // No difference is reachable from any of them, so all of them are equal.
    for (const [a, b] of assumed) note(equal, a, b);
    return true;
  };
}

type Pair = readonly [own: number, lowered: number];

function note(pairs: Map<number, Set<number>>, own: number, lowered: number): boolean {
  const known = pairs.get(own);
  if (known === undefined) {
    pairs.set(own, new Set([lowered]));
    return true;
  }
  if (known.has(lowered)) return false;
  known.add(lowered);
  return true;
}

/** All pairs that must be equal for the first to be; undefined as soon as one is not. */
function reachable(
  own: Side,
  lowered: Side,
  ownId: number,
  loweredId: number,
  forwardIsEqual: boolean,
  equal: ReadonlyMap<number, ReadonlySet<number>>,
  budget: { left: number },
): readonly Pair[] | undefined {
  const pairs: Pair[] = [[ownId, loweredId]];
  const seen = new Map<number, Set<number>>();
  note(seen, ownId, loweredId);
  for (let at = 0; at < pairs.length; at++) {
    const pair = pairs[at];
    const children = pair === undefined ? undefined : childPairs(own, lowered, pair, forwardIsEqual);
    if (children === undefined) return undefined;
    budget.left -= 1 + children.length;
    if (budget.left < 0) return undefined;
    for (const [a, b] of children) {
      if (equal.get(a)?.has(b) !== true && note(seen, a, b)) pairs.push([a, b]);
    }
  }
  return pairs;
}

/** What must be equal below a pair; undefined if the two differ themselves. */
function childPairs(own: Side, lowered: Side, [ownId, loweredId]: Pair, forwardIsEqual: boolean): Pair[] | undefined {
  if (ownId === 0 || loweredId === 0) return ownId === loweredId ? [] : undefined;
  const a = typeById(own.btf(), ownId);
  const b = typeById(lowered.btf(), loweredId);
  if (a === undefined || b === undefined) return undefined;
  if (forwardIsEqual && isForward(own, a, lowered, b)) return [];
  if (!sameHead(own, a, lowered, b)) return undefined;
  if ((a.kind === "struct" || a.kind === "union") && (b.kind === "struct" || b.kind === "union")) {
    const members = matchMembers(placedMembers(own, a), placedMembers(lowered, b));
    return members.length === a.members.length ? members.map((pair) => [pair.own.type, pair.lowered.type]) : undefined;
  }
  return referencePairs(a, b);
}

function isForward(own: Side, a: BtfType, lowered: Side, b: BtfType): boolean {
  if (!isRecordLike(a) || !isRecordLike(b)) return false;
  if (a.kind === "fwd") return b.kind !== "fwd" && isForwardOf(own, a, lowered, b);
  return b.kind === "fwd" && isForwardOf(lowered, b, own, a);
}

/** References of two types of equal head, pairwise; members are not among them. */
export function referencePairs(a: BtfType, b: BtfType): Pair[] {
  if (a.kind === "funcProto" && b.kind === "funcProto") {
    const params = a.params.map(({ type }, i): Pair => [type, b.params[i]?.type ?? 0]);
    return [[a.returnType, b.returnType], ...params];
  }
  const from = singleReference(a);
  const to = singleReference(b);
  return from === undefined || to === undefined ? [] : [[from, to]];
}

/** The one type that a pointer, qualifier, typedef, tag or array refers to. */
export function singleReference(type: BtfType): number | undefined {
  switch (type.kind) {
    case "ptr":
    case "typedef":
    case "const":
    case "volatile":
    case "restrict":
    case "typeTag":
    case "array":
      return type.type;
    default:
      return undefined;
  }
}
