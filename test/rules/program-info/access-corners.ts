/** Access strings, followed through types of every kind. */
import { Draft, KIND } from "../kernel/draft.ts";
import { relocate, type Whole } from "./whole.ts";

type Change = (program: Whole) => void;

/** Types to follow accesses through; the ids are of those that relocations begin at. */
function declareTargets({ btf, types }: Whole): readonly number[] {
  const { int, struct } = types;
  const array = (type: number, count: number): number => btf.add(KIND.array, { words: [type, int, count] });
  const named = (name: string, word: number): number => btf.add(KIND.typedef, { name, word });
  const byte = btf.add(KIND.int, { name: "nowhere_b", word: 1, words: [8] });
  const empty = btf.struct("nowhere_0", 0, []);
  const pointer = btf.add(KIND.ptr, { word: struct });
  const modified = btf.add(KIND.const, { word: btf.add(KIND.volatile, { word: named("nowhere_ts", struct) }) });
  const most = btf.struct("nowhere_most", 0xffff_ffff, []);
  const inner = btf.struct("", 8, [
    ["x", int, 0],
    ["y", array(int, 0), 32],
  ]);
  const all = btf.struct("nowhere_all", 200, [
    ["p", pointer, 0],
    ["two", array(array(int, 2), 3), 64],
    ["pointers", array(pointer, 2), 256],
    ["none", array(int, 0), 384],
    ["in", modified, 384],
    ["", inner, 576],
    ["e", types.enum, 640],
    ["structs", array(modified, 2), 704],
    ["empties", array(empty, 4), 1088],
    ["consts", btf.add(KIND.const, { word: array(int, 2) }), 1088],
    ["nothings", array(array(int, 0), 2), 1152],
    ["last", inner, 1152],
  ]);
  const endless = btf.struct("nowhere_endless", 4, [
    ["a", int, 0],
    ["", array(int, 0), 32],
  ]);
  const chain = (length: number): number => {
    let id = int;
    for (let level = 0; level < length; level++) id = named(`nowhere_c${level}`, id);
    return id;
  };
  return [
    all,
    endless,
    struct,
    types.enum,
    named("nowhere_te", btf.add(KIND.const, { word: types.enum })),
    int,
    named("nowhere_a", array(array(int, 2), 3)),
    named("nowhere_p", pointer),
    named("nowhere_f", btf.add(KIND.fwd, { name: "nowhere_fwd" })),
    named("nowhere_fn", btf.proto(int, [])),
    named("nowhere_large", array(array(empty, 0x1_0000), 0x1_0000)),
    named("nowhere_long", array(array(empty, 0x1_0000), 0xffff)),
    named("nowhere_full", array(byte, 0xffff_ffff)),
    most,
    named("nowhere_void", 0),
    btf.composite(KIND.union, "nowhere_u", 8, [
      ["a", int, 0],
      ["z", array(int, 0), 0],
    ]),
    chain(29),
    btf.add(KIND.ptr, { word: int }),
    named("nowhere_structs", array(all, 2)),
    btf.struct("nowhere_flex", 4, [
      ["a", int, 0],
      ["m", array(most, 0), 32],
    ]),
    btf.add(KIND.enum64, { name: "nowhere_e64", word: 8, words: [btf.name("C"), 1, 0], vlen: 1 }),
  ];
}

const ACCESSES = [
  ...[
    "0",
    "1",
    "2",
    "4294967296",
    "2147483648",
    "-1",
    "+1",
    " 1",
    "0:",
    "0::0",
    ":0",
    "0 :0",
    "0: 0",
    "0x:1",
    "x",
    "0:x",
  ],
  ...[
    "0:0",
    "0:0:0",
    "0:-1",
    "0:1",
    "0:1:0",
    "0:1:2",
    "0:1:3",
    "0:1:2:1",
    "0:1:2:2",
    "0:1:0:0:0",
    "0:2",
    "0:2:1",
    "0:2:1:0",
  ],
  ...[
    "0:3",
    "0:3:0",
    "0:4",
    "0:4:1",
    "0:4:1:3",
    "0:4:1:4",
    "0:4:4",
    "0:4:2:0",
    "0:4:3:7",
    "0:5",
    "0:5:0",
    "0:5:1:5",
    "0:5:2",
  ],
  ...[
    "0:6",
    "0:6:0",
    "0:7:1",
    "0:7:1:1:3",
    "0:7:2",
    "0:7:1:3:9",
    "0:8:3",
    "0:8:4",
    "0:9:1",
    "0:9:2",
    "0:10:1",
    "0:10:1:0",
  ],
  ...["0:11", "0:11:1", "0:11:1:9", "0:12", "1:1", "1:0:0", "0:0:1"],
];
/** Offset and existence of a field, its sign, the local type, its size, existence of an enumerator. */
const KINDS = [0, 2, 3, 6, 9, 10, 11];
const FEW = ["", "0", "1", "0:0", "0:1:0"];

/** Accesses of each relocation of a type. */
export function accesses(): readonly Change[] {
  const all = Array.from({ length: 16 }, (_, kind) => kind);
  const count = declareTargets(fresh()).length;
  const change =
    (type: number, kind: number, access: string): Change =>
    (program) =>
      relocate(program, kind, access, declareTargets(program)[type] ?? 0);
  return [
    ...ACCESSES.flatMap((access) => [0, 2].map((kind) => change(0, kind, access))),
    ...ACCESSES.slice(0, 20).flatMap((access) => KINDS.map((kind) => change(2, kind, access))),
    ...Array.from({ length: count }, (_, type) =>
      KINDS.flatMap((kind) => FEW.map((access) => change(type, kind, access))),
    ).flat(),
    ...[0, 2, 3, 5].flatMap((type) => all.map((kind) => change(type, kind, "0"))),
    ...[0, 1, 6, 15, 18].flatMap((type) =>
      ["0:1:0", "0:0:0", "0:1", "1:2:1", "0:1:4"].map((access) => change(type, 0, access)),
    ),
  ];
}

/** Something to count types with. */
function fresh(): Whole {
  const btf = new Draft();
  const none = { int: 0, returns: [], wrongReturns: [], struct: 0, enum: 0 };
  return { btf, types: none } as unknown as Whole;
}
