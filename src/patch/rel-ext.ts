import type { Btf } from "../btf/model.ts";
import { encodeRelocations } from "../elf/encode-relocations.ts";
import { type ElfRelocation, type ElfView, R_BPF_64_NODYLD32, SHT_REL } from "../elf/model.ts";
import { relocationEntries, relocationSections } from "../elf/relocations.ts";
import { sectionSymbol } from "../elf/symbols.ts";
import { type InsnOffWord, insnOffWords } from "./ext-words.ts";

type NewEntry = Pick<ElfRelocation, "offset" | "type" | "symbol" | "addend">;

/**
 * New contents, by section index, of the relocation sections of `.BTF.ext` after its content changes to `blob`; those that stay as they
 * are, are absent.
 *
 * One relocation belongs to one record, known by table, code section and insn_off: it follows the record's first word, and goes when the
 * record does. A new record gets one against its section's symbol, as LLVM writes it, where that symbol exists.
 * `before` and `after` are the `.BTF` models that hold the section names. Errors: ELF_MALFORMED, BTF_EXT_TRUNCATED, BTF_EXT_MALFORMED, LIMIT_EXCEEDED.
 */
export function rebaseExtRelocations(
  elf: ElfView,
  extSection: number,
  blob: Uint8Array,
  names: { readonly before: Btf; readonly after: Btf },
): ReadonlyMap<number, Uint8Array> {
  const result = new Map<number, Uint8Array>();
  const old = elf.sections[extSection];
  const [section] = relocationSections(elf).filter((rel) => rel.info === extSection && rel.bytes.length > 0);
  if (old === undefined || section === undefined) return result;
  const oldKeys = new Map(insnOffWords(elf, old.bytes, names.before).map((word) => [word.position, word.key]));
  const known = new Set(oldKeys.values());
  const words = insnOffWords(elf, blob, names.after);
  const places = new Map(words.map((word) => [word.key, word.position]));

  const entries = relocationEntries(elf, section);
  const kept: NewEntry[] = [];
  for (const entry of entries) {
    const offset = places.get(oldKeys.get(entry.offset) ?? "");
    if (offset !== undefined) kept.push({ ...entry, offset });
  }
  if (section.type === SHT_REL) {
    for (const word of words) if (!known.has(word.key)) kept.push(...relocationFor(elf, word));
  }
  const unchanged = kept.length === entries.length && kept.every((entry, i) => entry.offset === entries[i]?.offset);
  if (unchanged) return result;
  return result.set(
    section.index,
    encodeRelocations(
      elf,
      section,
      kept.toSorted((a, b) => a.offset - b.offset),
    ),
  );
}

function relocationFor(elf: ElfView, word: InsnOffWord): readonly NewEntry[] {
  const symbol = word.section === 0 ? undefined : sectionSymbol(elf, word.section);
  if (symbol === undefined) return [];
  return [{ offset: word.position, type: R_BPF_64_NODYLD32, symbol: symbol.index, addend: undefined }];
}
