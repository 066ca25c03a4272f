import { AT, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { alongOrigins, textName } from "./names.ts";

/** A subprogram with code, before its types have ids. */
export interface Subprogram {
  readonly row: DieRow;
  readonly section: number;
  readonly offset: number;
}

/** The subprograms that have code, in DIE order: inlined instances and declarations have none of their own. */
export function* subprograms(dwarf: Dwarf): Generator<Subprogram> {
  for (const { row, address } of dwarf.linked()) {
    if (address?.section === undefined || dwarf.tag(row) !== TAG.subprogram) continue;
    const { section, offset } = address;
    yield { row, section, offset };
  }
}

/** A flag of a DIE or of one that it completes. */
export function inheritedFlag(dwarf: Dwarf, row: DieRow, attribute: number): boolean {
  return alongOrigins(dwarf, row, (at) => dwarf.flag(at, attribute) || undefined) ?? false;
}

/** DW_AT_linkage_name, origins followed. */
export function linkageNameOf(dwarf: Dwarf, row: DieRow): string | undefined {
  return alongOrigins(dwarf, row, dwarf.linkageName);
}

/** Parameters in order; `unspecified_parameters` (variadic) comes as a row without name and type. */
export function paramsOf(dwarf: Dwarf, row: DieRow): DieRow[] {
  const params: DieRow[] = [];
  const end = dwarf.behind(row);
  for (let child = row + 1; child < end; child = dwarf.behind(child)) {
    const tag = dwarf.tag(child);
    if (tag === TAG.formalParameter || tag === TAG.unspecifiedParameters) params.push(child);
  }
  return params;
}

/** Name and linkage of a subprogram: FUNC takes the DIE's name, never the symbol's. */
export function subprogramNames(
  dwarf: Dwarf,
  row: DieRow,
): { readonly name: string; readonly linkageName: string | undefined; readonly external: boolean } {
  return {
    name: textName(dwarf, row),
    linkageName: linkageNameOf(dwarf, row),
    external: inheritedFlag(dwarf, row, AT.external),
  };
}
