import type { BtfBuilder } from "../btf/builder.ts";
import { escapeName } from "../btf/escape.ts";
import { type Btf, type BtfType, typeById } from "../btf/model.ts";
import { nameBytes } from "../btf/names.ts";
import { mapNames, mapReferences } from "../btf/walk.ts";
import { ownIndex } from "../join/find-own.ts";
import { sideOf } from "../join/names.ts";
import type { ObjectState } from "../rules/state.ts";

/** Brings lowered types into the object's own BTF. */
export interface Grafter {
  /** Own id of a lowered type: an existing one that is equal in depth, else one appended with all that it refers to. */
  graft(loweredId: number): number;
  /** The lowered record, with own ids and escaped names, without a place of its own: for a record that keeps its id. */
  transplant(loweredId: number): BtfType | undefined;
  /** What was appended, for the next fix. */
  grafts(): ReadonlyMap<number, number>;
}

/**
 * A grafter on `builder`. Appended types get their ids when they are first needed, so that types which contain themselves end; names
 * are escaped as they come in.
 */
export function grafterOf(state: ObjectState, builder: BtfBuilder): Grafter | undefined {
  const { join } = state;
  if (join === undefined) return undefined;
  const lowered = (): Btf => join.lowered.btf();
  const find = ownIndex(
    sideOf(() => state.btf, join.naming),
    sideOf(lowered, join.naming),
  );
  const grafts = new Map(state.grafts);
  const waiting: number[] = [];

  const reserve = (loweredId: number): number => {
    if (loweredId === 0) return 0;
    const known = grafts.get(loweredId) ?? find(loweredId);
    if (known !== undefined) return known;
    const type = typeById(lowered(), loweredId);
    if (type === undefined) return 0;
    const id = builder.add(type);
    grafts.set(loweredId, id);
    waiting.push(loweredId);
    return id;
  };
  const translated = (type: BtfType): BtfType => {
    const source = lowered();
    const rename = (nameOff: number): number => {
      const name = nameOff === 0 ? undefined : nameBytes(source, nameOff);
      if (name === undefined) return 0;
      // INT and FLOAT names are never checked, and `()` or `f32` should stay what they are called elsewhere.
      return builder.string(type.kind === "int" || type.kind === "float" ? name : escapeName(name));
    };
    return mapReferences(mapNames(type, rename), reserve);
  };
  const settle = (): void => {
    for (let loweredId = waiting.pop(); loweredId !== undefined; loweredId = waiting.pop()) {
      const type = typeById(lowered(), loweredId);
      const id = grafts.get(loweredId);
      if (type !== undefined && id !== undefined) builder.replace(id, translated(type));
    }
  };

  return {
    graft(loweredId) {
      const id = reserve(loweredId);
      settle();
      return id;
    },
    transplant(loweredId) {
      const type = typeById(lowered(), loweredId);
      if (type === undefined) return undefined;
      const record = translated(type);
      settle();
      return record;
    },
    grafts: () => grafts,
  };
}
