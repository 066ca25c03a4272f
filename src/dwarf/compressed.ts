import { ByteReader } from "../bytes/reader.ts";
import type { Section } from "../elf/model.ts";
import { BtfFixError } from "../errors.ts";
import { inflateZlib } from "./inflate.ts";

const ELFCOMPRESS_ZLIB = 1;
const ELFCOMPRESS_ZSTD = 2;
/** Bytes of Elf64_Chdr: type, reserved, size, alignment. */
const HEADER = 24;
/** Deflate makes at most 1,032 bytes out of one; a header that claims more lies. */
const EXPANSION = 1032;
const LARGEST = 1 << 30;

/**
 * Content of an SHF_COMPRESSED section (gABI, Elf64_Chdr), zlib only.
 *
 * The claimed size is checked before anything is allocated. Errors: DWARF_UNSUPPORTED (zstd, unknown), DWARF_MALFORMED, LIMIT_EXCEEDED.
 */
export function decompressSection(section: Section, littleEndian: boolean): Uint8Array {
  const reader = new ByteReader(section.bytes, littleEndian, { code: "DWARF_MALFORMED", section: section.name });
  const type = reader.u32();
  reader.skip(4);
  const size = reader.u64();
  reader.skip(8);
  const span = { section: section.name, offset: 0, length: HEADER };
  if (type !== ELFCOMPRESS_ZLIB) {
    const what = type === ELFCOMPRESS_ZSTD ? "zstd compression" : `compression of type ${type}`;
    throw new BtfFixError("DWARF_UNSUPPORTED", `${section.name}: ${what} is not supported`, span);
  }
  if (size > LARGEST) {
    throw new BtfFixError(
      "LIMIT_EXCEEDED",
      `${section.name} claims ${size} bytes uncompressed, more than ${LARGEST}`,
      span,
    );
  }
  const packed = section.bytes.subarray(HEADER);
  if (size > packed.length * EXPANSION) {
    const claim = `${section.name} claims ${size} bytes uncompressed, which ${packed.length} bytes cannot hold`;
    throw new BtfFixError("DWARF_MALFORMED", claim, span);
  }
  try {
    return inflateZlib(packed, Number(size));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const offset = HEADER;
    throw new BtfFixError(
      "DWARF_MALFORMED",
      `${section.name}: ${cause.message}`,
      { ...span, offset, length: packed.length },
      cause,
    );
  }
}
