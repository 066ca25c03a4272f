import { expect, test } from "vitest";
import type { BtfDatasec } from "../../../src/btf/model.ts";
import { typesOfKind } from "../../../src/btf/of-kind.ts";
import { emptyDatasecs } from "../../../src/rules/datasec/empty.ts";
import { placement } from "../../../src/rules/datasec/placed.ts";
import type { ObjectState } from "../../../src/rules/state.ts";
import {
  A,
  at,
  B,
  type Draft,
  data,
  elsewhere,
  empty,
  FIRST,
  named,
  noRoom,
  noSize,
  nowhere,
  objectOf,
  RIGHT,
  SECTIONS,
  shrunk,
  tryDatasecs,
  types,
  unplaced,
} from "./datasec-rows.ts";
import { blobState, btfOf, found, objectState } from "./state.ts";

/** One thing is out of its place at a time. */

const PLACES = [
  data("all in its place", RIGHT, []),
  data(
    "a section that libbpf lays out",
    [
      [2, 0, 8],
      [3, 0, 8],
    ],
    [noSize(".data")],
    {},
    0,
  ),
  data("a section that is laid out but for its size", RIGHT, [noSize(".data")], {}, 0),
  data(
    "one too far",
    [
      [2, 0, 8],
      [3, 12, 8],
    ],
    [unplaced(".data")],
  ),
  data(
    "the first too far, in the order of offsets that are wrong",
    [
      [2, 4, 8],
      [3, 8, 8],
    ],
    [unplaced(".data")],
  ),
  data(
    "in another order",
    [
      [3, 8, 8],
      [2, 0, 8],
    ],
    [unplaced(".data")],
  ),
  data(
    "each in the other's place",
    [
      [3, 0, 8],
      [2, 8, 8],
    ],
    [unplaced(".data")],
  ),
  data(
    "both at one place",
    [
      [2, 0, 8],
      [3, 0, 8],
    ],
    [],
    { symbols: [A, { ...B, value: 0 }] },
  ),
  data(
    "a private one, which is where the compiler says",
    [
      [3, 8, 8],
      [2, 12, 8],
    ],
    [],
    { linkage: 0 },
  ),
  data(
    "an extern",
    [
      [3, 8, 8],
      [2, 12, 8],
    ],
    [],
    { linkage: 2 },
  ),
  data(
    "one without a symbol",
    [
      [2, 4, 8],
      [3, 8, 8],
    ],
    [],
    { symbols: [B] },
  ),
  data(
    "an entry without a type",
    [
      [0, 0, 0],
      [99, 4, 0],
      [3, 8, 8],
    ],
    [],
  ),
  data(
    "a function",
    [
      [2, 0, 8],
      [7, 4, 8],
      [3, 8, 8],
    ],
    [],
    { symbols: [A, B, { name: "f", section: ".data", value: 8 }] },
  ),
  data(
    "sections of one name, which nobody can lay out",
    [
      [2, 4, 8],
      [3, 8, 8],
    ],
    [],
    { sections: [...SECTIONS, [".data", 16]] },
  ),
  named("a section that the file lacks", [[".bss", 0, []]], []),
  named(
    "sections of externs",
    [
      [".ksyms", 0, [[2, 0, 0]]],
      [".kconfig", 0, [[3, 0, 4]]],
    ],
    [],
    { sections: [...SECTIONS, [".ksyms", 8], [".kconfig", 8]] },
  ),
  named(
    "the second section",
    [
      [".data", 16, RIGHT],
      [".rodata", 0, []],
    ],
    [empty(".rodata", 9), noSize(".rodata", 9)],
  ),
];

const SIZES = [
  data(
    "one of no bytes",
    [
      [2, 0, 0],
      [3, 8, 8],
    ],
    [noRoom("A [2] in .data")],
  ),
  data(
    "the second of no bytes",
    [
      [2, 0, 8],
      [3, 8, 0],
    ],
    [noRoom("B [3] in .data", 1)],
  ),
  data("one of no bytes and no size", [[5, 0, 0]], [noRoom("C [5] in .data")]),
  data(
    "a byte short",
    [
      [2, 0, 7],
      [3, 8, 8],
    ],
    [shrunk("A [2] in .data", 7)],
  ),
  data(
    "the second a byte long",
    [
      [2, 0, 8],
      [3, 8, 1],
    ],
    [shrunk("B [3] in .data", 1, 1)],
  ),
  data(
    "a byte more",
    [
      [2, 0, 8],
      [3, 8, 9],
    ],
    [],
  ),
  data("one whose type has no size", [[5, 0, 1]], []),
  data(
    "an extern of no bytes",
    [
      [2, 0, 0],
      [3, 8, 8],
    ],
    [],
    { linkage: 2 },
  ),
  data(
    "an extern that is short",
    [
      [2, 0, 1],
      [3, 8, 8],
    ],
    [],
    { linkage: 2 },
  ),
  data("a function of no bytes", [[7, 0, 0]], []),
  data(
    "a private one of no bytes",
    [
      [2, 0, 0],
      [3, 8, 8],
    ],
    [noRoom("A [2] in .data")],
    { linkage: 0 },
  ),
];

const WRONG = [
  named("the section of another", [[".rodata", 8, [RIGHT[0]]]], [elsewhere(at(0), "A [2]", ".rodata", ".data")]),
  named(
    "the second of two",
    [
      [".data", 16, [[2, 0, 8]]],
      [".rodata", 8, [[5, 0, 8], RIGHT[1]]],
    ],
    [elsewhere(at(1, 9), "B [3]", ".rodata", ".data")],
  ),
  named("a private one", [[".rodata", 8, [[2, 0, 8]]]], [elsewhere(at(0), "A [2]", ".rodata", ".data")], {
    linkage: 0,
  }),
  named("an extern", [[".rodata", 8, [[2, 0, 8]]]], [], { linkage: 2 }),
  named("a function", [[".rodata", 8, [[7, 0, 8]]]], [], { symbols: [{ name: "f", section: ".data" }] }),
  named("a section that the file lacks", [[".bss", 8, [[2, 0, 8]]]], [nowhere(at(0), "A [2]", ".bss", ".data")]),
  named("one without a symbol", [[".rodata", 8, [[2, 0, 8]]]], [], { symbols: [B] }),
  named("a name that is in two sections", [[".rodata", 8, [[2, 0, 8]]]], [], {
    symbols: [A, { ...A, section: 2 }],
    sections: [...SECTIONS, ["more", 8]],
  }),
  named(
    "a name that is in two sections of one name",
    [[".rodata", 8, [[2, 0, 8]]]],
    [elsewhere(at(0), "A [2]", ".rodata", ".data")],
    { symbols: [A, { ...A, section: 2 }], sections: [...SECTIONS, [".data", 8]] },
  ),
  named(
    "a name that is twice in one section",
    [[".rodata", 8, [[2, 0, 8]]]],
    [elsewhere(at(0), "A [2]", ".rodata", ".data")],
    { symbols: [A, { ...A, value: 4 }] },
  ),
];

tryDatasecs({ places: PLACES, sizes: SIZES, "wrong sections": WRONG });

test("a blob alone has no sections to be held against", () => {
  const draft: Draft = {
    datasecs: [
      [
        ".data",
        0,
        [
          [3, 8, 8],
          [2, 0, 8],
        ],
      ],
      [".rodata", 8, []],
    ],
  };
  expect(found(blobState(btfOf((g) => types(g, draft))))).toEqual([]);
});

/** The first DATASEC as it must be. */
function placed(state: ObjectState, name: string): ReturnType<typeof placement> {
  const [, datasec] = typesOfKind(state.btf, "datasec")[0] ?? [];
  return state.elf && placement(state, state.elf, datasec as BtfDatasec, name);
}

test("a DATASEC has the size of its section, at least a byte, and its entries where their symbols are", () => {
  const state = objectState(
    objectOf(
      {
        datasecs: [
          [
            ".data",
            0,
            [
              [3, 0, 8],
              [2, 0, 8],
            ],
          ],
        ],
        sections: [
          [".data", 24],
          ["none", 0],
        ],
      },
      true,
    ),
  );
  expect(placed(state, ".data")).toEqual({
    size: 24,
    entries: [
      { type: 2, offset: 0, size: 8 },
      { type: 3, offset: 8, size: 8 },
    ],
  });
  expect(placed(state, "none")?.size).toBe(1);
  expect(placed(state, "missing")).toBeUndefined();
  const bare = objectState(
    objectOf({ datasecs: [[".rodata", 0, []]], sections: [[".rodata", 24]], symbols: [] }, true),
  );
  expect([...emptyDatasecs(bare)].map(({ typeId, size }) => [typeId, size])).toEqual([[FIRST, 24]]);
});
