import { Draft } from "./draft.ts";
import type { Random } from "./random.ts";

/** Makes a blob that breaks one rule of header or strings, or its nearest neighbour that does not. */
export type HeaderCase = (broken: boolean, random: Random) => Uint8Array;

function blob(strings?: Uint8Array): Uint8Array {
  const draft = new Draft();
  draft.int();
  draft.int(8);
  return draft.blob(strings);
}

/** The blob with 32-bit words at these offsets. */
function withWords(bytes: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  for (const [at, word] of changes) view.setUint32(at, word, true);
  return copy;
}

function withByte(at: number, byte: number): Uint8Array {
  const copy = blob();
  copy[at] = byte;
  return copy;
}

/** A header of `length` bytes, with the sections that a blob has. */
function withHeader(length: number, fill: number): Uint8Array {
  const bytes = blob();
  const copy = new Uint8Array(length + bytes.length - 24).fill(fill, 24, length);
  copy.set(bytes.subarray(0, 24));
  copy.set(bytes.subarray(24), length);
  return withWords(copy, [[4, length]]);
}

const TYPES = 32;
/** Two INTs (16 bytes each) and the strings, of 5 bytes. */
const REST = 37;

export const HEADER_CASES: Readonly<Record<string, HeaderCase>> = {
  "KH-01": (broken, random) => (broken ? blob().subarray(0, random.below(8)) : blob()),
  "KH-02": (broken, random) => (broken ? blob().subarray(0, 8 + random.below(16)) : blob()),
  "KH-03": (broken, random) => withHeader(random.pick([25, 28, 32, 40, 64]), broken ? 1 + random.below(255) : 0),
  "KH-04": (broken, random) => (broken ? withByte(random.below(2), random.pick([0, 1, 0xeb ^ 0x9f, 0xff])) : blob()),
  "KH-05": (broken, random) => withByte(2, broken ? random.pick([0, 2, 255]) : 1),
  "KH-06": (broken, random) => withByte(3, broken ? 1 + random.below(255) : 0),
  "KH-07": (broken) => (broken ? blob().subarray(0, 24) : blob()),
  "KH-08": (broken, random) => withWords(blob(), [[16, broken ? REST + 1 + random.below(1000) : TYPES]]),
  "KH-09": (broken, random) => {
    const bytes = blob();
    if (!broken) return bytes;
    const longer = new Uint8Array(bytes.length + 1 + random.below(4));
    longer.set(bytes);
    return random.chance(50)
      ? longer
      : withWords(bytes, [
          [16, TYPES + 1],
          [20, 4],
        ]);
  },
  "KH-10": (broken, random) => withWords(blob(), broken ? [[16, TYPES - 1 - random.below(8)]] : []),
  "KH-11": (broken, random) => withWords(blob(), broken ? [[20, 6 + random.below(0xffff)]] : []),
  "KH-12": (broken) => {
    // Strings first, types after them: sections without a gap, in the order that no kernel up to 6.18 takes.
    if (!broken) return blob();
    const bytes = blob();
    const [types, strings] = [bytes.slice(24, 24 + TYPES), bytes.slice(24 + TYPES)];
    const copy = Uint8Array.from(bytes);
    copy.set(strings, 24);
    copy.set(types, 24 + strings.length);
    return withWords(copy, [
      [8, strings.length],
      [16, 0],
    ]);
  },
  "KH-13": (broken) => {
    const bytes = blob();
    if (!broken) return bytes;
    return withWords(Uint8Array.from([...bytes.subarray(0, 24), ...bytes.subarray(24 + TYPES)]), [
      [8, 5],
      [12, 0],
      [16, 0],
    ]);
  },
  "KH-14": (broken) => {
    const bytes = blob();
    if (!broken) return bytes;
    return withWords(Uint8Array.from([...bytes.subarray(0, 24), ...bytes.subarray(24 + TYPES)]), [
      [12, 0],
      [16, 0],
    ]);
  },
  "KS-01": (broken) => {
    const bytes = blob();
    return broken ? withWords(bytes.subarray(0, 24 + TYPES), [[20, 0]]) : bytes;
  },
  "KS-03": (broken, random) => blob(Uint8Array.from([0, 0x69, 0x6e, 0x74, broken ? 1 + random.below(255) : 0])),
  "KS-04": (broken, random) => blob(Uint8Array.from([broken ? 1 + random.below(255) : 0, 0x69, 0x6e, 0x74, 0])),
};
