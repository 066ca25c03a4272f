import { CASES } from "./cases.ts";
import { Draft, type DraftRecord } from "./draft.ts";
import { Random } from "./random.ts";
import { copyOf } from "./real.ts";

/** Variants of each case, of which each may break its rule in another way. */
const VARIANTS = 4;

/** Longer lists than this are of one kind. */
const WORDS = 40;

/** The record with one field after the other one more and one less, or the other way round. */
function* neighbours(record: DraftRecord): Iterable<DraftRecord> {
  if (record.words.length > WORDS) return;
  yield { ...record, kindFlag: !record.kindFlag };
  for (const step of [1, -1]) {
    const moved = (word: number): number => (word < 0 ? word : (word + step) >>> 0);
    yield { ...record, sizeOrType: moved(record.sizeOrType) };
    yield { ...record, nameOff: moved(record.nameOff) };
    if (record.vlen + step >= 0) yield { ...record, vlen: record.vlen + step };
    for (const place of record.words.keys()) {
      yield { ...record, words: record.words.map((word, at) => (at === place ? moved(word) : word)) };
    }
  }
}

/** Every vector of a rule with one field of one record changed by one: what lies on both sides of an edge. */
export function sweptBlobs(): readonly { readonly what: string; readonly blob: Uint8Array }[] {
  const seen = new Set<string>();
  const swept: { what: string; blob: Uint8Array }[] = [];
  for (const [rule, make] of Object.entries(CASES)) {
    for (const broken of [true, false]) {
      const random = new Random(11);
      for (let variant = 0; variant < VARIANTS; variant++) {
        const draft = new Draft();
        draft.int(8);
        make(draft, broken, random);
        draft.records.forEach((record, index) => {
          for (const neighbour of neighbours(record)) {
            const copy = copyOf(draft);
            copy.records[index] = neighbour;
            const blob = copy.blob();
            const key = Buffer.from(blob).toString("latin1");
            if (seen.has(key)) continue;
            seen.add(key);
            swept.push({ what: `${rule} ${broken ? "broken" : "kept"}, record ${index + 1}`, blob });
          }
        });
      }
    }
  }
  return swept;
}
