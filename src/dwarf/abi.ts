/**
 * The interface of `gimli_wasm.wasm` in one place: exports, memory, and how the record and the columns lie in it.
 *
 * `wasm/src/lib.rs` and `wasm/src/record.rs` are the other side. `test/dwarf/abi.test.ts` holds this block against the module itself.
 */

/** Raised whenever an export or a layout changes. */
export const ABI_VERSION = 4;

/** The functions of the module. All numbers are 32 bits wide; those that can fail give 0 and leave a status in the record. */
export interface GimliFunctions {
  abi_version(): number;
  /** Forgets everything; `limit` bytes may be used from now on. */
  begin(limit: number, bigEndian: number): void;
  /** Address of `length` new bytes for a section, 0 if the limit is reached. */
  allocate(length: number): number;
  set_section(id: number, address: number, length: number): number;
  /** Unit words of the record. */
  open_unit(offset: number): number;
  /**
   * Columns offset, depth, tag, `rows` 0 at the end of the unit; and of each of the `attributes` links (subprograms and variables that
   * have an address or are declared) its row in the batch (start), flags (kind) and address (low, high).
   */
  index_rows(): number;
  /** Columns start, names, attribute, kind, low, high of up to `count` DIEs. */
  read_rows(offset: number, count: number): number;
  /** Line words of the record; closes the unit. */
  open_lines(offset: number, addressSize: number): number;
  /** Column wide: kind of the name and, 8 bits above, of the source; low, high of the name; directory index; low, high of the source. */
  read_names(files: number, first: number): number;
  /** Column wide: address (low, high), file, line, column, flags. */
  read_lines(): number;
  /** Address of the record. */
  record(): number;
  /** Address of a column. */
  column(number: number): number;
  /** 1 if the last trap came from the memory limit. */
  exhausted(): number;
}

/** Number of i32 parameters and results of each function, for the test. */
export const FUNCTIONS: { readonly [name in keyof GimliFunctions]: readonly [parameters: number, results: number] } = {
  abi_version: [0, 1],
  begin: [2, 0],
  allocate: [1, 1],
  set_section: [3, 1],
  open_unit: [1, 1],
  index_rows: [0, 1],
  read_rows: [2, 1],
  open_lines: [2, 1],
  read_names: [2, 1],
  read_lines: [0, 1],
  record: [0, 1],
  column: [1, 1],
  exhausted: [0, 1],
};

/** Exported globals: the linker's, not used. */
export const GLOBALS = ["__data_end", "__heap_base"] as const;

/** The one memory: pages of 64 KiB at the start, no maximum of its own (`begin` sets the limit). */
export const MEMORY = { name: "memory", pages: 25, maximum: undefined } as const;

/** Everything that an instance exports. There are no imports. */
export interface GimliExports extends GimliFunctions {
  readonly memory: WebAssembly.Memory;
}

/** Sections, by number. Of `str` and `lineStr` the module knows only the length. */
export const SECTION = { info: 0, abbrev: 1, strOffsets: 2, addr: 3, line: 4, str: 5, lineStr: 6 } as const;

/** ELF names of the sections, by the same numbers. */
export const SECTION_NAMES: readonly string[] = [
  ".debug_info",
  ".debug_abbrev",
  ".debug_str_offsets",
  ".debug_addr",
  ".debug_line",
  ".debug_str",
  ".debug_line_str",
];

export const STATUS = { malformed: 1, unsupported: 2, limit: 3 } as const;

/** Position of each word in the record. A text takes three: kind, low, high. */
export const RECORD = {
  status: 0,
  faultSection: 1,
  faultOffset: 2,
  text: 3,
  textLength: 4,
  unitEnd: 5,
  version: 6,
  addressSize: 7,
  root: 8,
  language: 9,
  lineProgram: 10,
  name: 11,
  compDir: 14,
  producer: 17,
  abbrevBytes: 20,
  lineLength: 21,
  lineVersion: 22,
  directories: 23,
  files: 24,
  rows: 25,
  attributes: 26,
} as const;

/** Words of the record. */
export const RECORD_WORDS = 27;

/** Number of each column; `tag`, `attribute` and `kind` are 16 bits wide, the others 32. */
export const COLUMN = {
  offset: 0,
  depth: 1,
  tag: 2,
  start: 3,
  attribute: 4,
  kind: 5,
  low: 6,
  high: 7,
  wide: 8,
  names: 9,
} as const;

/** Rows and attributes that a batch can hold, and words of a wide row. */
export const BATCH_ROWS = 4096;
export const BATCH_ATTRIBUTES = 32768;
export const WIDE = 6;

/** "There is none", where an offset is expected. */
export const NONE = 0xffff_ffff;

/** Kinds of attribute values, and what their two words (low, high) mean. */
export const KIND = {
  /** Present, of a form that nobody needs. */
  other: 0,
  /** 64 bits without and with sign. */
  unsigned: 1,
  signed: 2,
  /** 0 or 1. */
  flag: 3,
  /** Offset in .debug_info; NONE if it points outside. */
  reference: 4,
  /** Offset in .debug_str, in .debug_line_str. */
  str: 5,
  lineStr: 6,
  /** Offset and length in the section that is being read (.debug_info or .debug_line). */
  inline: 7,
  /** Block or expression: offset and length in .debug_info. */
  block: 8,
  /** Offset and section index. */
  address: 9,
  /** Offset into a section that the attribute implies. */
  sectionOffset: 10,
} as const;

/** Not an attribute of DWARF's: the address with which DW_AT_location begins. */
export const STATIC_ADDRESS = 0xffff;

/** Flags of a link. */
export const LINK_ADDRESS = 1;
export const LINK_DECLARATION = 2;

/** Flags of a line row. */
export const LINE_IS_STMT = 1;
export const LINE_END_SEQUENCE = 2;
