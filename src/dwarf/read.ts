import { KIND, NONE, SECTION, STATIC_ADDRESS } from "./abi.ts";
import { addressOf } from "./address.ts";
import { type AttributePage, attributeReader } from "./attributes.ts";
import { AT } from "./constants.ts";
import { lineReader } from "./lines.ts";
import type { DieRow, Dwarf, DwarfAddress, SourcePlace } from "./model.ts";
import { type DwarfModule, Gimli } from "./module.ts";
import { pieceAddresses } from "./pieces.ts";
import { type IndexedUnit, indexRows, linkedDies, parentReader, rowFinder, rowsTagged } from "./rows.ts";
import { stringReader } from "./strings.ts";

/** DW_AT_MIPS_linkage_name: what DW_AT_linkage_name was called before DWARF 4. */
const AT_MIPS_LINKAGE_NAME = 0x2007;

/** Origins followed before giving up: compilers chain two at most, and a cycle must end. */
const ORIGINS = 8;

const ADDRESS_SIZE = 8;

const EMPTY: Uint8Array = new Uint8Array(0);

/** Debug sections of one object, uncompressed and relocated; undefined where the object has none. */
export interface DwarfSections {
  readonly info: Uint8Array;
  readonly abbrev: Uint8Array;
  readonly str: Uint8Array | undefined;
  readonly strOffsets: Uint8Array | undefined;
  readonly addr: Uint8Array | undefined;
  readonly line: Uint8Array | undefined;
  readonly lineStr: Uint8Array | undefined;
}

/**
 * Reads DWARF 2 to 5, 32 or 64 bits, of either byte order.
 *
 * All of `.debug_info` is read once and noted row by row; attributes, strings and lines follow on demand. One malformed unit refuses the
 * whole. Errors: DWARF_MALFORMED, DWARF_UNSUPPORTED (type units, split DWARF), LIMIT_EXCEEDED; later only from `lines()`, `place()`
 * (`.debug_line`) and strings that overlap without bound.
 */
export function readDwarf(sections: DwarfSections, littleEndian: boolean, module: DwarfModule): Dwarf {
  const str = sections.str ?? EMPTY;
  const lineStr = sections.lineStr ?? EMPTY;
  const line = sections.line ?? EMPTY;
  const gimli = new Gimli(module, littleEndian, [
    [SECTION.info, sections.info],
    [SECTION.abbrev, sections.abbrev],
    [SECTION.strOffsets, sections.strOffsets ?? EMPTY],
    [SECTION.addr, sections.addr ?? EMPTY],
    [SECTION.line, line],
  ]);
  gimli.announce(SECTION.str, str.length);
  gimli.announce(SECTION.lineStr, lineStr.length);
  const strings = stringReader(gimli, str, lineStr);
  const table = indexRows(gimli, strings, sections.info.length, sections.abbrev.length);
  const { count, units } = table;
  const attributes = attributeReader(gimli, table, unitOf);
  const lines = lineReader(gimli, strings, units, line.length, attributes.forgetUnit);

  let lastUnit: IndexedUnit | undefined;

  function unitOf(row: DieRow): IndexedUnit {
    if (lastUnit !== undefined && row >= lastUnit.row && row < lastUnit.end) return lastUnit;
    let low = 0;
    let high = units.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((units[middle]?.row ?? 0) <= row) low = middle;
      else high = middle;
    }
    const unit = units[low];
    if (unit === undefined || row < unit.row || row >= unit.end) throw new RangeError(`there is no row ${row}`);
    lastUnit = unit;
    return unit;
  }

  const rowAt = rowFinder(table, sections.info.length);

  // Set by `find`, so that a look at an attribute makes no object.
  let page: AttributePage;

  /** Position of an attribute in `page`, -1 if absent. */
  function find(row: DieRow, attribute: number): number {
    if (row < 0 || row >= count) throw new RangeError(`there is no row ${row}`);
    page = attributes.page(row);
    const at = row - page.first;
    if ((((page.names[at] ?? 0) >>> (attribute % 32)) & 1) === 0) return -1;
    const end = page.start[at + 1] ?? 0;
    for (let i = page.start[at] ?? 0; i < end; i++) {
      if (page.attribute[i] === attribute) return i;
    }
    return -1;
  }

  function place(at: number): { kind: number; low: number; high: number } {
    return { kind: page.kind[at] ?? KIND.other, low: page.low[at] ?? 0, high: page.high[at] ?? 0 };
  }

  function string(row: DieRow, attribute: number): string | undefined {
    const at = find(row, attribute);
    return at === -1 ? undefined : strings.text(SECTION.info, place(at));
  }

  function reference(row: DieRow, attribute: number): DieRow | undefined {
    const at = find(row, attribute);
    if (at === -1 || page.kind[at] !== KIND.reference) return undefined;
    const target = page.low[at] ?? NONE;
    return target === NONE ? undefined : rowAt(target);
  }

  function bigint(row: DieRow, attribute: number): bigint | undefined {
    const at = find(row, attribute);
    if (at === -1) return undefined;
    const { kind, low, high } = place(at);
    if (kind !== KIND.unsigned && kind !== KIND.signed) return undefined;
    const raw = (BigInt(high) << 32n) | BigInt(low);
    return kind === KIND.signed ? BigInt.asIntN(64, raw) : raw;
  }

  function number(row: DieRow, attribute: number): number | undefined {
    const at = find(row, attribute);
    if (at === -1) return undefined;
    const { kind, low, high } = place(at);
    if (kind !== KIND.unsigned && kind !== KIND.signed) return undefined;
    const value = (kind === KIND.signed ? high | 0 : high) * 0x1_0000_0000 + low;
    return Number.isSafeInteger(value) ? value : undefined;
  }

  function address(row: DieRow, attribute: number): DwarfAddress | undefined {
    const at = find(row, attribute);
    if (at === -1) return undefined;
    const { kind, low, high } = place(at);
    return kind === KIND.address ? addressOf(low, high) : undefined;
  }

  function expression(row: DieRow, attribute: number): Uint8Array | undefined {
    const at = find(row, attribute);
    if (at === -1 || page.kind[at] !== KIND.block) return undefined;
    return gimli.copy(SECTION.info, page.low[at] ?? 0, page.high[at] ?? 0);
  }

  function pieces(row: DieRow): readonly DwarfAddress[] {
    const location = expression(row, AT.location);
    if (location === undefined) return [];
    const unit = unitOf(row);
    // Of another size there is none in an ELF object of 64 bits.
    if (unit.addressSize !== ADDRESS_SIZE) return [];
    const result: DwarfAddress[] = [];
    for (const piece of pieceAddresses(location, ADDRESS_SIZE)) {
      const bytes = "at" in piece ? location.subarray(piece.at) : indexedAddress(unit, piece.index);
      if (bytes.length < ADDRESS_SIZE) continue;
      const view = new DataView(bytes.buffer, bytes.byteOffset, ADDRESS_SIZE);
      const low = view.getUint32(littleEndian ? 0 : 4, littleEndian);
      result.push(addressOf(low, view.getUint32(littleEndian ? 4 : 0, littleEndian)));
    }
    return result;
  }

  /** Bytes of an address in `.debug_addr`, none behind its end. Without a base the list begins behind the header (DWARF 5, 7.27). */
  function indexedAddress(unit: IndexedUnit, index: number): Uint8Array {
    const at = find(unit.row, AT.addrBase);
    const base = at !== -1 && page.kind[at] === KIND.sectionOffset ? (page.low[at] ?? 0) : unit.version === 5 ? 8 : 0;
    const offset = base + index * ADDRESS_SIZE;
    if (offset + ADDRESS_SIZE > (sections.addr?.length ?? 0)) return EMPTY;
    return gimli.copy(SECTION.addr, offset, ADDRESS_SIZE);
  }

  function codeLength(row: DieRow): number | undefined {
    const constant = number(row, AT.highPc);
    if (constant !== undefined) return constant;
    // Until DWARF 3 high_pc is an address as well.
    const low = address(row, AT.lowPc);
    const high = address(row, AT.highPc);
    if (low === undefined || high === undefined || low.section !== high.section || high.offset < low.offset)
      return undefined;
    return high.offset - low.offset;
  }

  /** The row and then the rows of its abstract origin or specification, nearest first. */
  function* withOrigins(row: DieRow): Generator<DieRow> {
    let current: DieRow | undefined = row;
    for (let i = 0; i < ORIGINS && current !== undefined; i++) {
      yield current;
      current = reference(current, AT.abstractOrigin) ?? reference(current, AT.specification);
    }
  }

  function sourcePlace(row: DieRow): SourcePlace | undefined {
    let file: string | undefined;
    let line: number | undefined;
    let column: number | undefined;
    // Each of the three may stand at another DIE: a definition repeats only what differs from its declaration.
    for (const origin of withOrigins(row)) {
      if (file === undefined) {
        const index = number(origin, AT.declFile);
        if (index !== undefined) file = lines.file(unitOf(origin), index);
      }
      if (line === undefined) {
        line = number(origin, AT.declLine);
        // A column belongs to the line beside it.
        if (line !== undefined) column = number(origin, AT.declColumn);
      }
      if (file !== undefined && line !== undefined) return { file, line, column };
    }
    return undefined;
  }

  return {
    units,
    count,
    offset(row) {
      return table.offset[row] ?? NONE;
    },
    rowAt,
    tag(row) {
      return table.tag[row] ?? 0;
    },
    parent: parentReader(table, unitOf),
    behind(row) {
      return table.end[row] ?? count;
    },
    hasChildren(row) {
      return (table.end[row] ?? 0) > row + 1;
    },
    children(row) {
      const end = table.end[row] ?? 0;
      const rows: DieRow[] = [];
      for (let child = row + 1; child < end; child = table.end[child] ?? end) rows.push(child);
      return rows;
    },
    tagged: (tag, unit) => rowsTagged(table, tag, unit),
    linked: () => linkedDies(table.links),
    unitOf,
    name(row) {
      return string(row, AT.name);
    },
    nameBytes(row) {
      const at = find(row, AT.name);
      return at === -1 ? undefined : strings.bytes(SECTION.info, place(at));
    },
    namePlace(row) {
      const at = find(row, AT.name);
      return at === -1 ? undefined : strings.placeOf(page.kind[at] ?? KIND.other, page.low[at] ?? 0);
    },
    namePlaces: strings.places,
    linkageName(row) {
      return string(row, AT.linkageName) ?? string(row, AT_MIPS_LINKAGE_NAME);
    },
    type(row) {
      return reference(row, AT.type);
    },
    reference,
    has(row, attribute) {
      return find(row, attribute) !== -1;
    },
    flag(row, attribute) {
      const at = find(row, attribute);
      if (at === -1) return false;
      const { kind, low, high } = place(at);
      return (kind === KIND.flag || kind === KIND.unsigned || kind === KIND.signed) && (low | high) !== 0;
    },
    number,
    bigint,
    string,
    expression,
    lowPc(row) {
      return address(row, AT.lowPc);
    },
    staticAddress(row) {
      return address(row, STATIC_ADDRESS);
    },
    pieces,
    codeLength,
    place: sourcePlace,
    files: (unit) => lines.paths(unitOf(unit.row)),
    lines: lines.rows,
    release: () => gimli.release(),
  };
}
