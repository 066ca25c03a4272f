import { LINKAGE_EXTERN } from "../btf/model.ts";
import { TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { type ElfSymbol, type ElfView, SHN_UNDEF } from "../elf/model.ts";
import { relocationsOf } from "../elf/relocations.ts";
import type { Adopter } from "./adopt.ts";
import { type DatasecTable, datasec } from "./datasec.ts";
import { addEntry, type Lowering, type SignatureEntry, type SignatureParam, type TypeRef } from "./entries.ts";
import { type ExternSection, KSYMS } from "./extern-section.ts";
import { linkageNameOf, paramsOf } from "./functions.ts";
import { textName, typeOf } from "./names.ts";
import type { Name } from "./strings.ts";
import { addDeclTags } from "./tags.ts";
import { visitType } from "./visit.ts";
import type { WitnessedPrototype } from "./witness.ts";

/** Called where control must not come: the back end declares it as `void ()` in `.ksyms` (LLVM 21), so its symbol says all. */
export const TRAP = "__bpf_trap";

/** What tells about functions that are defined elsewhere; the second witness's part is empty without one. */
export interface Externs {
  readonly declarations: ReadonlyMap<string, DieRow>;
  /** DIEs of function types, by `prototypeKey`. */
  readonly subroutines: ReadonlyMap<string, DieRow>;
  readonly prototypes: ReadonlyMap<string, WitnessedPrototype>;
  readonly sectionOf: ExternSection;
  readonly adopter: Adopter | undefined;
  /** Names that are done: each function comes once. */
  readonly done: Set<string>;
}

/** Declarations of functions by the name of their symbol. DWARF has them where a call site names the callee. */
export function functionDeclarations(dwarf: Dwarf): ReadonlyMap<string, DieRow> {
  const declarations = new Map<string, DieRow>();
  for (const { row, declaration } of dwarf.linked()) {
    if (!declaration || dwarf.tag(row) !== TAG.subprogram) continue;
    const name = linkageNameOf(dwarf, row) ?? textName(dwarf, row);
    if (!declarations.has(name)) declarations.set(name, row);
  }
  return declarations;
}

/** DIEs of function types by what they say: LLVM has one node for equal ones, whoever uses it. */
export function subroutineTypes(dwarf: Dwarf): ReadonlyMap<string, DieRow> {
  const subroutines = new Map<string, DieRow>();
  for (const row of dwarf.tagged(TAG.subroutineType)) {
    const key = prototypeKey(prototypeRows(dwarf, row));
    if (!subroutines.has(key)) subroutines.set(key, row);
  }
  return subroutines;
}

/** Return type and parameter types of a function or function type; undefined is void or a variadic end. */
function prototypeRows(dwarf: Dwarf, row: DieRow): readonly (DieRow | undefined)[] {
  return [row, ...paramsOf(dwarf, row)].map((of) => typeOf(dwarf, of));
}

function prototypeKey(rows: readonly (DieRow | undefined)[]): string {
  return rows.map((row) => row ?? "").join(" ");
}

/** A place in a section that refers to a symbol which is defined elsewhere. */
export interface ExternReference {
  readonly offset: number;
  readonly symbol: ElfSymbol;
}

/** References of a section to undefined symbols, in order of place. */
export function externReferences(elf: ElfView, section: number): readonly ExternReference[] {
  const found: ExternReference[] = [];
  for (const { offset, symbol } of relocationsOf(elf, section)) {
    const target = elf.symbols[symbol];
    if (target === undefined || target.index === 0 || target.section !== SHN_UNDEF) continue;
    found.push({ offset, symbol: target });
  }
  return found.sort((a, b) => a.offset - b.offset);
}

/**
 * Appends FUNC_PROTO, FUNC and DATASEC entry of a function that is defined elsewhere, once, if anything declares it
 * (BTFDebug::processFuncPrototypes). The parameters of such a prototype have no names.
 */
export function addExtern(lowering: Lowering, externs: Externs, sections: DatasecTable, symbol: ElfSymbol): void {
  const { name } = symbol;
  const { declarations, prototypes, done } = externs;
  if (done.has(name)) return;
  const declaration = declarations.get(name);
  const witnessed = prototypes.get(name);
  if (declaration === undefined && witnessed === undefined && name !== TRAP) return;
  done.add(name);
  const id =
    declaration === undefined
      ? addWitnessed(lowering, externs, name, witnessed)
      : addDeclared(lowering, externs, declaration, witnessed);
  const section = name === TRAP ? KSYMS : externs.sectionOf({ kind: "func", name, row: declaration });
  if (section !== undefined) datasec(sections, section).push({ id, symbol: symbol.index, offset: 0, size: 0 });
}

function addDeclared(
  lowering: Lowering,
  externs: Externs,
  row: DieRow,
  witnessed: WitnessedPrototype | undefined,
): number {
  const { dwarf } = lowering;
  const rows = prototypeRows(dwarf, row);
  const proto = addPrototype(
    lowering,
    externs,
    rows.map((type) => () => visited(lowering, type)),
  );
  const id = addFunc(lowering, row, row, proto);
  // DWARF keeps no tags of a declaration's parameters; its own may be there.
  if (witnessed === undefined) addDeclTags(lowering, row, id, -1);
  else addTags(lowering, id, witnessed);
  return id;
}

/** The back end's own function is `void ()`; any other has the prototype that the witness gives. */
function addWitnessed(
  lowering: Lowering,
  externs: Externs,
  name: string,
  witnessed: WitnessedPrototype | undefined,
): number {
  const { adopter } = externs;
  const { proto } = witnessed ?? {};
  const types = proto === undefined ? [0] : [proto.returnType, ...proto.params.map((param) => param.type)];
  const id = addPrototype(
    lowering,
    externs,
    types.map((type) => () => adopter?.visit(type) ?? { row: undefined }),
  );
  const func = addFunc(lowering, undefined, name, id);
  if (witnessed !== undefined) addTags(lowering, func, witnessed);
  return func;
}

function visited(lowering: Lowering, row: DieRow | undefined): TypeRef {
  visitType(lowering, row);
  return { row };
}

/**
 * A FUNC_PROTO without names; its types (the return type first) are brought in behind it. It is registered for its function type, even
 * if that has a FUNC_PROTO already: from here on that type is this one.
 */
function addPrototype(lowering: Lowering, { subroutines }: Externs, types: readonly (() => TypeRef)[]): number {
  const refs = types.map((): SignatureParam => ({ name: new Uint8Array(0), type: { row: undefined } }));
  const [result, ...params] = refs;
  const entry: SignatureEntry = { entry: "signature", row: undefined, returnType: { row: undefined }, params };
  const id = addEntry(lowering, entry, undefined);
  for (const [index, type] of types.entries()) {
    const ref = refs[index];
    if (ref !== undefined) ref.type = type();
  }
  if (result !== undefined) entry.returnType = result.type;
  const rows = refs.map(({ type }) => ("row" in type ? (type.row ?? "") : "?"));
  const subroutine = subroutines.get(rows.join(" "));
  if (subroutine !== undefined) lowering.ids.set(subroutine, id);
  return id;
}

function addFunc(lowering: Lowering, row: DieRow | undefined, name: Name, proto: number): number {
  return addEntry(lowering, { entry: "func", row, name, type: { id: proto }, linkage: LINKAGE_EXTERN }, undefined);
}

function addTags(lowering: Lowering, owner: number, { tags }: WitnessedPrototype): void {
  for (const { component, tag } of tags) {
    addEntry(lowering, { entry: "declTag", row: undefined, owner, component, tag }, undefined);
  }
}
