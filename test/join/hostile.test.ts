import { existsSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeName } from "../../src/btf/escape.ts";
import { type Btf, type BtfType, typesWithIds } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { mapReferences } from "../../src/btf/walk.ts";
import { correspond } from "../../src/join/correspond.ts";
import { ownIndex } from "../../src/join/find-own.ts";
import { sideOf } from "../../src/join/names.ts";
import { nameOf } from "../../src/lower/names.ts";
import { arbitraryBtf } from "../btf/arbitrary.ts";
import { readObject } from "../lower/objects.ts";

const OBJECT = new URL("../../corpus/shapes/s10_enum_values.bpfel.o", import.meta.url).pathname;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

describe.runIf(existsSync(OBJECT))("a .BTF that lies", () => {
  const object = readObject(OBJECT);
  const { elf, ext, lowered } = object;

  /** Asks everything that can be asked. */
  function interrogate(own: Btf): void {
    const correspondence = correspond(elf, own, ext, lowered);
    const find = ownIndex(
      sideOf(() => own),
      sideOf(() => lowered.btf()),
    );
    for (const [id] of typesWithIds(lowered.btf())) {
      find(id);
      for (const ownId of correspondence.ownIds(id)) expect(correspondence.loweredId(ownId)).toBe(id);
    }
    for (const [id, type] of typesWithIds(own)) {
      correspondence.place(id, 0);
      const row = correspondence.row(id);
      const named = type.kind === "struct" || type.kind === "union" || type.kind === "enum" || type.kind === "enum64";
      if (row === undefined || !named || type.nameOff === 0) continue;
      const text = decoder.decode(escapeName(encoder.encode(nameText(own, type.nameOff))));
      expect(decoder.decode(escapeName(nameOf(lowered.dwarf, row)))).toBe(text);
    }
  }

  test("about what its types refer to", () => {
    const ids = fc.array(fc.tuple(fc.nat(), fc.nat({ max: object.own.types.length + 2 })), { maxLength: 30 });
    fc.assert(
      fc.property(ids, (bends) => {
        const types: BtfType[] = [...object.own.types];
        for (const [pick, to] of bends) {
          const at = pick % types.length;
          const type = types[at];
          let nth = 0;
          if (type !== undefined) types[at] = mapReferences(type, (id) => (nth++ === pick % 3 ? to : id));
        }
        interrogate({ ...object.own, types });
      }),
      { numRuns: 500 },
    );
  });

  test("about everything", () => {
    fc.assert(fc.property(arbitraryBtf({ style: "wild" }), interrogate), { numRuns: 300 });
  });
});
