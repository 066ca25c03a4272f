import { COLUMN, KIND, LINK_ADDRESS, LINK_DECLARATION, NONE, RECORD, SECTION } from "./abi.ts";
import { addressOf } from "./address.ts";
import { grown } from "./grown.ts";
import type { DieRow, DwarfUnit, LinkedDie } from "./model.ts";
import { fault, type Gimli } from "./module.ts";
import type { StringPlace, StringReader } from "./strings.ts";

/** A unit with what only this room needs. */
export interface IndexedUnit extends DwarfUnit {
  /** DW_AT_stmt_list, undefined if absent. */
  readonly lineProgram: number | undefined;
  readonly addressSize: number;
}

/** One row a DIE, in the order of `.debug_info`: 10 bytes each. */
export interface RowTable {
  readonly count: number;
  readonly offset: Uint32Array;
  readonly tag: Uint16Array;
  /** Row after the DIE's last descendant: its next sibling, if it has one. */
  readonly end: Uint32Array;
  readonly units: readonly IndexedUnit[];
  readonly links: LinkTable;
}

/** The linked DIEs in order: row, flags (LINK_*), address. */
export interface LinkTable {
  readonly row: Uint32Array;
  readonly flags: Uint8Array;
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

/** Bytes of abbreviations that may be parsed beyond what the sections' sizes explain. */
const ABBREV_SLACK = 1 << 20;

/**
 * Reads every unit and DIE once and notes where it stands.
 *
 * Errors: DWARF_MALFORMED, DWARF_UNSUPPORTED, LIMIT_EXCEEDED; one bad unit refuses the whole section.
 */
export function indexRows(gimli: Gimli, strings: StringReader, infoLength: number, abbrevLength: number): RowTable {
  const columns = new RowColumns(Math.max(64, infoLength >>> 3));
  const text = unitTexts(gimli, strings);
  const units: IndexedUnit[] = [];
  // Many small units that each name a huge table of their own would be read for hours.
  let abbrevAllowed = 4 * (infoLength + abbrevLength) + ABBREV_SLACK;
  let offset = 0;
  while (offset < infoLength) {
    gimli.openUnit(offset);
    const next = gimli.word(RECORD.unitEnd);
    abbrevAllowed -= gimli.word(RECORD.abbrevBytes);
    if (abbrevAllowed < 0) throw fault("LIMIT_EXCEEDED", "too many abbreviation tables overlap", SECTION.info, offset);
    if (gimli.word(RECORD.root) !== 0) units.push(indexUnit(gimli, text, columns, offset));
    offset = next;
  }
  return { ...columns.finish(), units };
}

function indexUnit(gimli: Gimli, text: UnitText, columns: RowColumns, offset: number): IndexedUnit {
  const version = gimli.word(RECORD.version);
  const lineProgram = gimli.word(RECORD.lineProgram);
  const addressSize = gimli.word(RECORD.addressSize);
  const language = gimli.word(RECORD.language);
  const name = text(RECORD.name);
  const compDir = text(RECORD.compDir);
  const producer = text(RECORD.producer);
  const row = columns.count;
  while (gimli.indexRows(offset) > 0) columns.append(gimli, gimli.word(RECORD.rows));
  columns.close(0);
  const end = columns.count;
  return {
    offset,
    version,
    row,
    end,
    name,
    compDir,
    producer,
    language,
    lineProgram: lineProgram === NONE ? undefined : lineProgram,
    addressSize,
  };
}

/** Reads a text of the open unit's DIE, from its place in the record; "" if there is none. */
type UnitText = (position: number) => string;

/** All units of a program name one producer and few folders: what was decoded last at a position is likely to come again. */
function unitTexts(gimli: Gimli, strings: StringReader): UnitText {
  const last = new Map<number, { readonly place: StringPlace; readonly text: string }>();
  return (position) => {
    const place = { kind: gimli.word(position), low: gimli.word(position + 1), high: gimli.word(position + 2) };
    if (place.kind === KIND.other) return "";
    const known = last.get(position);
    if (known?.place.kind === place.kind && known.place.low === place.low && place.kind !== KIND.inline)
      return known.text;
    const text = strings.text(SECTION.info, place) ?? "";
    last.set(position, { place, text });
    return text;
  };
}

/** Columns that grow, and the path from the unit DIE to the newest row. */
class RowColumns {
  count = 0;
  private offset: Uint32Array;
  private tag: Uint16Array;
  private end: Uint32Array;
  private readonly links = new LinkColumns();
  /** `path[d]` is the open row of depth d. */
  private readonly path: number[] = [];

  constructor(capacity: number) {
    this.offset = new Uint32Array(capacity);
    this.tag = new Uint16Array(capacity);
    this.end = new Uint32Array(capacity);
  }

  append(gimli: Gimli, rows: number): void {
    this.links.append(gimli, this.count);
    this.reserve(rows);
    this.offset.set(gimli.column32(COLUMN.offset, rows), this.count);
    this.tag.set(gimli.column16(COLUMN.tag, rows), this.count);
    const depths = gimli.column32(COLUMN.depth, rows);
    const { path } = this;
    for (let i = 0; i < rows; i++) {
      const depth = depths[i] ?? 0;
      if (path.length > depth) this.close(depth);
      path.push(this.count);
      this.count++;
    }
  }

  /** Ends the open rows of this depth and below. */
  close(depth: number): void {
    while (this.path.length > depth) {
      const row = this.path.pop();
      if (row !== undefined) this.end[row] = this.count;
    }
  }

  finish(): Omit<RowTable, "units"> {
    const { count } = this;
    return {
      count,
      offset: this.offset.subarray(0, count),
      tag: this.tag.subarray(0, count),
      end: this.end.subarray(0, count),
      links: this.links.finish(),
    };
  }

  private reserve(rows: number): void {
    const needed = this.count + rows;
    if (needed <= this.offset.length) return;
    const capacity = Math.max(needed, Math.ceil(this.offset.length * 1.5));
    this.offset = grown(this.offset, new Uint32Array(capacity));
    this.tag = grown(this.tag, new Uint16Array(capacity));
    this.end = grown(this.end, new Uint32Array(capacity));
  }
}

/** Links that there is room for at first. */
const FIRST_LINKS = 64;

class LinkColumns {
  private count = 0;
  private row = new Uint32Array(FIRST_LINKS);
  private flags = new Uint8Array(FIRST_LINKS);
  private low = new Uint32Array(FIRST_LINKS);
  private high = new Uint32Array(FIRST_LINKS);

  /** Appends the links of the batch whose first row is `first`. */
  append(gimli: Gimli, first: number): void {
    const added = gimli.word(RECORD.attributes);
    if (added === 0) return;
    this.reserve(this.count + added);
    const rows = gimli.column32(COLUMN.start, added);
    for (let i = 0; i < added; i++) this.row[this.count + i] = first + (rows[i] ?? 0);
    this.flags.set(gimli.column16(COLUMN.kind, added), this.count);
    this.low.set(gimli.column32(COLUMN.low, added), this.count);
    this.high.set(gimli.column32(COLUMN.high, added), this.count);
    this.count += added;
  }

  finish(): LinkTable {
    const { count } = this;
    return {
      row: this.row.subarray(0, count),
      flags: this.flags.subarray(0, count),
      low: this.low.subarray(0, count),
      high: this.high.subarray(0, count),
    };
  }

  private reserve(needed: number): void {
    if (needed <= this.row.length) return;
    const capacity = Math.max(needed, 2 * this.row.length);
    this.row = grown(this.row, new Uint32Array(capacity));
    this.flags = grown(this.flags, new Uint8Array(capacity));
    this.low = grown(this.low, new Uint32Array(capacity));
    this.high = grown(this.high, new Uint32Array(capacity));
  }
}

/** Rows of one tag, in order: the search is the engine's own. */
export function* rowsTagged({ tag: tags }: RowTable, tag: number, unit: DwarfUnit | undefined): Generator<DieRow> {
  const [first, own] = unit === undefined ? [0, tags] : [unit.row, tags.subarray(unit.row, unit.end)];
  for (let row = own.indexOf(tag); row >= 0; row = own.indexOf(tag, row + 1)) yield first + row;
}

/** The links as the later stages see them. */
export function* linkedDies({ row, flags, low, high }: LinkTable): Generator<LinkedDie> {
  for (let index = 0; index < row.length; index++) {
    const flag = flags[index] ?? 0;
    const address = (flag & LINK_ADDRESS) === 0 ? undefined : addressOf(low[index] ?? 0, high[index] ?? 0);
    yield { row: row[index] ?? 0, address, declaration: (flag & LINK_DECLARATION) !== 0 };
  }
}

/** Finds parents. They stand in no column, for few are asked for: those of a unit are noted when the first of them is. */
export function parentReader(
  { end }: RowTable,
  unitOf: (row: number) => IndexedUnit,
): (row: number) => number | undefined {
  const known = new Map<IndexedUnit, Uint32Array>();
  return (row) => {
    const unit = unitOf(row);
    let parents = known.get(unit);
    if (parents === undefined) {
      parents = parentsIn(unit, end);
      known.set(unit, parents);
    }
    const parent = parents[row - unit.row] ?? NONE;
    return parent === NONE ? undefined : parent;
  };
}

/** Parent of each row of a unit; NONE for the unit DIE. */
function parentsIn(unit: IndexedUnit, end: Uint32Array): Uint32Array {
  const parents = new Uint32Array(unit.end - unit.row);
  /** The rows whose descendants have not ended yet, the innermost last. */
  const path: number[] = [];
  for (let row = unit.row; row < unit.end; row++) {
    for (let top = path.at(-1); top !== undefined && (end[top] ?? 0) <= row; top = path.at(-1)) path.pop();
    parents[row - unit.row] = path.at(-1) ?? NONE;
    path.push(row);
  }
  return parents;
}

/** Bytes of `.debug_info` whose DIEs are looked through for one of them: some ten DIEs. */
const STRETCH = 128;

/** Finds the row of the DIE at an offset of `.debug_info`. Every reference asks, so the first row of each stretch is noted. */
export function rowFinder({ count, offset }: RowTable, infoLength: number): (offset: number) => number | undefined {
  let firsts: Uint32Array | undefined;
  return (wanted) => {
    if (!(wanted >= 0 && wanted < infoLength)) return undefined;
    firsts ??= firstRows(offset, infoLength);
    let row = firsts[Math.floor(wanted / STRETCH)] ?? 0;
    while (row < count && (offset[row] ?? 0) < wanted) row++;
    return row < count && offset[row] === wanted ? row : undefined;
  };
}

/** By stretch, the first row that begins in it or behind it. */
function firstRows(offset: Uint32Array, infoLength: number): Uint32Array {
  const firsts = new Uint32Array(Math.floor(infoLength / STRETCH) + 1);
  let row = 0;
  for (let stretch = 0; stretch < firsts.length; stretch++) {
    while (row < offset.length && (offset[row] ?? 0) < stretch * STRETCH) row++;
    firsts[stretch] = row;
  }
  return firsts;
}
