import { BtfBuilder } from "../btf/builder.ts";
import { parseBtfExt } from "../btf/ext.ts";
import { looksLikeBtf } from "../btf/header.ts";
import type { Btf } from "../btf/model.ts";
import { parseBtf } from "../btf/parse.ts";
import type { ElfView, Section } from "../elf/model.ts";
import { parseElf } from "../elf/parse.ts";
import { relocationSections } from "../elf/relocations.ts";
import { sectionNamed } from "../elf/symbols.ts";
import { BtfFixError } from "../errors.ts";
import { diffExt, type ExtWithTypes } from "./ext.ts";
import type { Difference } from "./model.ts";
import { diffRelocations } from "./relocations.ts";
import { diffContents, diffHeaders } from "./sections.ts";
import { diffSymbols } from "./symbols.ts";
import { diffTypes } from "./types.ts";

/** What reading gives, or undefined for bytes that are not what they should be. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof BtfFixError) return undefined;
    throw error;
  }
}

/** The types and records of an object; empty where they cannot be read, since the other one may be their repair. */
function typesOf(elf: ElfView, btfSection: Section | undefined): ExtWithTypes {
  const btf = btfSection === undefined ? undefined : readable(() => parseBtf(btfSection.bytes));
  const ext = sectionNamed(elf, ".BTF.ext");
  return {
    btf: btf ?? BtfBuilder.empty(elf.littleEndian).finish(),
    ext: btf === undefined || ext === undefined ? undefined : readable(() => parseBtfExt(ext.bytes)),
  };
}

function diffElf(before: ElfView, after: ElfView): Difference[] {
  const btfSection = sectionNamed(after, ".BTF");
  const extSection = sectionNamed(after, ".BTF.ext");
  const old = typesOf(before, sectionNamed(before, ".BTF"));
  const now = typesOf(after, btfSection);
  const names = after.symtab === undefined ? undefined : after.sections[after.symtab]?.link;
  const own = [btfSection?.index, extSection?.index, after.symtab, names];
  const skip = new Set([...own, ...relocationSections(after).map(({ index }) => index)].filter((i) => i !== undefined));
  return [
    ...diffTypes(old.btf, now.btf, ".BTF"),
    ...diffExt(old, now, { section: ".BTF.ext", offset: 0, length: extSection?.bytes.length ?? 0 }),
    ...diffHeaders(before, after),
    ...diffSymbols(before, after),
    ...diffRelocations(before, after),
    ...diffContents(before, after, skip),
  ];
}

function rawBtf(bytes: Uint8Array): Btf | undefined {
  return looksLikeBtf(bytes) ? parseBtf(bytes) : undefined;
}

/**
 * What two objects, or two raw BTF files, say differently: types by id, records by place, sections by index, symbols by name. Strings and
 * tables of names are told by those who use them. Empty means that both say the same, though perhaps at other offsets.
 *
 * Errors: those of the readers; USAGE for an object and a raw BTF file.
 */
export function diffObjects(before: Uint8Array, after: Uint8Array): Difference[] {
  const old = rawBtf(before);
  const now = rawBtf(after);
  if (old !== undefined && now !== undefined) return diffTypes(old, now, "");
  if (old !== undefined || now !== undefined) {
    throw new BtfFixError("USAGE", "an object cannot be compared with a raw BTF file");
  }
  return diffElf(parseElf(before), parseElf(after));
}
