import { BtfFixError } from "../errors.ts";
import { mapForwards } from "./dedup/forwards.ts";
import { layOut, malformedType, renameWords, type TypeGraph } from "./dedup/graph.ts";
import { type Mapping, resolve, startMapping } from "./dedup/mapping.ts";
import { mapPrimitives } from "./dedup/primitives.ts";
import { mapReferring } from "./dedup/references.ts";
import { StringPool } from "./dedup/strings.ts";
import { mapStructs } from "./dedup/structs.ts";
import { moveExt } from "./ext-ids.ts";
import type { BtfExt } from "./ext-model.ts";
import type { Btf, BtfType } from "./model.ts";
import { mapNames, mapReferences } from "./walk.ts";

/** A blob in which each type and each string is there once. */
export interface Deduplicated {
  readonly btf: Btf;
  /** The `.BTF.ext` that belongs to it, if one was given. */
  readonly ext: BtfExt | undefined;
  /** New id by old id; 0 stays 0. */
  readonly idMap: Uint32Array;
}

/**
 * Deduplicates types and strings: what `btf__dedup` of libbpf 1.7 makes of the blob, id for id and byte for byte.
 *
 * The passes are libbpf's: strings, types that refer to nothing, structs and typedefs with the graphs below them, FWDs by name,
 * what refers to them, and a compaction in which the canonical types keep their order. VARs and DATASECs are left alone. Strings
 * that nothing names, and bytes between the sections, are dropped. Time and memory are near-linear. Errors: `REFUSED` for split
 * BTF and unknown kinds; `BTF_MALFORMED` for ids and names that are none, for circles through pointers alone and for a VAR,
 * DATASEC or DECL_TAG as the type of a value; `BTF_EXT_MALFORMED` likewise; `LIMIT_EXCEEDED` for types made to resemble each
 * other.
 */
export function dedupBtf(btf: Btf, ext?: BtfExt): Deduplicated {
  const graph = layOut(btf);
  const pool = new StringPool(btf.strings);
  renameWords(
    graph,
    (nameOff, id) => pool.move(nameOff) ?? malformedType(btf, id, `has a name at ${nameOff}, past the strings`),
  );
  const renamed = ext === undefined ? undefined : renameExt(ext, pool);

  const mapping = startMapping(graph);
  mapPrimitives(mapping);
  mapStructs(mapping);
  mapForwards(mapping);
  mapReferring(mapping);

  const idMap = compactIds(mapping);
  const types = btf.types.filter((_, index) => mapping.map[index + 1] === index + 1).map(moveType);
  return { btf: { ...withoutGaps(btf), types, strings: pool.finish() }, ext: renumbered(renamed, idMap), idMap };

  function moveType(type: BtfType): BtfType {
    // Each of these has been asked for before.
    const named = mapNames(type, (nameOff) => pool.move(nameOff) ?? 0);
    return mapReferences(named, (id) => idMap[id] ?? 0);
  }
}

/** New ids of the canonical types, in their old order, and of all that they stand for. */
function compactIds(mapping: Mapping): Uint32Array {
  const { lastId }: TypeGraph = mapping.graph;
  const idMap = new Uint32Array(lastId + 1);
  let next = 1;
  for (let id = 1; id <= lastId; id++) if (mapping.map[id] === id) idMap[id] = next++;
  for (let id = 1; id <= lastId; id++) idMap[id] = idMap[resolve(mapping, id)] ?? 0;
  return idMap;
}

function renameExt(ext: BtfExt, pool: StringPool): BtfExt {
  const name = (nameOff: number): number =>
    pool.move(nameOff) ?? malformed(`name offset ${nameOff} lies past the strings`);
  return moveExt(ext, { id: (id) => id, name });
}

function renumbered(ext: BtfExt | undefined, idMap: Uint32Array): BtfExt | undefined {
  if (ext === undefined) return undefined;
  const id = (typeId: number): number => idMap[typeId] ?? malformed(`no type has the id ${typeId}`);
  return moveExt(ext, { id, name: (nameOff) => nameOff });
}

function malformed(what: string): never {
  throw new BtfFixError("BTF_EXT_MALFORMED", `.BTF.ext is malformed: ${what}`);
}

function withoutGaps(btf: Btf): Btf {
  if (btf.wire?.gaps === undefined) return btf;
  const { gaps: _, ...wire } = btf.wire;
  return { ...btf, wire };
}
