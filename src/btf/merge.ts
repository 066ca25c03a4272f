import { BtfFixError } from "../errors.ts";
import type { BtfExt } from "./ext-model.ts";
import { type DatasecPiece, joinDatasecs } from "./merge/datasecs.ts";
import { mergeExts } from "./merge/ext.ts";
import { type BtfPart, checkParts, type MovedPart } from "./merge/part.ts";
import { type Btf, type BtfType, typesWithIds } from "./model.ts";
import { nameText } from "./names.ts";
import { mapNames, mapReferences } from "./walk.ts";

export { concatenatedParts } from "./merge/concatenated.ts";
export type { BtfPart } from "./merge/part.ts";

/** Several blobs as one. */
export interface Merged {
  readonly btf: Btf;
  /** Undefined if no part has a `.BTF.ext`. */
  readonly ext: BtfExt | undefined;
  /** New id by old id for each part; 0 stays 0. */
  readonly idMaps: readonly Uint32Array[];
}

/**
 * Joins blobs into one: ids and string offsets move behind those of the parts before, DATASECs of one name become one where the
 * first of them was, and so do the records of one code section. Nothing is deduplicated; `dedupBtf` does that.
 *
 * It serves objects whose `.BTF` GNU ld has only concatenated (V10). A VAR that one part declares extern and another one defines
 * stays both. Errors: `REFUSED` for no parts, two byte orders, split BTF and unknown kinds; `BTF_MALFORMED` and
 * `BTF_EXT_MALFORMED` for ids and names that are none, since they would lead into the next part.
 */
export function mergeBtf(parts: readonly BtfPart[]): Merged {
  checkParts(parts);
  const idMaps = numberTypes(parts);
  const strings = { bytes: joinBytes(parts.map(({ btf }) => btf.strings.bytes)) };
  const types = mergeTypes(moveParts(parts, idMaps, "BTF_MALFORMED"));
  const littleEndian = parts[0]?.btf.littleEndian ?? true;
  const btf: Btf = { littleEndian, types, firstId: 1, strings, base: undefined, wire: undefined };
  return { btf, ext: mergeExts(moveParts(parts, idMaps, "BTF_EXT_MALFORMED"), strings), idMaps };
}

/** Ids one after the other, but for a DATASEC of a name that was there before: it gets the id of that one. */
function numberTypes(parts: readonly BtfPart[]): Uint32Array[] {
  const datasecs = new Map<string, number>();
  let next = 1;
  return parts.map(({ btf }) => {
    const idMap = new Uint32Array(btf.types.length + 1);
    for (const [id, type] of typesWithIds(btf)) {
      const name = type.kind === "datasec" ? nameText(btf, type.nameOff) : undefined;
      idMap[id] = (name === undefined ? undefined : datasecs.get(name)) ?? next++;
      if (name !== undefined) datasecs.set(name, idMap[id] ?? 0);
    }
    return idMap;
  });
}

function moveParts(
  parts: readonly BtfPart[],
  idMaps: readonly Uint32Array[],
  code: "BTF_MALFORMED" | "BTF_EXT_MALFORMED",
): MovedPart[] {
  let end = 0;
  return parts.map((part, index) => {
    const { length } = part.btf.strings.bytes;
    const start = end;
    end += length;
    const fault = (what: string): never => {
      throw new BtfFixError(code, `blob ${index + 1} of ${parts.length} has ${what}`);
    };
    return {
      part,
      id: (id) => idMaps[index]?.[id] ?? fault(`a reference to type ${id}, but no such type`),
      name: (nameOff) => {
        if (nameOff >= length) fault(`a name at ${nameOff}, past its strings`);
        return nameOff === 0 ? 0 : nameOff + start;
      },
      sectionStart: part.sectionStart ?? ((): number => 0),
    };
  });
}

function mergeTypes(parts: readonly MovedPart[]): BtfType[] {
  const types: BtfType[] = [];
  const datasecs = new Map<string, { readonly index: number; readonly pieces: [DatasecPiece, ...DatasecPiece[]] }>();
  for (const { part, id, name, sectionStart } of parts) {
    for (const old of part.btf.types) {
      const type = mapNames(mapReferences(old, id), name);
      if (type.kind === "datasec") {
        const section = nameText(part.btf, old.nameOff);
        const piece = { datasec: type, start: sectionStart(section) };
        const joined = datasecs.get(section);
        joined?.pieces.push(piece);
        if (joined !== undefined) continue;
        datasecs.set(section, { index: types.length, pieces: [piece] });
      }
      types.push(type);
    }
  }
  for (const { index, pieces } of datasecs.values()) {
    const [first, ...others] = pieces;
    if (others.length > 0) types[index] = joinDatasecs(first, others);
  }
  return types;
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
