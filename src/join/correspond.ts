import type { BtfExt } from "../btf/ext-model.ts";
import { type Btf, typeById } from "../btf/model.ts";
import { AT, ATE, TAG } from "../dwarf/constants.ts";
import type { DieRow, SourcePlace } from "../dwarf/model.ts";
import type { ElfView } from "../elf/model.ts";
import type { LoweredBtf, LoweredFunction, LoweredVariable } from "../lower/model.ts";
import { type Anchors, findAnchors } from "./anchors.ts";
import { compatibility } from "./compatible.ts";
import { matchMembers, unwrappedMembers } from "./members.ts";
import type { Correspondence } from "./model.ts";
import { type Side, sideOf } from "./names.ts";
import { matchParams } from "./params.ts";
import { referencePairs } from "./same-type.ts";

type Pair = readonly [own: number, lowered: number];

/**
 * Joins an object's own BTF with the lowered one. Starting from the anchors (VAR ↔ symbol, FUNC ↔ place in the code) both graphs are
 * walked side by side; each pair on the way is checked by structure (`compatibility`), and what fails is left out without keeping its
 * parts from being tried: a VAR bent to another STRUCT costs that pair alone.
 *
 * An own FWD is paired with the record that it stands for, but is not among `ownIds` of that record.
 */
export function correspond(elf: ElfView, btf: Btf, ext: BtfExt | undefined, lowered: LoweredBtf): Correspondence {
  const own = sideOf(() => btf);
  const other = sideOf(() => lowered.btf());
  const anchors = findAnchors(elf, own, ext, lowered);
  const loweredOf = pairTypes(own, other, lowered, startingPairs(own, anchors));
  const ownOf = new Map<number, number[]>();
  for (const [ownId, loweredId] of [...loweredOf].sort(([a], [b]) => a - b)) {
    const forward = typeById(btf, ownId)?.kind === "fwd" && typeById(lowered.btf(), loweredId)?.kind !== "fwd";
    if (forward) continue;
    const ids = ownOf.get(loweredId);
    if (ids === undefined) ownOf.set(loweredId, [ownId]);
    else ids.push(ownId);
  }
  const protoOwners = new Map<number, LoweredFunction>();
  for (const [id, fn] of anchors.functions) {
    const type = typeById(btf, id);
    if (type?.kind === "func" && !protoOwners.has(type.type)) protoOwners.set(type.type, fn);
  }

  const row = (ownId: number, member?: number): DieRow | undefined => {
    const fn = anchors.functions.get(ownId) ?? protoOwners.get(ownId);
    if (fn !== undefined) return member === undefined ? fn.row : paramRow(own, ownId, fn, member);
    const variable = anchors.variables.get(ownId);
    if (variable !== undefined) return variable.row;
    const loweredId = loweredOf.get(ownId);
    if (loweredId === undefined) return undefined;
    return member === undefined ? lowered.rowOf(loweredId) : memberRow(own, other, lowered, [ownId, loweredId], member);
  };
  return {
    lowered,
    loweredId: (ownId: number): number | undefined => loweredOf.get(ownId),
    ownIds: (loweredId: number): readonly number[] => ownOf.get(loweredId) ?? [],
    variable: (ownVarId: number): LoweredVariable | undefined => anchors.variables.get(ownVarId),
    function: (ownFuncId: number): LoweredFunction | undefined => anchors.functions.get(ownFuncId),
    row,
    place(ownId: number, member?: number): SourcePlace | undefined {
      const at = row(ownId, member);
      return at === undefined ? undefined : lowered.dwarf.place(at);
    },
  };
}

function startingPairs(own: Side, anchors: Anchors): Pair[] {
  const pairs: Pair[] = [];
  const btf = own.btf();
  for (const [id, variable] of anchors.variables) {
    const type = typeById(btf, id);
    if (type?.kind === "var") pairs.push([type.type, variable.typeId]);
  }
  for (const [id, fn] of anchors.functions) {
    const func = typeById(btf, id);
    const proto = func?.kind === "func" ? typeById(btf, func.type) : undefined;
    if (proto?.kind !== "funcProto") continue;
    pairs.push([proto.returnType, fn.returnTypeId]);
    for (const [index, param] of matchParams(own, proto, fn).entries()) {
      const type = proto.params[index]?.type;
      if (type !== undefined && param !== undefined) pairs.push([type, param.typeId]);
    }
  }
  return pairs;
}

/** Walks both graphs from the starting pairs, breadth first, and returns the pairs that hold: own id → lowered id. */
function pairTypes(own: Side, other: Side, lowered: LoweredBtf, start: readonly Pair[]): Map<number, number> {
  const compatible = compatibility(own, other, (loweredId) => isUtf(lowered, loweredId));
  const paired = new Map<number, number>();
  const seen = new Map<number, Set<number>>();
  const queue: Pair[] = [];
  const enqueue = (pairs: readonly Pair[]): void => {
    for (const [ownId, loweredId] of pairs) {
      if (ownId === 0 || loweredId === 0) continue;
      const known = seen.get(ownId) ?? new Set();
      if (known.has(loweredId)) continue;
      seen.set(ownId, known.add(loweredId));
      queue.push([ownId, loweredId]);
    }
  };
  enqueue(start);
  // A sane object needs about one pair a type; a scrambled one must not cost the product of both sides.
  const limit = start.length + 8 * (own.btf().types.length + other.btf().types.length) + 1000;
  for (let at = 0; at < queue.length && at < limit; at++) {
    const pair = queue[at];
    if (pair === undefined) break;
    const [ownId, loweredId] = pair;
    if (!paired.has(ownId) && typeById(own.btf(), ownId) !== undefined && compatible(ownId, loweredId)) {
      paired.set(ownId, loweredId);
    }
    enqueue(partsOf(own, other, pair));
  }
  return paired;
}

/** Pairs one step further: references, prototypes by position, members by name and place. */
function partsOf(own: Side, other: Side, [ownId, loweredId]: Pair): Pair[] {
  const a = typeById(own.btf(), ownId);
  const b = typeById(other.btf(), loweredId);
  if (a === undefined || b === undefined) return [];
  if ((a.kind === "struct" || a.kind === "union") && (b.kind === "struct" || b.kind === "union")) {
    const members = matchMembers(unwrappedMembers(own, a), unwrappedMembers(other, b));
    return members.map((pair) => [pair.own.type, pair.lowered.type]);
  }
  if (a.kind !== b.kind) return [];
  const index: Pair[] = a.kind === "array" && b.kind === "array" ? [[a.indexType, b.indexType]] : [];
  return [...referencePairs(a, b), ...index];
}

function isUtf(lowered: LoweredBtf, loweredId: number): boolean {
  const row = lowered.rowOf(loweredId);
  const { dwarf } = lowered;
  return row !== undefined && dwarf.tag(row) === TAG.baseType && dwarf.number(row, AT.encoding) === ATE.utf;
}

function paramRow(own: Side, ownId: number, fn: LoweredFunction, index: number): DieRow | undefined {
  const type = typeById(own.btf(), ownId);
  const proto = type?.kind === "func" ? typeById(own.btf(), type.type) : type;
  return proto?.kind === "funcProto" ? matchParams(own, proto, fn)[index]?.row : undefined;
}

/** Members lie elsewhere in the lowered record (sorted, tag wrapped); enumerators and parameters do not. */
function memberRow(
  own: Side,
  other: Side,
  lowered: LoweredBtf,
  [ownId, loweredId]: Pair,
  member: number,
): DieRow | undefined {
  const a = typeById(own.btf(), ownId);
  const b = typeById(other.btf(), loweredId);
  if ((a?.kind === "struct" || a?.kind === "union") && (b?.kind === "struct" || b?.kind === "union")) {
    const pairs = matchMembers(unwrappedMembers(own, a), unwrappedMembers(other, b));
    const partner = pairs.find((pair) => pair.own.index === member)?.lowered;
    return partner === undefined ? undefined : lowered.memberRow(loweredId, partner.index);
  }
  return lowered.memberRow(loweredId, member);
}
