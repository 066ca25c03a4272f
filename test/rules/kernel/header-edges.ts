import { concat, words } from "../../btf/assemble.ts";
import { Draft } from "./draft.ts";

const MAGIC = 0x0001_eb9f;
const none = new Uint8Array(0);

/** What a header says beside what follows from the sections, and what follows it. */
interface Shape {
  readonly headerLength: number;
  /** Layout bytes; none without a place for it in the header. */
  readonly layout: Uint8Array;
  /** In which the sections lie: t, s and l. */
  readonly order: string;
}

interface Sections {
  readonly types: Uint8Array;
  readonly strings: Uint8Array;
}

const SHAPES: readonly Shape[] = [
  { headerLength: 24, layout: none, order: "ts" },
  { headerLength: 24, layout: none, order: "st" },
  ...[25, 28, 31, 32, 33, 36, 40].map((headerLength) => ({ headerLength, layout: none, order: "ts" })),
  ...[1, 2, 3, 4, 5, 7, 8, 9, 12].flatMap((length) =>
    ["tls", "lts", "tsl", "stl", "slt", "lst"].map((order) => ({
      headerLength: 32,
      layout: new Uint8Array(length).fill(7),
      order,
    })),
  ),
  { headerLength: 36, layout: new Uint8Array(4), order: "tls" },
];

function blobOf({ headerLength, layout, order }: Shape, { types, strings }: Sections): Uint8Array {
  const sections: Readonly<Record<string, Uint8Array>> = { t: types, s: strings, l: layout };
  const offsets: Record<string, number> = { t: 0, s: 0, l: 0 };
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const name of order) {
    const bytes = sections[name] ?? none;
    offsets[name] = at;
    at += bytes.length;
    parts.push(bytes);
  }
  const { t = 0, s = 0, l = 0 } = offsets;
  const long = words([MAGIC, headerLength, t, types.length, s, strings.length, l, layout.length], true);
  const header = new Uint8Array(headerLength);
  header.set(long.subarray(0, headerLength));
  return concat([header, ...parts]);
}

/** The same bytes with one word of the header moved. */
function withWord(blob: Uint8Array, at: number, change: (word: number) => number): Uint8Array {
  const copy = Uint8Array.from(blob);
  const view = new DataView(copy.buffer);
  view.setUint32(at, change(view.getUint32(at, true)) >>> 0, true);
  return copy;
}

const STEPS = [1, -1, 4, -4, 16, -16];
const EDGES = [0, 1, 24, 32, 0xff_ffff, 0x100_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

function* variants(blob: Uint8Array, headerLength: number): Iterable<Uint8Array> {
  yield blob;
  for (let at = 0; at + 4 <= Math.min(headerLength, 32); at += 4) {
    for (const step of STEPS) yield withWord(blob, at, (word) => word + step);
    for (const edge of EDGES) yield withWord(blob, at, () => edge);
  }
  // A section grows by what the one behind it loses, and both move.
  for (const [one, other] of [
    [8, 12],
    [12, 16],
    [12, 20],
    [16, 20],
    [24, 28],
    [12, 24],
    [20, 24],
  ] as const) {
    if (other + 4 > headerLength) continue;
    for (const step of STEPS) {
      yield withWord(
        withWord(blob, one, (word) => word + step),
        other,
        (word) => word - step,
      );
      yield withWord(
        withWord(blob, one, (word) => word + step),
        other,
        (word) => word + step,
      );
    }
  }
  for (let at = 24; at < headerLength; at++) {
    const copy = Uint8Array.from(blob);
    copy[at] = (copy[at] ?? 0) ^ 0x40;
    yield copy;
  }
  for (const more of [new Uint8Array(1), new Uint8Array(4), Uint8Array.of(1)]) yield concat([blob, more]);
}

/** Headers of all shapes, whole and with something moved, and every beginning of a blob. */
export function headerEdges(): readonly { readonly what: string; readonly blob: Uint8Array }[] {
  const draft = new Draft();
  draft.int();
  const whole = draft.blob();
  const types = whole.slice(24, 40);
  const strings = whole.slice(40);
  const shaped = SHAPES.flatMap((shape) => {
    const { headerLength, layout, order } = shape;
    const what = `a header of ${headerLength} bytes, ${order} with ${layout.length} bytes of layout`;
    return [...variants(blobOf(shape, { types, strings }), headerLength)].map((blob) => ({ what, blob }));
  });
  const parts: readonly Sections[] = [
    { types: none, strings },
    { types, strings: none },
    { types, strings: new Uint8Array(1) },
    { types, strings: Uint8Array.of(1) },
    { types, strings: Uint8Array.of(0, 0x61, 0x62, 0x63, 1) },
    { types, strings: Uint8Array.of(1, 0x61, 0x62, 0x63, 0) },
    { types: concat([types, new Uint8Array(4)]), strings },
    ...[1, 2, 3, 4, 8, 11, 12, 13].map((more) => ({ types: concat([types, new Uint8Array(more)]), strings })),
  ];
  const odd = parts.flatMap((sections) =>
    [24, 32].map((headerLength) => ({
      what: `${sections.types.length} bytes of types, ${sections.strings.length} of strings`,
      blob: blobOf({ headerLength, layout: none, order: "ts" }, sections),
    })),
  );
  const beginnings = Array.from({ length: whole.length }, (_, length) => ({
    what: `the first ${length} bytes`,
    blob: whole.slice(0, length),
  }));
  // As before, but with a hdr_len that says so.
  const short = Array.from({ length: 48 }, (_, length) => ({
    what: `a hdr_len of ${length}`,
    blob: withWord(whole, 4, () => length),
  }));
  return [...shaped, ...odd, ...beginnings, ...short];
}
