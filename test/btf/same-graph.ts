import type { Btf, BtfType } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { mapNames, mapReferences, references } from "../../src/btf/walk.ts";

/**
 * Texts of what distinguishes the types of both blobs, or undefined if they have equally many of each: equal up to ids and
 * string offsets.
 *
 * Colour refinement over both graphs at once: a type's first colour is its record without ids, its next one that with the
 * colours of what it refers to, until no colour splits any more.
 */
export function graphDifference(a: Btf, b: Btf): string | undefined {
  if (a.types.length !== b.types.length) return `${a.types.length} types and ${b.types.length}`;
  const first = a.types.length;
  const refers = [...a.types.map(references), ...b.types.map((type) => references(type).map((id) => shift(id, first)))];
  let colours = renumber([...labels(a), ...labels(b)]);
  for (let count = 0; count < colours.count; ) {
    count = colours.count;
    const { of } = colours;
    colours = renumber(of.map((colour, index) => `${colour}:${refers[index]?.map((id) => of[id - 1] ?? -1).join()}`));
  }
  const balance = new Map<number, number>();
  colours.of.forEach((colour, index) => {
    balance.set(colour, (balance.get(colour) ?? 0) + (index < first ? 1 : -1));
  });
  const odd = colours.of.findIndex((colour) => balance.get(colour) !== 0);
  if (odd < 0) return undefined;
  const [btf, id] = odd < first ? [a, odd] : [b, odd - first];
  return `type [${id + 1}] of ${odd < first ? "the first" : "the second"} only: ${labels(btf)[id]}`;
}

const shift = (id: number, by: number): number => (id === 0 ? 0 : id + by);

/** Each record with its names read and without its ids. */
function labels(btf: Btf): string[] {
  const text = (type: BtfType): string => {
    const names: string[] = [];
    const bare = mapNames(
      mapReferences(type, () => 0),
      (nameOff) => {
        names.push(nameText(btf, nameOff));
        return 0;
      },
    );
    const fields = JSON.stringify(bare, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
    return `${fields} ${JSON.stringify(names)}`;
  };
  return btf.types.map(text);
}

/** Small numbers for equal texts. */
function renumber(texts: readonly string[]): { readonly of: readonly number[]; readonly count: number } {
  const numbers = new Map<string, number>();
  const of = texts.map((text) => {
    const known = numbers.get(text) ?? numbers.size;
    numbers.set(text, known);
    return known;
  });
  return { of, count: numbers.size };
}
