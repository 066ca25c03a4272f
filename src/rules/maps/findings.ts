import { unescapeName } from "../../btf/escape.ts";
import { type Btf, typeById } from "../../btf/model.ts";
import { shownName } from "../../btf/names.ts";
import type { ElfView } from "../../elf/model.ts";
import type { Correspondence } from "../../join/model.ts";
import { type ExaminedMap, examineMaps } from "../../maps/examine.ts";
import { typeText } from "../../maps/text.ts";
import type { Diagnostic, JudgeAnswer, Rule, Severity } from "../rule.ts";
import type { ObjectState } from "../state.ts";

interface Examined {
  readonly elf: ElfView;
  readonly join: Correspondence | undefined;
  readonly maps: readonly ExaminedMap[];
}

/** What was examined last, by blob: states of an object differ in much that its maps do not depend on. */
const examined = new WeakMap<Btf, Examined>();

/** The maps of a state, examined once for all rules; none for a raw BTF file. */
export function mapsOf({ elf, btf, join }: ObjectState): readonly ExaminedMap[] {
  if (elf === undefined) return [];
  const last = examined.get(btf);
  if (last?.elf === elf && last.join === join) return last.maps;
  const maps = examineMaps(elf, btf, join);
  examined.set(btf, { elf, join, maps });
  return maps;
}

/** What a rule says of one map, before it becomes a finding. */
export interface MapFact {
  readonly fact: string;
  readonly answers: readonly JudgeAnswer[];
  readonly severity?: Severity;
  readonly help?: string;
}

/** "static EVENTS: RingBuf<Event, 4096>", from DWARF where it is there. */
function subjectOf(state: ObjectState, map: ExaminedMap): string {
  const { variable } = map.site;
  const text =
    variable !== undefined && state.join !== undefined
      ? typeText(state.join.lowered.btf(), variable.typeId)
      : typeText(state.btf, map.variable?.type ?? 0);
  return `static ${variable?.name ?? map.site.name}: ${text}`;
}

/** A finding about one map. */
export function mapFinding(state: ObjectState, rule: Rule, map: ExaminedMap, found: MapFact): Diagnostic {
  const place = map.site.variable?.place;
  return {
    rule: rule.id,
    severity: found.severity ?? "error",
    message: `map ${map.site.name}: ${found.fact}`,
    target: {
      ...(map.site.varId === undefined ? {} : { typeId: map.site.varId }),
      ...(map.site.symbol === undefined ? {} : { symbol: map.site.symbol.index }),
    },
    subject: subjectOf(state, map),
    ...(place === undefined ? {} : { place }),
    answers: found.answers,
    ...(found.help === undefined ? {} : { help: found.help }),
  };
}

/** Applies a judgement to every map. */
export function* eachMap(
  state: ObjectState,
  rule: Rule,
  judge: (map: ExaminedMap) => Iterable<MapFact>,
): Generator<Diagnostic> {
  for (const map of mapsOf(state)) for (const fact of judge(map)) yield mapFinding(state, rule, map, fact);
}

/** Name of a type of the own BTF as the source has it. */
export function sourceName(state: ObjectState, id: number): string {
  const type = typeById(state.btf, id);
  return type === undefined ? "void" : unescapeName(shownName(state.btf, type.nameOff));
}
