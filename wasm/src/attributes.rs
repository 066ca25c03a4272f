//! One attribute of gimli's becomes a kind and two words.

use gimli::{
    AttributeValue, DebugAddr, DebugAddrBase, DebugAddrIndex, DebugStrOffsets, DebugStrOffsetsBase, DebugStrOffsetsIndex, DwAt,
    Encoding, EndianSlice, Reader, RunTimeEndian,
};

use crate::record::{Fault, Kind, NONE, SectionId, Status, Value};
use crate::sections::Sections;

pub type Slice = EndianSlice<'static, RunTimeEndian>;

/// What the values of one unit are read against.
#[derive(Clone, Copy)]
pub struct Scope {
    /// Offset of the unit header in `.debug_info`.
    pub unit: usize,
    pub encoding: Encoding,
    pub str_offsets_base: usize,
    pub addr_base: usize,
}

/// Reads values of a unit; faults are reported at `at`, the offset of the DIE.
pub struct Reading<'a> {
    pub sections: &'a Sections,
    pub big_endian: bool,
    pub scope: Scope,
    pub at: u32,
}

impl<'a> Reading<'a> {
    pub fn new(sections: &'a Sections, scope: Scope, at: u32) -> Reading<'a> {
        Reading { sections, big_endian: sections.is_big_endian(), scope, at }
    }

    fn malformed(&self, text: &'static str) -> Fault {
        Fault { status: Status::Malformed, section: SectionId::Info, offset: self.at, text }
    }

    /// The value of an attribute, indices into `.debug_str_offsets` and `.debug_addr` resolved.
    pub fn value(&self, name: DwAt, value: AttributeValue<Slice>) -> Result<Value, Fault> {
        Ok(match value {
            AttributeValue::Data1(v) => Value::wide(Kind::Unsigned, v.into()),
            AttributeValue::Data2(v) => Value::wide(Kind::Unsigned, v.into()),
            AttributeValue::Data4(v) => Value::wide(Kind::Unsigned, v.into()),
            AttributeValue::Data8(v) => Value::wide(Kind::Unsigned, v),
            AttributeValue::Data16(v) => Value::wide(Kind::Unsigned, v as u64),
            AttributeValue::Udata(v) => Value::wide(Kind::Unsigned, v),
            AttributeValue::Sdata(v) => Value::wide(Kind::Signed, v as u64),
            AttributeValue::Flag(v) => Value::new(Kind::Flag, v.into(), 0),
            AttributeValue::UnitRef(offset) => self.reference(self.scope.unit.checked_add(offset.0)),
            AttributeValue::DebugInfoRef(offset) => self.reference(Some(offset.0)),
            AttributeValue::DebugStrRef(offset) => self.string(offset.0)?,
            AttributeValue::DebugLineStrRef(offset) => {
                if offset.0 >= self.sections.line_str_length {
                    return Err(self.malformed("a string lies outside of .debug_line_str"));
                }
                Value::new(Kind::LineStr, offset.0 as u32, 0)
            }
            AttributeValue::DebugStrOffsetsIndex(index) => self.indexed_string(index)?,
            AttributeValue::String(text) => self.slice(Kind::Inline, text),
            AttributeValue::Block(block) => self.block(name, block),
            AttributeValue::Exprloc(expression) => self.block(name, expression.0),
            AttributeValue::Addr(address) => Value::wide(Kind::Address, address),
            AttributeValue::DebugAddrIndex(index) => self.indexed_address(index)?,
            AttributeValue::SecOffset(offset) => Value::new(Kind::SectionOffset, offset as u32, 0),
            _ => Value::OTHER,
        })
    }

    /// The address with which a location begins, if it begins with one.
    pub fn static_address(&self, value: AttributeValue<Slice>) -> Result<Option<Value>, Fault> {
        let mut bytes = match value {
            AttributeValue::Block(block) => block,
            AttributeValue::Exprloc(expression) => expression.0,
            _ => return Ok(None),
        };
        // Two operations are worth reading here; gimli's reader of all of them would be a sixth of the module.
        let Ok(operation) = bytes.read_u8() else { return Ok(None) };
        match gimli::DwOp(operation) {
            gimli::DW_OP_addr => {
                let address = bytes.read_address(self.scope.encoding.address_size);
                Ok(address.ok().map(|address| Value::wide(Kind::Address, address)))
            }
            gimli::DW_OP_addrx | gimli::DW_OP_GNU_addr_index => match bytes.read_uleb128() {
                Ok(index) => self.indexed_address(DebugAddrIndex(usize::try_from(index).unwrap_or(usize::MAX))).map(Some),
                Err(_) => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn reference(&self, offset: Option<usize>) -> Value {
        match offset {
            Some(offset) if offset < self.sections.get(SectionId::Info).len() => Value::new(Kind::Reference, offset as u32, 0),
            _ => Value::new(Kind::Reference, NONE, 0),
        }
    }

    fn string(&self, offset: usize) -> Result<Value, Fault> {
        if offset >= self.sections.str_length {
            return Err(self.malformed("a string lies outside of .debug_str"));
        }
        Ok(Value::new(Kind::Str, offset as u32, 0))
    }

    fn indexed_string(&self, index: DebugStrOffsetsIndex<usize>) -> Result<Value, Fault> {
        let table = DebugStrOffsets::from(self.sections.get(SectionId::StrOffsets));
        let base = DebugStrOffsetsBase(self.scope.str_offsets_base);
        match table.get_str_offset(self.scope.encoding.format, base, index) {
            Ok(offset) => self.string(offset.0),
            Err(_) => Err(self.malformed("a string index lies outside of .debug_str_offsets")),
        }
    }

    fn indexed_address(&self, index: DebugAddrIndex<usize>) -> Result<Value, Fault> {
        let table = DebugAddr::from(self.sections.get(SectionId::Addr));
        match table.get_address(self.scope.encoding.address_size, DebugAddrBase(self.scope.addr_base), index) {
            Ok(address) => Ok(Value::wide(Kind::Address, address)),
            Err(_) => Err(self.malformed("an address index lies outside of .debug_addr")),
        }
    }

    fn block(&self, name: DwAt, block: Slice) -> Value {
        // DWARF 2 has no constant form of this attribute: `DW_OP_plus_uconst n` stands for n.
        if name == gimli::DW_AT_data_member_location {
            let mut bytes = block;
            if bytes.read_u8().map(gimli::DwOp) == Ok(gimli::DW_OP_plus_uconst)
                && let Ok(value) = bytes.read_uleb128()
                && bytes.is_empty()
            {
                return Value::wide(Kind::Unsigned, value);
            }
        }
        self.slice(Kind::Block, block)
    }

    fn slice(&self, kind: Kind, slice: Slice) -> Value {
        let start = slice.slice().as_ptr() as usize - self.sections.get(SectionId::Info).slice().as_ptr() as usize;
        Value::new(kind, start as u32, slice.len() as u32)
    }
}
