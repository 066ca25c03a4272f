import { BtfFixError } from "../errors.ts";
import { COLUMN, LINE_END_SEQUENCE, LINE_IS_STMT, RECORD, SECTION, WIDE } from "./abi.ts";
import type { LineRow } from "./model.ts";
import { fault, type Gimli } from "./module.ts";
import type { IndexedUnit } from "./rows.ts";
import type { StringReader } from "./strings.ts";

/** Bytes that line programs may have in all beyond twice the section: they may not overlap without bound. */
const OVERLAP_SLACK = 0x1_0000;

/** Names and rows of the line programs of one object, read on demand. */
export interface LineReader {
  /** Path of file `index`, as the unit's DIEs and rows number it; undefined if there is none. */
  file(unit: IndexedUnit, index: number): string | undefined;
  /** Rows of all programs, in the order of the units that name them. */
  rows(): readonly LineRow[];
}

/** The file table of one program, paths complete. `base` is the number of the first file: 1 up to DWARF 4, 0 in DWARF 5. */
interface FileTable {
  readonly base: number;
  readonly paths: readonly string[];
}

/**
 * Reads `.debug_line`. `release` is called before each use of the module.
 *
 * Errors on reading: DWARF_MALFORMED, DWARF_UNSUPPORTED, LIMIT_EXCEEDED, about `.debug_line`.
 */
export function lineReader(
  gimli: Gimli,
  strings: StringReader,
  units: readonly IndexedUnit[],
  lineLength: number,
  release: () => void,
): LineReader {
  // A broken program is not read again for each DIE that names it.
  const tables = new Map<number, FileTable | BtfFixError>();
  let all: readonly LineRow[] | undefined;
  let allowed = 2 * lineLength + OVERLAP_SLACK;

  /** The program's files, read on the first call. */
  function files(offset: number, unit: IndexedUnit): FileTable {
    let table = tables.get(offset);
    if (table === undefined) {
      try {
        table = readFiles(offset, unit);
      } catch (error) {
        if (!(error instanceof BtfFixError)) throw error;
        table = error;
      }
      tables.set(offset, table);
    }
    if (table instanceof BtfFixError) throw table;
    return table;
  }

  function open(offset: number, unit: IndexedUnit): void {
    release();
    gimli.openLines(offset, unit.addressSize);
  }

  function readFiles(offset: number, unit: IndexedUnit): FileTable {
    open(offset, unit);
    allowed -= gimli.word(RECORD.lineLength);
    if (allowed < 0) throw fault("DWARF_MALFORMED", "line programs overlap", SECTION.line, offset);
    const version = gimli.word(RECORD.lineVersion);
    const fileCount = gimli.word(RECORD.files);
    const directories = names(false, offset, gimli.word(RECORD.directories)).map(({ path }) => path);
    // Directory 0 is the unit's own; up to DWARF 4 it is not listed. The others may be relative to it.
    if (version < 5) directories.unshift(unit.compDir);
    const own = directories[0] ?? unit.compDir;
    const paths = names(true, offset, fileCount).map(({ path, directory }) =>
      join(directory === 0 ? own : join(own, directories[directory] ?? ""), path),
    );
    return { base: version < 5 ? 1 : 0, paths };
  }

  function names(files: boolean, offset: number, count: number): { path: string; directory: number }[] {
    const result: { path: string; directory: number }[] = [];
    while (result.length < count) {
      const rows = gimli.readNames(files, result.length, offset);
      if (rows === 0) break;
      const wide = gimli.column32(COLUMN.wide, rows * WIDE).slice();
      for (let i = 0; i < wide.length; i += WIDE) {
        const place = { kind: wide[i] ?? 0, low: wide[i + 1] ?? 0, high: wide[i + 2] ?? 0 };
        result.push({ path: strings.text(SECTION.line, place) ?? "", directory: wide[i + 3] ?? 0 });
      }
    }
    return result;
  }

  function file(unit: IndexedUnit, index: number): string | undefined {
    if (unit.lineProgram === undefined) return undefined;
    const table = files(unit.lineProgram, unit);
    return table.paths[index - table.base];
  }

  function rows(): readonly LineRow[] {
    if (all !== undefined) return all;
    const result: LineRow[] = [];
    const seen = new Set<number>();
    for (const unit of units) {
      if (unit.lineProgram === undefined || seen.has(unit.lineProgram)) continue;
      seen.add(unit.lineProgram);
      const table = files(unit.lineProgram, unit);
      // The names may have come long ago, and other programs since.
      open(unit.lineProgram, unit);
      appendRows(unit.lineProgram, table, result);
    }
    all = result;
    return result;
  }

  function appendRows(offset: number, table: FileTable, result: LineRow[]): void {
    for (let count = gimli.readLines(offset); count > 0; count = gimli.readLines(offset)) {
      const wide = gimli.column32(COLUMN.wide, count * WIDE);
      for (let i = 0; i < wide.length; i += WIDE) {
        const flags = wide[i + 5] ?? 0;
        result.push({
          section: wide[i + 1] ?? 0,
          offset: wide[i] ?? 0,
          file: table.paths[(wide[i + 2] ?? 0) - table.base] ?? "",
          line: wide[i + 3] ?? 0,
          column: wide[i + 4] ?? 0,
          isStmt: (flags & LINE_IS_STMT) !== 0,
          endSequence: (flags & LINE_END_SEQUENCE) !== 0,
        });
      }
    }
  }

  return { file, rows };
}

/** `name` below `directory`, unless it is absolute; nothing is normalised, since BTF takes paths as they stand. */
function join(directory: string, name: string): string {
  if (directory === "" || name.startsWith("/") || /^[A-Za-z]:[\\/]/.test(name)) return name;
  if (name === "") return directory;
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}
