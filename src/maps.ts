import { BtfFixError } from "./errors.ts";
import type { MapDefinition } from "./maps/definition.ts";
import { listMaps, type MapSource } from "./maps/list.ts";
import { openObject, stateOf } from "./object.ts";

/**
 * The maps of an object in the form that loaders require, as DWARF ("dwarf"), the object's own BTF ("btf"), or DWARF before BTF ("both")
 * gives them. Errors: see `openObject`; DWARF_UNSUPPORTED if DWARF is asked for and not there.
 */
export async function readMaps(
  bytes: Uint8Array,
  options: { readonly from?: MapSource } = {},
): Promise<readonly MapDefinition[]> {
  const source = options.from ?? "both";
  const object = openObject(bytes);
  const { elf, join, btf } = stateOf(object, object.btf, object.ext);
  if (elf === undefined) return [];
  if (source === "dwarf" && join === undefined) {
    throw new BtfFixError("DWARF_UNSUPPORTED", "the object has no debug info to read maps from");
  }
  return listMaps(elf, btf, join, source);
}
