import { describe, expect, test } from "vitest";
import { parseBtfExt } from "../../src/btf/ext.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { checkObject } from "../../src/check.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { functionSites } from "../../src/rules/func/sites.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { buildObject, CALL, EXIT, type Insn, makeExt, move, type ObjectSymbol, R_BPF_64_32 } from "../object.ts";

const LOCAL = { binding: 0 } as const;
const HIDDEN = { visibility: 2 } as const;
/** r0 = r1 and r0 = *(u32 *)r1: functions that read their argument. */
const READ_NUMBER: readonly Insn[] = [[0xbf, 0x10, 0, 0]];
const READ_MEMORY: readonly Insn[] = [[0x61, 0x10, 0, 0]];
/** r0 = r1 + r2. */
const READ_SECOND: readonly Insn[] = [
  [0xbf, 0x10, 0, 0],
  [0x0f, 0x20, 0, 0],
];
/** *(u64 *)(r10 - 8) = 0, r2 = r10 - 8 + r1, r0 = *(u8 *)r2: right for numbers below 8. */
const INDEX: readonly Insn[] = [
  [0x7a, 10, -8, 0],
  [0xbf, 0xa2, 0, 0],
  [0x07, 2, 0, -8],
  [0x0f, 0x12, 0, 0],
  [0x71, 0x20, 0, 0],
];

interface Shape {
  readonly name: string;
  /** Prototype of the called function; `u32(u32)` by default. */
  readonly proto?: (graph: Graph) => number;
  readonly symbol?: Partial<ObjectSymbol>;
  readonly linkage?: number;
  /** What it does before it exits; reading a number by default. */
  readonly code?: readonly Insn[];
  /** What its caller puts into r1: a number, its context, or an address of its stack. r2 is a number. */
  readonly given?: "context" | "memory";
  /** Whether the kernel refuses the BTF, for a name that has nothing to do with functions. */
  readonly refused: boolean;
  readonly littleEndian?: boolean;
}

const PROTO = (graph: Graph): number => graph.proto(graph.int("u32", 4), [["a", graph.int("u32", 4)]]);
const STRUCT_ARGUMENT = (graph: Graph): number =>
  graph.proto(graph.int("u32", 4), [["a", graph.struct("Pair", 8, [])]]);
const TWO_ARGUMENTS = (graph: Graph): number => {
  const pair = graph.struct("Pair", 8, []);
  return graph.proto(graph.int("u32", 4), [
    ["a", pair],
    ["b", pair],
    ["c", graph.int("u8", 1)],
  ]);
};
const POINTER = (graph: Graph): number =>
  graph.proto(graph.int("u32", 4), [["a", graph.ptr(graph.struct("Pair", 8, []))]]);
const OPAQUE = (graph: Graph): number => graph.proto(graph.int("u32", 4), [["a", graph.ptr(graph.int("u8", 1))]]);
const CONTEXT = (graph: Graph): number =>
  graph.proto(graph.int("u32", 4), [["a", graph.ptr(graph.struct("__sk_buff", 8, []))]]);

/** A program in section "socket" that calls one function in ".text", both described. */
function object(shape: Shape): Uint8Array {
  const littleEndian = shape.littleEndian ?? true;
  const graph = new Graph(littleEndian);
  const main = graph.func("main", graph.proto(graph.int("i32", 4, 1), [["ctx", graph.ptr(0)]]));
  const callee = graph.func(shape.name, (shape.proto ?? PROTO)(graph), shape.linkage ?? 1);
  if (shape.refused) graph.struct("Limit<u16, 4>", 0, []);
  const ext = makeExt(littleEndian, {
    funcInfo: [
      [graph.string("socket"), [{ insnOff: 0, typeId: main }]],
      [graph.string(".text"), [{ insnOff: 0, typeId: callee }]],
    ],
  });
  // r1 is the context from the start, or r10 - 8, at which there is a 0.
  const memory: readonly Insn[] = [
    [0x7a, 10, -8, 0],
    [0xbf, 0xa1, 0, 0],
    [0x07, 1, 0, -8],
  ];
  const given = shape.given === undefined ? [move(1, 0)] : shape.given === "memory" ? memory : [];
  const insns = [...given, move(2, 0), CALL, move(0, 0), EXIT];
  const code = [...(shape.code ?? READ_NUMBER), EXIT];
  return buildObject({
    littleEndian,
    sections: [
      {
        name: "socket",
        insns,
        relocations: [{ offset: insns.indexOf(CALL) * 8, type: R_BPF_64_32, symbol: shape.name }],
      },
      { name: ".text", insns: code },
      { name: "license", bytes: new TextEncoder().encode("GPL\0") },
    ],
    symbols: [
      { name: "main", section: "socket", size: insns.length * 8 },
      { name: shape.name, section: ".text", size: code.length * 8, ...shape.symbol },
      { name: "LICENSE", section: "license", size: 4 },
    ],
    btf: graph.finish(),
    ext,
  });
}

interface Row {
  readonly about: string;
  readonly shape: Omit<Shape, "refused">;
  /** The rule that must speak where the kernel refuses the BTF as it comes, and where it takes it. */
  readonly refused: string | undefined;
  readonly taken: string | undefined;
  readonly message?: string;
  /** Taken it does not load, and is not touched: that its code does not check what it is given is no fault of the BTF. */
  readonly isOwnFault?: true;
}

const ROWS: readonly Row[] = [
  {
    about: "a memory builtin",
    shape: { name: "memset" },
    refused: "func/builtin-global",
    taken: "func/builtin-global",
    message: "FUNC memset [8] is global, and verified alone it refuses what its callers pass",
  },
  { about: "a static memory builtin", shape: { name: "memset", linkage: 0 }, refused: undefined, taken: undefined },
  { about: "an exported function of numbers", shape: { name: "score" }, refused: undefined, taken: undefined },
  {
    about: "a local symbol",
    shape: { name: "score", symbol: LOCAL },
    refused: "func/linkage-not-symbol",
    taken: undefined,
    message: "FUNC score [8] is global, but its symbol is local",
  },
  {
    about: "a hidden symbol",
    shape: { name: "score", symbol: HIDDEN },
    refused: "func/linkage-not-symbol",
    taken: undefined,
  },
  {
    about: "a record in a register",
    shape: { name: "score", proto: STRUCT_ARGUMENT },
    refused: "func/prototype-not-abi",
    taken: "func/prototype-not-abi",
    message: "FUNC score [8] is global, and to the verifier argument 1 (STRUCT) is a number of 8 bytes",
  },
  {
    about: "a record that is an address",
    shape: { name: "score", proto: STRUCT_ARGUMENT, code: READ_MEMORY, given: "memory" },
    refused: "func/not-verifiable-alone",
    taken: "func/not-verifiable-alone",
    message: "FUNC score [8] is global, and its prototype cannot be verified alone",
  },
  {
    about: "a record of which only half is in the register",
    shape: { name: "score", proto: STRUCT_ARGUMENT, code: READ_SECOND },
    refused: "func/not-verifiable-alone",
    taken: "func/not-verifiable-alone",
  },
  {
    about: "a record of which another argument is in the next register",
    shape: { name: "score", proto: TWO_ARGUMENTS, code: READ_SECOND },
    refused: "func/not-verifiable-alone",
    taken: "func/not-verifiable-alone",
  },
  {
    about: "a pointer to memory",
    shape: { name: "score", proto: POINTER, code: READ_MEMORY, given: "memory" },
    refused: "func/not-verifiable-alone",
    taken: undefined,
    isOwnFault: true,
  },
  {
    about: "a pointer that is the context",
    shape: { name: "score", proto: OPAQUE, code: READ_MEMORY, given: "context" },
    refused: "func/prototype-not-abi",
    taken: "func/prototype-not-abi",
    message: "FUNC score [9] is global, and to the verifier argument 1 (PTR) is the program's context",
  },
  {
    about: "a number that is an offset",
    shape: { name: "score", code: INDEX },
    refused: "func/not-verifiable-alone",
    taken: undefined,
    isOwnFault: true,
    message: "FUNC score [8] is global, and only its callers vouch for the numbers that it takes or gives",
  },
  {
    about: "the context",
    shape: { name: "score", proto: CONTEXT, code: READ_MEMORY, given: "context" },
    refused: undefined,
    taken: undefined,
  },
];

/** Linkage of each function as func_info has it: a FUNC of the same name may stand beside it for linkers. */
function linkages(bytes: Uint8Array): Readonly<Record<string, number>> {
  const elf = parseElf(bytes);
  const btf = parseBtf(sectionNamed(elf, ".BTF")?.bytes ?? new Uint8Array(0));
  return Object.fromEntries(
    [...functionSites({ elf, btf, ext: extOf(bytes) })].map(({ name, func }) => [name, func.linkage]),
  );
}

function extOf(bytes: Uint8Array) {
  return parseBtfExt(sectionNamed(parseElf(bytes), ".BTF.ext")?.bytes ?? new Uint8Array(0));
}

/** Where func_info says that functions start. */
function places(bytes: Uint8Array): readonly number[] {
  return (extOf(bytes).funcInfo?.sections ?? []).flatMap(({ records }) => records.map(({ insnOff }) => insnOff));
}

describe.each([
  ["little-endian", true],
  ["big-endian", false],
] as const)("%s", (_, littleEndian) => {
  describe.each(ROWS)("$about", ({ shape, refused, taken, message }) => {
    test.each([
      ["in BTF that the kernel refuses", true, refused],
      ["in BTF that the kernel takes", false, taken],
    ] as const)("%s", async (_about, isRefused, rule) => {
      const bytes = object({ ...shape, refused: isRefused, littleEndian });
      const { diagnostics } = await checkObject(bytes);
      const found = diagnostics.filter((finding) => finding.rule.startsWith("func/"));
      expect(found.map((finding) => finding.rule)).toEqual(rule === undefined ? [] : [rule]);
      if (message !== undefined && isRefused) expect(found[0]?.message).toBe(message);

      const fixed = await fixObject(bytes);
      const before = shape.linkage ?? 1;
      expect(linkages(fixed.bytes)).toEqual({
        main: 1,
        [shape.name]: rule === undefined || rule === "func/prototype-not-abi" ? before : 0,
      });
      expect((await fixObject(fixed.bytes)).bytes).toEqual(fixed.bytes);
      expect(places(fixed.bytes)).toEqual(places(bytes));
    });
  });
});

judgeTest(libbpf17())("what loads loads on, and what the rules find loads only once it is mended", async () => {
  for (const { about, shape, taken, isOwnFault = false } of ROWS) {
    for (const refused of [true, false]) {
      const raw = object({ ...shape, refused });
      const { bytes } = await fixObject(raw);
      const [before, after] = [raw, bytes].map((file) => answer(runLibbpf("libbpf17", file)));
      const where = `${about}, ${refused ? "refused" : "taken"}`;
      // With its BTF refused every one of them loads, verified from its caller.
      if (refused) expect([where, before?.load?.ok, before?.btfFd]).toEqual([where, true, -1]);
      if (before?.load?.ok === true) expect([where, after?.load?.ok]).toEqual([where, true]);
      // What a rule finds in BTF that is taken did not load with it, and does when it is mended. Builtins that do nothing load.
      const loads = refused || (!isOwnFault && (taken === undefined || taken === "func/builtin-global"));
      expect([where, before?.load?.ok]).toEqual([where, loads]);
      expect([where, after?.load?.ok]).toEqual([where, refused || !isOwnFault]);
      expect((after?.btfFd ?? -1) >= 0, where).toBe(true);
    }
  }
});
