import type { Btf, BtfComposite } from "../btf/model.ts";
import { typesOfKind } from "../btf/of-kind.ts";
import { sameHead } from "../join/heads.ts";
import { matchMembers, placedMembers } from "../join/members.ts";
import { type Side, sideOf } from "../join/names.ts";
import type { ObjectState } from "./state.ts";

/** Records of one name and size that are looked at: several are the same type in different modules, thousands are an attack. */
const MAX_CANDIDATES = 4;

function records(btf: Btf): [number, BtfComposite][] {
  const found: [number, BtfComposite][] = [];
  for (const [id, type] of typesOfKind(btf, "struct", "union")) {
    if (type.nameOff !== 0) found.push([id, type]);
  }
  return found;
}

function key(side: Side, type: BtfComposite): string {
  return `${type.kind} ${type.size} ${type.members.length} ${side.name(type.nameOff)}`;
}

/**
 * Records that no VAR or FUNC leads to any more, as where a VAR of `.BTF` names another type than the debug info does: own id → the
 * lowered record of the same name, size and members at the same places, whatever the types of the members. No compiler writes such
 * records, so the usual answer is empty and costs one walk.
 */
export function strayTwins({ btf, join, grafts }: ObjectState): ReadonlyMap<number, number> {
  const twins = new Map<number, number>();
  if (join === undefined) return twins;
  const grafted = new Set(grafts.values());
  const strays = records(btf).filter(([id]) => join.loweredId(id) === undefined && !grafted.has(id));
  if (strays.length === 0) return twins;
  const own = sideOf(() => btf, join.naming);
  const other = sideOf(() => join.lowered.btf(), join.naming);
  const candidates = new Map<string, [number, BtfComposite][]>();
  for (const record of records(join.lowered.btf())) {
    const head = key(other, record[1]);
    const others = candidates.get(head) ?? [];
    if (others.length < MAX_CANDIDATES) candidates.set(head, [...others, record]);
  }
  for (const [id, type] of strays) {
    const twin = candidates.get(key(own, type))?.find(([, candidate]) => {
      const pairs = matchMembers(placedMembers(own, type), placedMembers(other, candidate));
      return sameHead(own, type, other, candidate) && pairs.length === type.members.length;
    });
    if (twin !== undefined) twins.set(id, twin[0]);
  }
  return twins;
}
