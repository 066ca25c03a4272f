import { unescapeName } from "../btf/escape.ts";
import { AT } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";

const NO_NAME = new Uint8Array(0);
/** Longest chain of origins or atomics that is followed: compilers make chains of one or two. */
const MAX_CHAIN = 16;
/** A DIE and the DIEs that it completes, nearest first (DW_AT_abstract_origin, DW_AT_specification). */
export function* originChain(dwarf: Dwarf, row: DieRow): Generator<DieRow> {
  let at: DieRow | undefined = row;
  for (let step = 0; at !== undefined && step < MAX_CHAIN; step++) {
    yield at;
    at = dwarf.reference(at, AT.abstractOrigin) ?? dwarf.reference(at, AT.specification);
  }
}

/** DW_AT_name as bytes, as LLVM puts it into BTF: unescaped, empty if there is none. Origins are followed. */
export function nameOf(dwarf: Dwarf, row: DieRow): Uint8Array {
  for (const at of originChain(dwarf, row)) {
    const name = dwarf.nameBytes(at);
    if (name !== undefined) return name;
  }
  return NO_NAME;
}

/** DW_AT_name as text, origins followed; "" if there is none. */
export function textName(dwarf: Dwarf, row: DieRow): string {
  for (const at of originChain(dwarf, row)) {
    const name = dwarf.name(at);
    if (name !== undefined) return name;
  }
  return "";
}

/** Row of the type of a DIE, origins followed; undefined is void. */
export function typeOf(dwarf: Dwarf, row: DieRow): DieRow | undefined {
  for (const at of originChain(dwarf, row)) {
    if (dwarf.has(at, AT.type)) return dwarf.type(at);
  }
  return undefined;
}

/**
 * A type's name as its author wrote it, for messages: bpf-linker leaves escaped names in DWARF too (`HashMap_3C_u32_2C__20_u32_3E_`),
 * which are undone here where that is certain. "" if the DIE has no name.
 */
export function rustName(dwarf: Dwarf, row: DieRow): string {
  return unescapeName(textName(dwarf, row));
}
