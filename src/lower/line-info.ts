import type { Dwarf, LineRow, LineTable } from "../dwarf/model.ts";
import type { CodeFunction } from "./code.ts";
import { between } from "./order.ts";
import { placeOf } from "./place.ts";
import type { FunctionFinder } from "./uses.ts";

/** A line record before its strings have offsets. */
export interface LineRecord {
  /** Bytes from the start of the code section. */
  readonly offset: number;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Rows of the line table that belong to one section, in order of place. */
export interface SectionRows {
  /** Row number `index`; undefined behind the last. */
  at(index: number): LineRow | undefined;
  /** Index of the first row at `offset` or behind it. */
  firstAt(offset: number): number;
}

/** A section without rows. */
export const NO_ROWS: SectionRows = { at: () => undefined, firstAt: () => 0 };

/** Rows of the line table by section. */
export function rowsBySection(dwarf: Dwarf): ReadonlyMap<number, SectionRows> {
  const table = dwarf.lines();
  const numbers = new Map<number, number[]>();
  for (const [row, section] of table.section.entries()) {
    const others = numbers.get(section);
    if (others === undefined) numbers.set(section, [row]);
    else others.push(row);
  }
  return new Map([...numbers].map(([section, rows]) => [section, sectionRows(table, rows)]));
}

function sectionRows({ offset, row }: LineTable, rows: number[]): SectionRows {
  const offsetAt = (index: number): number => offset[rows[index] ?? 0] ?? 0;
  // Stable: of rows at one place the last is the one that an instruction belongs to.
  if (rows.some((_, index) => index > 0 && offsetAt(index) < offsetAt(index - 1))) {
    rows.sort((a, b) => (offset[a] ?? 0) - (offset[b] ?? 0));
  }
  return {
    at: (index) => row(rows[index] ?? -1),
    firstAt(place) {
      let low = 0;
      let high = rows.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (offsetAt(middle) < place) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}

/** The rows at offsets `from … end`. */
function rowsBetween(rows: SectionRows, from: number, end: number): readonly LineRow[] {
  const found: LineRow[] = [];
  let index = rows.firstAt(from);
  for (let row = rows.at(index); row !== undefined && row.offset < end; row = rows.at(++index)) found.push(row);
  return found;
}

/**
 * The line records of a function (BTFDebug::beginInstruction), from the rows that the line table has for it. Where the first
 * instruction has no line of its own, BTFDebug takes the function's: that is no row, or one of column 0 at the function's start.
 * `repeats` are offsets at which the place of the record before is recorded once more.
 */
export function lineRecords(
  dwarf: Dwarf,
  rows: SectionRows,
  code: CodeFunction,
  repeats: readonly { readonly offset: number }[],
  functionOf: FunctionFinder,
): readonly LineRecord[] {
  const own = rowsBetween(rows, code.offset, code.end).filter((row) => !row.endSequence);
  const records: LineRecord[] = [];
  const hasColumns = own.some(({ line, column }) => line !== 0 && column !== 0);
  const place = code.subprogram === undefined ? undefined : placeOf(dwarf, code.subprogram.row);
  // The line table opens a function with the line of its body; a merged location of another function has column 0 as well.
  const isOpening = (row: LineRow): boolean =>
    place !== undefined && functionOf({ ...row, column: undefined }) === functionOf(place);
  let last: LineRow | undefined;
  let interrupted = false;
  for (const [index, row] of own.entries()) {
    if (own[index + 1]?.offset === row.offset) continue;
    const { offset, file, line, column } = row;
    if (
      offset === code.offset &&
      place !== undefined &&
      (line === 0 || (column === 0 && hasColumns && isOpening(row)))
    ) {
      records.push({ offset, file: place.file, line: place.line, column: 0 });
      continue;
    }
    if (line === 0) {
      // Instructions without any location keep the column before them; those with an explicit line 0 bring their own (DwarfDebug).
      interrupted = column === last?.column;
      continue;
    }
    // A place that comes again after instructions without any, or only to begin a statement, is the same location: BTFDebug never left it.
    const isSame = last?.line === line && last.column === column && last.file === file;
    const again = isSame && (interrupted || row.isStmt);
    interrupted = false;
    if (again) continue;
    records.push({ offset, file, line, column });
    last = row;
  }
  const first = records[0];
  if (place !== undefined && (first === undefined || first.offset > code.offset)) {
    records.unshift({ offset: code.offset, file: place.file, line: place.line, column: 0 });
  }
  return withRepeats(records, code, repeats);
}

function withRepeats(
  records: readonly LineRecord[],
  { offset: start, end }: CodeFunction,
  repeats: readonly { readonly offset: number }[],
): readonly LineRecord[] {
  if (repeats.length === 0) return records;
  return records.flatMap((record, index) => {
    const next = records[index + 1]?.offset ?? end;
    const again = between(repeats, Math.max(start, record.offset + 1), next);
    return [record, ...again.map(({ offset }) => ({ ...record, offset }))];
  });
}
