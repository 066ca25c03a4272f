import { type CodeReference, codeReferences, type ObjectFile } from "../../test/e2e/object-file.ts";
import type { LibbpfProgram, LibbpfReport } from "../../test/judges/libbpf.ts";

/** Where a stretch of a loaded program comes from: instructions `start` and following are those at `offset` of section `code`. */
interface Stretch {
  readonly start: number;
  readonly code: number;
  readonly offset: number;
  readonly size: number;
}

const STT_FUNC = 2;

function functionNamed(file: ObjectFile, name: string, section?: string) {
  return file.symbols.find(
    (symbol) =>
      symbol.type === STT_FUNC &&
      symbol.name === name &&
      (section === undefined || file.sections[symbol.section]?.name === section),
  );
}

/** The program and the functions that libbpf appended to it, in the order in which it says that it did. */
function stretches(file: ObjectFile, program: LibbpfProgram, report: LibbpfReport): Stretch[] {
  const own = functionNamed(file, program.name, program.section);
  if (own === undefined) return [];
  const list: Stretch[] = [{ start: 0, code: own.section, offset: own.value, size: own.size }];
  let end = own.size / 8;
  for (const { pass, text } of report.log) {
    const added = /prog '(.*)': added (\d+) insns from sub-prog '(.*)'/.exec(text);
    if (pass !== "all" || added?.[1] !== program.name) continue;
    const callee = functionNamed(file, added[3] ?? "");
    if (callee !== undefined) {
      list.push({ start: end, code: callee.section, offset: callee.value, size: callee.size });
    }
    end += Number(added[2]);
  }
  return list;
}

/** Section of externs. libbpf makes a map of those of `.kconfig`; those of `.ksyms` are no map's. */
const UNDEFINED = "";
const EXTERN_MAP = ".kconfig";
/** Sections of maps, whose symbols are the maps. */
const MAPS: readonly string[] = [".maps", "maps"];

/** What libbpf calls the map of a data section: its whole name, or the object's name and the section's, cut. */
function isDataMap(map: string, section: string): boolean {
  return map === section || map.endsWith(section);
}

function isMapReference({ section }: CodeReference): boolean {
  return section === UNDEFINED || MAPS.includes(section) || /^\.(data|rodata|bss)(\.|$)/.test(section);
}

/**
 * References of a loaded object that are bound to another map than the one that the raw object's relocation named, as texts.
 * Both sides are counted, so a reference that was lost or made up shows as well.
 */
export function wrongReferences(raw: ObjectFile, report: LibbpfReport): string[] {
  const references = codeReferences(raw).filter(isMapReference);
  const wrong: string[] = [];
  for (const program of report.programs) {
    const expected = new Map<number, CodeReference>();
    for (const { start, code, offset, size } of stretches(raw, program, report)) {
      for (const reference of references) {
        const within = reference.offset - offset;
        if (reference.code === code && within >= 0 && within < size) expected.set(start + within / 8, reference);
      }
    }
    for (const load of program.wideLoads) {
      if (load.src !== 1 && load.src !== 2) continue;
      const reference = expected.get(load.insn);
      expected.delete(load.insn);
      const isMap = reference !== undefined && MAPS.includes(reference.section);
      const named =
        reference !== undefined && isMap
          ? reference.symbol
          : reference?.section === UNDEFINED
            ? EXTERN_MAP
            : reference?.section;
      const isRight =
        reference !== undefined && load.map !== null && (isMap ? load.map === named : isDataMap(load.map, named ?? ""));
      if (!isRight) wrong.push(`${program.name}+${load.insn} carries ${load.map}, its relocation names ${named}`);
    }
    for (const [insn, { section, symbol }] of expected) {
      if (section === UNDEFINED) continue;
      wrong.push(`${program.name}+${insn} carries no map, its relocation names ${symbol ?? section}`);
    }
  }
  return wrong;
}
