import { CASES } from "./cases.ts";
import { type Draft, type DraftRecord, PAST_STRINGS, withIds } from "./draft.ts";
import { randomGraph, shuffle } from "./graph.ts";
import { HEADER_CASES } from "./header-cases.ts";
import type { Random } from "./random.ts";
import { copyOf } from "./real.ts";

const EDGES = [
  0, 1, 2, 7, 8, 31, 32, 33, 64, 127, 128, 0xff, 0x100, 0xffff, 0x1_0000, 0xf_ffff, 0x10_0000, 0xff_ffff, 0x7fff_ffff,
];

function otherWord(word: number, draft: Draft, random: Random): number {
  switch (random.below(6)) {
    case 0:
      return (word + 1) >>> 0;
    case 1:
      return (word - 1) >>> 0;
    case 2:
      return (word ^ (1 << random.below(32))) >>> 0;
    case 3:
      return random.pick(EDGES);
    case 4:
      return random.below(draft.records.length + 2);
    default:
      return random.chance(50) ? random.next() : 0xffff_ffff - random.below(3);
  }
}

/** Changes one field of one record: name, kind, vlen, kind_flag, size or type, or a word after these. */
export function changeField(draft: Draft, random: Random): void {
  const index = random.below(draft.records.length);
  const record = draft.records[index];
  if (record === undefined) return;
  const field = random.below(5 + record.words.length * 2);
  const changed: DraftRecord = { ...record };
  if (field === 0) changed.nameOff = random.chance(15) ? PAST_STRINGS : random.below(draft.stringsLength);
  else if (field === 1) changed.kind = random.below(21);
  else if (field === 2) changed.vlen = Math.min(0xff_ffff, otherWord(record.vlen, draft, random));
  else if (field === 3) changed.kindFlag = !record.kindFlag;
  else if (field === 4) changed.sizeOrType = otherWord(record.sizeOrType, draft, random);
  else {
    const place = (field - 5) >> 1;
    changed.words = record.words.map((word, at) => (at === place ? otherWord(word, draft, random) : word));
  }
  draft.records[index] = changed;
}

/** A blob to ask about, with what made it; records that can be taken out of it again, unless it is a header's case. */
export interface Sample {
  readonly blob: Uint8Array;
  readonly origin: string;
  readonly draft: Draft | undefined;
}

/** Points several references elsewhere, which is how the walk of the second pass comes into odd corners. */
export function rewire(draft: Draft, random: Random): void {
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const index = random.below(draft.records.length);
    const record = draft.records[index];
    if (record === undefined) continue;
    let skipped = random.below(3);
    draft.records[index] = withIds(record, (id) => {
      if (skipped-- !== 0 || id === 0) return id;
      return random.below(draft.records.length + 1);
    });
  }
}

/** Percentages by origin; the rest are cases upon graphs, each rule in turn. */
const GRAPHS = 28;
const CHANGED_REAL = 8;
const CHANGED_GRAPHS = 4;
const REWIRED = 8;
const CASE_SHARE = 100 - GRAPHS - CHANGED_REAL - CHANGED_GRAPHS - REWIRED;
/** In how many of the cases the rule is really broken. */
const BROKEN = 95;
/** One in so many samples is about the header: there is little else to say of a blob that is refused there. */
const HEADER_EVERY = 125;

const headerCases = Object.entries(HEADER_CASES).filter(([rule]) => rule.startsWith("KH"));
const stringCases = Object.entries(HEADER_CASES).filter(([rule]) => rule.startsWith("KS"));
const cases = Object.entries(CASES);

/** The sample with this number: kinds of samples and rules take turns, so that none is rare by chance. */
export function sample(random: Random, real: readonly Draft[], number: number): Sample {
  if (number % HEADER_EVERY === 0) {
    const [rule, make] = random.pick(headerCases);
    return { blob: make(random.chance(BROKEN), random), origin: rule, draft: undefined };
  }
  const turn = number % 100;
  if (turn < CASE_SHARE) {
    return sampleOfCase(random, Math.floor(number / 100) * CASE_SHARE + turn);
  }
  if (turn < CASE_SHARE + CHANGED_REAL && real.length > 0) {
    const draft = copyOf(random.pick(real));
    for (let changes = 1 + random.below(2); changes > 0; changes--) changeField(draft, random);
    return { blob: draft.blob(), origin: "changed .BTF", draft };
  }
  const draft = randomGraph(random, 8 + random.below(18));
  const origin = turn < 100 - GRAPHS - REWIRED ? "changed graph" : turn < 100 - GRAPHS ? "rewired graph" : "graph";
  if (random.chance(60)) shuffle(draft, random);
  if (origin === "changed graph") changeField(draft, random);
  if (origin === "rewired graph") rewire(draft, random);
  return { blob: draft.blob(), origin, draft };
}

function sampleOfCase(random: Random, number: number): Sample {
  const place = number % (cases.length + stringCases.length);
  const [stringRule, make] = stringCases[place - cases.length] ?? [];
  if (stringRule !== undefined && make !== undefined) {
    return { blob: make(random.chance(BROKEN), random), origin: stringRule, draft: undefined };
  }
  const [origin, breakRule] = cases[place] ?? random.pick(cases);
  const draft = randomGraph(random, 8 + random.below(18));
  breakRule(draft, random.chance(BROKEN), random);
  if (!draft.ordered && random.chance(60)) shuffle(draft, random);
  return { blob: draft.blob(), origin, draft };
}
