import { AT, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { addEntry, type Lowering, type TypeRef } from "./entries.ts";

const NONE: readonly string[] = [];

/** Whether a DIE carries annotations of any name: such a pointer does not prune its pointee. */
export function isAnnotated(lowering: Lowering, row: DieRow): boolean {
  const { dwarf, annotated } = lowering;
  // Millions of members need no entry of their own.
  if (!dwarf.hasChildren(row)) return false;
  const known = annotated.get(row);
  if (known !== undefined) return known;
  let found = false;
  for (const child of dwarf.children(row)) found ||= dwarf.tag(child) === TAG.llvmAnnotation;
  annotated.set(row, found);
  return found;
}

function annotations(dwarf: Dwarf, row: DieRow, name: string): readonly string[] {
  let found: string[] | undefined;
  const end = dwarf.behind(row);
  for (let child = row + 1; child < end; child = dwarf.behind(child)) {
    if (dwarf.tag(child) !== TAG.llvmAnnotation || dwarf.name(child) !== name) continue;
    const value = dwarf.string(child, AT.constValue);
    if (value === undefined) continue;
    found ??= [];
    found.push(value);
  }
  return found ?? NONE;
}

/** Appends the DECL_TAGs of a DIE for its owner (BTFDebug::processDeclAnnotations); component -1 tags the whole type. */
export function addDeclTags(lowering: Lowering, row: DieRow, owner: number, component: number): void {
  for (const tag of annotations(lowering.dwarf, row, "btf_decl_tag")) {
    addEntry(lowering, { entry: "declTag", row, owner, component, tag }, undefined);
  }
}

/** Appends the chain of TYPE_TAGs of a pointer on top of `target` and returns what the pointer points at (BTFDebug::genBTFTypeTags). */
export function addTypeTags(lowering: Lowering, row: DieRow, target: TypeRef): TypeRef {
  let top = target;
  for (const tag of annotations(lowering.dwarf, row, "btf_type_tag")) {
    top = { id: addEntry(lowering, { entry: "typeTag", row, target: top, tag }, undefined) };
  }
  return top;
}
