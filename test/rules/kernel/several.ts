/** BTF in which several types are broken, each by itself, so that what is told of all can be compared with what the kernel says of each. */
import { type Draft, type DraftRecord, KIND, PAST_STRINGS, withIds } from "./draft.ts";
import { randomGraph, shuffle } from "./graph.ts";
import type { Random } from "./random.ts";
import { copyOf } from "./real.ts";

const MISSING_ID = 0xf_fff0;

/** What a break may need besides the record: an id of a kind, and names that are none. */
interface Around {
  readonly id: number;
  readonly int: number;
  readonly struct: number;
  readonly badName: number;
}

type Break = (record: DraftRecord, around: Around) => Partial<DraftRecord> | undefined;

/** One word of a list's first element changed; nothing where the list is empty. */
function inList(place: number, word: number): Break {
  return ({ words, vlen }) =>
    vlen === 0 ? undefined : { words: words.map((old, index) => (index === place ? word : old)) };
}

const inFirst =
  (place: number, of: (around: Around) => number): Break =>
  (record, around) =>
    inList(place, of(around))(record, around);

/** A parameter that has a type must have a name, too. */
const paramToNothing: Break = (record, around) =>
  record.words[0] === 0 ? undefined : inList(1, MISSING_ID)(record, around);
const toNothing: Break = () => ({ sizeOrType: MISSING_ID });
const toItself: Break = (_, { id }) => ({ sizeOrType: id });
const nameless: Break = () => ({ nameOff: 0 });
const badName: Break = (_, around) => ({ nameOff: around.badName });
const ofSize =
  (size: number): Break =>
  () => ({ sizeOrType: size });

const MODIFIER_BREAKS: readonly Break[] = [toNothing, toItself, badName];
const COMPOSITE_BREAKS: readonly Break[] = [
  ofSize(0),
  badName,
  inFirst(0, (around) => around.badName),
  inFirst(1, () => MISSING_ID),
  inFirst(1, ({ id }) => id),
];
const ENUM_BREAKS: readonly Break[] = [ofSize(3), badName, inFirst(0, (around) => around.badName)];

/** By kind: changes that break a record and nothing else that does not depend on it. */
const BREAKS: Readonly<Record<number, readonly Break[]>> = {
  [KIND.int]: [ofSize(0), () => ({ vlen: 1 }), ({ words }) => ({ words: words.map((word) => word + 3 * 2 ** 24) })],
  [KIND.ptr]: [toNothing, badName, toItself],
  [KIND.array]: [
    ofSize(4),
    badName,
    ({ words }, { struct }) => ({ words: words.map((word, index) => (index === 1 ? struct : word)) }),
    ({ words }) => ({ words: words.map((word, index) => (index === 0 ? MISSING_ID : word)) }),
    ({ words }, { int }) => ({ words: words.map((_, index) => (index === 2 ? 0xffff_ffff : int)) }),
  ],
  [KIND.struct]: COMPOSITE_BREAKS,
  [KIND.union]: [...COMPOSITE_BREAKS, inFirst(2, () => 8)],
  [KIND.enum]: ENUM_BREAKS,
  [KIND.enum64]: ENUM_BREAKS,
  [KIND.fwd]: [ofSize(1), nameless],
  [KIND.typedef]: [toNothing, toItself, nameless],
  [KIND.volatile]: MODIFIER_BREAKS,
  [KIND.const]: MODIFIER_BREAKS,
  [KIND.restrict]: MODIFIER_BREAKS,
  [KIND.typeTag]: [toNothing, toItself, nameless],
  [KIND.func]: [() => ({ vlen: 2 }), nameless, (_, { int }) => ({ sizeOrType: int })],
  [KIND.proto]: [toNothing, badName, inFirst(0, (around) => around.badName), paramToNothing],
  [KIND.var]: [toNothing, nameless, () => ({ words: [2] })],
  [KIND.datasec]: [ofSize(0), nameless, inFirst(0, ({ int }) => int), inFirst(2, () => 0)],
  [KIND.float]: [ofSize(7), () => ({ vlen: 1 })],
  [KIND.declTag]: [() => ({ words: [9999] }), (_, { int }) => ({ sizeOrType: int })],
};

/** A draft with several records broken, and for each the draft in which it alone is; `whole` is what all were made of. */
export interface SeverallyBroken {
  readonly whole: Draft;
  readonly all: Draft;
  readonly each: readonly { readonly id: number; readonly draft: Draft }[];
}

function replaced(draft: Draft, changes: ReadonlyMap<number, DraftRecord>): Draft {
  const copy = copyOf(draft);
  for (const [index, record] of changes) copy.records[index] = record;
  return copy;
}

/** A random graph of which up to `most` records are broken. */
export function severallyBroken(random: Random, most: number): SeverallyBroken {
  const whole = randomGraph(random, 12 + random.below(30));
  whole.int();
  whole.struct("s", 0, []);
  const wrong = whole.name("1 wrong");
  if (random.chance(60)) shuffle(whole, random);
  // The struct is one without members: an index that led back to its array would be two defects.
  const idOf = (kind: number): number =>
    whole.records.findIndex((record) => record.kind === kind && record.vlen === 0) + 1;
  const changes = new Map<number, DraftRecord>();
  for (let left = 2 + random.below(most - 1); left > 0; left--) {
    const index = random.below(whole.records.length);
    const record = whole.records[index];
    if (record === undefined) continue;
    const around = { id: index + 1, int: idOf(KIND.int), struct: idOf(KIND.struct), badName: wrong };
    const changed = random.chance(10)
      ? { nameOff: PAST_STRINGS }
      : random.pick(BREAKS[record.kind] ?? [badName])(record, around);
    if (changed !== undefined) changes.set(index, { ...record, ...changed });
  }
  return {
    whole,
    all: replaced(whole, changes),
    each: [...changes].map(([index, record]) => ({
      id: index + 1,
      draft: replaced(whole, new Map([[index, record]])),
    })),
  };
}

/** Every type that this one leads to, in so many steps as it takes, itself left out unless it leads back. */
export function reached(draft: Draft, from: number): ReadonlySet<number> {
  const seen = new Set<number>();
  const waiting = [from];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const record = draft.records[id - 1];
    if (record === undefined) continue;
    withIds(record, (target) => {
      if (!seen.has(target)) waiting.push(target);
      seen.add(target);
      return target;
    });
  }
  return seen;
}
