import { unescapeName } from "../btf/escape.ts";
import { AT } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";

const NO_NAME = new Uint8Array(0);
/** Longest chain of origins or atomics that is followed: compilers make chains of one or two. */
const MAX_CHAIN = 16;

/** The DIE that a DIE completes (DW_AT_abstract_origin, DW_AT_specification). */
function originOf(dwarf: Dwarf, row: DieRow): DieRow | undefined {
  return dwarf.reference(row, AT.abstractOrigin) ?? dwarf.reference(row, AT.specification);
}

/** What `read` finds at a DIE or at the DIEs that it completes, the nearest first. */
export function alongOrigins<T>(dwarf: Dwarf, row: DieRow, read: (row: DieRow) => T | undefined): T | undefined {
  let at: DieRow | undefined = row;
  for (let step = 0; at !== undefined && step < MAX_CHAIN; step++) {
    const found = read(at);
    if (found !== undefined) return found;
    at = originOf(dwarf, at);
  }
  return undefined;
}

/** DW_AT_name as bytes, as LLVM puts it into BTF: unescaped, empty if there is none. Origins are followed. */
export function nameOf(dwarf: Dwarf, row: DieRow): Uint8Array {
  return dwarf.nameBytes(row) ?? alongOrigins(dwarf, row, dwarf.nameBytes) ?? NO_NAME;
}

/** DW_AT_name as text, origins followed; "" if there is none. */
export function textName(dwarf: Dwarf, row: DieRow): string {
  return alongOrigins(dwarf, row, dwarf.name) ?? "";
}

/** Row of the type of a DIE, origins followed; undefined is void. */
export function typeOf(dwarf: Dwarf, row: DieRow): DieRow | undefined {
  // Nearly every DIE states its own.
  const own = dwarf.type(row);
  if (own !== undefined) return own;
  const holder = alongOrigins(dwarf, row, (at) => (dwarf.has(at, AT.type) ? at : undefined));
  return holder === undefined ? undefined : dwarf.type(holder);
}

/**
 * A type's name as its author wrote it, for messages: bpf-linker leaves escaped names in DWARF too (`HashMap_3C_u32_2C__20_u32_3E_`),
 * which are undone here where that is certain. "" if the DIE has no name.
 */
export function rustName(dwarf: Dwarf, row: DieRow): string {
  return unescapeName(textName(dwarf, row));
}
