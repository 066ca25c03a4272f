import { BtfBuilder } from "../btf/builder.ts";
import { type BtfDatasec, LINKAGE_STATIC } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { MAPS_SECTION } from "../maps/sites.ts";
import { emptyDatasec, emptyDatasecs } from "../rules/datasec/empty.ts";
import { placedDatasecs, shrunkEntry, zeroSizeEntry } from "../rules/datasec/entries.ts";
import { placement, unplaced } from "../rules/datasec/placed.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { byteArrays } from "./bytes-type.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** V6: variables of size 0 leave their section's list; the VARs stay. */
export const dropEmptyEntries: Fix = {
  rules: [zeroSizeEntry],
  summary: (count) => `${counted(count, "zero-sized entry").replace("entrys", "entries")} dropped`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const dropped = new Set(findings.map(({ target }) => `${target.typeId}:${target.member}`));
    for (const [typeId, datasec] of placedDatasecs(state.btf)) {
      const entries = datasec.entries.filter((_, index) => !dropped.has(`${typeId}:${index}`));
      if (entries.length !== datasec.entries.length) builder.replace(typeId, { ...datasec, entries });
    }
    return { state: { ...state, btf: builder.finish() }, done: findings.map(() => "dropped the entry") };
  },
};

/** V7: what the optimiser left of a static is as many bytes. */
export const bytesForShrunk: Fix = {
  rules: [shrunkEntry],
  summary: (count) => `${counted(count, "shrunk static")} turned into bytes`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const bytes = byteArrays(state.btf, builder);
    const done = findings.map(({ target: { typeId = 0, member = 0 } }) => {
      const datasec = builder.get(typeId);
      const entry = datasec?.kind === "datasec" ? datasec.entries[member] : undefined;
      const variable = entry === undefined ? undefined : builder.get(entry.type);
      if (datasec?.kind !== "datasec" || entry === undefined || variable?.kind !== "var") return undefined;
      // A map is its type: as bytes it would be none, and be made a map again from debug info.
      if (nameText(state.btf, datasec.nameOff) === MAPS_SECTION) return undefined;
      builder.replace(entry.type, { ...variable, type: bytes(entry.size) });
      return `made it an array of ${entry.size} bytes`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};

/** Name of the variable that stands for constants without names. No skeleton shows a static one, and no loader looks for its symbol. */
const UNNAMED = "unnamed_constants";

/** KD-02: the bytes of a section that lists nothing become one static variable, so that its map keeps its type in every kernel. */
export const listUnnamed: Fix = {
  rules: [emptyDatasec],
  summary: (count) => `${counted(count, "empty section")} described`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const bytes = byteArrays(state.btf, builder);
    const empty = new Map([...emptyDatasecs(state)].map((each) => [each.typeId, each]));
    const done = findings.map(({ target: { typeId = 0 }, help }) => {
      const found = empty.get(typeId);
      // The rule says why it is better left.
      if (found === undefined || help !== undefined) return undefined;
      const { datasec, size } = found;
      const nameOff = builder.string(UNNAMED);
      const type = builder.add({ kind: "var", nameOff, type: bytes(size), linkage: LINKAGE_STATIC });
      builder.replace(typeId, { ...datasec, size, entries: [{ type, offset: 0, size }] });
      return `listed ${size} ${size === 1 ? "byte" : "bytes"} as one static variable`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};

/** V1: size, offsets and order as `bpftool gen object` writes them. */
export const placeDatasecs: Fix = {
  rules: [unplaced],
  summary: (count) => `${counted(count, "section")} laid out`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const { elf } = state;
    const builder = new BtfBuilder(state.btf);
    const names = new Map([...placedDatasecs(state.btf)].map(([typeId, , name]) => [typeId, name]));
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const datasec = builder.get(typeId);
      const name = names.get(typeId);
      if (elf === undefined || datasec?.kind !== "datasec" || name === undefined) return undefined;
      const placed = placement(state, elf, datasec, name);
      if (placed === undefined) return undefined;
      builder.replace(typeId, { ...datasec, ...placed } satisfies BtfDatasec);
      return "filled in size and offsets";
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
