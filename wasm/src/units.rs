//! Units of `.debug_info`: header, unit DIE, and batches of DIEs.

use gimli::{
    Abbreviations, AttributeValue, DebugAbbrev, DebugAbbrevOffset, DebugInfo, DebugInfoOffset, EndianSlice, EntriesRaw, Format,
    Reader, RunTimeEndian, UnitHeader, UnitOffset, UnitType,
};

use crate::arena::ARENA;
use crate::attributes::{Reading, Scope, Slice};
use crate::record::{ATTRIBUTES, ATTRIBUTES_PER_DIE, Columns, Fault, Kind, NONE, ROWS, Record, SectionId, Status, Value};
use crate::sections::{Sections, fault};

/// Not an attribute of DWARF's: the address with which DW_AT_location begins, as a value of its own.
pub const STATIC_ADDRESS: u16 = 0xffff;

/// Attributes that a unit may have for each of its bytes. A DIE takes a byte or more, most attributes do too; abbreviations full of
/// forms without bytes must not turn a small file into a long run.
const ATTRIBUTES_PER_BYTE: usize = 8;

/// The unit that is being read.
pub struct Unit {
    header: UnitHeader<Slice>,
    scope: Scope,
    /// Where the next batch of the index begins (unit offset), and at which depth.
    next: usize,
    depth: u32,
    attributes_left: usize,
}

/// The abbreviation table read last: LLVM gives all units of an object the same one.
pub struct Table {
    offset: usize,
    abbreviations: Abbreviations,
}

impl Unit {
    /// Reads the header at `offset` and the unit DIE, and fills the record with them.
    pub fn open(sections: &Sections, table: &mut Option<Table>, offset: usize, record: &mut Record) -> Result<Unit, Fault> {
        let in_info = |error| fault(error, SectionId::Info, offset);
        let header = DebugInfo::from(sections.get(SectionId::Info)).header_from_offset(DebugInfoOffset(offset)).map_err(in_info)?;
        let refuse = |text| Err(Fault { status: Status::Unsupported, section: SectionId::Info, offset: offset as u32, text });
        match header.type_() {
            UnitType::Compilation | UnitType::Partial => {}
            UnitType::Type { .. } => return refuse("type units (DW_UT_type) are not supported"),
            UnitType::Skeleton(_) | UnitType::SplitCompilation(_) | UnitType::SplitType { .. } => {
                return refuse("split DWARF (DW_UT_skeleton, DW_UT_split_*) is not supported");
            }
        }
        record.abbrev_bytes = load_table(sections, table, header.debug_abbrev_offset().0)?;
        let Some(Table { abbreviations, .. }) = table else { return refuse("no abbreviations") };

        let encoding = header.encoding();
        let root = header.root_offset().0;
        // DWARF 5 offsets and addresses stand behind a header, which a unit without the attribute cannot skip by itself.
        let str_offsets_base = match (encoding.version, encoding.format) {
            (5, Format::Dwarf32) => 8,
            (5, Format::Dwarf64) => 16,
            _ => 0,
        };
        let mut scope = Scope { unit: offset, encoding, str_offsets_base, addr_base: if encoding.version == 5 { 8 } else { 0 } };
        record.unit_end = (offset + header.length_including_self()) as u32;
        record.version = encoding.version.into();
        record.address_size = encoding.address_size.into();
        record.language = 0;
        record.line_program = NONE;
        record.root = 0;
        record.name = Value::OTHER;
        record.comp_dir = Value::OTHER;
        record.producer = Value::OTHER;

        let in_root = |error| fault(error, SectionId::Info, offset + root);
        let length = header.length_including_self();
        let mut unit = Unit { header, scope, next: root, depth: 0, attributes_left: length * ATTRIBUTES_PER_BYTE };
        if root == length {
            return Ok(unit);
        }
        let mut entries = header.entries_raw(abbreviations, None).map_err(in_root)?;
        if let Some(abbreviation) = entries.read_abbreviation().map_err(in_root)? {
            record.root = (offset + root) as u32;
            // The bases come from the DIE whose strings need them, wherever they stand in it: two passes.
            let mut bases = entries.clone();
            for spec in abbreviation.attributes() {
                let attribute = bases.read_attribute(*spec).map_err(in_root)?;
                if let AttributeValue::SecOffset(base) = attribute.raw_value() {
                    match attribute.name() {
                        gimli::DW_AT_str_offsets_base => scope.str_offsets_base = base,
                        gimli::DW_AT_addr_base | gimli::DW_AT_GNU_addr_base => scope.addr_base = base,
                        gimli::DW_AT_stmt_list => record.line_program = base as u32,
                        _ => {}
                    }
                }
            }
            let reading = Reading::new(sections, scope, record.root);
            for spec in abbreviation.attributes() {
                let attribute = entries.read_attribute(*spec).map_err(in_root)?;
                let name = attribute.name();
                match name {
                    gimli::DW_AT_dwo_name | gimli::DW_AT_GNU_dwo_name => {
                        return refuse("split DWARF (DW_AT_dwo_name) is not supported");
                    }
                    gimli::DW_AT_name => record.name = reading.value(name, attribute.raw_value())?,
                    gimli::DW_AT_comp_dir => record.comp_dir = reading.value(name, attribute.raw_value())?,
                    gimli::DW_AT_producer => record.producer = reading.value(name, attribute.raw_value())?,
                    gimli::DW_AT_language => record.language = attribute.udata_value().unwrap_or(0) as u32,
                    _ => {}
                }
            }
        }
        unit.scope = scope;
        Ok(unit)
    }

    /// The next batch of DIEs: offset, tag and depth of each. All attributes are read, so that a later look at them cannot fail. Gives
    /// how many DIEs there are, and how many of them are linked: subprograms and variables that have an address or are declared.
    pub fn index(&mut self, sections: &Sections, table: &Table, columns: &mut Columns) -> Result<(usize, usize), Fault> {
        let bytes = self.bytes(sections);
        let mut next = self.next;
        let (mut rows, mut links) = (0, 0);
        while rows < ROWS && next < bytes.len() {
            let start = next;
            let at = self.scope.unit + start;
            let (abbreviation, behind) = self.abbreviation(table, bytes, start)?;
            next = behind;
            let malformed = |text| Fault { status: Status::Malformed, section: SectionId::Info, offset: at as u32, text };
            let Some(abbreviation) = abbreviation else {
                // Zero bytes after the unit DIE are padding.
                self.depth = self.depth.saturating_sub(1);
                continue;
            };
            if self.depth == 0 && start != self.header.root_offset().0 {
                return Err(malformed("an entry stands outside of the unit's tree"));
            }
            let count = abbreviation.attributes().len();
            if count > ATTRIBUTES_PER_DIE || count > self.attributes_left {
                return Err(Fault { status: Status::Limit, ..malformed("too many attributes for so few bytes") });
            }
            self.attributes_left -= count;
            let reading = Reading::new(sections, self.scope, at as u32);
            let tag = abbreviation.tag();
            if tag == gimli::DW_TAG_subprogram || tag == gimli::DW_TAG_variable {
                let mut link = Link::new(tag);
                next = self.each_attribute(&reading, table, bytes, next, abbreviation.attributes(), |name, value| {
                    link.see(name, value);
                })?;
                if let Some((flags, address)) = link.found() {
                    columns.start[links] = rows as u32;
                    columns.kind[links] = flags;
                    columns.low[links] = address.low;
                    columns.high[links] = address.high;
                    links += 1;
                }
            } else {
                next = self.each_attribute(&reading, table, bytes, next, abbreviation.attributes(), |_, _| {})?;
            }
            columns.offset[rows] = at as u32;
            columns.tag[rows] = tag.0;
            columns.depth[rows] = self.depth;
            rows += 1;
            if abbreviation.has_children() {
                self.depth += 1;
            }
        }
        self.next = next;
        if next >= bytes.len() && self.depth > 0 {
            let text = "the unit ends before its tree of entries does";
            return Err(Fault {
                status: Status::Malformed,
                section: SectionId::Info,
                offset: (self.scope.unit + self.next) as u32,
                text,
            });
        }
        Ok((rows, links))
    }

    /// Attributes of up to `count` DIEs from the one at `offset` (in `.debug_info`) on; gives how many DIEs and attributes fitted.
    pub fn read(
        &self,
        sections: &Sections,
        table: &Table,
        offset: usize,
        count: usize,
        columns: &mut Columns,
    ) -> Result<(usize, usize), Fault> {
        let bytes = self.bytes(sections);
        let start = offset.checked_sub(self.scope.unit).filter(|start| *start <= bytes.len());
        let Some(mut next) = start else {
            return Err(fault(gimli::Error::OffsetOutOfBounds(0), SectionId::Info, offset));
        };
        let (mut rows, mut used) = (0, 0);
        while rows < count.min(ROWS) && next < bytes.len() {
            let at = self.scope.unit + next;
            let (abbreviation, behind) = self.abbreviation(table, bytes, next)?;
            next = behind;
            let Some(abbreviation) = abbreviation else { continue };
            // Twice: a location gives two values.
            if used + 2 * abbreviation.attributes().len() > ATTRIBUTES {
                break;
            }
            columns.start[rows] = used as u32;
            let reading = Reading::new(sections, self.scope, at as u32);
            let mut names = 0;
            next = self.each_attribute(&reading, table, bytes, next, abbreviation.attributes(), |name, value| {
                names |= 1 << (name % 32);
                columns.attribute[used] = name;
                columns.kind[used] = value.kind as u16;
                columns.low[used] = value.low;
                columns.high[used] = value.high;
                used += 1;
            })?;
            columns.names[rows] = names;
            rows += 1;
        }
        columns.start[rows] = used as u32;
        Ok((rows, used))
    }

    /// The unit's bytes, its header included.
    fn bytes(&self, sections: &Sections) -> Slice {
        let mut bytes = sections.get(SectionId::Info);
        // The header was read from there, and says this length.
        let _ = bytes.skip(self.scope.unit).and_then(|()| bytes.truncate(self.header.length_including_self()));
        bytes
    }

    /// The abbreviation of the DIE at `start`, none for the end of a list of children; and what follows its code.
    fn abbreviation<'a>(
        &self,
        table: &'a Table,
        bytes: Slice,
        start: usize,
    ) -> Result<(Option<&'a gimli::Abbreviation>, usize), Fault> {
        match bytes.slice().get(start) {
            Some(0) => return Ok((None, start + 1)),
            Some(code) if *code < 0x80 => {
                if let Some(abbreviation) = table.abbreviations.get((*code).into()) {
                    return Ok((Some(abbreviation), start + 1));
                }
            }
            _ => {}
        }
        let mut entries = self.entries(table, start)?;
        let at = self.scope.unit + start;
        let abbreviation = entries.read_abbreviation().map_err(|error| fault(error, SectionId::Info, at))?;
        Ok((abbreviation, entries.next_offset().0))
    }

    /// Reads the attributes of one DIE in order, from `start` on; a location that begins with an address gives STATIC_ADDRESS as well.
    /// Gives where they end.
    #[inline(always)]
    fn each_attribute(
        &self,
        reading: &Reading<'_>,
        table: &Table,
        bytes: Slice,
        start: usize,
        specs: &[gimli::AttributeSpecification],
        mut take: impl FnMut(u16, Value),
    ) -> Result<usize, Fault> {
        let mut next = start;
        for spec in specs {
            let (value, behind, address) = match reading.quick(bytes, next, spec) {
                Some(read) => read,
                None => self.attribute(reading, table, next, spec)?,
            };
            next = behind;
            take(spec.name().0, value);
            if let Some(address) = address {
                take(STATIC_ADDRESS, address);
            }
        }
        Ok(next)
    }

    /// Any attribute, as gimli reads it.
    #[inline(never)]
    fn attribute(
        &self,
        reading: &Reading<'_>,
        table: &Table,
        start: usize,
        spec: &gimli::AttributeSpecification,
    ) -> Result<(Value, usize, Option<Value>), Fault> {
        let mut entries = self.entries(table, start)?;
        let attribute = entries.read_attribute(*spec).map_err(|error| fault(error, SectionId::Info, reading.at as usize))?;
        let name = attribute.name();
        let value = reading.value(name, attribute.raw_value())?;
        let is_location = name == gimli::DW_AT_location && value.kind == Kind::Block as u32;
        let address = if is_location { reading.static_address(attribute.raw_value())? } else { None };
        Ok((value, entries.next_offset().0, address))
    }

    fn entries<'a>(&self, table: &'a Table, start: usize) -> Result<EntriesRaw<'a, Slice>, Fault> {
        let at = self.scope.unit + start;
        if start == self.header.length_including_self() {
            // The end is no offset that gimli takes.
            let nothing = EndianSlice::new(&[], RunTimeEndian::default());
            return Ok(EntriesRaw::new(nothing, self.scope.encoding, &table.abbreviations, UnitOffset(start)));
        }
        let entries = self.header.entries_raw(&table.abbreviations, Some(UnitOffset(start)));
        entries.map_err(|error| fault(error, SectionId::Info, at))
    }
}

/// What linking needs to know of a subprogram or variable: its address, and whether it is a declaration.
struct Link {
    /// The attribute that holds the address.
    place: u16,
    address: Option<Value>,
    declaration: Option<Value>,
}

/// Flags of a link.
const HAS_ADDRESS: u16 = 1;
const IS_DECLARATION: u16 = 2;

impl Link {
    fn new(tag: gimli::DwTag) -> Link {
        let place = if tag == gimli::DW_TAG_variable { STATIC_ADDRESS } else { gimli::DW_AT_low_pc.0 };
        Link { place, address: None, declaration: None }
    }

    /// Of several attributes of one name the first counts.
    fn see(&mut self, name: u16, value: Value) {
        if name == self.place {
            self.address.get_or_insert(value);
        } else if name == gimli::DW_AT_declaration.0 {
            self.declaration.get_or_insert(value);
        }
    }

    fn found(&self) -> Option<(u16, Value)> {
        let address = self.address.filter(|value| value.kind == Kind::Address as u32);
        let is_number = |value: &Value| [Kind::Flag, Kind::Unsigned, Kind::Signed].iter().any(|kind| *kind as u32 == value.kind);
        let declared = self.declaration.is_some_and(|value| is_number(&value) && (value.low | value.high) != 0);
        let flags = if address.is_some() { HAS_ADDRESS } else { 0 } | if declared { IS_DECLARATION } else { 0 };
        (flags != 0).then(|| (flags, address.unwrap_or(Value::OTHER)))
    }
}

/// Makes `table` the one at `offset`; gives the bytes that had to be parsed for it.
fn load_table(sections: &Sections, table: &mut Option<Table>, offset: usize) -> Result<u32, Fault> {
    if table.as_ref().is_some_and(|table| table.offset == offset) {
        return Ok(0);
    }
    // The old table goes before its memory does.
    *table = None;
    ARENA.reset();
    let in_abbrev = |error| fault(error, SectionId::Abbrev, offset);
    let mut rest = sections.get(SectionId::Abbrev);
    rest.skip(offset).map_err(in_abbrev)?;
    let abbreviations =
        DebugAbbrev::from(sections.get(SectionId::Abbrev)).abbreviations(DebugAbbrevOffset(offset)).map_err(in_abbrev)?;
    *table = Some(Table { offset, abbreviations });
    Ok(table_length(rest) as u32)
}

/// Bytes of the table at the head of `rest`, which is known to be well formed.
fn table_length(rest: Slice) -> usize {
    let mut input = rest;
    let mut scan = || -> gimli::Result<()> {
        while !input.is_empty() && input.read_uleb128()? != 0 {
            input.read_uleb128()?;
            input.read_u8()?;
            loop {
                let name = input.read_uleb128()?;
                let form = input.read_uleb128()?;
                if name == 0 && form == 0 {
                    break;
                }
                if form == u64::from(gimli::DW_FORM_implicit_const.0) {
                    input.read_sleb128()?;
                }
            }
        }
        Ok(())
    };
    let _ = scan();
    rest.len() - input.len()
}
