import { typeOffsets, typeSectionStart } from "../btf/encode.ts";
import type { Btf } from "../btf/model.ts";
import { encodeRelocations } from "../elf/encode-relocations.ts";
import { type ElfRelocation, type ElfView, SHN_ABS, SHN_COMMON, SHT_REL, STT_SECTION } from "../elf/model.ts";
import { relocationEntries, relocationSections } from "../elf/relocations.ts";
import { sectionSymbol } from "../elf/symbols.ts";

/** Bytes from a DATASEC record to its first entry, of an entry, and from an entry to its offset word (struct btf_var_secinfo). */
const RECORD_HEAD = 12;
const ENTRY_SIZE = 12;
const OFFSET_WORD = 4;

/**
 * New contents, by section index, of the relocation sections of `.BTF` after the blob changed from `before` to `after`; those that stay
 * as they are, are absent.
 *
 * One relocation belongs to one DATASEC entry, known by DATASEC id, VAR id and, should a VAR stand there twice, by its turn: it follows the
 * entry's offset word, and goes when the entry does. `after` must be the model whose encoding becomes the section's content.
 * Errors: ELF_MALFORMED.
 */
export function rebaseBtfRelocations(
  elf: ElfView,
  btfSection: number,
  before: Btf,
  after: Btf,
): ReadonlyMap<number, Uint8Array> {
  const result = new Map<number, Uint8Array>();
  const sections = relocationSections(elf).filter((section) => section.info === btfSection && section.bytes.length > 0);
  if (sections.length === 0) return result;
  const oldPlaces = new Map([...datasecWords(before)].map((word) => [word.position, word.key]));
  const newWords = new Map([...datasecWords(after)].map((word) => [word.key, word]));
  for (const section of sections) {
    const entries = relocationEntries(elf, section);
    const kept: ElfRelocation[] = [];
    for (const entry of entries) {
      // A relocation that hits no offset word would spoil whatever stands there now.
      const word = newWords.get(oldPlaces.get(entry.offset) ?? "");
      if (word === undefined) continue;
      const symbol = section.type === SHT_REL ? symbolFor(elf, entry, word.value) : entry.symbol;
      if (symbol !== undefined) kept.push({ ...entry, offset: word.position, symbol });
    }
    if (!sameEntries(entries, kept)) {
      // Sorted, as LLVM writes them: moved entries must not leave an order that depends on history.
      result.set(
        section.index,
        encodeRelocations(
          elf,
          section,
          kept.toSorted((a, b) => a.offset - b.offset),
        ),
      );
    }
  }
  return result;
}

/**
 * The symbol under which S + A is the variable's offset. LLVM writes a global's own symbol with the word 0; once the word is filled in,
 * that symbol would count the offset twice, and only the section's symbol (value 0) is right; undefined if there is none.
 */
function symbolFor(elf: ElfView, entry: ElfRelocation, word: number): number | undefined {
  const symbol = elf.symbols[entry.symbol];
  if (symbol === undefined || word === 0 || symbol.value === 0 || symbol.type === STT_SECTION) return entry.symbol;
  if (symbol.section === SHN_COMMON || symbol.section === SHN_ABS) return entry.symbol;
  return sectionSymbol(elf, symbol.section)?.index;
}

interface OffsetWord {
  /** DATASEC id, VAR id and turn. */
  readonly key: string;
  /** Byte position in the blob, and what stands there. */
  readonly position: number;
  readonly value: number;
}

function* datasecWords(btf: Btf): Generator<OffsetWord> {
  const offsets = typeOffsets(btf);
  const start = typeSectionStart(btf);
  for (const [index, type] of btf.types.entries()) {
    if (type.kind !== "datasec") continue;
    const turns = new Map<number, number>();
    const first = start + (offsets[index] ?? 0) + RECORD_HEAD + OFFSET_WORD;
    for (const [i, entry] of type.entries.entries()) {
      const turn = turns.get(entry.type) ?? 0;
      turns.set(entry.type, turn + 1);
      const key = `${btf.firstId + index} ${entry.type} ${turn}`;
      yield { key, position: first + i * ENTRY_SIZE, value: entry.offset };
    }
  }
}

function sameEntries(a: readonly ElfRelocation[], b: readonly ElfRelocation[]): boolean {
  return a.length === b.length && a.every((x, i) => x.offset === b[i]?.offset && x.symbol === b[i]?.symbol);
}
