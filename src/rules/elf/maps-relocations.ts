import { type ElfRelocation, type ElfView, type Section, SHF_EXECINSTR, SHN_UNDEF } from "../../elf/model.ts";
import { relocationsOf } from "../../elf/relocations.ts";
import { sectionsNamed } from "../../elf/symbols.ts";
import type { ExaminedMap, WitnessedDefinition } from "../../maps/examine.ts";
import { type MapPlace, mapPlaces } from "../../maps/places.ts";
import { MAPS_SECTION } from "../../maps/sites.ts";
import { accepts, EINVAL, rejects } from "../answers.ts";
import { mapsOf } from "../maps/findings.ts";
import type { Diagnostic, JudgeAnswer, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** Bytes of a section of maps that belong to `values`. */
export interface ValuesRange {
  readonly section: number;
  readonly start: number;
  readonly end: number;
}

/** Byte offset of `values` in the definition; undefined if there is none. Wrappers begin where the definition begins. */
function valuesOffset(witness: WitnessedDefinition | undefined): number | undefined {
  const field = witness?.fields.find(({ kind }) => kind === "values");
  const member = field === undefined ? undefined : witness?.unwrapped.struct.members[field.member];
  return member === undefined ? undefined : member.bitOffset / 8;
}

function rangeOf({ site: { symbol }, own, lowered }: ExaminedMap, places: readonly MapPlace[]): readonly ValuesRange[] {
  const offset = valuesOffset(own) ?? valuesOffset(lowered);
  if (offset === undefined || symbol === undefined) return [];
  const { section, value } = symbol;
  const place = places.find((candidate) => candidate.section === section && candidate.offset === value);
  return [{ section, start: value + offset, end: value + (place?.size ?? symbol.size) }];
}

/** Where relocations of `.maps` belong. Undefined if no witness knows of any map (`clang -g1`): then nobody can tell. */
export function valuesRanges(state: ObjectState): readonly ValuesRange[] | undefined {
  const known = mapsOf(state).filter(({ own, lowered }) => own !== undefined || lowered !== undefined);
  const { elf, btf } = state;
  if (known.length === 0 || elf === undefined) return undefined;
  const places = sectionsNamed(elf, MAPS_SECTION).flatMap((section) => mapPlaces(elf, btf, section));
  return known.flatMap((map) => rangeOf(map, places));
}

export function isValues(ranges: readonly ValuesRange[], section: number, offset: number): boolean {
  return ranges.some((range) => range.section === section && offset >= range.start && offset < range.end);
}

/** Relocations of one section of maps outside `values`. */
export interface StrayRelocations {
  readonly section: Section;
  /** Pointers to data: what a definition's integers and types point at means nothing. */
  readonly data: readonly ElfRelocation[];
  /** Pointers to maps, programs and externs: something was to be filled in. */
  readonly meant: readonly ElfRelocation[];
}

function isMeant(elf: ElfView, { symbol }: ElfRelocation): boolean {
  const index = elf.symbols[symbol]?.section ?? SHN_UNDEF;
  const section = elf.sections[index];
  if (index === SHN_UNDEF || section === undefined) return symbol !== 0;
  return section.name === MAPS_SECTION || (section.flags & SHF_EXECINSTR) !== 0;
}

/** Stray relocations by section; only sections that have any. */
export function strayRelocations(state: ObjectState): readonly StrayRelocations[] {
  const { elf } = state;
  const ranges = elf === undefined ? undefined : valuesRanges(state);
  if (elf === undefined || ranges === undefined) return [];
  return sectionsNamed(elf, MAPS_SECTION).flatMap((section) => {
    const stray = relocationsOf(elf, section.index).filter(({ offset }) => !isValues(ranges, section.index, offset));
    const meant = stray.filter((entry) => isMeant(elf, entry));
    return stray.length === 0 ? [] : [{ section, data: stray.filter((entry) => !meant.includes(entry)), meant }];
  });
}

const INITIALISED = rejects("cilium/ebpf", "initializing BTF map definitions: not supported", { at: "open" });

/** cilium/ebpf looks at the bytes, which relocations leave zero where they point to the first byte of something. */
function answersOf({ bytes }: Section): readonly JudgeAnswer[] {
  return [
    { judge: "libbpf", answer: "rejects", how: "-EINVAL without a word", at: "open", errno: EINVAL },
    bytes.some((byte) => byte !== 0) ? INITIALISED : accepts("cilium/ebpf"),
  ];
}

export const mapsRelocations: Rule = {
  id: "elf/maps-relocations",
  title: "Relocations of `.maps` fill `values` and nothing else.",
  covers: ["V3"],
  source: "libbpf bpf_object__collect_map_relos",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const { section, data, meant } of strayRelocations(state)) {
      const answers = answersOf(section);
      const finding = {
        rule: mapsRelocations.id,
        severity: "error",
        target: { section: section.index },
        answers,
      } as const;
      if (data.length > 0) {
        yield {
          ...finding,
          message: `.maps has ${data.length} relocations outside \`values\`: its integers point at real arrays`,
          help: "initialise the definition with null pointers",
        };
      }
      for (const { offset, symbol } of meant) {
        yield {
          ...finding,
          target: { ...finding.target, symbol },
          message: `.maps holds ${state.elf?.symbols[symbol]?.name || "a map or program"} at ${offset}, outside \`values\``,
          help: "only a member `values` can hold maps and programs",
        };
      }
    }
  },
};

/** Sections of maps with bytes that are not zero, apart from those that relocations fill. */
export function initialisedMaps(state: ObjectState): readonly Section[] {
  const { elf } = state;
  const ranges = elf === undefined ? undefined : valuesRanges(state);
  if (elf === undefined || ranges === undefined) return [];
  return sectionsNamed(elf, MAPS_SECTION).filter(({ index, bytes }) => {
    const filled = new Set(relocationsOf(elf, index).map(({ offset }) => Math.floor(offset / 8)));
    return bytes.some((byte, at) => byte !== 0 && !filled.has(Math.floor(at / 8)) && !isValues(ranges, index, at));
  });
}

export const mapsInitialised: Rule = {
  id: "elf/maps-initialised",
  title: "The bytes of `.maps` are zero: all that a definition says is in its type.",
  covers: ["V3"],
  source: "cilium/ebpf mapSpecFromBTF",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const { index } of initialisedMaps(state)) {
      yield {
        rule: mapsInitialised.id,
        severity: "error",
        message: ".maps has bytes that are not zero: its definitions are initialised",
        target: { section: index },
        answers: [INITIALISED, { judge: "libbpf", answer: "accepts" }],
        help: "initialise the definition with null pointers",
      };
    }
  },
};
