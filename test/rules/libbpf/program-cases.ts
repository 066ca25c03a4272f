import { words } from "../../btf/assemble.ts";
import { Graph } from "../../graph.ts";
import { buildObject, EXIT, type Insn, move, type ObjectSymbol } from "../../object.ts";

/** Objects of several functions: how they are called, and which records `.BTF.ext` has of them. What libbpf makes of each, it says itself. */

const [STATIC, GLOBAL, WEAK] = [0, 1, 2];
const [CALLS, ADDRESS] = [10, 1];

/** A reference of an instruction to a symbol: "call" or "address". */
type Code = Insn | readonly ["call" | "address", symbol: string, immediate: number];

interface Function {
  readonly name: string;
  readonly code: readonly Code[];
  readonly section?: string;
  readonly binding?: number;
}

/** Records of one section: numbers of instructions, in bytes where they are not whole. */
type Records = readonly [section: string | number, insns: readonly number[]];

interface Table {
  readonly size?: number;
  readonly lists: readonly Records[];
}

interface Draft {
  readonly functions: readonly Function[];
  readonly funcs?: Table;
  readonly lines?: Table;
  readonly types?: (graph: Graph, main: number) => void;
  /** Whether `.BTF.ext` is in the other byte order. */
  readonly swapped?: boolean;
  readonly symbols?: readonly ObjectSymbol[];
}

/** Calls of the function behind by so many, without a relocation. */
const near = (slots: number): Insn => [0x85, 0x10, 0, slots];
/** Calls what the symbol of a section or a function says. */
const call = (symbol: string, immediate = -1): Code => ["call", symbol, immediate];
const address = (symbol: string, immediate = 0): Code => ["address", symbol, immediate];
const END = [move(0, 0), EXIT] as const;

const main = (...code: readonly Code[]): Function => ({ name: "main", section: "xdp", code: [...code, ...END] });
const text = (name: string, code: readonly Code[] = [], binding = GLOBAL): Function => ({
  name,
  code: [...code, ...END],
  binding,
});

function slots(code: readonly Code[]): readonly Insn[] {
  return code.flatMap((one): readonly Insn[] => {
    if (one[0] === "call") return [[0x85, 0x10, 0, one[2]]];
    if (one[0] !== "address") return [one as Insn];
    return [
      [0x18, 0x01, 0, one[2]],
      [0, 0, 0, 0],
    ];
  });
}

/** The words of a table: records that differ in all that follows the instruction. */
function tableWords(graph: Graph, { size = 8, lists }: Table, types: readonly number[]): number[] {
  let made = 0;
  const all = lists.map(([section, insns]) => {
    const name = typeof section === "number" ? section : graph.string(section);
    const records = insns.flatMap((insn) => {
      made++;
      return [insn * 8, types[made % types.length] ?? 0, ...Array.from({ length: size / 4 - 2 }, () => made)];
    });
    return [name, insns.length, ...records];
  });
  return [size, ...all.flat()];
}

function draw({ functions, funcs, lines, types, swapped = false, symbols = [] }: Draft): Uint8Array {
  const graph = new Graph();
  const u32 = graph.int("u32", 4);
  const proto = graph.proto(u32, []);
  const ids = functions.map(({ name }) => graph.func(name, proto));
  types?.(graph, ids[0] ?? 0);
  const tables = [
    funcs === undefined ? [] : tableWords(graph, funcs, ids),
    lines === undefined ? [] : tableWords(graph, { size: 16, ...lines }, [graph.string("a.c")]),
  ];
  const [before = [], after = []] = tables;
  const places = [0, before.length * 4, before.length * 4, after.length * 4];
  const ext = words([0x0001_eb9f, 32, ...places, 0, 0, ...before, ...after], !swapped);
  // Magic, version and flags are no word.
  if (swapped) ext.set([0xeb, 0x9f, 1, 0]);
  const code = new Map<string, { insns: Insn[]; relocations: { offset: number; type: number; symbol: string }[] }>();
  const placed = functions.map(({ name, section = ".text", binding = GLOBAL, code: own }): ObjectSymbol => {
    const home = code.get(section) ?? { insns: [], relocations: [] };
    code.set(section, home);
    const value = home.insns.length * 8;
    for (const one of own) {
      if (typeof one[0] === "string")
        home.relocations.push({
          offset: home.insns.length * 8,
          type: one[0] === "call" ? CALLS : ADDRESS,
          symbol: `${one[1]}`,
        });
      home.insns.push(...slots([one]));
    }
    return { name, section, value, size: home.insns.length * 8 - value, binding };
  });
  const ofSection = [...code.keys()].map((section): ObjectSymbol => ({ name: section, section, type: 3, binding: 0 }));
  return buildObject({
    sections: [
      ...[...code].map(([name, { insns, relocations }]) => ({
        name,
        insns,
        ...(relocations.length > 0 && { relocations }),
      })),
      { name: "license", bytes: new TextEncoder().encode("GPL\0") },
      ...(tables.every((table) => table.length === 0) ? [] : [{ name: ".BTF.ext", bytes: ext, flags: 0 }]),
    ],
    symbols: [...ofSection, ...placed, ...symbols],
    btf: graph.finish(),
  });
}

/** Three functions of 2, 3 and 2 slots in `.text`, at 0, 2 and 5. */
const THREE = [text("one"), text("two", [move(2, 2)]), text("three")] as const;

const CODE: readonly Draft[] = [
  { functions: [main()] },
  { functions: [main(call("one")), ...THREE] },
  { functions: [main(call(".text", -1), call(".text", 1), call(".text", 4)), ...THREE] },
  { functions: [main(call("three"), call("one"), call("three"), call("two")), ...THREE] },
  // Into the middle of a function, and behind the last one.
  { functions: [main(call("two", 0), call(".text", 3)), ...THREE] },
  { functions: [main(call("three", 1)), ...THREE] },
  { functions: [main(call(".text", 6)), ...THREE] },
  // Chains, diamonds, recursion.
  { functions: [main(call("one")), text("one", [near(2)]), text("two", [near(2)]), text("three")] },
  { functions: [main(call("three")), text("one"), text("two", [near(-3)]), text("three", [near(-4), near(-7)])] },
  { functions: [main(call("one")), text("one", [near(-1)])] },
  { functions: [main(call("one")), text("one", [near(5), near(1)]), text("two", [near(2)]), text("three")] },
  // Two programs, in one section and in two, which share functions.
  {
    functions: [
      main(move(1, 1), call("two")),
      { ...main(call("one"), call("two")), name: "again" },
      { ...main(move(3, 3), call("three")), name: "apart", section: "tc" },
      ...THREE,
    ],
  },
  { functions: [...THREE, main(call("two"), call("one"))] },
  { functions: [main(near(1)), { ...main(), name: "next" }] },
  { functions: [main(near(2)), ...THREE] },
  { functions: [{ ...main(call("one")), section: "?xdp" }, { ...main(call("two")), name: "other" }, ...THREE] },
  { functions: [...THREE] },
  // Addresses of functions, by their own symbols and by their section's.
  { functions: [main(address("two")), ...THREE] },
  { functions: [main(address("two", 24), address(".text", 40), address(".text")), ...THREE] },
  { functions: [main(address("two", 16), address("one", -8)), ...THREE] },
  { functions: [main(address("two"), call("two")), text("one"), text("two", [], WEAK)] },
  { functions: [main(call("one")), text("one", [address("two"), address("one")]), text("two", [], STATIC)] },
  { functions: [main([0x18, 0x42, 0, 3], [0, 0, 0, 0]), ...THREE] },
  { functions: [main([0x18, 0x42, 0, 3], [0, 0, 0, 0])] },
  // What is no call of a function.
  { functions: [main([0x85, 0x00, 0, 7], [0x85, 0x10, 0, 0x7fff_ffff]), ...THREE] },
  { functions: [main([0x85, 0x11, 0, 1], move(1, 1)), ...THREE] },
  { functions: [main([0x85, 0x10, 1, 1], move(1, 1)), ...THREE] },
  { functions: [main([0x8d, 0x10, 0, 1], move(1, 1)), ...THREE] },
  { functions: [main([0x18, 0x11, 0, 1], [0, 0, 0, 0]), ...THREE] },
  { functions: [main([0x18, 0x06, 0, -1], [0, 0, 0, -1]), ...THREE] },
  // A function of the kernel, among those of its own.
  {
    functions: [main(call("bpf_rcu_read_lock"), call("one"), call("bpf_rcu_read_unlock")), ...THREE],
    types: (graph) => {
      const proto = graph.proto(0, []);
      const functions = ["bpf_rcu_read_lock", "bpf_rcu_read_unlock"].map((name) => graph.func(name, proto, 2));
      graph.datasec(
        ".ksyms",
        0,
        functions.map((id) => [id, 0, 0] as const),
      );
    },
    symbols: ["bpf_rcu_read_lock", "bpf_rcu_read_unlock"].map((name) => ({ name, type: 0 })),
  },
];

const CALLING = [main(move(1, 1), call("two"), call("one")), ...THREE] as const;
const OF_MAIN: Records = ["xdp", [0, 2, 3]];
const OF_TEXT: Records = [".text", [0, 1, 2, 4, 5]];

const LISTS: readonly (readonly Records[])[] = [
  [OF_MAIN, OF_TEXT],
  [OF_TEXT, OF_MAIN],
  [OF_MAIN],
  [OF_TEXT],
  [OF_MAIN, [".text", [2]]],
  [OF_MAIN, [".text", [0, 1]]],
  [OF_MAIN, [".text", [1, 4, 5]]],
  // Not in order; the first that is past the program ends its records.
  [
    ["xdp", [3, 0, 2]],
    [".text", [4, 2, 1, 0, 3, 5, 2]],
  ],
  [OF_MAIN, [".text", [0, 2, 5, 1, 4, 3]]],
  [
    ["xdp", [9, 0]],
    [".text", [0, 2]],
  ],
  [
    ["xdp", [0, 9, 2]],
    [".text", [0, 2]],
  ],
  // Sections of which there are two lists, none of the name, and none.
  [OF_MAIN, ["xdp", [1]], OF_TEXT, [".text", [0]]],
  [["nowhere", [0]], OF_MAIN, OF_TEXT],
  [[0, [0]], OF_MAIN, OF_TEXT],
  [["license", [0]]],
  // Instructions that are none.
  [
    ["xdp", [0.5, 2.75, 3.125]],
    [".text", [0.5, 2.25]],
  ],
  [
    ["xdp", [0, 3, 4, 5]],
    [".text", [0, 2, 7, 8]],
  ],
];

const RECORDS: readonly Draft[] = [
  ...LISTS.flatMap((lists): readonly Draft[] => [
    { functions: CALLING, funcs: { lists } },
    { functions: CALLING, lines: { lists } },
  ]),
  ...[8, 12, 20].map(
    (size): Draft => ({
      functions: CALLING,
      funcs: { size, lists: [OF_MAIN, OF_TEXT] },
      lines: { size: size + 8, lists: [OF_TEXT, OF_MAIN] },
    }),
  ),
  {
    // Several programs of one section, of which each has its own.
    functions: [
      main(call("one")),
      { ...main(), name: "next" },
      { ...main(move(1, 1), call("two"), call("three")), name: "last" },
      ...THREE,
    ],
    funcs: {
      lists: [
        ["xdp", [0, 3, 5]],
        [".text", [0, 2, 5]],
      ],
    },
    lines: {
      lists: [
        ["xdp", [0, 1, 3, 4, 5, 6, 7, 9]],
        [".text", [0, 1, 2, 3, 5, 6]],
      ],
    },
  },
  {
    // The first has none, the second has.
    functions: [main(call("one")), { ...main(call("one")), name: "next" }, ...THREE],
    funcs: {
      lists: [
        ["xdp", [3]],
        [".text", [0]],
      ],
    },
    lines: {
      lists: [
        ["xdp", [4]],
        [".text", [1]],
      ],
    },
  },
];

/** Tags that name an exception callback, or seem to. */
const TAGS: readonly Draft[] = (
  [
    ["exception_callback:one", 0, GLOBAL],
    ["exception_callback:one", -1, STATIC],
    ["exception_callback", -1, GLOBAL],
    ["an exception_callback:one", -1, GLOBAL],
  ] as const
).map(([name, component, linkage]) => ({
  functions: CALLING,
  types: (graph: Graph): void => {
    const proto = graph.proto(1, [["argument", 1]]);
    graph.declTag(name, graph.func("tagged", proto, linkage), component);
  },
}));

const SWAPPED: readonly Draft[] = RECORDS.map((draft) => ({ ...draft, swapped: true }));

export const PROGRAM_OBJECTS: readonly Uint8Array[] = [...CODE, ...RECORDS, ...SWAPPED, ...TAGS].map(draw);
