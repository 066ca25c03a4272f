//! Line programs: their names, and batches of their rows.

use gimli::{AttributeValue, ColumnType, DebugLine, DebugLineOffset, IncompleteLineProgram, LineRows};

use crate::arena::ARENA;
use crate::attributes::Slice;
use crate::record::{Columns, Fault, Kind, ROWS, Record, SectionId, Value};
use crate::sections::{Sections, fault};

const IS_STMT: u32 = 1;
const END_SEQUENCE: u32 = 2;
/// Bits of a name's kind.
const SOURCE_KIND: u32 = 8;

/// The line program that is being run.
pub struct Lines {
    rows: LineRows<Slice, IncompleteLineProgram<Slice>>,
    offset: usize,
}

impl Lines {
    /// Reads the header at `offset`; `address_size` is the unit's, which programs before DWARF 5 do not repeat.
    pub fn open(sections: &Sections, offset: usize, address_size: u8, record: &mut Record) -> Result<Lines, Fault> {
        ARENA.reset();
        let program = DebugLine::from(sections.get(SectionId::Line))
            .program(DebugLineOffset(offset), address_size, None, None)
            .map_err(|error| fault(error, SectionId::Line, offset))?;
        let header = program.header();
        record.line_length = header.unit_length() as u32;
        record.line_version = header.version().into();
        record.directories = header.include_directories().len() as u32;
        record.files = header.file_names().len() as u32;
        Ok(Lines { rows: program.rows(), offset })
    }

    /// Directories (`files` false) or files from number `first` of the table on: kind, low and high of the name, directory index, low and
    /// high of the file's source, the kind of which stands above that of the name.
    pub fn names(&self, sections: &Sections, files: bool, first: usize, columns: &mut Columns) -> usize {
        let header = self.rows.header();
        let mut rows = 0;
        if files {
            for file in header.file_names().iter().skip(first).take(ROWS) {
                let name = name_of(sections, file.path_name());
                let directory = u32::try_from(file.directory_index()).unwrap_or(u32::MAX);
                let source = file.source().map_or(Value::OTHER, |source| name_of(sections, source));
                columns.wide[rows] =
                    [name.kind | source.kind << SOURCE_KIND, name.low, name.high, directory, source.low, source.high];
                rows += 1;
            }
        } else {
            for directory in header.include_directories().iter().skip(first).take(ROWS) {
                let name = name_of(sections, *directory);
                columns.wide[rows] = [name.kind, name.low, name.high, 0, 0, 0];
                rows += 1;
            }
        }
        rows
    }

    /// The next batch of rows: address (low, high), file, line, column, flags.
    pub fn next(&mut self, columns: &mut Columns) -> Result<usize, Fault> {
        let offset = self.offset;
        let mut rows = 0;
        while rows < ROWS {
            let Some((_, row)) = self.rows.next_row().map_err(|error| fault(error, SectionId::Line, offset))? else { break };
            let address = row.address();
            let column = match row.column() {
                ColumnType::LeftEdge => 0,
                ColumnType::Column(column) => column.get(),
            };
            let flags = if row.is_stmt() { IS_STMT } else { 0 } | if row.end_sequence() { END_SEQUENCE } else { 0 };
            columns.wide[rows] = [
                address as u32,
                (address >> 32) as u32,
                row.file_index() as u32,
                row.line().map_or(0, |line| line.get()) as u32,
                column as u32,
                flags,
            ];
            rows += 1;
        }
        Ok(rows)
    }
}

/// Where a directory's or a file's name lies, or a file's source. Names by string index occur only in split DWARF, which is refused.
fn name_of(sections: &Sections, value: AttributeValue<Slice>) -> Value {
    match value {
        AttributeValue::String(text) => {
            let start = text.slice().as_ptr() as usize - sections.get(SectionId::Line).slice().as_ptr() as usize;
            Value::new(Kind::Inline, start as u32, text.len() as u32)
        }
        AttributeValue::DebugStrRef(offset) if offset.0 < sections.str_length => Value::new(Kind::Str, offset.0 as u32, 0),
        AttributeValue::DebugLineStrRef(offset) if offset.0 < sections.line_str_length => {
            Value::new(Kind::LineStr, offset.0 as u32, 0)
        }
        _ => Value::OTHER,
    }
}
