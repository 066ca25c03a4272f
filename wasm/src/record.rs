//! What the host reads: one record of 32-bit words, and the columns it points at. `src/dwarf/abi.ts` describes the same layout.

/// DIEs a batch can hold.
pub const ROWS: usize = 4096;
/// Attributes a batch can hold; a batch ends before the DIE that would not fit.
pub const ATTRIBUTES: usize = 32768;
/// Attributes one DIE may have: compilers write about thirty, so more is an attack on memory.
pub const ATTRIBUTES_PER_DIE: usize = 1024;

/// "There is none", where an offset is expected.
pub const NONE: u32 = u32::MAX;

/// What kind of value an attribute has; the meaning of its two words follows.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Kind {
    /// Present, but of a form that nobody needs (list indices, signatures, supplementary files).
    Other = 0,
    /// A constant without sign: low and high 32 bits.
    Unsigned = 1,
    /// A constant with sign: low and high 32 bits.
    Signed = 2,
    /// 0 or 1.
    Flag = 3,
    /// An offset in `.debug_info`; NONE when it points outside of it.
    Reference = 4,
    /// A string: offset in `.debug_str`.
    Str = 5,
    /// A string: offset in `.debug_line_str`.
    LineStr = 6,
    /// A string in the section that is being read: offset and length without its NUL.
    Inline = 7,
    /// Block or expression: offset in `.debug_info` and length.
    Block = 8,
    /// An address: offset and section index.
    Address = 9,
    /// An offset into a section that the attribute implies.
    SectionOffset = 10,
}

/// The value of one attribute.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Value {
    pub kind: u32,
    pub low: u32,
    pub high: u32,
}

impl Value {
    pub const OTHER: Value = Value { kind: Kind::Other as u32, low: 0, high: 0 };

    pub fn new(kind: Kind, low: u32, high: u32) -> Value {
        Value { kind: kind as u32, low, high }
    }

    pub fn wide(kind: Kind, value: u64) -> Value {
        Value::new(kind, value as u32, (value >> 32) as u32)
    }
}

/// Why reading failed.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Status {
    Malformed = 1,
    Unsupported = 2,
    Limit = 3,
}

/// Sections, by the number that host and module give them.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum SectionId {
    Info = 0,
    Abbrev = 1,
    StrOffsets = 2,
    Addr = 3,
    Line = 4,
    /// Only the length of these two is known here: strings stay with the host.
    Str = 5,
    LineStr = 6,
}

/// One failure, said in words that stand in the module's data.
#[derive(Clone, Copy)]
pub struct Fault {
    pub status: Status,
    pub section: SectionId,
    pub offset: u32,
    pub text: &'static str,
}

/// The words that the host reads after each call.
#[repr(C)]
pub struct Record {
    pub status: u32,
    pub fault_section: u32,
    pub fault_offset: u32,
    pub text: u32,
    pub text_length: u32,

    pub unit_end: u32,
    pub version: u32,
    pub address_size: u32,
    /// Offset of the unit DIE, 0 if the unit has none.
    pub root: u32,
    pub language: u32,
    /// DW_AT_stmt_list, or NONE.
    pub line_program: u32,
    pub name: Value,
    pub comp_dir: Value,
    pub producer: Value,
    /// Bytes of `.debug_abbrev` that had to be parsed for this unit.
    pub abbrev_bytes: u32,

    /// Bytes and DWARF version of the opened line program; numbers of its directories and files.
    pub line_length: u32,
    pub line_version: u32,
    pub directories: u32,
    pub files: u32,

    /// Rows in the columns, and attributes.
    pub rows: u32,
    pub attributes: u32,
}

/// Columns of one batch. DIEs: offset, depth, tag, first attribute (one more than rows). Attributes: name, kind, low, high.
/// Line rows and names use the wide columns alone.
#[repr(C)]
pub struct Columns {
    pub offset: [u32; ROWS],
    pub depth: [u32; ROWS],
    pub tag: [u16; ROWS],
    pub start: [u32; ROWS + 1],
    pub attribute: [u16; ATTRIBUTES],
    pub kind: [u16; ATTRIBUTES],
    pub low: [u32; ATTRIBUTES],
    pub high: [u32; ATTRIBUTES],
    pub wide: [[u32; WIDE]; ROWS],
    /// Of a DIE, a bit for each attribute: that of its number modulo 32.
    pub names: [u32; ROWS],
}

/// Words of a wide row.
pub const WIDE: usize = 6;
