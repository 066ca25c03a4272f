import type { Drawn } from "./objects.ts";

const WORD = 4;

/** Asking a loader takes long, and a word too many does no harm. */
const MOST_TRIES = 200;

/** Offsets of the words in which the object differs from what it was made of. */
export function changedWords({ bytes, origin }: Drawn): readonly number[] {
  const words: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const word = at - (at % WORD);
    if (bytes[at] !== origin[at] && words.at(-1) !== word) words.push(word);
  }
  return words;
}

/**
 * An object that still disagrees, with as few of its changes as are found to be needed: as many words as possible are set back to what they
 * were, first in halves, then ever fewer at once.
 */
export function shrunk(drawn: Drawn, disagrees: (bytes: Uint8Array) => boolean): Drawn {
  let best = drawn;
  let tries = 0;
  for (
    let length = Math.ceil(changedWords(drawn).length / 2);
    length >= 1;
    length = length === 1 ? 0 : Math.ceil(length / 2)
  ) {
    const words = changedWords(best);
    for (let from = 0; from < words.length && words.length > 1; from += length) {
      if (tries++ === MOST_TRIES) return best;
      const bytes = Uint8Array.from(best.bytes);
      for (const at of words.slice(from, from + length)) bytes.set(drawn.origin.subarray(at, at + WORD), at);
      const candidate = { ...best, bytes };
      if (changedWords(candidate).length > 0 && disagrees(bytes)) best = candidate;
    }
  }
  return best;
}
