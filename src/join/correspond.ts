import type { BtfExt } from "../btf/ext-model.ts";
import { type Btf, type BtfType, typeById } from "../btf/model.ts";
import { AT, ATE, TAG } from "../dwarf/constants.ts";
import type { DieRow, SourcePlace } from "../dwarf/model.ts";
import type { ElfView } from "../elf/model.ts";
import type { LoweredBtf, LoweredFunction, LoweredVariable } from "../lower/model.ts";
import { placeOf } from "../lower/place.ts";
import { type Anchors, findAnchors } from "./anchors.ts";
import { compatibility } from "./compatible.ts";
import { legacyPairs } from "./legacy-pairs.ts";
import { matchMembers, unwrappedMembers } from "./members.ts";
import type { Correspondence } from "./model.ts";
import { type Naming, type Side, sideOf } from "./names.ts";
import { matchParams } from "./params.ts";
import { referencePairs } from "./same-type.ts";

/** How often each type may be met, on average, before the walk is given up. */
const MAX_SHARE = 16;

type Pair = readonly [own: number, lowered: number];

/**
 * Joins an object's own BTF with the lowered one. Starting from the anchors (VAR ↔ symbol, FUNC ↔ place in the code) both graphs are
 * walked side by side; each pair on the way is checked by structure (`compatibility`), and what fails is left out without keeping its
 * parts from being tried: a VAR bent to another STRUCT costs that pair alone.
 *
 * An own FWD is paired with the record that it stands for, but is not among `ownIds` of that record.
 */
export function correspond(
  elf: ElfView,
  btf: Btf,
  ext: BtfExt | undefined,
  lowered: LoweredBtf,
  naming: Naming = "escape",
): Correspondence {
  const own = sideOf(() => btf, naming);
  const other = sideOf(() => lowered.btf(), naming);
  const anchors = findAnchors(elf, own, ext, lowered);
  const loweredOf = pairTypes(own, other, lowered, [
    ...startingPairs(own, anchors),
    ...legacyPairs(own, lowered, anchors.variables),
  ]);
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
    if (type?.kind !== "func" || typeById(btf, type.type)?.kind !== "funcProto") continue;
    if (!protoOwners.has(type.type)) protoOwners.set(type.type, fn);
  }

  const partRows = new Map<number, PartRows>();
  const rowsOfParts = (ownId: number): PartRows => {
    const fn = anchors.functions.get(ownId) ?? protoOwners.get(ownId);
    if (fn !== undefined) return paramRows(own, ownId, fn);
    const loweredId = loweredOf.get(ownId);
    return loweredId === undefined ? () => undefined : memberRows(own, other, lowered, [ownId, loweredId]);
  };
  const row = (ownId: number, member?: number): DieRow | undefined => {
    if (member !== undefined) {
      const rows = partRows.get(ownId) ?? rowsOfParts(ownId);
      partRows.set(ownId, rows);
      return rows(member);
    }
    const place = anchors.functions.get(ownId) ?? protoOwners.get(ownId) ?? anchors.variables.get(ownId);
    if (place !== undefined) return place.row;
    const loweredId = loweredOf.get(ownId);
    return loweredId === undefined ? undefined : lowered.rowOf(loweredId);
  };
  return {
    lowered,
    naming,
    loweredId: (ownId: number): number | undefined => loweredOf.get(ownId),
    ownIds: (loweredId: number): readonly number[] => ownOf.get(loweredId) ?? [],
    variable: (ownVarId: number): LoweredVariable | undefined => anchors.variables.get(ownVarId),
    function: (ownFuncId: number): LoweredFunction | undefined => anchors.functions.get(ownFuncId),
    row,
    place(ownId: number, member?: number): SourcePlace | undefined {
      const at = row(ownId, member);
      return at === undefined ? undefined : placeOf(lowered.dwarf, at);
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
  let left = MAX_SHARE * (weight(own.btf()) + weight(other.btf())) + start.length;
  for (let at = 0; at < queue.length; at++) {
    const pair = queue[at];
    if (pair === undefined) break;
    const [ownId, loweredId] = pair;
    left -= weightOf(typeById(own.btf(), ownId)) + weightOf(typeById(other.btf(), loweredId));
    if (left < 0) break;
    if (!paired.has(ownId) && typeById(own.btf(), ownId) !== undefined && compatible(ownId, loweredId)) {
      paired.set(ownId, loweredId);
    }
    enqueue(partsOf(own, other, pair));
  }
  return paired;
}

function weight(btf: Btf): number {
  return btf.types.reduce((sum, type) => sum + weightOf(type), 0);
}

function weightOf(type: BtfType | undefined): number {
  return type?.kind === "struct" || type?.kind === "union" ? 1 + type.members.length : 1;
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

/** DIE of a part (member, enumerator, parameter) by its position in the own type. */
type PartRows = (index: number) => DieRow | undefined;

function paramRows(own: Side, ownId: number, fn: LoweredFunction): PartRows {
  const type = typeById(own.btf(), ownId);
  const proto = type?.kind === "func" ? typeById(own.btf(), type.type) : type;
  const params = proto?.kind === "funcProto" ? matchParams(own, proto, fn) : [];
  return (index) => params[index]?.row;
}

/** Members lie elsewhere in the lowered record (sorted, tag wrapped); enumerators and parameters do not. */
function memberRows(own: Side, other: Side, lowered: LoweredBtf, [ownId, loweredId]: Pair): PartRows {
  const a = typeById(own.btf(), ownId);
  const b = typeById(other.btf(), loweredId);
  if ((a?.kind === "struct" || a?.kind === "union") && (b?.kind === "struct" || b?.kind === "union")) {
    const pairs = matchMembers(unwrappedMembers(own, a), unwrappedMembers(other, b));
    const partners = new Map(pairs.map((pair) => [pair.own.index, pair.lowered.index]));
    return (index) => {
      const partner = partners.get(index);
      return partner === undefined ? undefined : lowered.memberRow(loweredId, partner);
    };
  }
  return (index) => lowered.memberRow(loweredId, index);
}
