import type { BtfBuilder } from "../btf/builder.ts";
import type { BtfExt, CoreRelo } from "../btf/ext-model.ts";
import { type Btf, typeById, typesWithIds } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { skipModifiers } from "../btf/walk.ts";

/** Where a member went: positions from the same record inwards (one, or two where it was wrapped). */
export type MovedMember = (typeId: number, member: number) => readonly number[];

/** First CO-RE kind whose access string is no path into a record (BPF_CORE_TYPE_ID_LOCAL, include/uapi/linux/bpf.h). */
const FIRST_TYPE_KIND = 6;

/** Follows an access string ("0:2:1") through the types before the move and writes it for after. */
function movedAccess(before: Btf, root: number, access: string, moved: MovedMember): string {
  const [first, ...path] = access.split(":").map(Number);
  const result = [first];
  let at = skipModifiers(before, root);
  for (const index of path) {
    const type = typeById(before, at);
    if (type?.kind === "struct" || type?.kind === "union") {
      result.push(...moved(at, index));
      at = skipModifiers(before, type.members[index]?.type ?? 0);
    } else {
      result.push(index);
      at = type?.kind === "array" ? skipModifiers(before, type.type) : 0;
    }
  }
  return result.join(":");
}

function movedRelo(before: Btf, builder: BtfBuilder, relo: CoreRelo, moved: MovedMember): CoreRelo {
  if (relo.kind >= FIRST_TYPE_KIND) return relo;
  const access = nameText(before, relo.accessStrOff);
  if (!/^\d+(:\d+)*$/.test(access)) return relo;
  const written = movedAccess(before, relo.typeId, access, moved);
  return written === access ? relo : { ...relo, accessStrOff: builder.string(written) };
}

/** `.BTF.ext` with every CO-RE access string following the members that moved. */
export function moveAccessStrings(
  before: Btf,
  builder: BtfBuilder,
  ext: BtfExt | undefined,
  moved: MovedMember,
): BtfExt | undefined {
  if (ext?.coreRelo === undefined) return ext;
  const sections = ext.coreRelo.sections.map((section) => ({
    ...section,
    records: section.records.map((relo) => movedRelo(before, builder, relo, moved)),
  }));
  return { ...ext, coreRelo: { ...ext.coreRelo, sections } };
}

/** DECL_TAGs of members follow them: `component` is a position in the tagged record. */
export function moveDeclTags(before: Btf, builder: BtfBuilder, moved: MovedMember): void {
  for (const [id, tag] of typesWithIds(before)) {
    if (tag.kind !== "declTag" || tag.component < 0) continue;
    const target = typeById(before, tag.type);
    if (target?.kind !== "struct" && target?.kind !== "union") continue;
    const component = moved(tag.type, tag.component)[0] ?? tag.component;
    if (component !== tag.component) builder.replace(id, { ...tag, component });
  }
}

/** Types that CO-RE matches by name, and those that a DECL_TAG marks, as a whole or in a member. */
export function taggedOrMatched(btf: Btf, ext: BtfExt | undefined): ReadonlySet<number> {
  const kept = new Set(coreTypes(btf, ext));
  for (const [, type] of typesWithIds(btf)) if (type.kind === "declTag") kept.add(type.type);
  return kept;
}

/** Types that CO-RE records start from, and the records inside them: what a loader matches by name against the kernel. */
export function coreTypes(btf: Btf, ext: BtfExt | undefined): ReadonlySet<number> {
  const found = new Set<number>();
  const waiting = (ext?.coreRelo?.sections ?? []).flatMap(({ records }) => records.map((relo) => relo.typeId));
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const at = skipModifiers(btf, id);
    const type = typeById(btf, at);
    if (type === undefined || found.has(at)) continue;
    found.add(at);
    if (type.kind === "struct" || type.kind === "union") waiting.push(...type.members.map((member) => member.type));
    if (type.kind === "array") waiting.push(type.type);
  }
  return found;
}
