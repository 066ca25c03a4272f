import { Draft, type DraftRecord, KIND, LAST_NUL, PAST_STRINGS } from "./draft.ts";
import { copyOf } from "./real.ts";

const MINUS_ONE = 0xffff_ffff;
const EDGES = [0, 1, 3, 8, 16, 33, 0x80, 0xf_ffff, 0x10_0000, 0x7fff_ffff, 0x8000_0000, MINUS_ONE];
/** Words of an INT: a bit too many, an encoding and a reserved bit. */
const INT_WORDS = [0x0100_0021, 0x0300_0020, 0x1000_0020, 0x0001_0020, 0x0070_0011];

/** A record of each kind, behind an INT, a FUNC_PROTO, a VAR and a STRUCT: ids 1 to 4. */
const SOUND: readonly ((draft: Draft) => number)[] = [
  (draft) => draft.int(),
  (draft) => draft.add(KIND.ptr, { word: 1 }),
  (draft) => draft.add(KIND.array, { words: [1, 1, 2] }),
  (draft) => {
    return draft.struct("s", 8, [
      ["a", 1, 0],
      ["b", 1, 32],
    ]);
  },
  (draft) => draft.composite(KIND.union, "u", 4, [["a", 1, 0]]),
  (draft) => draft.add(KIND.enum, { name: "e", word: 4, vlen: 1, words: [draft.name("A"), 1] }),
  (draft) => draft.add(KIND.fwd, { name: "f" }),
  (draft) => draft.add(KIND.typedef, { name: "t", word: 1 }),
  (draft) => draft.add(KIND.volatile, { word: 1 }),
  (draft) => draft.add(KIND.const, { word: 1 }),
  (draft) => draft.add(KIND.restrict, { word: 1 }),
  (draft) => draft.add(KIND.func, { name: "f", word: 2 }),
  (draft) => draft.proto(1, [["a", 1]]),
  (draft) => draft.add(KIND.var, { name: "v", word: 1, words: [1] }),
  (draft) => draft.add(KIND.datasec, { name: "d", word: 8, vlen: 1, words: [3, 0, 8] }),
  (draft) => draft.add(KIND.float, { name: "f", word: 8 }),
  (draft) => draft.add(KIND.declTag, { name: "t", word: 4, words: [0] }),
  (draft) => draft.add(KIND.typeTag, { name: "t", word: 1 }),
  (draft) => draft.add(KIND.enum64, { name: "e", word: 8, vlen: 1, words: [draft.name("A"), 1, 0] }),
];

/** Every change of one field to an edge. */
function changes(record: DraftRecord, odd: number): readonly Partial<DraftRecord>[] {
  const withWord = (place: number, word: number): Partial<DraftRecord> => ({
    words: record.words.map((old, at) => (at === place ? word : old)),
  });
  const words = record.kind === KIND.int ? INT_WORDS : EDGES;
  return [
    ...[0, odd, LAST_NUL, PAST_STRINGS, 0xff_ffff, 0x100_0000].map((nameOff) => ({ nameOff })),
    { kindFlag: !record.kindFlag },
    ...[0, 1, 2, 3, 0xffff].map((vlen) => ({ vlen })),
    ...EDGES.map((sizeOrType) => ({ sizeOrType })),
    ...record.words.flatMap((_, place) => [...words, odd].map((word) => withWord(place, word))),
    { words: record.words.slice(0, -1) },
  ];
}

/** Of so many pairs of changes one is made at once: of two faults the kernel tells the one for which it looks first. */
const PAIRS_EVERY = 5;

/** A record of each kind with one or two of its fields at an edge. */
export function recordEdges(): readonly { readonly what: string; readonly blob: Uint8Array }[] {
  return SOUND.flatMap((add) => {
    const draft = new Draft();
    draft.int();
    draft.proto(0, []);
    draft.add(KIND.var, { name: "v", word: 1, words: [0] });
    draft.struct("around", 8, [["m", 1, 0]]);
    const id = add(draft);
    const record = draft.records[id - 1];
    if (record === undefined) throw new RangeError("no record was added");
    const all = changes(record, draft.name("1 odd"));
    const blobWith = (...made: readonly Partial<DraftRecord>[]): Uint8Array => {
      const copy = copyOf(draft);
      copy.records[id - 1] = Object.assign({}, record, ...made);
      return copy.blob();
    };
    const what = `kind ${record.kind}, change`;
    const pairs = all.flatMap((one, index) =>
      all.flatMap((other, at) =>
        index < at && (index * 31 + at) % PAIRS_EVERY === 0
          ? [{ what: `${what}s ${index} and ${at}`, blob: blobWith(one, other) }]
          : [],
      ),
    );
    return [...all.map((one, index) => ({ what: `${what} ${index}`, blob: blobWith(one) })), ...pairs];
  });
}
