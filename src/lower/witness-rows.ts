import { type Btf, type BtfType, typeById } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { AT, ATE, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { paramsOf } from "./functions.ts";
import { dimension } from "./layout.ts";
import { elementsOf } from "./members.ts";
import { textName, typeOf } from "./names.ts";

/** Longest chain of references between a type and the first that has a name of its own. */
const MAX_CHAIN = 32;

const REFERENCE_TAGS: ReadonlyMap<BtfType["kind"], number> = new Map([
  ["ptr", TAG.pointerType],
  ["const", TAG.constType],
  ["volatile", TAG.volatileType],
  ["restrict", TAG.restrictType],
]);

const TAGS_OF_REFERENCES: ReadonlySet<number> = new Set(REFERENCE_TAGS.values());

/** Finds the DIE of a type of another blob. */
export type RowFinder = (id: number) => DieRow | undefined;

/**
 * A finder over types that the same compilation wrote. A named type is known by kind and name, a reference or an array by what it
 * refers to, a nameless record by its members' names. `.BTF` has no other tie to DWARF. Of several DIEs the first definition counts.
 */
export function rowFinder(dwarf: Dwarf, btf: Btf): RowFinder {
  let rows: ReadonlyMap<string, DieRow> | undefined;
  const known = new Map<number, DieRow | undefined>();
  const find = (id: number, depth: number): DieRow | undefined => {
    if (known.has(id)) return known.get(id);
    const type = typeById(btf, id);
    if (type === undefined || depth === MAX_CHAIN) return undefined;
    rows ??= rowsByKey(dwarf);
    const key = keyOfType(btf, type, (target) => find(target, depth + 1));
    const row = key === undefined ? undefined : rows.get(key);
    known.set(id, row);
    return row;
  };
  return (id) => find(id, 0);
}

/** A void target and one that has no DIE are not the same. */
function keyOfType(btf: Btf, type: BtfType, rowOf: RowFinder): string | undefined {
  const target = (id: number): string | undefined => (id === 0 ? "void" : rowOf(id)?.toString());
  const name = nameText(btf, type.nameOff);
  switch (type.kind) {
    case "int":
    case "float":
      return named(TAG.baseType, name);
    case "enum":
    case "enum64":
      return recordKey(TAG.enumerationType, name, () => type.values.map((value) => nameText(btf, value.nameOff)));
    case "fwd":
      return name === "" ? undefined : named(type.union ? TAG.unionType : TAG.structureType, name);
    case "struct":
    case "union": {
      const tag = type.kind === "struct" ? TAG.structureType : TAG.unionType;
      return recordKey(tag, name, () => type.members.map((member) => nameText(btf, member.nameOff)));
    }
    case "typedef":
      return named(TAG.typedef, name);
    case "ptr":
    case "const":
    case "volatile":
    case "restrict": {
      const to = target(type.type);
      return to === undefined ? undefined : referenceKey(REFERENCE_TAGS.get(type.kind) ?? 0, to);
    }
    case "array": {
      const to = target(type.type);
      return to === undefined ? undefined : arrayKey(to, [type.nelems]);
    }
    case "funcProto": {
      const to = [type.returnType, ...type.params.map((param) => param.type)].map(target);
      return to.includes(undefined) ? undefined : `proto ${to.join(" ")}`;
    }
    default:
      return undefined;
  }
}

function rowsByKey(dwarf: Dwarf): ReadonlyMap<string, DieRow> {
  const rows = new Map<string, DieRow>();
  for (let row = 0; row < dwarf.count; row++) {
    const key = keyOfRow(dwarf, row);
    if (key === undefined) continue;
    const other = rows.get(key);
    const isBetter =
      other === undefined ||
      (dwarf.flag(other, AT.declaration) && !dwarf.flag(row, AT.declaration)) ||
      (isRawPointer(dwarf, other) && !isRawPointer(dwarf, row));
    if (isBetter) rows.set(key, row);
  }
  return rows;
}

function keyOfRow(dwarf: Dwarf, row: DieRow): string | undefined {
  const tag = dwarf.tag(row);
  const target = (of: DieRow): string => typeOf(dwarf, of)?.toString() ?? "void";
  switch (tag) {
    case TAG.baseType:
      return dwarf.number(row, AT.encoding) === ATE.utf ? undefined : named(tag, textName(dwarf, row));
    case TAG.typedef:
      return named(tag, textName(dwarf, row));
    case TAG.structureType:
    case TAG.unionType:
      return recordKey(tag, textName(dwarf, row), () =>
        elementsOf(dwarf, row).map((member) => textName(dwarf, member)),
      );
    case TAG.enumerationType:
      return recordKey(tag, textName(dwarf, row), () =>
        [...dwarf.children(row)]
          .filter((child) => dwarf.tag(child) === TAG.enumerator)
          .map((child) => textName(dwarf, child)),
      );
    case TAG.pointerType:
    case TAG.constType:
    case TAG.volatileType:
    case TAG.restrictType:
      return referenceKey(tag, target(row));
    case TAG.arrayType: {
      const counts = [...dwarf.children(row)].filter((child) => dwarf.tag(child) === TAG.subrangeType);
      return arrayKey(
        target(row),
        counts.map((child) => dimension(dwarf, child)),
      );
    }
    case TAG.subroutineType:
      return `proto ${[row, ...paramsOf(dwarf, row)].map(target).join(" ")}`;
    default:
      return undefined;
  }
}

function named(tag: number, name: string): string {
  return `${tag} ${name}`;
}

function recordKey(tag: number, name: string, members: () => readonly string[]): string {
  return name === "" ? `${tag} {${members().join(",")}}` : named(tag, name);
}

function referenceKey(tag: number, target: string): string {
  return `${tag} -> ${target}`;
}

function arrayKey(target: string, counts: readonly number[]): string {
  return `${target} [${counts.join("][")}]`;
}

/** Whether a DIE is one of Rust's raw pointers, which BTF cannot tell from references to the same type. */
export function isRawPointer(dwarf: Dwarf, row: DieRow): boolean {
  return dwarf.tag(row) === TAG.pointerType && textName(dwarf, row).startsWith("*");
}

/**
 * A type in words that BTF and DWARF have in common: references and arrays down to the first type with a name of its own. Types of
 * different words are different types; the reverse does not hold.
 */
export function typeText(btf: Btf, id: number): string {
  let text = "";
  let at = id;
  for (let step = 0; step < MAX_CHAIN; step++) {
    const type = typeById(btf, at);
    const tag = type === undefined ? undefined : REFERENCE_TAGS.get(type.kind);
    if (type === undefined || (tag === undefined && type.kind !== "array"))
      return `${text}${named(tagOf(type), nameOfType(btf, type))}`;
    text += `${tag ?? TAG.arrayType} `;
    at = "type" in type ? type.type : 0;
  }
  return text;
}

/** The same for a DIE. */
export function rowText(dwarf: Dwarf, row: DieRow | undefined): string {
  let text = "";
  let at = row;
  for (let step = 0; step < MAX_CHAIN; step++) {
    const tag = at === undefined ? 0 : dwarf.tag(at);
    if (at === undefined || (!TAGS_OF_REFERENCES.has(tag) && tag !== TAG.arrayType)) {
      return `${text}${named(tag, at === undefined ? "" : textName(dwarf, at))}`;
    }
    text += `${tag} `;
    at = typeOf(dwarf, at);
  }
  return text;
}

function nameOfType(btf: Btf, type: BtfType | undefined): string {
  return type === undefined ? "" : nameText(btf, type.nameOff);
}

function tagOf(type: BtfType | undefined): number {
  switch (type?.kind) {
    case "int":
    case "float":
      return TAG.baseType;
    case "enum":
    case "enum64":
      return TAG.enumerationType;
    case "struct":
      return TAG.structureType;
    case "union":
      return TAG.unionType;
    case "fwd":
      return type.union ? TAG.unionType : TAG.structureType;
    case "typedef":
      return TAG.typedef;
    case "funcProto":
      return TAG.subroutineType;
    default:
      return 0;
  }
}
