import { type BtfComposite, type BtfMember, typeById } from "../btf/model.ts";
import type { Side } from "./names.ts";

/** A member as it is compared: its own position and where it lies. */
export interface PlacedMember {
  readonly index: number;
  readonly key: string;
  readonly type: number;
}

/** Members of two records that are the same one. */
export interface MemberPair {
  readonly own: PlacedMember;
  readonly lowered: PlacedMember;
}

/** The members of a record by name and place. */
export function placedMembers(side: Side, type: BtfComposite): PlacedMember[] {
  return type.members.map((member, index) => ({ index, key: placeKey(side, member), type: member.type }));
}

/**
 * The same with a variant part's wrapped tag (`lower/variant-part.ts`: an anonymous STRUCT in a UNION, one anonymous member that does not
 * lie at 0) taken for the tag itself, and a tag that was named for one without name, as LLVM writes them.
 */
export function unwrappedMembers(side: Side, type: BtfComposite): PlacedMember[] {
  return type.members.map((member, index) => {
    const place = type.kind === "union" && index === 0 ? tagOf(side, member) : member;
    return { index, key: placeKey(side, place), type: place.type };
  });
}

function placeKey(side: Side, member: BtfMember): string {
  return `${member.bitOffset}:${member.bitfieldSize}:${side.name(member.nameOff)}`;
}

/** The name of the only member of an enum that was made opaque. */
export const OPAQUE_NAME = "bytes";

/** The name that a repair gives the tag of a variant part; LLVM leaves it without. */
export const TAG_NAME = "tag";

/** A union's first member as LLVM writes it where it may be a variant part's tag: without wrapper and name. */
function tagOf(side: Side, member: BtfMember): BtfMember {
  const tag = wrappedTag(side, member) ?? member;
  return side.name(tag.nameOff) === TAG_NAME ? { ...tag, nameOff: 0 } : tag;
}

function wrappedTag(side: Side, member: BtfMember): BtfMember | undefined {
  if (member.nameOff !== 0 || member.bitOffset !== 0) return undefined;
  const wrapper = typeById(side.btf(), member.type);
  if (wrapper?.kind !== "struct" || wrapper.nameOff !== 0 || wrapper.members.length !== 1) return undefined;
  const tag = wrapper.members[0];
  const isTag = tag !== undefined && (tag.nameOff === 0 || side.name(tag.nameOff) === TAG_NAME);
  return isTag && tag.bitOffset > 0 ? tag : undefined;
}

/**
 * Pairs members of the same name and place, whatever their order; of several such (anonymous unions at one offset) the first goes with
 * the first.
 */
export function matchMembers(own: readonly PlacedMember[], lowered: readonly PlacedMember[]): MemberPair[] {
  const byKey = new Map<string, PlacedMember[]>();
  for (const member of lowered) {
    const others = byKey.get(member.key);
    if (others === undefined) byKey.set(member.key, [member]);
    else others.push(member);
  }
  const used = new Map<string, number>();
  const pairs: MemberPair[] = [];
  for (const member of own) {
    const nth = used.get(member.key) ?? 0;
    const partner = byKey.get(member.key)?.[nth];
    if (partner === undefined) continue;
    used.set(member.key, nth + 1);
    pairs.push({ own: member, lowered: partner });
  }
  return pairs;
}
