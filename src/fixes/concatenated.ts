import { resolveExterns } from "../btf/merge/externs.ts";
import { type BtfPart, concatenatedParts, mergeBtf } from "../btf/merge.ts";
import type { Btf } from "../btf/model.ts";
import type { RelocationEdit } from "../elf/edit.ts";
import {
  type ElfRelocation,
  type ElfView,
  R_BPF_64_32,
  R_BPF_64_64,
  type Section,
  SHF_EXECINSTR,
  SHT_PROGBITS,
  STT_SECTION,
} from "../elf/model.ts";
import { relocationSections, relocationsOf } from "../elf/relocations.ts";
import { sectionNamed, sectionsNamed } from "../elf/symbols.ts";
import { BtfFixError } from "../errors.ts";
import { mapPlaces } from "../maps/places.ts";
import { MAPS_SECTION } from "../maps/sites.ts";
import { concatenatedBtf } from "../rules/elf/sections.ts";
import type { Diagnostic } from "../rules/rule.ts";
import { type ElfFix, type ElfState, type ElfStep, NO_EDITS } from "./elf-fix.ts";
import { linkPieces, type Piece, type Pieces } from "./link-pieces.ts";

const NOTHING = new Uint8Array(0);
const INSTRUCTION = 8;

/** The distance that an instruction adds to its symbol: a call counts instructions from the one behind it. */
function addendOf({ littleEndian }: ElfView, { bytes }: Section, { type, offset }: ElfRelocation): number {
  if (offset + INSTRUCTION > bytes.length) return 0;
  const immediate = new DataView(bytes.buffer, bytes.byteOffset + offset).getInt32(4, littleEndian);
  return type === R_BPF_64_32 ? (immediate + 1) * INSTRUCTION : immediate;
}

function pieceAt(pieces: readonly Piece[] | undefined, offset: number): Piece | undefined {
  return pieces?.find(({ start, end }) => start <= offset && offset < end);
}

/**
 * References of code by a section's symbol: GNU ld (2.40) leaves the offset beside it as the input had it, though what it means has
 * moved. For a map that does not matter, loaders ask for the symbol alone: it is named by its own. Everything else would be called or read
 * in the wrong place, and no repair changes instructions.
 *
 * Errors: REFUSED.
 */
function movedReferences(elf: ElfView, btf: Btf, { bySection: pieces, isMoved }: Pieces): RelocationEdit[] {
  const edits: RelocationEdit[] = [];
  if (isMoved) return edits;
  for (const code of elf.sections) {
    const isCode = (code.flags & SHF_EXECINSTR) !== 0;
    if (!isCode && code.name !== MAPS_SECTION) continue;
    for (const entry of relocationsOf(elf, code.index)) {
      const symbol = elf.symbols[entry.symbol];
      const target = elf.sections[symbol?.section ?? 0];
      if (symbol?.type !== STT_SECTION || target === undefined) continue;
      if (isCode && entry.type !== R_BPF_64_64 && entry.type !== R_BPF_64_32) continue;
      const part = isCode ? pieceAt(pieces.get(code.name), entry.offset)?.part : undefined;
      // Nobody knows which input such code is from, nor which inner map is meant.
      if (part === undefined) refuse(code, entry, target);
      const piece = pieces.get(target.name)?.find((candidate) => candidate.part === part);
      if (piece === undefined ? isFirstUse(elf, pieces, target, part) : piece.start === 0) continue;
      const place = (piece?.start ?? 0) + addendOf(elf, code, entry);
      const isMap = target.name === MAPS_SECTION && piece !== undefined;
      const map = isMap ? mapPlaces(elf, btf, target).find(({ offset }) => offset === place) : undefined;
      if (map === undefined) refuse(code, entry, target);
      edits.push({ relSection: entry.relSection, entry: entry.entry, symbol: map.symbol });
    }
  }
  return edits;
}

/** Whether no code of an earlier input names the section, so that this input's piece is taken to be the first. */
function isFirstUse(elf: ElfView, pieces: Pieces["bySection"], target: Section, part: number): boolean {
  return !elf.sections.some(
    (code) =>
      (code.flags & SHF_EXECINSTR) !== 0 &&
      relocationsOf(elf, code.index).some(
        ({ symbol, offset }) =>
          elf.symbols[symbol]?.section === target.index && (pieceAt(pieces.get(code.name), offset)?.part ?? 0) < part,
      ),
  );
}

/** Whether debug info was left as the inputs had it: two units with one line table cannot be. */
function hasBrokenDwarf(elf: ElfView): boolean {
  const info = sectionNamed(elf, ".debug_info");
  const lines = sectionNamed(elf, ".debug_line");
  if (info === undefined || lines === undefined) return info !== undefined;
  const view = new DataView(info.bytes.buffer, info.bytes.byteOffset, info.bytes.byteLength);
  const places = relocationsOf(elf, info.index)
    .filter(({ symbol, offset }) => elf.symbols[symbol]?.section === lines.index && offset + 4 <= info.bytes.length)
    .map(({ symbol, offset }) => (elf.symbols[symbol]?.value ?? 0) + view.getUint32(offset, elf.littleEndian));
  return places.length < 2 || new Set(places).size < places.length;
}

/** Debug info, and the relocations of it. */
function debugSections(elf: ElfView): readonly Section[] {
  const own = elf.sections.filter(({ name, type }) => name.startsWith(".debug_") && type === SHT_PROGBITS);
  const indices = new Set(own.map(({ index }) => index));
  return [...own, ...relocationSections(elf).filter(({ info }) => indices.has(info))];
}

/** V10: the blobs become one, with their records at the places that the instructions have now. */
export const mergeBlobs: ElfFix = {
  rules: [concatenatedBtf],
  summary: () => "blobs in .BTF merged",
  apply({ elf, ext }: ElfState, findings: readonly Diagnostic[]): ElfStep {
    const [section] = sectionsNamed(elf, ".BTF");
    const extSection = sectionNamed(elf, ".BTF.ext");
    const blobs = concatenatedParts(section?.bytes ?? NOTHING, extSection?.bytes);
    const pieces = linkPieces(elf, blobs);
    const parts = blobs.map(
      (part, index): BtfPart => ({
        ...part,
        sectionStart: (name) =>
          pieces.isMoved ? 0 : (pieces.bySection.get(name)?.find((piece) => piece.part === index)?.start ?? 0),
      }),
    );
    const merged = mergeBtf(parts);
    const joined = resolveExterns(merged.btf);
    const dropped = hasBrokenDwarf(elf) ? debugSections(elf) : [];
    // Places of what is relocated are new, and no loader reads these.
    const stale = relocationSections(elf).filter(({ info }) => info === section?.index || info === extSection?.index);
    const sections = new Map([...dropped, ...stale].map(({ index }) => [index, NOTHING]));
    const edits = { ...NO_EDITS, sections, relocations: movedReferences(elf, joined, pieces) };
    const told = dropped.length === 0 ? "" : ", and dropped the debug info, which the linker has left in pieces";
    const done = findings.map(() => `merged ${blobs.length} blobs${told}`);
    return { edits, btf: joined, ext: merged.ext ?? ext, done };
  },
};

function refuse(code: Section, { offset }: ElfRelocation, target: Section): never {
  throw new BtfFixError(
    "REFUSED",
    `${code.name}+${offset} refers to ${target.name} by an offset that the linker has not moved with its content: link with bpf-linker or \`bpftool gen object\` [${concatenatedBtf.id}]`,
    { section: code.name, offset, length: INSTRUCTION },
  );
}
