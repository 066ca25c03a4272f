//! gimli behind a plain interface: DWARF sections in, column arrays out. No imports; `src/dwarf/abi.ts` is the other side.
//!
//! One instance reads one object. `begin`, then `allocate` and `set_section` for each section, then any order of `open_unit` +
//! `index_rows` / `read_rows` and `open_lines` + `read_names` / `read_lines`. A call that fails says so in the record and gives 0;
//! a trap means that the memory limit was reached (`exhausted`) or a defect.

#![no_std]

extern crate alloc;

mod arena;
mod attributes;
mod lines;
mod quick;
mod record;
mod sections;
mod units;

use core::cell::UnsafeCell;

use arena::ARENA;
use gimli::RunTimeEndian;
use lines::Lines;
use record::{Columns, Fault, NONE, ROWS, Record, SectionId, Value};
use sections::Sections;
use units::{Table, Unit};

/// Raised whenever an export or a layout changes.
const ABI_VERSION: u32 = 4;

struct State {
    sections: Sections,
    table: Option<Table>,
    unit: Option<Unit>,
    lines: Option<Lines>,
    record: Record,
}

struct Single<T>(UnsafeCell<T>);

// A WebAssembly instance without shared memory has one thread.
unsafe impl<T> Sync for Single<T> {}

static STATE: Single<State> = Single(UnsafeCell::new(State {
    sections: Sections::empty(RunTimeEndian::Little),
    table: None,
    unit: None,
    lines: None,
    record: Record {
        status: 0,
        fault_section: 0,
        fault_offset: 0,
        text: 0,
        text_length: 0,
        unit_end: 0,
        version: 0,
        address_size: 0,
        root: 0,
        language: 0,
        line_program: 0,
        name: Value::OTHER,
        comp_dir: Value::OTHER,
        producer: Value::OTHER,
        abbrev_bytes: 0,
        line_length: 0,
        line_version: 0,
        directories: 0,
        files: 0,
        rows: 0,
        attributes: 0,
    },
}));

/// All zero, so it takes no room in the module.
static COLUMNS: Single<Columns> = Single(UnsafeCell::new(Columns {
    offset: [0; ROWS],
    depth: [0; ROWS],
    tag: [0; ROWS],
    start: [0; ROWS + 1],
    attribute: [0; record::ATTRIBUTES],
    kind: [0; record::ATTRIBUTES],
    low: [0; record::ATTRIBUTES],
    high: [0; record::ATTRIBUTES],
    wide: [[0; record::WIDE]; ROWS],
    names: [0; ROWS],
}));

/// The state. Exports never call each other, so there is one borrow at a time.
fn state() -> &'static mut State {
    unsafe { &mut *STATE.0.get() }
}

fn columns() -> &'static mut Columns {
    unsafe { &mut *COLUMNS.0.get() }
}

/// Puts the outcome of a call into the record; 1 is success.
fn finish(record: &mut Record, outcome: Result<(), Fault>) -> u32 {
    match outcome {
        Ok(()) => {
            record.status = 0;
            1
        }
        Err(fault) => {
            record.status = fault.status as u32;
            record.fault_section = fault.section as u32;
            record.fault_offset = fault.offset;
            record.text = fault.text.as_ptr() as u32;
            record.text_length = fault.text.len() as u32;
            record.rows = 0;
            record.attributes = 0;
            0
        }
    }
}

fn no_unit() -> Fault {
    sections::fault(gimli::Error::OffsetOutOfBounds(0), SectionId::Info, 0)
}

#[unsafe(no_mangle)]
pub extern "C" fn abi_version() -> u32 {
    ABI_VERSION
}

/// Forgets everything. `limit` bytes may be used for sections and working memory together.
#[unsafe(no_mangle)]
pub extern "C" fn begin(limit: u32, big_endian: u32) {
    let state = state();
    state.table = None;
    state.unit = None;
    state.lines = None;
    state.sections = Sections::empty(if big_endian == 0 { RunTimeEndian::Little } else { RunTimeEndian::Big });
    ARENA.begin(limit as usize);
}

/// Room for `length` bytes of a section; 0 if the limit is reached.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(length: u32) -> u32 {
    ARENA.keep(length as usize) as u32
}

/// Says that section `id` lies at `start`. Of the two string sections only the length counts.
#[unsafe(no_mangle)]
pub extern "C" fn set_section(id: u32, start: u32, length: u32) -> u32 {
    let sections = &mut state().sections;
    if id == SectionId::Str as u32 {
        sections.str_length = length as usize;
        return 1;
    }
    if id == SectionId::LineStr as u32 {
        sections.line_str_length = length as usize;
        return 1;
    }
    // The host has just written these bytes into memory that `allocate` gave it and that stays until `begin`.
    let bytes: &'static [u8] =
        if length == 0 { &[] } else { unsafe { core::slice::from_raw_parts(start as *const u8, length as usize) } };
    sections.set(id, bytes).into()
}

/// Opens the unit whose header is at `offset`: unit words of the record.
#[unsafe(no_mangle)]
pub extern "C" fn open_unit(offset: u32) -> u32 {
    let State { sections, table, unit, lines, record, .. } = state();
    if lines.is_some() {
        // A table must not outlive the reset that `open_lines` made, nor lines the next one.
        *lines = None;
    }
    *unit = None;
    let outcome = Unit::open(sections, table, offset as usize, record).map(|opened| *unit = Some(opened));
    finish(record, outcome)
}

/// The next batch of DIEs of the open unit: `rows` of offset, depth and tag, 0 rows at the end; `attributes` links, each with its row in
/// the batch (start), flags (kind) and address (low, high).
#[unsafe(no_mangle)]
pub extern "C" fn index_rows() -> u32 {
    let State { sections, table, unit, record, .. } = state();
    let outcome = match (unit, table) {
        (Some(unit), Some(table)) => unit.index(sections, table, columns()).map(|(rows, links)| {
            record.rows = rows as u32;
            record.attributes = links as u32;
        }),
        _ => Err(no_unit()),
    };
    finish(record, outcome)
}

/// Attributes of up to `count` DIEs of the open unit, from the DIE at `offset` on.
#[unsafe(no_mangle)]
pub extern "C" fn read_rows(offset: u32, count: u32) -> u32 {
    let State { sections, table, unit, record, .. } = state();
    let outcome = match (unit, table) {
        (Some(unit), Some(table)) => unit.read(sections, table, offset as usize, count as usize, columns()).map(|(rows, used)| {
            record.rows = rows as u32;
            record.attributes = used as u32;
        }),
        _ => Err(no_unit()),
    };
    finish(record, outcome)
}

/// Opens the line program at `offset`: line words of the record. Closes the open unit.
#[unsafe(no_mangle)]
pub extern "C" fn open_lines(offset: u32, address_size: u32) -> u32 {
    let State { sections, table, unit, lines, record, .. } = state();
    // Both give their memory back.
    *table = None;
    *unit = None;
    *lines = None;
    let outcome = Lines::open(sections, offset as usize, address_size as u8, record).map(|opened| *lines = Some(opened));
    finish(record, outcome)
}

/// Directories (`files` 0) or files (1) of the open line program from number `first` on, as wide rows.
#[unsafe(no_mangle)]
pub extern "C" fn read_names(files: u32, first: u32) -> u32 {
    let State { sections, lines, record, .. } = state();
    record.rows = match lines {
        Some(lines) => lines.names(sections, files != 0, first as usize, columns()) as u32,
        None => 0,
    };
    finish(record, Ok(()))
}

/// The next batch of rows of the open line program, as wide rows; 0 rows at the end.
#[unsafe(no_mangle)]
pub extern "C" fn read_lines() -> u32 {
    let State { lines, record, .. } = state();
    let outcome = match lines {
        Some(lines) => lines.next(columns()).map(|rows| record.rows = rows as u32),
        None => Err(sections::fault(gimli::Error::OffsetOutOfBounds(0), SectionId::Line, 0)),
    };
    finish(record, outcome)
}

/// Address of the record.
#[unsafe(no_mangle)]
pub extern "C" fn record() -> u32 {
    (&raw const state().record) as u32
}

/// Address of a column, in the order in which `Columns` names them; NONE for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn column(number: u32) -> u32 {
    let columns: *const Columns = columns();
    unsafe {
        match number {
            0 => (&raw const (*columns).offset) as u32,
            1 => (&raw const (*columns).depth) as u32,
            2 => (&raw const (*columns).tag) as u32,
            3 => (&raw const (*columns).start) as u32,
            4 => (&raw const (*columns).attribute) as u32,
            5 => (&raw const (*columns).kind) as u32,
            6 => (&raw const (*columns).low) as u32,
            7 => (&raw const (*columns).high) as u32,
            8 => (&raw const (*columns).wide) as u32,
            9 => (&raw const (*columns).names) as u32,
            _ => NONE,
        }
    }
}

/// Whether the last trap came from the memory limit.
#[unsafe(no_mangle)]
pub extern "C" fn exhausted() -> u32 {
    ARENA.exhausted().into()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
