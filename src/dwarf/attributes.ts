import { COLUMN, RECORD } from "./abi.ts";
import type { Gimli } from "./module.ts";
import type { IndexedUnit, RowTable } from "./rows.ts";

/** Rows of a page, and pages that are kept: some tens of MB at most, all of a small object. */
const PAGE_ROWS = 4096;
const PAGES = 128;

/** Attributes of consecutive rows: those of row `first + i` are `start[i] … start[i + 1]`. */
export interface AttributePage {
  readonly first: number;
  readonly start: Uint32Array;
  readonly attribute: Uint16Array;
  readonly kind: Uint16Array;
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

/** Reads attributes page by page, on demand, and keeps the pages used last. */
export interface AttributeReader {
  /** The page that holds a row. */
  page(row: number): AttributePage;
  /** Lets the module be used for something else: the next page opens its unit anew. */
  forgetUnit(): void;
}

/** Attributes of the rows of `table`. The index has read them all, so there are no errors left to come. */
export function attributeReader(gimli: Gimli, table: RowTable, unitOf: (row: number) => IndexedUnit): AttributeReader {
  const pages = new Map<number, AttributePage>();
  let current: AttributePage | undefined;
  let currentNumber = -1;
  let openUnit: IndexedUnit | undefined;

  function page(row: number): AttributePage {
    const number = Math.floor(row / PAGE_ROWS);
    if (current !== undefined && number === currentNumber) return current;
    let found = pages.get(number);
    if (found === undefined) {
      found = load(number * PAGE_ROWS);
      if (pages.size >= PAGES) {
        for (const oldest of pages.keys()) {
          pages.delete(oldest);
          break;
        }
      }
    } else {
      // Moved to the end: a map keeps the order of insertion, so the first page is the one unused for longest.
      pages.delete(number);
    }
    pages.set(number, found);
    current = found;
    currentNumber = number;
    return found;
  }

  function load(first: number): AttributePage {
    const last = Math.min(first + PAGE_ROWS, table.count);
    const parts: AttributePage[] = [];
    let row = first;
    while (row < last) {
      const unit = unitOf(row);
      if (openUnit !== unit) {
        gimli.openUnit(unit.offset);
        openUnit = unit;
      }
      const offset = table.offset[row] ?? 0;
      const rows = gimli.readRows(offset, Math.min(unit.end, last) - row);
      if (rows === 0) throw new Error(`no attributes for row ${row}`);
      parts.push(copyPart(gimli, row, rows));
      row += rows;
    }
    return joined(first, last - first, parts);
  }

  return {
    page,
    forgetUnit(): void {
      openUnit = undefined;
    },
  };
}

function copyPart(gimli: Gimli, first: number, rows: number): AttributePage {
  const count = gimli.word(RECORD.attributes);
  return {
    first,
    start: gimli.column32(COLUMN.start, rows + 1).slice(),
    attribute: gimli.column16(COLUMN.attribute, count).slice(),
    kind: gimli.column16(COLUMN.kind, count).slice(),
    low: gimli.column32(COLUMN.low, count).slice(),
    high: gimli.column32(COLUMN.high, count).slice(),
  };
}

function joined(first: number, rows: number, parts: readonly AttributePage[]): AttributePage {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  let count = 0;
  for (const part of parts) count += part.attribute.length;
  const page: AttributePage = {
    first,
    start: new Uint32Array(rows + 1),
    attribute: new Uint16Array(count),
    kind: new Uint16Array(count),
    low: new Uint32Array(count),
    high: new Uint32Array(count),
  };
  let at = 0;
  for (const part of parts) {
    const base = part.first - first;
    for (const [i, start] of part.start.entries()) page.start[base + i] = at + start;
    page.attribute.set(part.attribute, at);
    page.kind.set(part.kind, at);
    page.low.set(part.low, at);
    page.high.set(part.high, at);
    at += part.attribute.length;
  }
  return page;
}
