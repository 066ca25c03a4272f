import { Random } from "../../test/rules/kernel/random.ts";
import { type Drawn, draw, loadSeeds, type Seed } from "../../test/rules/loaders/objects.ts";

/** Larger objects of the corpus say little more, and take their time for each mutant. */
export const LARGEST = 14_000;

let seeds: Promise<readonly Seed[]> | undefined;

/** So many objects: small ones of the corpus, raw and repaired, and then such with one thing changed. */
export async function drawnObjects(seed: number, count: number): Promise<readonly Drawn[]> {
  seeds ??= loadSeeds();
  const small = (await seeds).filter(({ bytes }) => bytes.length <= LARGEST);
  const random = new Random(seed);
  return Array.from({ length: count }, (_, number) => draw(small, random, number));
}
