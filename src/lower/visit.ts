import type { BtfReference } from "../btf/model.ts";
import { AT, ATE, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { addEntry, type CompositeEntry, type Lowering, PRUNED } from "./entries.ts";
import { bytesOf, dimension, withoutAtomic } from "./layout.ts";
import { elementsOf, membersOf } from "./members.ts";
import { nameOf, typeOf } from "./names.ts";
import { addDeclTags, addTypeTags, isAnnotated } from "./tags.ts";
import { addVariantUnion, discriminator, variantsOf } from "./variant-part.ts";

/** Longest list of members, enumerators or parameters that BTF can count (BTF::MAX_VLEN). */
const MAX_VLEN = 0xffff;
/** References in a row that are followed again and again; compilers make a handful, hostile DWARF rings and endless chains. */
const MAX_CHAIN = 64;

/**
 * A visit still to be made. BTFDebug recurses; this is its call stack as data, so that deep or endless DWARF costs memory in proportion
 * to its DIEs and no native stack. `checkPointer` and `seenPointer` are BTFDebug's: some predecessor was a record's member, and a
 * pointer was passed since.
 */
type Step =
  | {
      readonly step: "type";
      readonly row: DieRow | undefined;
      readonly checkPointer: boolean;
      readonly seenPointer: boolean;
    }
  | { readonly step: "map"; readonly row: DieRow | undefined }
  | { readonly step: "array" | "variantPart"; readonly row: DieRow }
  | { readonly step: "memberTags"; readonly row: DieRow; readonly owner: number; readonly component: number };

const REFERENCES: ReadonlyMap<number, BtfReference["kind"]> = new Map([
  [TAG.pointerType, "ptr"],
  [TAG.typedef, "typedef"],
  [TAG.constType, "const"],
  [TAG.volatileType, "volatile"],
  [TAG.restrictType, "restrict"],
]);

function plain(row: DieRow | undefined): Step {
  return { step: "type", row, checkPointer: false, seenPointer: false };
}

/** Appends the entries of a type and of all that it reaches (BTFDebug::visitTypeEntry). */
export function visitType(lowering: Lowering, row: DieRow | undefined): void {
  run(lowering, plain(row));
}

/** The same for the type of a map definition: pointees of its members are visited first and in full (BTFDebug::visitMapDefType). */
export function visitMapType(lowering: Lowering, row: DieRow | undefined): void {
  run(lowering, { step: "map", row });
}

function run(lowering: Lowering, first: Step): void {
  const stack: Step[] = [first];
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    const next = perform(lowering, step);
    // The first of `next` must come off the stack first.
    for (let i = next.length - 1; i >= 0; i--) {
      const one = next[i];
      if (one !== undefined) stack.push(one);
    }
  }
}

function perform(lowering: Lowering, step: Step): readonly Step[] {
  switch (step.step) {
    case "type":
      return visitOne(lowering, step.row, step.checkPointer, step.seenPointer);
    case "map":
      return visitMap(lowering, step.row);
    case "array":
      addArray(lowering, step.row);
      return [];
    case "variantPart":
      return addVariantPart(lowering, step.row);
    case "memberTags":
      addDeclTags(lowering, step.row, step.owner, step.component);
      return [];
  }
}

function visitOne(
  lowering: Lowering,
  at: DieRow | undefined,
  checkPointer: boolean,
  seenPointer: boolean,
): readonly Step[] {
  const { dwarf, ids, open } = lowering;
  const row = withoutAtomic(dwarf, at);
  if (row === undefined || open.has(row)) return [];
  const tag = dwarf.tag(row);
  const reference = REFERENCES.get(tag);
  if (ids.has(row)) {
    const pruned = lowering.dialect.prune && reference !== undefined && !(checkPointer && seenPointer);
    return pruned ? reopen(lowering, row, checkPointer, seenPointer) : [];
  }
  if (reference !== undefined) return visitReference(lowering, row, reference, checkPointer, seenPointer);
  switch (tag) {
    case TAG.baseType:
      addBasic(lowering, row);
      return [];
    case TAG.structureType:
    case TAG.classType:
      return visitComposite(lowering, row, "struct");
    case TAG.unionType:
      return visitComposite(lowering, row, "union");
    case TAG.variantPart:
      return visitVariantPart(lowering, row);
    case TAG.arrayType:
      open.add(row);
      return [plain(typeOf(dwarf, row)), { step: "array", row }];
    case TAG.enumerationType:
      addEnum(lowering, row);
      return [];
    case TAG.subroutineType:
      return visitSubroutine(lowering, row);
    default:
      ids.set(row, 0);
      return [];
  }
}

/**
 * Brings in what an earlier, pruned visit of the same chain of references left out (the first half of BTFDebug::visitTypeEntry).
 */
function reopen(lowering: Lowering, row: DieRow, checkPointer: boolean, seenPointer: boolean): readonly Step[] {
  const { dwarf, ids } = lowering;
  let at = row;
  for (let step = 0; step < MAX_CHAIN; step++) {
    const base = withoutAtomic(dwarf, typeOf(dwarf, at));
    if (base === undefined) return [];
    if (!ids.has(base)) {
      const passes = checkPointer && dwarf.tag(at) === TAG.pointerType && !isAnnotated(lowering, at);
      if (passes && isForwardCandidate(dwarf, base)) return [];
      return [{ step: "type", row: base, checkPointer, seenPointer: seenPointer || passes }];
    }
    if (!REFERENCES.has(dwarf.tag(base))) return [];
    at = base;
  }
  return [];
}

/** A record that a pruned pointer may leave as a forward declaration (BTFDebug: IsForwardDeclCandidate). */
function isForwardCandidate(dwarf: Dwarf, row: DieRow): boolean {
  const tag = dwarf.tag(row);
  const record = tag === TAG.structureType || tag === TAG.unionType;
  return record && nameOf(dwarf, row).length > 0 && !dwarf.flag(row, AT.declaration);
}

/** PTR, TYPEDEF and qualifiers (BTFDebug::visitDerivedType). */
function visitReference(
  lowering: Lowering,
  row: DieRow,
  kind: BtfReference["kind"],
  checkPointer: boolean,
  seenBefore: boolean,
): readonly Step[] {
  const { dwarf, dialect, waiting } = lowering;
  const base = typeOf(dwarf, row);
  const seenPointer = seenBefore || (checkPointer && kind === "ptr" && !isAnnotated(lowering, row));
  if (dialect.prune && checkPointer && seenPointer && base !== undefined && isForwardCandidate(dwarf, base)) {
    const id = addEntry(lowering, { entry: "reference", kind, row, target: PRUNED }, row);
    const others = waiting.get(base);
    if (others !== undefined) others.references.push(id);
    else waiting.set(base, { name: { row: base, place: dwarf.namePlace(base) }, references: [id] });
    return [];
  }
  const target = kind === "ptr" ? addTypeTags(lowering, row, { row: base }) : { row: base };
  const id = addEntry(lowering, { entry: "reference", kind, row, target }, row);
  if (kind === "typedef") addDeclTags(lowering, row, id, -1);
  return [{ step: "type", row: base, checkPointer, seenPointer }];
}

/** INT or FLOAT; any other encoding has no BTF kind (BTFDebug::visitBasicType). */
function addBasic(lowering: Lowering, row: DieRow): void {
  const encoding = lowering.dwarf.number(row, AT.encoding);
  const known =
    encoding === ATE.boolean ||
    encoding === ATE.float ||
    encoding === ATE.signed ||
    encoding === ATE.signedChar ||
    encoding === ATE.unsigned ||
    encoding === ATE.unsignedChar ||
    (encoding === ATE.utf && lowering.dialect.utfName !== undefined);
  if (known) addEntry(lowering, { entry: "basic", row }, row);
  else lowering.ids.set(row, 0);
}

/** ENUM or ENUM64 (BTFDebug::visitEnumType). */
function addEnum(lowering: Lowering, row: DieRow): void {
  const { dwarf, ids } = lowering;
  const values = [...dwarf.children(row)].filter((child) => dwarf.tag(child) === TAG.enumerator);
  if (values.length > MAX_VLEN) ids.set(row, 0);
  else addEntry(lowering, { entry: "enum", row, values }, row);
}

/** STRUCT, UNION or FWD (BTFDebug::visitStructType, visitFwdDeclType). */
function visitComposite(lowering: Lowering, row: DieRow, kind: "struct" | "union"): readonly Step[] {
  const { dwarf, ids } = lowering;
  if (dwarf.flag(row, AT.declaration)) {
    addEntry(lowering, { entry: "fwd", row, union: kind === "union", name: row }, row);
    return [];
  }
  const elements = elementsOf(dwarf, row);
  if (elements.length > MAX_VLEN) {
    ids.set(row, 0);
    return [];
  }
  const entry: CompositeEntry = { entry: "composite", row, kind, size: bytesOf(dwarf, row), members: undefined };
  const owner = addEntry(lowering, entry, row);
  addDeclTags(lowering, row, owner, -1);
  const isTagged = elements.some((element) => isAnnotated(lowering, element));
  const components = new Map((isTagged ? membersOf(lowering, entry) : []).map((member, index) => [member.row, index]));
  const steps: Step[] = [];
  for (const element of elements) {
    const type = dwarf.tag(element) === TAG.variantPart ? element : typeOf(dwarf, element);
    if (!isSettled(lowering, type)) steps.push({ step: "type", row: type, checkPointer: true, seenPointer: false });
    const component = isTagged && isAnnotated(lowering, element) ? components.get(element) : undefined;
    if (component !== undefined) steps.push({ step: "memberTags", row: element, owner, component });
  }
  return steps;
}

/** Whether a visit of a type would change nothing: it has been made, and it is no reference that a pruned visit may have cut short. */
function isSettled({ dwarf, ids }: Lowering, row: DieRow | undefined): boolean {
  return row === undefined || (ids.has(row) && !REFERENCES.has(dwarf.tag(row)));
}

/** The tag's type gets its id before the union's own entry. */
function visitVariantPart(lowering: Lowering, row: DieRow): readonly Step[] {
  lowering.open.add(row);
  const tag = discriminator(lowering.dwarf, row);
  const union: Step = { step: "variantPart", row };
  if (tag === undefined) return [union];
  return [{ step: "type", row: typeOf(lowering.dwarf, tag), checkPointer: true, seenPointer: false }, union];
}

function addVariantPart(lowering: Lowering, row: DieRow): readonly Step[] {
  const { dwarf, ids, open } = lowering;
  open.delete(row);
  const variants = variantsOf(dwarf, row);
  if (variants.length >= MAX_VLEN) {
    ids.set(row, 0);
    return [];
  }
  addVariantUnion(lowering, row);
  return variants.map((variant) => ({
    step: "type",
    row: typeOf(dwarf, variant),
    checkPointer: true,
    seenPointer: false,
  }));
}

/**
 * One ARRAY a dimension, the innermost first; only the outermost stands for the DIE. The first array of all brings the index type
 * (BTFDebug::visitArrayType).
 */
function addArray(lowering: Lowering, row: DieRow): void {
  const { dwarf, open, ids } = lowering;
  open.delete(row);
  const counts: number[] = [];
  for (const child of dwarf.children(row)) {
    if (dwarf.tag(child) === TAG.subrangeType) counts.push(dimension(dwarf, child));
  }
  if (counts.length === 0) {
    ids.set(row, 0);
    return;
  }
  let element: { readonly row: DieRow | undefined } | { readonly id: number } = { row: typeOf(dwarf, row) };
  for (const [index, count] of counts.reverse().entries()) {
    const outermost = index === counts.length - 1;
    element = { id: addEntry(lowering, { entry: "array", row, element, count }, outermost ? row : undefined) };
  }
  addIndexType(lowering);
}

/** The index type of all arrays, unless it is there; LLVM's own, whatever DWARF calls by its name. */
export function addIndexType(lowering: Lowering): void {
  if (lowering.indexType === 0) lowering.indexType = addEntry(lowering, { entry: "index", row: undefined }, undefined);
}

/** FUNC_PROTO of a function pointer: its parameters have no names (BTFDebug::visitSubroutineType). */
function visitSubroutine(lowering: Lowering, row: DieRow): readonly Step[] {
  const { dwarf, ids } = lowering;
  const params: DieRow[] = [];
  for (const child of dwarf.children(row)) {
    const tag = dwarf.tag(child);
    if (tag === TAG.formalParameter || tag === TAG.unspecifiedParameters) params.push(child);
  }
  if (params.length > MAX_VLEN) {
    ids.set(row, 0);
    return [];
  }
  addEntry(lowering, { entry: "proto", row, params }, row);
  return [plain(typeOf(dwarf, row)), ...params.map((param) => plain(typeOf(dwarf, param)))];
}

/** Visits the parts of a map definition as definitions, then the type itself. */
function visitMap(lowering: Lowering, at: DieRow | undefined): readonly Step[] {
  const { dwarf, ids, mapped } = lowering;
  const row = withoutAtomic(dwarf, at);
  if (row === undefined || ids.has(row) || mapped.has(row)) return [];
  mapped.add(row);
  const tag = dwarf.tag(row);
  if (REFERENCES.has(tag) || tag === TAG.arrayType) return [{ step: "map", row: typeOf(dwarf, row) }, plain(row)];
  if (tag !== TAG.structureType) return [plain(row)];
  const steps = elementsOf(dwarf, row).map((element): Step => {
    // LLVM 22 takes a variant part for a member here and crashes; a plain visit is what it meant.
    if (dwarf.tag(element) === TAG.variantPart) return plain(element);
    const base = typeOf(dwarf, element);
    return base !== undefined && isComposite(dwarf.tag(base)) ? { step: "map", row: base } : plain(base);
  });
  return [...steps, plain(row)];
}

function isComposite(tag: number): boolean {
  return tag === TAG.structureType || tag === TAG.unionType || tag === TAG.arrayType || tag === TAG.enumerationType;
}
