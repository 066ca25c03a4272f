import fc from "fast-check";
import { expect, test } from "vitest";
import { dedupBtf } from "../../src/btf/dedup.ts";
import { encodeBtf } from "../../src/btf/encode.ts";
import type { BtfExt } from "../../src/btf/ext-model.ts";
import type { Btf, BtfType } from "../../src/btf/model.ts";
import { mapReferences } from "../../src/btf/walk.ts";
import { BtfFixError } from "../../src/errors.ts";
import { arbitraryBtf } from "./arbitrary.ts";

const NAMES = new Uint8Array([0, 97, 0, 98, 0]);

function blob(types: readonly BtfType[], strings: Uint8Array = NAMES): Btf {
  return { littleEndian: true, types, firstId: 1, strings: { bytes: strings }, base: undefined, wire: undefined };
}

const int: BtfType = { kind: "int", nameOff: 1, size: 4, bits: 32, bitOffset: 0, encoding: 0 };
const to = (kind: "ptr" | "const" | "typedef", type: number): BtfType => ({
  kind,
  nameOff: kind === "typedef" ? 1 : 0,
  type,
});
const struct = (...members: readonly number[]): BtfType => ({
  kind: "struct",
  nameOff: 1,
  size: 8,
  bitfields: false,
  members: members.map((type) => ({ nameOff: 3, type, bitOffset: 0, bitfieldSize: 0 })),
});

function fault(btf: Btf, ext?: BtfExt): BtfFixError {
  try {
    dedupBtf(btf, ext);
  } catch (error) {
    if (error instanceof BtfFixError) return error;
    throw error;
  }
  throw new Error("no fault was found");
}

test("an id that no type has is named with its place", () => {
  const error = fault(blob([int, to("ptr", 3)]));
  expect(error.code).toBe("BTF_MALFORMED");
  expect(error.message).toBe("type [2] refers to type 3, but the last one is 2");
  expect(error.span).toEqual({ section: ".BTF", offset: 24 + 16, length: 12 });
});

test("a name past the strings", () => {
  expect(fault(blob([{ ...int, nameOff: 5 }])).message).toBe("type [1] has a name at 5, past the strings");
  expect(fault(blob([struct(), { ...struct(0), nameOff: 0xffff_ffff }])).code).toBe("BTF_MALFORMED");
});

test("split BTF and kinds of the future are refused", () => {
  const base = blob([int]);
  expect(fault({ ...blob([]), firstId: 2, base }).code).toBe("REFUSED");
  const unknown: BtfType = {
    kind: "unknown",
    nameOff: 0,
    kindNumber: 20,
    vlen: 0,
    kindFlag: false,
    sizeOrType: 0,
    tail: new Uint8Array(4),
  };
  expect(fault(blob([unknown])).code).toBe("REFUSED");
});

test(".BTF.ext that refers to nothing", () => {
  const ext = (typeId: number, secNameOff: number): BtfExt => ({
    littleEndian: true,
    version: 1,
    flags: 0,
    header: new Uint8Array(16),
    funcInfo: { recordSize: 8, sections: [{ secNameOff, records: [{ insnOff: 0, typeId }] }] },
    lineInfo: undefined,
    coreRelo: undefined,
  });
  expect(fault(blob([int]), ext(2, 0)).code).toBe("BTF_EXT_MALFORMED");
  expect(fault(blob([int]), ext(1, 9)).code).toBe("BTF_EXT_MALFORMED");
});

test("circles end: through a struct or typedef they are types, through pointers alone none", () => {
  expect(dedupBtf(blob([to("ptr", 2), struct(1), to("ptr", 4), struct(3)])).btf.types).toHaveLength(2);
  expect(dedupBtf(blob([to("typedef", 2), to("ptr", 1)])).btf.types).toHaveLength(2);
  expect(dedupBtf(blob([to("typedef", 1), to("typedef", 2), to("typedef", 1)])).btf.types).toHaveLength(1);
  expect(fault(blob([to("ptr", 1)])).code).toBe("BTF_MALFORMED");
  expect(fault(blob([to("const", 2), to("ptr", 1)])).code).toBe("BTF_MALFORMED");
  // One member's type is the other's in a circle of modifiers, which `identical` walks.
  const circle = [to("const", 2), to("const", 1), to("const", 4), to("const", 3)];
  expect(fault(blob([...circle, struct(1, 1), struct(3, 4)])).code).toBe("BTF_MALFORMED");
});

test("a VAR as the type of a member", () => {
  const variable: BtfType = { kind: "var", nameOff: 1, type: 1, linkage: 1 };
  expect(fault(blob([int, variable, variable, struct(2), struct(3)])).code).toBe("BTF_MALFORMED");
});

test("a chain of 300,000 types needs no stack", () => {
  const length = 300_000;
  const chain = Array.from({ length }, (_, index): BtfType => (index === length - 1 ? int : to("ptr", index + 2)));
  expect(dedupBtf(blob(chain)).btf.types).toHaveLength(length);
  // Each inside the one before; all of them once more, to be walked from the outermost one.
  const nested = (first: number): BtfType[] =>
    Array.from({ length }, (_, index) => ({
      ...struct(index === length - 1 ? 0 : first + index + 1),
      size: index,
    }));
  expect(dedupBtf(blob([...nested(1), ...nested(length + 1)])).btf.types).toHaveLength(length);
});

test("types made to resemble each other end in an error", () => {
  // Each typedef of one name is compared with all before it, through a long way down.
  const count = 8_000;
  const types: BtfType[] = [];
  for (let index = 0; index < count; index++) {
    const at = types.length;
    types.push({ ...int, size: 4 }, to("typedef", at + 3), {
      kind: "array",
      nameOff: 0,
      type: 1,
      indexType: 1,
      nelems: index,
    });
  }
  const start = performance.now();
  expect(fault(blob(types)).code).toBe("LIMIT_EXCEEDED");
  expect(performance.now() - start).toBeLessThan(20_000);
});

test("structs that lead to each other in 16 ways, 40 deep, are looked at a few times each", () => {
  // Two of each depth, of which every other member has the first and every other the second one: all of them are `identical`.
  const pair = (depth: number): BtfType[] => {
    const next = depth === 39 ? 0 : 2 * depth + 3;
    const members = Array.from({ length: 16 }, (_, way) => (next === 0 ? 0 : next + (way % 2)));
    return [struct(...members), struct(...members.toReversed())].map((type) => ({ ...type, size: 100 + depth }));
  };
  const once = Array.from({ length: 40 }, (_, depth) => pair(depth)).flat();
  const again = once.map((type) => mapReferences(type, (id) => (id === 0 ? 0 : id + once.length)));
  const start = performance.now();
  dedupBtf(blob([...once, ...again]));
  expect(performance.now() - start).toBeLessThan(5_000);
});

test("names that share their ends end in an error before they fill the memory", () => {
  const length = 200_000;
  const strings = new Uint8Array(length + 2).fill(97);
  strings[0] = 0;
  strings[length + 1] = 0;
  const types = Array.from({ length }, (_, index): BtfType => ({ kind: "float", nameOff: index + 1, size: 4 }));
  expect(fault(blob(types, strings)).code).toBe("LIMIT_EXCEEDED");
});

test("blobs of any words: a result or one error", () => {
  const wild = arbitraryBtf({ style: "wild", odd: true, layout: true, maxTypes: 40 });
  fc.assert(
    fc.property(wild, (btf) => {
      try {
        encodeBtf(dedupBtf(btf).btf);
      } catch (error) {
        expect(error).toBeInstanceOf(BtfFixError);
      }
    }),
    { numRuns: 2000 },
  );
});
