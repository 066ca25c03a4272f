import type { Random } from "./random.ts";

const odd = ["1a", "a b", "a::b", "A<u32>", "a-b", "\xd7", "\xa0", "\xc3\xa9", "a\x7f", "y".repeat(513)];
const good = ["a.b", "_x9", "\xe9", ".a", "z".repeat(512)];

/** A name that identifier kinds must refuse (`broken`), or must take. */
export function sampleName(broken: boolean, random: Random): string {
  return random.pick(broken ? odd : good);
}
