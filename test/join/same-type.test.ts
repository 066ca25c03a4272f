import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BtfBuilder } from "../../src/btf/builder.ts";
import { escapeName } from "../../src/btf/escape.ts";
import { type Btf, type BtfType, typesWithIds } from "../../src/btf/model.ts";
import { nameBytes } from "../../src/btf/names.ts";
import { mapNames, mapReferences } from "../../src/btf/walk.ts";
import { ownIndex } from "../../src/join/find-own.ts";
import { sideOf } from "../../src/join/names.ts";
import { sameType } from "../../src/join/same-type.ts";
import { arbitraryBtf } from "../btf/arbitrary.ts";
import { readObject } from "../lower/objects.ts";

const NOT_COMPARED: readonly string[] = ["func", "var", "datasec", "declTag", "unknown"];
const comparable = (type: BtfType): boolean => !NOT_COMPARED.includes(type.kind);

/** The same types under other ids, members in reverse, names escaped. `order[i]` is the old position of the new type i. */
function disguised(btf: Btf, order: readonly number[]): Btf {
  const builder = new BtfBuilder(btf);
  const newId = new Map(order.map((old, index) => [old + btf.firstId, index + btf.firstId]));
  const types = order.flatMap((old) => {
    const type = btf.types[old];
    if (type === undefined) return [];
    const moved = mapReferences(type, (id) => newId.get(id) ?? id);
    const named = mapNames(moved, (nameOff) => {
      const bytes = nameBytes(btf, nameOff);
      return bytes === undefined || nameOff === 0 ? nameOff : builder.string(escapeName(bytes));
    });
    const record = named.kind === "struct" || named.kind === "union";
    return [record && distinctMembers(named) ? { ...named, members: [...named.members].reverse() } : named];
  });
  return { ...builder.finish(), types };
}

/** Members that share name and place are told apart by their order alone. */
function distinctMembers(type: Extract<BtfType, { readonly kind: "struct" | "union" }>): boolean {
  const places = type.members.map(({ nameOff, bitOffset, bitfieldSize }) => `${nameOff} ${bitOffset} ${bitfieldSize}`);
  return new Set(places).size === places.length;
}

const disguise = arbitraryBtf().chain((btf) =>
  fc.tuple(
    fc.constant(btf),
    fc.shuffledSubarray([...btf.types.keys()], { minLength: btf.types.length, maxLength: btf.types.length }),
  ),
);

describe("sameType", () => {
  test("sees through other ids, escaped names and another order of members", () => {
    fc.assert(
      fc.property(disguise, ([btf, order]) => {
        const other = disguised(btf, order);
        const find = ownIndex(
          sideOf(() => other),
          sideOf(() => btf),
        );
        for (const [id, type] of typesWithIds(btf)) {
          if (!comparable(type)) continue;
          const moved = order.indexOf(id - btf.firstId) + btf.firstId;
          expect(sameType(other, moved, btf, id)).toBe(true);
          const found = find(id);
          expect(found !== undefined && found <= moved && sameType(other, found, btf, id)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("tells any two types apart that differ anywhere below", () => {
    fc.assert(
      fc.property(disguise, fc.nat(), ([btf, order], pick) => {
        const other = disguised(btf, order);
        const at = pick % other.types.length;
        const target = other.types[at];
        const changed = target === undefined ? undefined : alter(target);
        if (changed === undefined) return;
        const altered: Btf = { ...other, types: other.types.map((type, i) => (i === at ? changed : type)) };
        for (const [id, type] of typesWithIds(btf)) {
          if (!comparable(type)) continue;
          const moved = order.indexOf(id - btf.firstId) + btf.firstId;
          const below = reaches(altered, moved, at + btf.firstId);
          expect(sameType(altered, moved, btf, id)).toBe(!below);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** The type with one number of its own changed; undefined for kinds that have none. */
function alter(type: BtfType): BtfType | undefined {
  switch (type.kind) {
    case "int":
    case "float":
    case "struct":
    case "union":
    case "enum":
    case "enum64":
      return { ...type, size: type.size ^ 0x40 };
    case "array":
      return { ...type, nelems: type.nelems ^ 1 };
    case "fwd":
      return { ...type, union: !type.union };
    default:
      return undefined;
  }
}

function reaches(btf: Btf, from: number, to: number): boolean {
  const seen = new Set<number>([from]);
  for (const id of seen) {
    if (id === to) return true;
    const type = btf.types[id - btf.firstId];
    if (type === undefined) continue;
    // An array's index type is no part of what it is.
    const own = type.kind === "array" ? { ...type, indexType: type.type } : type;
    mapReferences(own, (next) => {
      seen.add(next);
      return next;
    });
  }
  return false;
}

const SHAPES = new URL("../../corpus/shapes", import.meta.url).pathname;
const files = existsSync(SHAPES) ? readdirSync(SHAPES).filter((name) => name.endsWith(".bpfel.o")) : [];
/** LLVM 22 writes no type for a Rust `char` (s19) and prunes pointees (s21). */
const DEFECTIVE = ["s19_scalars", "s21_pointer_to_struct"];

test.each(files.filter((name) => !DEFECTIVE.some((shape) => name.startsWith(shape))))(
  "%s: every lowered type is found among the own ones",
  (file) => {
    const { own, lowered } = readObject(join(SHAPES, file));
    const find = ownIndex(
      sideOf(() => own),
      sideOf(() => lowered.btf()),
    );
    for (const [id] of typesWithIds(lowered.btf())) expect(find(id), `lowered type ${id}`).toBeGreaterThan(0);
  },
);
