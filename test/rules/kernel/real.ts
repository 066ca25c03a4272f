import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseElf } from "../../../src/elf/parse.ts";
import { Draft, type DraftRecord, KIND } from "./draft.ts";

const CORPUS = fileURLToPath(new URL("../../../corpus", import.meta.url));

/** Larger ones would make most of a campaign about few types. */
const LARGEST = 6000;

const FIXED_WORDS: Readonly<Record<number, number>> = { 1: 1, 3: 3, 14: 1, 17: 1 };
const WORDS_PER_ENTRY: Readonly<Record<number, number>> = { 4: 3, 5: 3, 6: 2, 13: 2, 15: 3, 19: 3 };

/** The records of a little-endian blob with a 24-byte header, read without the project's own codecs. */
export function draftOf(blob: Uint8Array): Draft {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const word = (at: number): number => view.getUint32(at, true);
  const draft = new Draft();
  const strings = 24 + word(16);
  draft.strings = [blob.slice(strings, strings + word(20))];
  draft.stringsLength = word(20);
  for (let at = 24 + word(8); at + 12 <= 24 + word(8) + word(12); ) {
    const info = word(at + 4);
    const [kind, vlen] = [(info >>> 24) & 0x7f, info & 0xff_ffff];
    const count = (FIXED_WORDS[kind] ?? 0) + (WORDS_PER_ENTRY[kind] ?? 0) * vlen;
    const words = Array.from({ length: count }, (_, index) => word(at + 12 + index * 4));
    draft.records.push({ nameOff: word(at), kind, vlen, kindFlag: info >>> 31 === 1, sizeOrType: word(at + 8), words });
    at += 12 + count * 4;
  }
  return draft;
}

/** What loaders do before they send BTF: sections get a size and their entries a place, externs become globals. */
function asSent(record: DraftRecord): DraftRecord {
  if (record.kind === KIND.func) return { ...record, vlen: Math.min(record.vlen, 1) };
  if (record.kind === KIND.var) return { ...record, words: record.words.map((linkage) => Math.min(linkage, 1)) };
  if (record.kind !== KIND.datasec) return record;
  let size = 0;
  const words = record.words.map((word, index) => {
    if (index % 3 === 0) return word;
    const length = Math.max(1, record.words[index + (index % 3 === 1 ? 1 : 0)] ?? 0);
    if (index % 3 === 1) return size;
    size += length;
    return length;
  });
  return { ...record, words, sizeOrType: Math.max(1, size) };
}

/** The `.BTF` of the corpus's little-endian objects, as a loader would send it. */
export function realDrafts(): Draft[] {
  const files = readdirSync(CORPUS, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".o"));
  return files.flatMap((file) => {
    const elf = parseElf(new Uint8Array(readFileSync(join(CORPUS, file))));
    if (!elf.littleEndian) return [];
    return elf.sections.flatMap((section) => {
      if (section.name !== ".BTF" || section.bytes.length > LARGEST) return [];
      const draft = draftOf(section.bytes);
      draft.records.forEach((record, index) => {
        draft.records[index] = asSent(record);
      });
      return [draft];
    });
  });
}

/** A draft of its own with the same records. */
export function copyOf(draft: Draft): Draft {
  const copy = new Draft();
  copy.records.push(...draft.records.map((record) => ({ ...record })));
  copy.strings = [...draft.strings];
  copy.stringsLength = draft.stringsLength;
  copy.trailing = draft.trailing;
  return copy;
}
