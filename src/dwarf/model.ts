/**
 * DWARF as the later stages see it: rows of one table, one row a DIE, in `.debug_info` order.
 *
 * Nothing outside `dwarf/` knows how the columns lie in memory; everything reads through this interface. Values are shaped by gimli
 * in WebAssembly; strings are decoded on demand.
 */

/** A row of the table: the DIE's identity within one `Dwarf`. */
export type DieRow = number;

/** One unit of `.debug_info`. */
export interface DwarfUnit {
  /** Byte offset of the unit header, and DWARF version. */
  readonly offset: number;
  readonly version: number;
  /** Row of the unit DIE. */
  readonly row: DieRow;
  /** Row after the unit's last DIE. */
  readonly end: DieRow;
  readonly name: string;
  readonly compDir: string;
  readonly producer: string;
  /** DW_LANG_*, 0 if absent. */
  readonly language: number;
}

/** A source place: `file` as DWARF gives it, joined with its directory; `line` from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number | undefined;
}

/** One row of a line table; `section` and `offset` (bytes) say which instruction. */
export interface LineRow {
  readonly section: number;
  readonly offset: number;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly isStmt: boolean;
  readonly endSequence: boolean;
}

/** The rows of all line tables as columns: a large program has millions. */
export interface LineTable {
  readonly length: number;
  /** Section index of each row, and its offset there in bytes. */
  readonly section: Uint32Array;
  readonly offset: Uint32Array;
  /** Row number `index` as a whole; undefined if there is none. */
  row(index: number): LineRow | undefined;
  /** The text of a file, by its path as rows have it, if its compiler has embedded it (DW_LNCT_LLVM_source); undefined otherwise. */
  source(file: string): Uint8Array | undefined;
}

/**
 * An address after relocation. Sections have the synthetic base `index << 32`, an undefined symbol s the address
 * `(UNDEFINED_BASE + s) << 32`, so an address says which section or symbol it belongs to.
 */
export interface DwarfAddress {
  /** Section index; undefined for an undefined symbol. */
  readonly section: number | undefined;
  /** Symbol index of an undefined symbol. */
  readonly undefinedSymbol: number | undefined;
  readonly offset: number;
}

/** Synthetic section number from which undefined symbols are counted; `elf/relocate.ts` writes it. */
export { UNDEFINED_BASE } from "../elf/model.ts";

/** A subprogram or variable as a linker sees it: what has an address, or is a declaration of something that may have one elsewhere. */
export interface LinkedDie {
  readonly row: DieRow;
  /** DW_AT_low_pc of a subprogram, the address with which the location of a variable begins. */
  readonly address: DwarfAddress | undefined;
  /** DW_AT_declaration. */
  readonly declaration: boolean;
}

/** Where an integer or block attribute's value lies. Anything else is absent. */
export interface Dwarf {
  readonly units: readonly DwarfUnit[];
  /** Number of rows. */
  readonly count: number;

  /** Global `.debug_info` offset of a row, and the row at an offset (undefined if no DIE starts there). */
  offset(row: DieRow): number;
  rowAt(offset: number): DieRow | undefined;

  /** DW_TAG_*. */
  tag(row: DieRow): number;
  /** Parent row, undefined for a unit DIE. */
  parent(row: DieRow): DieRow | undefined;
  hasChildren(row: DieRow): boolean;
  /** Row behind the last descendant: the next sibling, if there is one. The first child is the next row: so children are walked without a list. */
  behind(row: DieRow): DieRow;
  /** Child rows in order. */
  children(row: DieRow): readonly DieRow[];
  /** All rows of a tag, in order; with a unit, those of that unit. */
  tagged(tag: number, unit?: DwarfUnit): Iterable<DieRow>;
  /** All linked DIEs, in order of rows. Reads no attributes, so a walk costs as much as there are of them. */
  linked(): Iterable<LinkedDie>;
  /** The unit that holds a row. */
  unitOf(row: DieRow): DwarfUnit;

  /** DW_AT_name as it stands (no origin followed); undefined if absent. Bytes that are not UTF-8 become U+FFFD. */
  name(row: DieRow): string | undefined;
  /** Raw bytes of DW_AT_name. */
  nameBytes(row: DieRow): Uint8Array | undefined;
  /**
   * Where the bytes of DW_AT_name stand, as a number below `namePlaces`: names of one place are the same. Undefined if the attribute is
   * absent, and for a name that stands in the DIE itself.
   */
  namePlace(row: DieRow): number | undefined;
  readonly namePlaces: number;
  /** DW_AT_linkage_name (or the MIPS one). */
  linkageName(row: DieRow): string | undefined;

  /** Row that DW_AT_type points at; undefined if absent or dangling. */
  type(row: DieRow): DieRow | undefined;
  /** Row of any reference attribute (DW_AT_abstract_origin, DW_AT_specification, DW_AT_discr, DW_AT_containing_type …). */
  reference(row: DieRow, attribute: number): DieRow | undefined;
  /** Whether the attribute is present, whatever its form. */
  has(row: DieRow, attribute: number): boolean;
  /** Flag attribute: present and not zero. */
  flag(row: DieRow, attribute: number): boolean;
  /** Constant attribute as a number; undefined if absent, not a constant, or not exact in 53 bits. */
  number(row: DieRow, attribute: number): number | undefined;
  /** Constant attribute as 64 bits, sign-extended where the form is signed. data16 is cut to its low 64 bits. */
  bigint(row: DieRow, attribute: number): bigint | undefined;
  /** Any other string attribute (DW_AT_const_value of an LLVM_annotation, DW_AT_producer …). */
  string(row: DieRow, attribute: number): string | undefined;
  /** Expression bytes (DW_AT_location as exprloc), relocated; undefined if absent or a location list. */
  expression(row: DieRow, attribute: number): Uint8Array | undefined;

  /** DW_AT_low_pc (addr or addrx) as an address. */
  lowPc(row: DieRow): DwarfAddress | undefined;
  /** The first address of a location expression that begins with DW_OP_addr or DW_OP_addrx. */
  staticAddress(row: DieRow): DwarfAddress | undefined;
  /** The addresses of a location in pieces (DW_OP_piece), in order: a variable that was split has several. Empty for any other. */
  pieces(row: DieRow): readonly DwarfAddress[];
  /** Length in bytes of the code from low_pc; undefined without high_pc. */
  codeLength(row: DieRow): number | undefined;

  /** DW_AT_decl_file/line/column, following abstract_origin and specification. */
  place(row: DieRow): SourcePlace | undefined;
  /** Paths of the files that a unit's line program names: no place of its DIEs is in another, unless an origin's is. None if it is broken. */
  files(unit: DwarfUnit): readonly string[];
  /** Rows of all line programs, in order. Parsed on the first call. */
  lines(): LineTable;

  /** Leaves the reader and its memory to the next object. For whoever knows that nobody asks any more: later questions end in a RangeError. */
  release(): void;
}
