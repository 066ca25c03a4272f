import { type Btf, LINKAGE_EXTERN, LINKAGE_GLOBAL } from "../../btf/model.ts";
import {
  type ElfRelocation,
  type ElfSymbol,
  type ElfView,
  R_BPF_64_64,
  R_BPF_64_ABS64,
  type Section,
  SHF_EXECINSTR,
  SHN_UNDEF,
  STB_LOCAL,
  STT_SECTION,
  STV_DEFAULT,
} from "../../elf/model.ts";
import { relocationsOf } from "../../elf/relocations.ts";
import { sectionsNamed } from "../../elf/symbols.ts";
import type { ExaminedMap } from "../../maps/examine.ts";
import { mapPlaces } from "../../maps/places.ts";
import { MAPS_SECTION } from "../../maps/sites.ts";
import { cannotOpen, EOPNOTSUPP, ESRCH, rejects } from "../answers.ts";
import { eachMap, type MapFact } from "../maps/findings.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** Whether nobody outside the object can name the map. A map that another object defines is not its own. */
export function isPrivate({ site: { symbol }, variable }: ExaminedMap): boolean {
  if (symbol?.section === SHN_UNDEF || variable?.linkage === LINKAGE_EXTERN) return false;
  const isHidden = symbol !== undefined && (symbol.binding === STB_LOCAL || symbol.visibility !== STV_DEFAULT);
  return isHidden || (variable !== undefined && variable.linkage !== LINKAGE_GLOBAL);
}

export const privateMap: Rule = {
  id: "map/private",
  title: "A map's symbol is global and visible, and its VAR too.",
  covers: ["V4", "LM-04", "LD-08"],
  source: "libbpf bpf_object__init_user_btf_map",
  fixable: true,
  check: (state) =>
    eachMap(state, privateMap, function* (map): Generator<MapFact> {
      if (!isPrivate(map)) return;
      yield {
        fact: "it is private to the object",
        answers: [cannotOpen(`map '${map.site.name}': unsupported map linkage static.`, EOPNOTSUPP)],
        help: "export it: #[unsafe(no_mangle)] or pub",
      };
    }),
};

/** Whether the symbol that a section refers to by a relocation is such a one. */
type IsNamed = (named: ElfSymbol, from: Section, entry: ElfRelocation) => boolean;

/** Those of the sections with a reference of this type into `.maps` of which `is` holds. */
function referringFrom(elf: ElfView, sections: readonly Section[], type: number, is: IsNamed): readonly Section[] {
  const maps = new Set(sectionsNamed(elf, MAPS_SECTION).map(({ index }) => index));
  if (maps.size === 0) return [];
  return sections.filter((from) =>
    relocationsOf(elf, from.index).some((entry) => {
      const named = elf.symbols[entry.symbol];
      return entry.type === type && named !== undefined && maps.has(named.section) && is(named, from, entry);
    }),
  );
}

/** Sections of code with a load of an address in `.maps` of which `is` holds. */
function codeThat(elf: ElfView, is: IsNamed): readonly Section[] {
  const code = elf.sections.filter(({ flags }) => (flags & SHF_EXECINSTR) !== 0);
  return referringFrom(elf, code, R_BPF_64_64, is);
}

/** Indices of the symbols that are maps' own. */
function ownSymbols(elf: ElfView, btf: Btf): ReadonlySet<number> {
  const places = sectionsNamed(elf, MAPS_SECTION).flatMap((section) => mapPlaces(elf, btf, section));
  return new Set(places.map(({ symbol }) => symbol));
}

export const mapReference: Rule = {
  id: "elf/map-reference",
  title: "Code and the `values` of maps name a map by the map's own symbol.",
  covers: ["V4", "LR-02", "LV-04"],
  source:
    "libbpf bpf_program__record_reloc (compares symbol values, never the immediate), bpf_object__collect_map_relos; aya-obj relocate_maps",
  fixable: true,
  *check({ elf, btf }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined) return;
    const own = ownSymbols(elf, btf);
    for (const { index, name } of codeThat(elf, (named) => !own.has(named.index))) {
      yield {
        rule: mapReference.id,
        severity: "error",
        message: `code in ${name} names maps by an offset in their section, or by other symbols that lie there`,
        target: { section: index },
        answers: [
          { judge: "libbpf", answer: "misreads", how: "with an offset it takes the first map of the section" },
          { judge: "aya", answer: "misreads", how: "it takes any map of the section" },
        ],
        help: "export the maps: #[unsafe(no_mangle)] or pub",
      };
    }
    const maps = sectionsNamed(elf, MAPS_SECTION);
    for (const { index } of referringFrom(elf, maps, R_BPF_64_ABS64, ({ index: named }) => !own.has(named))) {
      yield {
        rule: mapReference.id,
        severity: "error",
        message:
          "`values` of a map name the maps that they hold by an offset in their section, or by other symbols that lie there",
        target: { section: index },
        answers: [cannotOpen("isn't a valid map reference", ESRCH)],
        help: "export the maps: #[unsafe(no_mangle)] or pub",
      };
    }
  },
};

/** Bytes from an instruction to its immediate. */
const IMMEDIATE = 4;

function immediateOf({ littleEndian }: ElfView, { bytes }: Section, { offset }: ElfRelocation): number {
  const at = offset + IMMEDIATE;
  if (at + 4 > bytes.length) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(at, littleEndian);
}

/** What is left of a private map that was made public: no repair changes instructions. */
export const mapImmediate: Rule = {
  id: "elf/map-immediate",
  title: "Code that loads a map has the immediate 0.",
  covers: ["V4"],
  source: "cilium/ebpf collectionLoader.populateDeferredMaps, loadProgram (an immediate above 0 is a descriptor)",
  fixable: false,
  *check({ elf }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined) return;
    const found = codeThat(elf, ({ type }, code, entry) => type !== STT_SECTION && immediateOf(elf, code, entry) > 0);
    for (const { index, name } of found) {
      yield {
        rule: mapImmediate.id,
        severity: "warning",
        message: `code in ${name} names maps by symbols, and has offsets beside them, which cilium/ebpf takes for descriptors`,
        target: { section: index },
        answers: [
          rejects("cilium/ebpf", "unsatisfied map reference", { at: "load" }),
          { judge: "libbpf", answer: "accepts" },
          { judge: "aya", answer: "accepts" },
        ],
        help: "export the maps in the source: #[unsafe(no_mangle)] or pub",
      };
    }
  },
};
