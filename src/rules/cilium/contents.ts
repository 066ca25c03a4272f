import { type ElfView, type Section, SHF_ALLOC, SHF_COMPRESSED, SHT_NOBITS, SHT_PROGBITS } from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import { ciliumRule, refuse, Unread } from "./rule.ts";

const readable = ciliumRule(
  "CE-03",
  "A section that is read has contents in the file, not compressed unless the library can undo it.",
  "debug/elf.Section.Data",
  [
    "unexpected read from SHT_NOBITS section",
    "SHF_COMPRESSED applies only to non-allocable sections",
    "unknown compression type",
  ],
);
const below = ciliumRule(
  "CE-10",
  "A section is shorter than 4 GiB.",
  "btf.loadSpecFromELF",
  "section S exceeds maximum size",
);
const headerWhole = ciliumRule(
  "CE-09",
  "A section that says it is compressed begins with a header of 24 bytes.",
  "debug/elf.NewFile",
  "EOF",
);
export const contentRules: readonly LoaderRule[] = [headerWhole, readable, below];

/** The bytes that a section header delimits, whatever the section is. */
export function rawBytes({ bytes }: ElfView, { offset, size }: Section): Uint8Array {
  return bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + size, bytes.length));
}

export function isCompressed({ flags }: Section): boolean {
  return Math.floor(flags / SHF_COMPRESSED) % 2 === 1;
}

const [COMPRESSED_SIZE, COMPRESSED_ALIGN, COMPRESSED_HEADER] = [8, 16, 24];
const [ZLIB, ZSTD] = [1, 2];

/** The section as the library sees it: a compressed one has the size and alignment that its contents would have. */
export function asRead(elf: ElfView, section: Section): Section {
  if (!isCompressed(section)) return section;
  const bytes = rawBytes(elf, section);
  if (bytes.length < COMPRESSED_HEADER) refuse(headerWhole);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => Number(view.getBigUint64(at, elf.littleEndian));
  return { ...section, size: word(COMPRESSED_SIZE), addralign: word(COMPRESSED_ALIGN) };
}

const MOST = 0xffff_ffff;

/** What the library looks at before it looks for BTF. Errors: CE-10. */
export function checkSizes(elf: ElfView): void {
  for (const section of elf.sections) {
    const { name, type } = section;
    if (name === ".BTF" || (type !== SHT_PROGBITS && type !== SHT_NOBITS)) continue;
    if (asRead(elf, section).size > MOST) refuse(below, `section ${name} exceeds maximum size`);
  }
}

/** The content as the library asks for it. Errors: CE-03; Unread where it would have to be decompressed. */
export function content(elf: ElfView, section: Section): Uint8Array {
  if (section.type === SHT_NOBITS && section.size > 0) refuse(readable);
  if (isCompressed(section)) {
    if (Math.floor(section.flags / SHF_ALLOC) % 2 === 1) refuse(readable, readable.text[1]);
    const { bytes } = elf;
    const way = new DataView(bytes.buffer, bytes.byteOffset).getUint32(section.offset, elf.littleEndian);
    if (way === ZLIB || way === ZSTD) throw new Unread();
    refuse(readable, readable.text[2]);
  }
  return rawBytes(elf, section);
}
