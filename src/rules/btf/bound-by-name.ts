import { unescapeName } from "../../btf/escape.ts";
import {
  type Btf,
  type BtfComposite,
  type BtfMember,
  type BtfReference,
  type BtfType,
  typeById,
} from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import type { Correspondence } from "../../join/model.ts";
import { label } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** An own reference and the lowered type that its pointee should be. */
export interface Misbinding {
  readonly typeId: number;
  /** What it leads to instead. */
  readonly wrongId: number;
  readonly loweredId: number;
}

/** Links followed from a member to the record that its pointers and qualifiers lead to. */
const MAX_LINKS = 32;

function isReference(type: BtfType | undefined): type is BtfReference {
  return type?.kind === "ptr" || type?.kind === "typedef" || type?.kind === "const" || type?.kind === "volatile";
}

/** Follows two members link by link to where the own one ends at another record of the same name; undefined if it does not. */
function misbinding(btf: Btf, ownId: number, lowered: Btf, loweredId: number): Misbinding | undefined {
  let [from, to] = [ownId, loweredId];
  for (let link = 0; link < MAX_LINKS; link++) {
    const own = typeById(btf, from);
    const twin = typeById(lowered, to);
    if (!isReference(own) || !isReference(twin) || own.kind !== twin.kind) return undefined;
    if (isOtherOfSameName(btf, own.type, lowered, twin.type)) {
      return { typeId: from, wrongId: own.type, loweredId: twin.type };
    }
    [from, to] = [own.type, twin.type];
  }
  return undefined;
}

/** The misbindings among the members of one own record, against its lowered twin. */
function* inRecord(btf: Btf, own: BtfComposite, lowered: Btf, twin: BtfComposite): Generator<Misbinding> {
  for (const member of own.members) {
    const name = unescapeName(nameText(btf, member.nameOff));
    const other = twin.members.find(
      ({ nameOff, bitOffset }) => bitOffset === member.bitOffset && unescapeName(nameText(lowered, nameOff)) === name,
    );
    const found = other === undefined ? undefined : misbinding(btf, member.type, lowered, other.type);
    if (found !== undefined) yield found;
  }
}

/**
 * References that LLVM's fixup, which looks pruned pointees up by name alone, bound to another type of that name. One that is right for
 * some member, or should lead to two places, is left: then it is the record around it that is not what it seems.
 */
export function misbindings({ btf, join }: ObjectState): readonly Misbinding[] {
  if (join === undefined) return [];
  const lowered = join.lowered.btf();
  const wanted = new Map<number, Misbinding | undefined>();
  for (const [id, type] of typesOfKind(btf, "struct", "union")) {
    const twin = typeById(lowered, join.loweredId(id) ?? 0);
    if ((twin?.kind !== "struct" && twin?.kind !== "union") || twin.kind !== type.kind) continue;
    for (const found of inRecord(btf, type, lowered, twin)) {
      const { typeId, loweredId } = found;
      const isAgreed = !wanted.has(typeId) || wanted.get(typeId)?.loweredId === loweredId;
      wanted.set(typeId, isAgreed && join.loweredId(typeId) === undefined ? found : undefined);
    }
  }
  return [...wanted.values()].filter((found) => found !== undefined);
}

/** Parts of a record by name and place, names as escaping leaves them. */
function partKeys(btf: Btf, type: BtfComposite): Set<string> {
  const key = ({ nameOff, bitOffset }: BtfMember): string => `${unescapeName(nameText(btf, nameOff))}@${bitOffset}`;
  const keys = new Set(type.members.map(key));
  // An enum with payload is one anonymous UNION; its variants and their parts tell it from another, its tag (named by a repair) does not.
  const [only, ...others] = type.members;
  for (const [variant, parts] of others.length === 0 ? variantsOf(btf, only) : []) {
    keys.add(`?.${key(variant)}`);
    for (const part of parts) keys.add(`?.${key(variant)}.${key(part)}`);
  }
  return keys;
}

/** The members of an anonymous UNION that are STRUCTs with a name, and the parts of each. */
function* variantsOf(
  btf: Btf,
  member: BtfMember | undefined,
): Generator<readonly [variant: BtfMember, parts: readonly BtfMember[]]> {
  const union = member?.nameOff === 0 ? typeById(btf, member.type) : undefined;
  if (union?.kind !== "union") return;
  for (const variant of union.members) {
    const payload = typeById(btf, variant.type);
    if (variant.nameOff !== 0 && payload?.kind === "struct") yield [variant, payload.members];
  }
}

/** Whether the variant part of an enum is still to be supplied, as LLVM before 21.1.5 leaves it. */
function lacksVariants(btf: Btf, { members }: BtfComposite): boolean {
  return members.some(({ nameOff, type }) => nameOff === 0 && typeById(btf, type) === undefined);
}

/** Whether two records of one name cannot be one type: another kind, size or set of members. */
function isOtherOfSameName(btf: Btf, ownId: number, lowered: Btf, loweredId: number): boolean {
  const own = typeById(btf, ownId);
  const other = typeById(lowered, loweredId);
  if (own?.kind !== "struct" && own?.kind !== "union") return false;
  if (other?.kind !== "struct" && other?.kind !== "union") return false;
  const name = unescapeName(nameText(btf, own.nameOff));
  if (name === "" || name !== unescapeName(nameText(lowered, other.nameOff))) return false;
  if (own.kind !== other.kind || own.size !== other.size) return true;
  if (own.members.length !== other.members.length) return true;
  if (lacksVariants(btf, own)) return false;
  const keys = partKeys(lowered, other);
  const ownKeys = partKeys(btf, own);
  return ownKeys.size !== keys.size || [...ownKeys].some((key) => !keys.has(key));
}

export const boundByName: Rule = {
  id: "btf/bound-by-name",
  title: "A pointer leads to the type of the source, not to another of the same short name.",
  covers: ["T10"],
  source: "llvm BTFDebug::endModule (fixups look structs up by name)",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const { typeId, wrongId, loweredId } of misbindings(state)) {
      const told = `${label(state.btf, typeId)} leads to ${label(state.btf, wrongId)}`;
      yield {
        rule: boundByName.id,
        severity: "warning",
        message: `${told}, another type of the same name than in the source`,
        target: { typeId },
        ...placeOfLowered(state.join, loweredId),
        answers: [],
        help: "`btf-fix` points it at the type that DWARF gives",
      };
    }
  },
};

function placeOfLowered(join: Correspondence | undefined, loweredId: number): Pick<Diagnostic, "place"> {
  const row = join?.lowered.rowOf(loweredId);
  const place = row === undefined ? undefined : join?.lowered.dwarf.place(row);
  return place === undefined ? {} : { place };
}
