import { Draft, KIND } from "./draft.ts";

const MINUS_ONE = 0xffff_ffff;
/** One bit of width in the offset word of a member. */
const BITFIELD = 2 ** 24;

type Add = (draft: Draft) => number;

/** What may be referred to: nothing, what is not there, and each kind, some in several sorts. */
const TARGETS: readonly Add[] = [
  () => 0,
  () => 0xf_fff0,
  (draft) => draft.int(),
  (draft) => draft.add(KIND.int, { name: "narrow", word: 4, words: [7] }),
  (draft) => draft.add(KIND.int, { name: "late", word: 4, words: [0x10_0010] }),
  (draft) => draft.int(16),
  (draft) => draft.add(KIND.ptr, { word: 0 }),
  (draft) => draft.add(KIND.array, { words: [1, 1, 2] }),
  (draft) => draft.add(KIND.array, { words: [1, 1, 0] }),
  (draft) => draft.struct("target", 4, [["m", 1, 0]]),
  (draft) => draft.struct("empty", 0, []),
  (draft) => draft.composite(KIND.union, "target", 2, []),
  (draft) => draft.add(KIND.enum, { name: "e", word: 4 }),
  (draft) => draft.add(KIND.enum, { name: "e", word: 1 }),
  (draft) => draft.add(KIND.fwd, { name: "f" }),
  (draft) => draft.proto(0, [["p", 1]]),
  (draft) => draft.proto(0, [["", 1]]),
  (draft) => draft.add(KIND.func, { name: "f", word: draft.proto(0, [["p", 1]]) }),
  (draft) => draft.add(KIND.var, { name: "v", word: 1, words: [0] }),
  (draft) => {
    const variable = draft.add(KIND.var, { name: "v", word: 1, words: [0] });
    return draft.add(KIND.datasec, { name: "d", word: 4, vlen: 1, words: [variable, 0, 4] });
  },
  (draft) => draft.add(KIND.float, { name: "f", word: 2 }),
  (draft) => draft.add(KIND.float, { name: "f", word: 16 }),
  (draft) => {
    const struct = draft.struct("tagged", 4, []);
    return draft.add(KIND.declTag, { name: "t", word: struct, words: [MINUS_ONE] });
  },
  (draft) => draft.add(KIND.enum64, { name: "e", word: 8 }),
];

/** What may be between. */
const LINKS: readonly ((draft: Draft, id: number) => number)[] = [
  (_, id) => id,
  (draft, id) => draft.add(KIND.const, { word: id }),
  (draft, id) => draft.add(KIND.typedef, { name: "t", word: id }),
  (draft, id) => draft.add(KIND.ptr, { word: id }),
  (draft, id) => draft.add(KIND.volatile, { word: draft.add(KIND.ptr, { word: draft.add(KIND.const, { word: id }) }) }),
  (draft, id) => draft.add(KIND.array, { words: [id, 1, 1] }),
];

const OFFSETS = [0, 4, 8, 16, 64, 96, BITFIELD, 8 * BITFIELD, 16 * BITFIELD + 4, 33 * BITFIELD];

/** What may refer to it. */
const REFERRERS: readonly ((draft: Draft, id: number) => unknown)[] = [
  (draft, id) => draft.add(KIND.ptr, { word: id }),
  (draft, id) => draft.add(KIND.restrict, { word: id }),
  (draft, id) => draft.add(KIND.typeTag, { name: "t", word: id }),
  (draft, id) => draft.add(KIND.array, { words: [id, 1, 3] }),
  (draft, id) => draft.add(KIND.array, { words: [1, id, 3] }),
  (draft, id) => draft.add(KIND.array, { words: [id, 1, 0x1000_0000] }),
  (draft, id) => draft.add(KIND.var, { name: "v", word: id, words: [0] }),
  (draft, id) => draft.proto(id, []),
  (draft, id) => draft.proto(0, [["a", id]]),
  (draft, id) => {
    return draft.proto(0, [
      ["a", 1],
      ["", id],
    ]);
  },
  (draft, id) => draft.add(KIND.func, { name: "f", word: id }),
  ...[-1, 0, 1].map((component) => (draft: Draft, id: number) => {
    return draft.add(KIND.declTag, { name: "t", word: id, words: [component >>> 0] });
  }),
  ...[2, 4].map((size) => (draft: Draft, id: number) => {
    return draft.add(KIND.datasec, { name: "d", word: 8, vlen: 1, words: [id, 0, size] });
  }),
  ...[8, 64].flatMap((size) =>
    OFFSETS.flatMap((offset) =>
      [false, true].map((flag) => (draft: Draft, id: number) => draft.struct("s", size, [["m", id, offset]], flag)),
    ),
  ),
];

/** Each kind referred to by each, with something between or not, before what it refers to and behind it. */
export function referenceEdges(): readonly { readonly what: string; readonly blob: Uint8Array }[] {
  const made: { what: string; blob: Uint8Array }[] = [];
  REFERRERS.forEach((refer, referrer) => {
    TARGETS.forEach((add, target) => {
      LINKS.forEach((link, between) => {
        const what = `referrer ${referrer}, target ${target}, link ${between}`;
        const behind = new Draft();
        behind.int();
        refer(behind, link(behind, add(behind)));
        made.push({ what, blob: behind.blob() });
        // The referrer first, which is one record: what it refers to is only known when that is made.
        const ahead = new Draft();
        ahead.int();
        refer(ahead, 0);
        const id = link(ahead, add(ahead));
        const other = new Draft();
        other.int();
        refer(other, id);
        link(other, add(other));
        made.push({ what: `${what}, ahead`, blob: other.blob() });
      });
    });
  });
  return made;
}
