import type { ElfView } from "../../elf/model.ts";
import type { Correspondence } from "../../join/model.ts";
import type { LoweredVariable } from "../../lower/model.ts";
import { mapKind } from "../../maps/kinds.ts";
import {
  type LegacyDefinition,
  type LegacyMap,
  type LegacyMaps,
  readLegacyMaps,
} from "../../maps/legacy-definition.ts";
import { variablesBySymbol } from "../../maps/legacy-list.ts";
import { bytesText, type LegacyPlan, planLegacyMap } from "../../maps/legacy-types.ts";
import { typeText } from "../../maps/text.ts";
import { cannotOpen, EOPNOTSUPP, rejects } from "../answers.ts";
import { barredField } from "../maps/special-field.ts";
import type { Diagnostic, JudgeAnswer, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** A legacy map with what it is to become. */
export interface PlannedMap extends LegacyMap {
  readonly variable: LoweredVariable | undefined;
  readonly plan: LegacyPlan;
}

/** The legacy maps of a state, read and planned once for all rules and the repair. */
export interface PlannedMaps extends Omit<LegacyMaps, "maps"> {
  readonly maps: readonly PlannedMap[];
}

const NONE: PlannedMaps = { sections: [], maps: [], faults: [] };
const planned = new WeakMap<ObjectState, PlannedMaps>();

/** The legacy maps of a state; none for a raw BTF file. */
export function legacyMapsOf(state: ObjectState): PlannedMaps {
  const known = planned.get(state);
  if (known !== undefined) return known;
  const found = state.elf === undefined ? NONE : planAll(state, readLegacyMaps(state.elf));
  planned.set(state, found);
  return found;
}

function planAll({ elf, join }: ObjectState, read: LegacyMaps): PlannedMaps {
  if (elf === undefined || read.maps.length === 0) return { ...read, maps: [] };
  const variables = variablesBySymbol(join);
  const maps = read.maps.map((map) => {
    const variable = variables.get(map.symbol.index);
    return { ...map, variable, plan: harmless(elf, map, join, planLegacyMap(map, join?.lowered, variable)) };
  });
  return { ...read, maps };
}

/**
 * The plan, without types where these would take something away: until now nobody saw the lock or timer in a legacy map's value, and aya
 * does not try again without types.
 */
function harmless(elf: ElfView, map: LegacyMap, join: Correspondence | undefined, plan: LegacyPlan): LegacyPlan {
  if (join === undefined || plan.value.how !== "type") return plan;
  const { symbol, definition } = map;
  const value = { btf: join.lowered.btf(), valueId: plan.value.loweredId };
  const barred = barredField(elf, { ...value, type: definition.type, symbol: symbol.index });
  if (barred === undefined) return plan;
  return { ...planLegacyMap(map, undefined, undefined), conflicts: [...plan.conflicts, barred.fact] };
}

const REFUSAL: readonly JudgeAnswer[] = [
  cannotOpen("elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+", EOPNOTSUPP),
];

/** "hash, key 8 bytes, value 16 bytes, 1024 entries". */
function describe({ type, keySize, valueSize, maxEntries }: LegacyDefinition): string {
  const entries = maxEntries === 1 ? "1 entry" : `${maxEntries} entries`;
  return `${mapKind(type).name}, key ${bytesText(keySize)}, value ${bytesText(valueSize)}, ${entries}`;
}

/** "static FLOWS: HashMap<Flow, Stats>" and where it stands, from DWARF. */
function context(state: ObjectState, variable: LoweredVariable | undefined): Pick<Diagnostic, "place" | "subject"> {
  if (variable === undefined || state.join === undefined) return {};
  const subject = `static ${variable.name}: ${typeText(state.join.lowered.btf(), variable.typeId)}`;
  return variable.place === undefined ? { subject } : { subject, place: variable.place };
}

export const legacyMaps: Rule = {
  id: "elf/legacy-maps",
  title: "Maps are defined by BTF, not by `bpf_map_def` in a section `maps`.",
  covers: ["V5", "LE-03"],
  source: "libbpf bpf_object__elf_collect",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    const { sections, maps } = legacyMapsOf(state);
    const severity = state.choices.legacyMaps === "keep" ? "warning" : "error";
    const head = { rule: legacyMaps.id, severity, answers: [...REFUSAL, { judge: "aya", answer: "accepts" }] } as const;
    for (const { symbol, definition, variable, plan } of maps) {
      const facts = [`it is a legacy definition (${describe(definition)})`, ...plan.conflicts];
      yield {
        ...head,
        message: `map ${symbol.name}: ${facts.join("; ")}`,
        target: { symbol: symbol.index, section: symbol.section },
        ...context(state, variable),
        ...(severity === "warning" ? { help: "--legacy-maps convert makes it a BTF map" } : {}),
      };
    }
    for (const section of sections) {
      if (maps.some(({ symbol }) => symbol.section === section.index)) continue;
      yield { ...head, message: `section ${section.name} holds no map`, target: { section: section.index } };
    }
  },
};

export const legacyDefinition: Rule = {
  id: "map/legacy-definition",
  title: "A legacy definition has 20 to 28 bytes, a known kind of map, and a symbol of its own.",
  covers: ["V5"],
  source: "aya-obj parse_map_def",
  fixable: false,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const { section, symbol, fact } of legacyMapsOf(state).faults) {
      yield {
        rule: legacyDefinition.id,
        severity: "error",
        message: symbol === undefined ? `section ${section.name}: ${fact}` : `map ${symbol.name}: ${fact}`,
        target: { section: section.index, ...(symbol === undefined ? {} : { symbol: symbol.index }) },
        answers: [...REFUSAL, rejects("kernel", "BPF_MAP_CREATE: EINVAL")],
      };
    }
  },
};
