import { COLUMN, RECORD } from "./abi.ts";
import { grown } from "./grown.ts";
import type { Gimli } from "./module.ts";
import type { IndexedUnit, RowTable } from "./rows.ts";

/** Rows of a page, and pages that are kept: some MB, which is all of a small object and the units at hand of a large one. */
const PAGE_ROWS = 4096;
const PAGES = 48;

/** Attributes of consecutive rows: those of row `first + i` are `start[i] … start[i + 1]`. */
export interface AttributePage {
  readonly first: number;
  readonly start: Uint32Array;
  /** Of each row, a bit for each attribute: that of its number modulo 32. Most attributes that are asked for are not there. */
  readonly names: Uint32Array;
  readonly attribute: Uint16Array;
  readonly kind: Uint16Array;
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

/** Reads attributes page by page, on demand, and keeps the pages read last. */
export interface AttributeReader {
  /** The page that holds a row; valid until another one is asked for. */
  page(row: number): AttributePage;
  /** Lets the module be used for something else: the next page opens its unit anew. */
  forgetUnit(): void;
}

/** Attributes of the rows of `table`. The index has read them all, so there are no errors left to come. */
export function attributeReader(gimli: Gimli, table: RowTable, unitOf: (row: number) => IndexedUnit): AttributeReader {
  const pages: (AttributePage | undefined)[] = [];
  /** The pages that are kept, by number, the oldest first; and the arrays of each. */
  const kept: { readonly number: number; readonly buffers: PageBuffers }[] = [];
  let current: AttributePage | undefined;
  let currentNumber = -1;
  let openUnit: IndexedUnit | undefined;

  function page(row: number): AttributePage {
    const number = Math.floor(row / PAGE_ROWS);
    if (current !== undefined && number === currentNumber) return current;
    const found = pages[number] ?? loadPage(number);
    current = found;
    currentNumber = number;
    return found;
  }

  function loadPage(number: number): AttributePage {
    const oldest = kept.length < PAGES ? undefined : kept.shift();
    if (oldest !== undefined) pages[oldest.number] = undefined;
    // Its arrays are those of no page any more.
    const buffers = oldest?.buffers ?? new PageBuffers();
    const loaded = load(number * PAGE_ROWS, buffers);
    pages[number] = loaded;
    kept.push({ number, buffers });
    return loaded;
  }

  function load(first: number, buffers: PageBuffers): AttributePage {
    const last = Math.min(first + PAGE_ROWS, table.count);
    let row = first;
    let length = 0;
    while (row < last) {
      const unit = unitOf(row);
      if (openUnit !== unit) {
        gimli.openUnit(unit.offset);
        openUnit = unit;
      }
      const offset = table.offset[row] ?? 0;
      const rows = gimli.readRows(offset, Math.min(unit.end, last) - row);
      if (rows === 0) throw new Error(`no attributes for row ${row}`);
      length = buffers.append(gimli, row - first, rows, length);
      row += rows;
    }
    return buffers.page(first);
  }

  return {
    page,
    forgetUnit(): void {
      openUnit = undefined;
    },
  };
}

/** The arrays of a page, filled anew for each page that takes its place: fresh ones would keep the garbage collector busy. */
class PageBuffers {
  private readonly start = new Uint32Array(PAGE_ROWS + 1);
  private readonly names = new Uint32Array(PAGE_ROWS);
  private attribute = new Uint16Array(0);
  private kind = new Uint16Array(0);
  private low = new Uint32Array(0);
  private high = new Uint32Array(0);

  /** Appends the attributes of rows that the module has just read behind `length` others, and gives their number together. */
  append(gimli: Gimli, row: number, rows: number, length: number): number {
    const count = gimli.word(RECORD.attributes);
    const end = length + count;
    if (end > this.attribute.length) this.grow(end);
    const starts = gimli.column32(COLUMN.start, rows + 1);
    for (let i = 0; i <= rows; i++) this.start[row + i] = length + (starts[i] ?? 0);
    this.names.set(gimli.column32(COLUMN.names, rows), row);
    this.attribute.set(gimli.column16(COLUMN.attribute, count), length);
    this.kind.set(gimli.column16(COLUMN.kind, count), length);
    this.low.set(gimli.column32(COLUMN.low, count), length);
    this.high.set(gimli.column32(COLUMN.high, count), length);
    return end;
  }

  page(first: number): AttributePage {
    const { start, names, attribute, kind, low, high } = this;
    return { first, start, names, attribute, kind, low, high };
  }

  private grow(least: number): void {
    const capacity = Math.ceil(least * 1.25);
    this.attribute = grown(this.attribute, new Uint16Array(capacity));
    this.kind = grown(this.kind, new Uint16Array(capacity));
    this.low = grown(this.low, new Uint32Array(capacity));
    this.high = grown(this.high, new Uint32Array(capacity));
  }
}
