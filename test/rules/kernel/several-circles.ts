/** Types that lead back to themselves or too far, several in one blob, each broken by the first type of its circle or chain. */
import { Draft, type DraftRecord, KIND } from "./draft.ts";
import type { Random } from "./random.ts";
import { copyOf } from "./real.ts";

/** A record, and what breaks it. */
interface Break {
  readonly id: number;
  readonly changed: Partial<DraftRecord>;
}

/** What uses the type of an id, and is in order but for that. */
function users(draft: Draft, random: Random, id: number): void {
  for (let count = random.below(4); count > 0; count--) {
    const kind = random.below(6);
    if (kind === 0) draft.add(KIND.ptr, { word: id });
    else if (kind === 1) draft.add(KIND.const, { word: id });
    else if (kind === 2) draft.add(KIND.array, { words: [id, 1, 2] });
    else if (kind === 3) draft.struct("user", 64, [["m", id, 0]]);
    else if (kind === 4) draft.add(KIND.var, { name: "v", word: id, words: [1] });
    else draft.proto(id, [["p", id]]);
  }
}

const LINKS = [KIND.const, KIND.volatile, KIND.ptr, KIND.typedef];

function link(draft: Draft, random: Random, target: number): number {
  const kind = random.pick(LINKS);
  return draft.add(kind, { name: kind === KIND.typedef ? "t" : "", word: target });
}

/** A modifier or PTR of an INT, behind which others lead back to it. */
function circle(draft: Draft, random: Random): readonly Break[] {
  const first = link(draft, random, 1);
  const length = random.below(5);
  for (let index = 1; index <= length; index++) link(draft, random, index === length ? first : first + index + 1);
  for (let index = 0; index <= length; index++) users(draft, random, first + index);
  return [{ id: first, changed: { sizeOrType: length === 0 ? first : first + 1 } }];
}

/** Structs and ARRAYs that hold each other. */
function composites(draft: Draft, random: Random): readonly Break[] {
  const first = draft.struct("first", 64, [["m", 1, 0]]);
  const length = random.below(4);
  for (let index = 1; index <= length; index++) {
    const target = index === length ? first : first + index + 1;
    const kind = random.below(3);
    if (kind === 0) draft.struct("more", 64, [["m", target, 0]]);
    else if (kind === 1) draft.add(KIND.array, { words: [target, 1, 1] });
    else draft.add(KIND.const, { word: target });
  }
  for (let index = 0; index <= length; index++) users(draft, random, first + index);
  const words = [draft.name("m"), length === 0 ? first : first + 1, 0];
  return [{ id: first, changed: { words } }];
}

/** A type of an INT that is to be the first of a chain of so many. */
function chain(draft: Draft, random: Random): readonly Break[] {
  const first = link(draft, random, 1);
  const length = 29 + random.below(6);
  const pointers = random.chance(70);
  for (let index = 1; index <= length; index++) {
    const target = index === length ? 1 : first + index + 1;
    draft.add(pointers && index % 3 === 0 ? KIND.ptr : KIND.const, { word: target });
  }
  users(draft, random, first);
  users(draft, random, first + random.below(length));
  return [{ id: first, changed: { sizeOrType: first + 1 } }];
}

/** What is wrong by itself, and used. */
function gone(draft: Draft, random: Random): readonly Break[] {
  const first = link(draft, random, 1);
  users(draft, random, first);
  return [{ id: first, changed: { sizeOrType: 0xf_fff0 } }];
}

const GROUPS = [circle, circle, composites, chain, gone];

/** Groups of which most are broken, as `severallyBroken`. */
export function circlesBroken(random: Random): { readonly whole: Draft; readonly all: Draft } {
  const whole = new Draft();
  whole.int();
  const breaks = Array.from({ length: 2 + random.below(4) }, () => random.pick(GROUPS)(whole, random)).flat();
  const all = copyOf(whole);
  for (const { id, changed } of breaks) {
    const record = all.records[id - 1];
    if (record !== undefined && random.chance(80)) all.records[id - 1] = { ...record, ...changed };
  }
  return { whole, all };
}
