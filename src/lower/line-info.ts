import type { Dwarf, LineRow } from "../dwarf/model.ts";
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

/** Rows of the line table by section, each in order of place. */
export function rowsBySection(dwarf: Dwarf): ReadonlyMap<number, readonly LineRow[]> {
  const sections = new Map<number, LineRow[]>();
  for (const row of dwarf.lines()) {
    const rows = sections.get(row.section);
    if (rows === undefined) sections.set(row.section, [row]);
    else rows.push(row);
  }
  // Stable: of rows at one place the last is the one that an instruction belongs to.
  for (const rows of sections.values()) rows.sort((a, b) => a.offset - b.offset);
  return sections;
}

/**
 * The line records of a function (BTFDebug::beginInstruction), from the rows that the line table has for it. Where the first
 * instruction has no line of its own, BTFDebug takes the function's: that is no row, or one of column 0 at the function's start.
 * `repeats` are offsets at which the place of the record before is recorded once more.
 */
export function lineRecords(
  dwarf: Dwarf,
  rows: readonly LineRow[],
  code: CodeFunction,
  repeats: readonly { readonly offset: number }[],
  functionOf: FunctionFinder,
): readonly LineRecord[] {
  const own = between(rows, code.offset, code.end).filter((row) => !row.endSequence);
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
