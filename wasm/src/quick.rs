//! Values that their form alone decides, read without a detour: of a large program nearly all, and there are tens of millions.
//!
//! gimli reads all others, and everything that is wrong: whoever gets `None` here asks it.

use gimli::{AttributeSpecification, AttributeValue, DwAt, Expression, Format, Reader};

use crate::attributes::{Reading, Slice};
use crate::record::{Kind, NONE, SectionId, Value};

/// A number of one to eight bytes.
fn number<const N: usize>(bytes: &[u8], at: usize, big_endian: bool) -> Option<u64> {
    let mut value = [0; 8];
    let taken: &[u8; N] = bytes.get(at..)?.first_chunk()?;
    value[..N].copy_from_slice(taken);
    Some(if big_endian { u64::from_be_bytes(value) >> (64 - 8 * N) } else { u64::from_le_bytes(value) })
}

/// An unsigned LEB128 number of up to four bytes, and what follows it.
fn leb(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let mut value = 0;
    for i in 0..4 {
        let byte = *bytes.get(at + i)?;
        value |= u32::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            return Some((value, at + i + 1));
        }
    }
    None
}

/// Whether a constant of four bytes is one for sure: others may be offsets into a section (DWARF 2 and 3).
fn is_constant(name: DwAt) -> bool {
    matches!(
        name,
        gimli::DW_AT_high_pc
            | gimli::DW_AT_decl_line
            | gimli::DW_AT_call_line
            | gimli::DW_AT_byte_size
            | gimli::DW_AT_count
            | gimli::DW_AT_upper_bound
            | gimli::DW_AT_const_value
    )
}

impl Reading<'_> {
    /// The value of the attribute at `at` of the unit's bytes and where the next one begins; for a location, the address with which it
    /// begins as well.
    #[inline(always)]
    pub fn quick(&self, unit: Slice, at: usize, spec: &AttributeSpecification) -> Option<(Value, usize, Option<Value>)> {
        let bytes = unit.slice();
        let big = self.big_endian;
        let unsigned = |value: u64, size: usize| Some((Value::wide(Kind::Unsigned, value), at + size, None));
        match spec.form() {
            gimli::DW_FORM_data1 => unsigned(number::<1>(bytes, at, big)?, 1),
            gimli::DW_FORM_data2 => unsigned(number::<2>(bytes, at, big)?, 2),
            gimli::DW_FORM_data4 if is_constant(spec.name()) => unsigned(number::<4>(bytes, at, big)?, 4),
            gimli::DW_FORM_udata => leb(bytes, at).map(|(value, next)| (Value::new(Kind::Unsigned, value, 0), next, None)),
            gimli::DW_FORM_flag_present => Some((Value::new(Kind::Flag, 1, 0), at, None)),
            gimli::DW_FORM_ref4 => {
                let target = self.scope.unit as u64 + number::<4>(bytes, at, big)?;
                let inside = target < self.sections.get(SectionId::Info).len() as u64;
                Some((Value::new(Kind::Reference, if inside { target as u32 } else { NONE }, 0), at + 4, None))
            }
            gimli::DW_FORM_strp if self.scope.encoding.format == Format::Dwarf32 => {
                let offset = number::<4>(bytes, at, big)?;
                self.quick_string(offset, at + 4)
            }
            gimli::DW_FORM_strx1 => self.quick_index(number::<1>(bytes, at, big)? as usize, at + 1),
            gimli::DW_FORM_strx2 => self.quick_index(number::<2>(bytes, at, big)? as usize, at + 2),
            gimli::DW_FORM_strx => {
                let (index, next) = leb(bytes, at)?;
                self.quick_index(index as usize, next)
            }
            gimli::DW_FORM_addrx if self.scope.encoding.address_size == 8 => {
                let (index, next) = leb(bytes, at)?;
                Some((self.quick_address(index)?, next, None))
            }
            gimli::DW_FORM_exprloc if spec.name() == gimli::DW_AT_location => {
                let (length, start) = leb(bytes, at)?;
                let mut expression = unit;
                expression.skip(start).ok()?;
                expression.truncate(length as usize).ok()?;
                let place = Value::new(Kind::Block, (self.scope.unit + start) as u32, length);
                let address = self.static_address(AttributeValue::Exprloc(Expression(expression))).ok()?;
                Some((place, start + length as usize, address))
            }
            _ => None,
        }
    }

    fn quick_string(&self, offset: u64, next: usize) -> Option<(Value, usize, Option<Value>)> {
        let inside = offset < self.sections.str_length as u64;
        inside.then(|| (Value::new(Kind::Str, offset as u32, 0), next, None))
    }

    fn quick_index(&self, index: usize, next: usize) -> Option<(Value, usize, Option<Value>)> {
        if self.scope.encoding.format != Format::Dwarf32 {
            return None;
        }
        let at = self.scope.str_offsets_base.checked_add(4 * index)?;
        let offset = number::<4>(self.sections.get(SectionId::StrOffsets).slice(), at, self.big_endian)?;
        self.quick_string(offset, next)
    }

    fn quick_address(&self, index: u32) -> Option<Value> {
        let at = self.scope.addr_base.checked_add(8 * index as usize)?;
        let address = number::<8>(self.sections.get(SectionId::Addr).slice(), at, self.big_endian)?;
        Some(Value::wide(Kind::Address, address))
    }
}
