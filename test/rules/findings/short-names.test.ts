import { describe, expect, test } from "vitest";
import { sipHash13 } from "../../../src/btf/siphash.ts";
import { TAG } from "../../../src/dwarf/constants.ts";
import type { Diagnostic } from "../../../src/rules/rule.ts";
import type { Graph } from "../../graph.ts";
import { blobState, btfOf, type Die, found, placeOfDie } from "./state.ts";
import { type TwinRow, tryTwins } from "./twins.ts";

/** Short names: which types get one, and when the hash of the whole path stands behind it (`test/btf/escape.test.ts` holds the hash). */

const hash = (full: string): string => `_${sipHash13(new TextEncoder().encode(full)).toString(16)}`;

/** Every type is the one of that number in debug info; modules have numbers from 50 on. */
interface Case {
  readonly about: string;
  readonly own: (g: Graph) => unknown;
  /** By type; none for those that debug info does not know. */
  readonly dies?: Readonly<Record<number, Die>>;
  /** Type id → what it is, and its name for short. */
  readonly short: Readonly<Record<number, readonly [what: string, name: string]>>;
  readonly names?: "escape" | "short";
}

function row({ about, own, dies = {}, short, names = "short" }: Case): TwinRow {
  const ids = Object.keys(dies).map(Number);
  const pairs = Object.fromEntries(ids.filter((id) => id < 50).map((id) => [id, id]));
  const finds = Object.entries(short).map(([id, [what, name]]): Diagnostic => {
    const typeId = Number(id);
    return {
      rule: "btf/name-not-short",
      severity: "note",
      message: `${what} [${id}] is ${name} for short`,
      target: { typeId },
      ...(pairs[typeId] === undefined ? {} : { place: placeOfDie(typeId) }),
      answers: [],
    };
  });
  return { about, twins: { own, lowered: own, pairs, dies, choices: { names } }, finds };
}

const struct = (name: string, parent?: number): Die => ({
  tag: TAG.structureType,
  name,
  ...(parent === undefined ? {} : { parent }),
});
const module = (name: string | undefined, parent?: number): Die => ({
  tag: TAG.namespace,
  ...(name === undefined ? {} : { name }),
  ...(parent === undefined ? {} : { parent }),
});
/** krate (50) :: inner (51), and krate (50) :: other (52), in a unit (53) that has a name of its own. */
const MODULES = {
  50: module("krate", 53),
  51: module("inner", 50),
  52: module("other", 50),
  53: { tag: TAG.compileUnit, name: "lib.rs" },
};

const escaped = "NonZero_3C_u16_3E_";

const CASES: readonly Case[] = [
  {
    about: "a generic one",
    own: (g) => g.struct(escaped, 2, []),
    dies: { 1: struct("NonZero<u16>", 51), ...MODULES },
    short: { 1: ["STRUCT NonZero<u16>", "NonZero"] },
  },
  {
    about: "a path",
    own: (g) => g.struct("a::b::C", 2, []),
    dies: { 1: struct("a::b::C") },
    short: { 1: ["STRUCT a::b::C", "C"] },
  },
  {
    about: "what is short already",
    own: (g) => g.struct("C", 2, []),
    dies: { 1: struct("C", 51), ...MODULES },
    short: {},
  },
  {
    about: "nothing where names are escaped",
    own: (g) => g.struct("a::B", 2, []),
    dies: { 1: struct("a::B") },
    short: {},
    names: "escape",
  },
  {
    about: "what debug info calls otherwise",
    own: (g) => g.struct("Cut_1234", 2, []),
    dies: { 1: struct("Long_3C_u8_3E_") },
    short: { 1: ["STRUCT Cut_1234", "Long"] },
  },
  {
    about: "one name in two modules",
    own: (g) => [g.struct("Node", 2, []), g.struct("Node", 4, [])],
    dies: { 1: struct("Node", 51), 2: struct("Node", 52), ...MODULES },
    short: {
      1: ["STRUCT Node", `Node${hash("krate::inner::Node")}`],
      2: ["STRUCT Node", `Node${hash("krate::other::Node")}`],
    },
  },
  {
    about: "one name in a module and outside",
    own: (g) => [g.struct("Node", 2, []), g.union("Node", 4, [])],
    dies: { 1: struct("Node", 50), 2: struct("Node"), ...MODULES },
    short: { 1: ["STRUCT Node", `Node${hash("krate::Node")}`], 2: ["UNION Node", `Node${hash("Node")}`] },
  },
  {
    about: "a module without a name",
    own: (g) => [g.struct("Node", 2, []), g.struct("Node", 4, [])],
    dies: { 1: struct("Node", 54), 2: struct("Node"), 54: module(undefined, 50), ...MODULES },
    short: { 1: ["STRUCT Node", `Node${hash("krate::::Node")}`], 2: ["STRUCT Node", `Node${hash("Node")}`] },
  },
  {
    about: "one type twice",
    own: (g) => [g.struct("Node", 2, []), g.struct("Node", 2, [])],
    dies: { 1: struct("Node", 51), 2: struct("Node", 51), ...MODULES },
    short: {},
  },
  {
    about: "two of one generic",
    own: (g) => [g.struct("A_3C_u8_3E_", 2, []), g.fwd("A_3C_u16_3E_")],
    dies: { 1: struct("A<u8>"), 2: struct("A<u16>") },
    short: { 1: ["STRUCT A<u8>", `A${hash("A<u8>")}`], 2: ["FWD A<u16>", `A${hash("A<u16>")}`] },
  },
  {
    about: "a tag and a typedef of one name",
    own: (g) => [g.enum("a::N", []), g.ref("typedef", 1, "b::N")],
    dies: { 1: struct("a::N"), 2: struct("b::N") },
    short: { 1: ["ENUM a::N", "N"], 2: ["TYPEDEF b::N", "N"] },
  },
  {
    about: "a wide enum and a forward of one name",
    own: (g) => [g.enum64("a::N", []), g.fwd("b::N")],
    dies: { 1: struct("a::N"), 2: struct("b::N") },
    short: { 1: ["ENUM64 a::N", `N${hash("a::N")}`], 2: ["FWD b::N", `N${hash("b::N")}`] },
  },
  {
    about: "a typedef and a private function of one name",
    own: (g) => [g.ref("typedef", 0, "a::n"), g.proto(0, []), g.func("b::n", 2, 0)],
    dies: { 1: struct("a::n"), 3: struct("b::n") },
    short: { 1: ["TYPEDEF a::n", `n${hash("a::n")}`], 3: ["FUNC b::n", `n${hash("b::n")}`] },
  },
  {
    about: "no functions that a symbol is named after, and nothing else that has another's name",
    own: (g) => [
      g.proto(0, []),
      g.func("a::n", 1, 1),
      g.func("a::m", 1, 2),
      g.int("a::u", 4),
      g.variable("a::v", 4, 0),
      g.float("a::f", 4),
      g.struct("", 4, []),
    ],
    short: {},
  },
  // Its full name is not known then, only what it is called now.
  {
    about: "what debug info does not know",
    own: (g) => [g.struct("a::B", 2, []), g.struct("B", 2, [])],
    short: { 1: ["STRUCT a::B", `B${hash("a::B")}`] },
  },
  {
    about: "what debug info does not know beside what it knows",
    own: (g) => [g.struct("a::B", 2, []), g.struct("c::B", 2, [])],
    dies: { 2: struct("c::B") },
    short: { 1: ["STRUCT a::B", `B${hash("a::B")}`], 2: ["STRUCT c::B", "B"] },
  },
  {
    about: "an escaped one that debug info does not know",
    own: (g) => g.struct(escaped, 2, []),
    short: { 1: ["STRUCT NonZero<u16>", `NonZero${hash("NonZero<u16>")}`] },
  },
  {
    about: "one without a name there",
    own: (g) => g.struct("a::B", 2, []),
    dies: { 1: { tag: TAG.structureType } },
    short: { 1: ["STRUCT a::B", `B${hash("a::B")}`] },
  },
  ...[TAG.structureType, TAG.unionType, TAG.enumerationType].map(
    (tag): Case => ({
      about: `no variant of what has the tag ${tag}`,
      own: (g) => g.struct("a::Some", 2, []),
      dies: { 1: struct("a::Some", 54), 54: { tag, name: "Option", parent: 50 }, ...MODULES },
      short: {},
    }),
  ),
  {
    about: "what is in a function is in no type",
    own: (g) => g.struct("a::Some", 2, []),
    dies: { 1: struct("a::Some", 54), 54: { tag: TAG.subprogram, name: "f", parent: 50 }, ...MODULES },
    short: { 1: ["STRUCT a::Some", "Some"] },
  },
  { about: "what has no name in BTF", own: (g) => g.struct("", 2, []), dies: { 1: struct("Named") }, short: {} },
  {
    about: "nothing that is made of signs alone",
    own: (g) => g.struct("&&", 2, []),
    dies: { 1: struct("&&") },
    short: {},
  },
  {
    about: "names that mean something to kernel or loaders",
    own: (g) =>
      ["bpf_list<u8>", "bpf_::A", "xdp_md", "__sk_buff", "pt_regs", "sk_msg_md", "sk_reuseport_md"].map((name) =>
        g.struct(name, 2, []),
      ),
    dies: Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((id) => [id, struct(`other${id}`)])),
    short: {},
  },
  {
    about: "names that only look so",
    own: (g) =>
      ["a_bpf_x", "xdp_md_", "_xdp_md", "__sk_buff_", "pt_regs_", "sk_msg_md_", "sk_reuseport_md_"].map((name) =>
        g.struct(name, 2, []),
      ),
    dies: Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((id) => [id, struct(`other${id}`)])),
    short: Object.fromEntries(
      ["a_bpf_x", "xdp_md_", "_xdp_md", "__sk_buff_", "pt_regs_", "sk_msg_md_", "sk_reuseport_md_"].map(
        (name, index) => [index + 1, [`STRUCT ${name}`, `other${index + 1}`] as const],
      ),
    ),
  },
  {
    about: "127 bytes of a longer one",
    own: (g) => g.struct(`a::${"n".repeat(130)}`, 2, []),
    dies: { 1: struct(`a::${"n".repeat(130)}`) },
    short: { 1: [`STRUCT a::${"n".repeat(130)}`, "n".repeat(127)] },
  },
  {
    about: "127 bytes of a longer one with its hash",
    own: (g) => g.struct(`a::${"n".repeat(130)}`, 2, []),
    short: {
      1: [
        `STRUCT a::${"n".repeat(130)}`,
        `${"n".repeat(127 - hash(`a::${"n".repeat(130)}`).length)}${hash(`a::${"n".repeat(130)}`)}`,
      ],
    },
  },
];

describe("what gets a short name", () => {
  tryTwins(CASES.map(row), /^btf\/name-not-short$/);

  test("all of a blob that is alone", () => {
    const make = (g: Graph): unknown => [g.struct("a::B", 2, []), g.struct("B", 2, []), g.ref("typedef", 1, "c::d")];
    const told = found(blobState(btfOf(make), { names: "short" }), /^btf\/name-not-short$/);
    expect(told.map(({ message }) => message)).toEqual([
      `STRUCT a::B [1] is B${hash("a::B")} for short`,
      `TYPEDEF c::d [3] is d${hash("c::d")} for short`,
    ]);
  });
});
