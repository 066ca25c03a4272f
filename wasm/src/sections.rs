//! The sections that the host has put into memory, and gimli's errors in words.

use gimli::{EndianSlice, Error, RunTimeEndian};

use crate::attributes::Slice;
use crate::record::{Fault, SectionId, Status};

pub struct Sections {
    endian: RunTimeEndian,
    bytes: [&'static [u8]; 5],
    pub str_length: usize,
    pub line_str_length: usize,
}

impl Sections {
    pub const fn empty(endian: RunTimeEndian) -> Sections {
        Sections { endian, bytes: [&[]; 5], str_length: 0, line_str_length: 0 }
    }

    /// Notes where a section lies. False for a number that is not a section's.
    pub fn set(&mut self, id: u32, bytes: &'static [u8]) -> bool {
        match self.bytes.get_mut(id as usize) {
            Some(slot) => {
                *slot = bytes;
                true
            }
            None => false,
        }
    }

    pub fn is_big_endian(&self) -> bool {
        matches!(self.endian, RunTimeEndian::Big)
    }

    pub fn get(&self, id: SectionId) -> Slice {
        EndianSlice::new(self.bytes.get(id as usize).copied().unwrap_or(&[]), self.endian)
    }
}

/// A failure of gimli's, in words.
pub fn fault(error: Error, section: SectionId, offset: usize) -> Fault {
    let mut status = Status::Malformed;
    let text = match error {
        Error::UnexpectedEof(_) => "the data ends early",
        Error::BadUnsignedLeb128 | Error::BadSignedLeb128 => "a LEB128 number does not fit",
        Error::AbbreviationTagZero => "an abbreviation has tag 0",
        Error::AttributeNameZero | Error::AttributeFormZero => "an abbreviation has an attribute of name or form 0",
        Error::InvalidAbbreviationChildren(_) => "an abbreviation's children byte is neither 0 nor 1",
        Error::UnknownForm(_) => "an attribute has an unknown form",
        Error::DuplicateAbbreviationCode(_) => "two abbreviations have the same code",
        Error::UnknownReservedLength(_) => "a length is one of the reserved ones",
        Error::UnknownVersion(_) => {
            status = Status::Unsupported;
            "the DWARF version is not 2 to 5"
        }
        Error::InvalidAbbreviationCode(_) => "an abbreviation code is not in the unit's table",
        Error::UnsupportedAddressSize(_) => "the address size is not 1, 2, 4 or 8",
        Error::UnknownUnitType(_) => "the unit type is unknown",
        Error::UnsupportedSegmentSize(_) => {
            status = Status::Unsupported;
            "segment selectors are not supported"
        }
        Error::MinimumInstructionLengthZero => "the minimum instruction length is 0",
        Error::MaximumOperationsPerInstructionZero => "the number of operations per instruction is 0",
        Error::LineRangeZero => "the line range is 0",
        Error::OpcodeBaseZero => "the opcode base is 0",
        Error::AddressOverflow => "an address overflows",
        Error::MissingFileEntryFormatPath => "the file table has no path column",
        Error::InvalidImplicitConst => "DW_FORM_implicit_const stands where it has no value",
        Error::UnsupportedOffset | Error::OffsetOutOfBounds(_) => "an offset is out of bounds",
        _ => "the data is not valid",
    };
    Fault { status, section, offset: offset as u32, text }
}
