import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { type Btf, type BtfType, typeById } from "../../src/btf/model.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { TAG } from "../../src/dwarf/constants.ts";
import type { ElfView } from "../../src/elf/model.ts";
import type { DialectName } from "../../src/lower/dialect.ts";
import { lowerDwarf } from "../../src/lower/lower.ts";
import { die, memoryDwarf, type Node, ref, type Value } from "./memory-dwarf.ts";

const NO_ELF: ElfView = {
  bytes: new Uint8Array(0),
  littleEndian: true,
  machine: 247,
  sectionHeaders: 0,
  sections: [],
  symtab: undefined,
  symbols: [],
};

/** Ids that a type refers to, and the part of them that it cannot be laid out without. */
function references(type: BtfType): { readonly all: readonly number[]; readonly byValue: readonly number[] } {
  switch (type.kind) {
    case "ptr":
      return { all: [type.type], byValue: [] };
    case "typedef":
    case "const":
    case "volatile":
    case "restrict":
    case "typeTag":
    case "array":
      return { all: [type.type], byValue: [type.type] };
    case "struct":
    case "union": {
      const ids = type.members.map((member) => member.type);
      return { all: ids, byValue: ids };
    }
    case "funcProto":
      return { all: [type.returnType, ...type.params.map((param) => param.type)], byValue: [] };
    default:
      return { all: [], byValue: [] };
  }
}

/** Repeatedly takes away types that hold only types already taken away; what is left holds itself. */
function typesInsideThemselves(btf: Btf): number[] {
  let left = btf.types.map((_, index) => index + 1);
  for (;;) {
    const inside = new Set(left);
    const still = left.filter((id) => {
      const type = typeById(btf, id);
      return type !== undefined && references(type).byValue.some((part) => inside.has(part));
    });
    if (still.length === left.length) return still;
    left = still;
  }
}

function lowerAll(nodes: readonly Node[], dialect: DialectName): Btf {
  const dwarf = memoryDwarf(nodes);
  const lowered = lowerDwarf(dwarf, NO_ELF, { dialect });
  for (let row = 0; row < dwarf.count; row++) lowered.typeId(row);
  return lowered.btf();
}

function expectSound(btf: Btf): void {
  for (const type of btf.types) {
    for (const id of references(type).all) expect(id === 0 || typeById(btf, id) !== undefined).toBe(true);
  }
  expect(typesInsideThemselves(btf)).toEqual([]);
  const { types, strings } = parseBtf(encodeBtf(btf));
  expect({ types, strings: strings.bytes }).toEqual({ types: btf.types, strings: btf.strings.bytes });
}

const LABELS = 12;
const label = fc.integer({ min: 0, max: LABELS }).map((n) => `d${n}`);
const attribute: fc.Arbitrary<Record<string, Value>> = fc.record(
  {
    name: fc.constantFrom("", "T", "U", "Option<u8>", "\u{fffd}"),
    type: label.map(ref),
    byteSize: fc.constantFrom(0, 1, 4, 8, 2 ** 33, -1, 2 ** 53),
    bitSize: fc.constantFrom(0, 3, 300),
    bitOffset: fc.constantFrom(0, 5, 64),
    dataMemberLocation: fc.constantFrom(0, 8, 2 ** 40, -8),
    dataBitOffset: fc.constantFrom(0, 7, 2 ** 50),
    encoding: fc.integer({ min: 0, max: 0x20 }),
    count: fc.constantFrom<Value>(0, 1, 2n ** 64n - 1n, -1n),
    upperBound: fc.constantFrom<Value>(-1n, 3),
    constValue: fc.constantFrom<Value>(0n, -1n, 2n ** 63n, "tag"),
    discr: label.map(ref),
    discrValue: fc.constantFrom<Value>(0n, 1n),
    declaration: fc.boolean(),
    abstractOrigin: label.map(ref),
    specification: label.map(ref),
    location: fc.constant<Value>({ section: 1, undefinedSymbol: undefined, offset: 0 }),
    lowPc: fc.constant<Value>({ section: 1, undefinedSymbol: undefined, offset: 0 }),
  },
  { requiredKeys: [] },
);
const tag = fc.constantFrom(...(Object.keys(TAG) as (keyof typeof TAG)[]));
const level = (children: fc.Arbitrary<readonly Node[]>): fc.Arbitrary<Node> =>
  fc.tuple(tag, attribute, children, label).map(([name, attributes, below, own]) => die(name, attributes, below, own));
const leaf = level(fc.constant([]));
const tree = level(fc.array(level(fc.array(leaf, { maxLength: 3 })), { maxLength: 4 }));

describe("contradictory DWARF", () => {
  test.each(["rust", "llvm"] as const)("any tree of DIEs ends in sound BTF (%s)", (dialect) => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 12 }), (nodes) => expectSound(lowerAll(nodes, dialect))),
      { numRuns: 1500 },
    );
  });

  const member = (type: string): Node => die("member", { name: "m", type: ref(type), dataMemberLocation: 0 });

  test.each<readonly [string, readonly Node[]]>([
    ["a typedef of itself", [die("typedef", { name: "T", type: ref("t") }, [], "t")]],
    [
      "const and typedef in a ring",
      [die("constType", { type: ref("t") }, [], "c"), die("typedef", { type: ref("c") }, [], "t")],
    ],
    ["a pointer to itself", [die("pointerType", { type: ref("p") }, [], "p")]],
    [
      "atomics in a ring",
      [die("atomicType", { type: ref("b") }, [], "a"), die("atomicType", { type: ref("a") }, [], "b")],
    ],
    ["an array of itself", [die("arrayType", { type: ref("a") }, [die("subrangeType", { count: 2 })], "a")]],
    ["a struct in itself", [die("structureType", { name: "S", byteSize: 8 }, [member("s")], "s")]],
    [
      "two structs in each other",
      [
        die("structureType", { name: "A", byteSize: 8 }, [member("b")], "a"),
        die("unionType", { name: "B", byteSize: 8 }, [member("a")], "b"),
      ],
    ],
    [
      "a variant part whose tag is its own enum",
      [
        die(
          "structureType",
          { name: "E", byteSize: 8 },
          [die("variantPart", { discr: ref("tag") }, [die("member", { type: ref("e") }, [], "tag")], "part")],
          "e",
        ),
      ],
    ],
    [
      "a map definition that holds an array of pointers to itself",
      [
        die("structureType", { name: "M", byteSize: 8 }, [member("arr")], "m"),
        die("arrayType", { type: ref("p") }, [die("subrangeType", { count: 1 })], "arr"),
        die("pointerType", { type: ref("m") }, [], "p"),
      ],
    ],
  ])("%s", (_, nodes) => {
    expectSound(lowerAll(nodes, "rust"));
    expectSound(lowerAll(nodes, "llvm"));
  });

  test("200,000 pointers in a row need no native stack", () => {
    const nodes = Array.from({ length: 200_000 }, (_, i) =>
      die("pointerType", { type: ref(`p${i + 1}`) }, [], `p${i}`),
    );
    const lowered = lowerDwarf(memoryDwarf(nodes), NO_ELF);
    expect(lowered.typeId(1)).toBe(1);
    expect(lowered.btf().types).toHaveLength(200_000);
  });

  test("more members than BTF can count: no type", () => {
    const members = Array.from({ length: 0x1_0000 }, () => die("member", { name: "m", dataMemberLocation: 0 }));
    const lowered = lowerDwarf(memoryDwarf([die("structureType", { name: "S", byteSize: 1 }, members)]), NO_ELF);
    expect(lowered.typeId(1)).toBe(0);
  });
});
