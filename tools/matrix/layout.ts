import { concat, words } from "../../test/btf/assemble.ts";
import type { Random } from "../../test/rules/kernel/random.ts";

const PLAIN_HEADER = 24;
const LONG_HEADER = 32;

/** Places in the long header that tell where a section is, and how long. */
const TYPES = 8;
const STRINGS = 16;
const LAYOUT = 24;

interface Section {
  readonly place: number;
  readonly bytes: Uint8Array;
}

function shuffled(sections: readonly Section[], random: Random): readonly Section[] {
  return [...sections]
    .map((section) => ({ section, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ section }) => section);
}

/**
 * The blob, whose header has 24 bytes, with a header of 32 and a layout section, as releases from 7.2 on know them: sections in any order,
 * sometimes a layout of odd length, or one word of the header changed.
 */
export function withLayout(blob: Uint8Array, random: Random): Uint8Array {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const section = (place: number): Section => {
    const start = PLAIN_HEADER + view.getUint32(place, true);
    return { place, bytes: blob.subarray(start, start + view.getUint32(place + 4, true)) };
  };
  const entries = random.chance(80) ? random.below(24) * 4 : random.below(12);
  const layout = { place: LAYOUT, bytes: Uint8Array.from({ length: entries }, () => random.below(256)) };
  const usual = [section(TYPES), layout, section(STRINGS)];
  const sections = random.chance(60) ? usual : shuffled(usual, random);
  const header = new Uint8Array(LONG_HEADER);
  header.set(blob.subarray(0, PLAIN_HEADER));
  header.set(words([LONG_HEADER], true), 4);
  let offset = 0;
  for (const { place, bytes } of sections) {
    header.set(words([offset, bytes.length], true), place);
    offset += bytes.length;
  }
  if (random.chance(20)) {
    const place = random.pick([TYPES, STRINGS, LAYOUT]) + random.below(2) * 4;
    const head = new DataView(header.buffer);
    head.setUint32(place, head.getUint32(place, true) + random.below(9) - 4, true);
  }
  return concat([header, ...sections.map(({ bytes }) => bytes)]);
}
