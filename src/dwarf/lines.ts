import { BtfFixError } from "../errors.ts";
import { COLUMN, KIND, LINE_END_SEQUENCE, LINE_IS_STMT, RECORD, SECTION, WIDE } from "./abi.ts";
import { grown } from "./grown.ts";
import type { LineTable } from "./model.ts";
import { fault, type Gimli } from "./module.ts";
import type { IndexedUnit } from "./rows.ts";
import type { StringPlace, StringReader } from "./strings.ts";

/** Bytes that line programs may have in all beyond twice the section: they may not overlap without bound. */
const OVERLAP_SLACK = 0x1_0000;

/** Names and rows of the line programs of one object, read on demand. */
export interface LineReader {
  /** Path of file `index`, as the unit's DIEs and rows number it; undefined if there is none. */
  file(unit: IndexedUnit, index: number): string | undefined;
  /** Paths of all files that the unit's program names; none if it cannot be read. */
  paths(unit: IndexedUnit): readonly string[];
  /** Rows of all programs, in the order of the units that name them. */
  rows(): LineTable;
}

/** The file table of one program, paths complete. `base` is the number of the first file: 1 up to DWARF 4, 0 in DWARF 5. */
interface FileTable {
  readonly base: number;
  readonly paths: readonly string[];
}

interface Name {
  readonly path: string;
  readonly directory: number;
  readonly source: StringPlace;
}

/** Where the kind of a file's source stands above that of its name. */
const SOURCE_KIND = 8;
const NAME_KIND = (1 << SOURCE_KIND) - 1;

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
  const sources = new Map<string, StringPlace>();
  // A broken program is not read again for each DIE that names it.
  const tables = new Map<number, FileTable | BtfFixError>();
  let all: LineTable | undefined;
  let allowed = 2 * lineLength + OVERLAP_SLACK;
  let sourceAllowed = 2 * (lineLength + strings.places) + OVERLAP_SLACK;

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
    const paths = names(true, offset, fileCount).map(({ path, directory, source }) => {
      const whole = join(directory === 0 ? own : join(own, directories[directory] ?? ""), path);
      if (source.kind !== KIND.other && !sources.has(whole)) sources.set(whole, source);
      return whole;
    });
    return { base: version < 5 ? 1 : 0, paths };
  }

  function names(files: boolean, offset: number, count: number): Name[] {
    const result: Name[] = [];
    while (result.length < count) {
      const rows = gimli.readNames(files, result.length, offset);
      if (rows === 0) break;
      const wide = gimli.column32(COLUMN.wide, rows * WIDE).slice();
      for (let i = 0; i < wide.length; i += WIDE) {
        const kinds = wide[i] ?? 0;
        const place = { kind: kinds & NAME_KIND, low: wide[i + 1] ?? 0, high: wide[i + 2] ?? 0 };
        const source = { kind: kinds >>> SOURCE_KIND, low: wide[i + 4] ?? 0, high: wide[i + 5] ?? 0 };
        result.push({ path: strings.text(SECTION.line, place) ?? "", directory: wide[i + 3] ?? 0, source });
      }
    }
    return result;
  }

  function file(unit: IndexedUnit, index: number): string | undefined {
    if (unit.lineProgram === undefined) return undefined;
    const table = files(unit.lineProgram, unit);
    return table.paths[index - table.base];
  }

  function paths(unit: IndexedUnit): readonly string[] {
    if (unit.lineProgram === undefined) return [];
    try {
      return files(unit.lineProgram, unit).paths;
    } catch (error) {
      if (error instanceof BtfFixError) return [];
      throw error;
    }
  }

  function rows(): LineTable {
    if (all !== undefined) return all;
    const columns = new LineColumns();
    const seen = new Set<number>();
    for (const unit of units) {
      if (unit.lineProgram === undefined || seen.has(unit.lineProgram)) continue;
      seen.add(unit.lineProgram);
      const table = files(unit.lineProgram, unit);
      // The names may have come long ago, and other programs since.
      open(unit.lineProgram, unit);
      appendRows(unit.lineProgram, table, columns);
    }
    all = columns.finish((path) => {
      const place = sources.get(path);
      if (place === undefined) return undefined;
      release();
      const text = strings.bytes(SECTION.line, place);
      sourceAllowed -= text?.length ?? 0;
      if (sourceAllowed < 0) throw fault("LIMIT_EXCEEDED", "embedded sources overlap", SECTION.line, 0);
      return text;
    });
    return all;
  }

  function appendRows(offset: number, table: FileTable, columns: LineColumns): void {
    columns.open(table);
    for (let count = gimli.readLines(offset); count > 0; count = gimli.readLines(offset)) {
      columns.append(gimli.column32(COLUMN.wide, count * WIDE));
    }
  }

  return { file, paths, rows };
}

/** Rows of a new table's columns. */
const FIRST_ROWS = 256;

/** Rows of all programs, column by column. */
class LineColumns {
  private length = 0;
  private section = new Uint32Array(FIRST_ROWS);
  private offset = new Uint32Array(FIRST_ROWS);
  private file = new Uint32Array(FIRST_ROWS);
  private line = new Uint32Array(FIRST_ROWS);
  private column = new Uint32Array(FIRST_ROWS);
  private flags = new Uint8Array(FIRST_ROWS);
  /** Paths of all programs so far, the first of them none; `first` is the number here of the open program's file 0. */
  private readonly paths: string[] = [""];
  private first = 0;
  /** Numbers of the open program's first path, and behind its last. */
  private start = 0;
  private end = 0;

  /** Begins the rows of another program. */
  open({ base, paths }: FileTable): void {
    this.start = this.paths.length;
    this.first = this.start - base;
    for (const path of paths) this.paths.push(path);
    this.end = this.paths.length;
  }

  /** Appends rows as the module gives them. */
  append(wide: Uint32Array): void {
    this.reserve(this.length + wide.length / WIDE);
    for (let i = 0; i < wide.length; i += WIDE) {
      const row = this.length++;
      const file = this.first + (wide[i + 2] ?? 0);
      this.offset[row] = wide[i] ?? 0;
      this.section[row] = wide[i + 1] ?? 0;
      this.file[row] = file >= this.start && file < this.end ? file : 0;
      this.line[row] = wide[i + 3] ?? 0;
      this.column[row] = wide[i + 4] ?? 0;
      this.flags[row] = wide[i + 5] ?? 0;
    }
  }

  finish(source: LineTable["source"]): LineTable {
    const { length, paths } = this;
    const [section, offset] = [this.section.subarray(0, length), this.offset.subarray(0, length)];
    const { file, line, column, flags } = this;
    return {
      length,
      section,
      offset,
      source,
      row(index) {
        if (!(index >= 0 && index < length)) return undefined;
        const flag = flags[index] ?? 0;
        return {
          section: section[index] ?? 0,
          offset: offset[index] ?? 0,
          file: paths[file[index] ?? 0] ?? "",
          line: line[index] ?? 0,
          column: column[index] ?? 0,
          isStmt: (flag & LINE_IS_STMT) !== 0,
          endSequence: (flag & LINE_END_SEQUENCE) !== 0,
        };
      },
    };
  }

  private reserve(rows: number): void {
    if (rows <= this.section.length) return;
    const capacity = Math.max(rows, 2 * this.section.length);
    this.section = grown(this.section, new Uint32Array(capacity));
    this.offset = grown(this.offset, new Uint32Array(capacity));
    this.file = grown(this.file, new Uint32Array(capacity));
    this.line = grown(this.line, new Uint32Array(capacity));
    this.column = grown(this.column, new Uint32Array(capacity));
    this.flags = grown(this.flags, new Uint8Array(capacity));
  }
}

/** `name` below `directory`, unless it is absolute; nothing is normalised, since BTF takes paths as they stand. */
function join(directory: string, name: string): string {
  if (directory === "" || name.startsWith("/") || /^[A-Za-z]:[\\/]/.test(name)) return name;
  if (name === "") return directory;
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}
