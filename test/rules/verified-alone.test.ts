import { expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { type BtfFuncProto, typeById } from "../../src/btf/model.ts";
import { verifiedAlone } from "../../src/rules/func/verified-alone.ts";
import { words } from "../btf/assemble.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelProgLoad } from "../judges/kernel.ts";
import { answer } from "../judges/run.ts";
import { code, EXIT, type Insn, move } from "../object.ts";

/** A prototype, what the rule must say of it, and what its caller puts into r1: a number or its context. */
interface Case {
  readonly about: string;
  readonly make: (graph: Graph) => number;
  readonly verdict: "fits" | "doubtful" | "fails";
  readonly r1?: "context";
}

const u32 = (graph: Graph): number => graph.int("u32", 4);
const arg = (type: (graph: Graph) => number) => (graph: Graph) => graph.proto(u32(graph), [["a", type(graph)]]);

const CASES: readonly Case[] = [
  { about: "nothing in", make: (g) => g.proto(u32(g), []), verdict: "fits" },
  { about: "int", make: arg(u32), verdict: "fits" },
  { about: "bool out", make: (g) => g.proto(g.int("bool", 1, 4), []), verdict: "fits" },
  { about: "128-bit int", make: arg((g) => g.int("u128", 16)), verdict: "fits" },
  { about: "enum64", make: arg((g) => g.enum64("e", [["A", 1n]])), verdict: "fits" },
  { about: "const typedef of int", make: arg((g) => g.ref("const", g.ref("typedef", u32(g), "t"))), verdict: "fits" },
  { about: "the context", make: arg((g) => g.ptr(g.struct("__sk_buff", 8, []))), verdict: "fits", r1: "context" },
  { about: "a declared context", make: arg((g) => g.ptr(g.fwd("__sk_buff"))), verdict: "doubtful", r1: "context" },
  { about: "pointer to a struct", make: arg((g) => g.ptr(g.struct("S", 8, []))), verdict: "doubtful" },
  { about: "void pointer", make: arg((g) => g.ptr(0)), verdict: "doubtful", r1: "context" },
  { about: "nothing out", make: (g) => g.proto(0, []), verdict: "doubtful" },
  { about: "struct", make: arg((g) => g.struct("S", 8, [])), verdict: "fails" },
  { about: "union", make: arg((g) => g.union("U", 4, [])), verdict: "fails" },
  { about: "float", make: arg((g) => g.float("f32", 4)), verdict: "fails" },
  { about: "array", make: arg((g) => g.array(u32(g), u32(g), 2)), verdict: "fails" },
  { about: "struct out", make: (g) => g.proto(g.struct("S", 8, []), []), verdict: "fails" },
  { about: "pointer out", make: (g) => g.proto(g.ptr(0), []), verdict: "fails" },
  {
    about: "six",
    make: (g) => {
      const type = u32(g);
      return g.proto(
        type,
        ["a", "b", "c", "d", "e", "f"].map((name) => [name, type] as const),
      );
    },
    verdict: "fails",
  },
];

function build(make: Case["make"]) {
  const graph = new Graph();
  const main = graph.func("main", graph.proto(u32(graph), [["ctx", graph.ptr(0)]]));
  const protoId = make(graph);
  const sub = graph.func("sub", protoId);
  const btf = graph.finish();
  const proto = typeById(btf, protoId);
  if (proto?.kind !== "funcProto") throw new Error("no prototype");
  return { btf, main, sub, proto: proto satisfies BtfFuncProto };
}

test.each(CASES)("$about: $verdict", ({ make, verdict }) => {
  const { btf, proto } = build(make);
  expect(verifiedAlone(btf, "sub", proto).verdict).toBe(verdict);
});

/** The kernel on `main` calling the global function `sub`, which does nothing. */
function load({ make, r1 }: Case): { readonly errno: number; readonly log: string } {
  const { btf, main, sub } = build(make);
  const numbers: readonly Insn[] = (r1 === "context" ? [2, 3, 4, 5] : [1, 2, 3, 4, 5]).map((r) => move(r, 0));
  const insns: readonly Insn[] = [...numbers, [0x85, 0x10, 0, 2], move(0, 0), EXIT, move(0, 0), EXIT];
  const records = words([0, main, insns.length - 2, sub], true);
  const verdict = answer(
    // BPF_PROG_TYPE_SOCKET_FILTER, whose context is __sk_buff.
    kernelProgLoad({ type: 1, insns: code(insns), btf: encodeBtf(btf), funcInfo: { records, recordSize: 8 } }),
  );
  expect([verdict.btfErrno, verdict.controlErrno]).toEqual([0, 0]);
  return verdict;
}

judgeTest(kernel())("the kernel takes what fits and refuses what fails, in the words of the rule", () => {
  for (const entry of CASES) {
    const { btf, proto } = build(entry.make);
    const ours = verifiedAlone(btf, "sub", proto);
    const { errno, log } = load(entry);
    if (ours.verdict === "fits") expect([entry.about, errno]).toEqual([entry.about, 0]);
    if (ours.verdict !== "fails") continue;
    expect([entry.about, errno]).toEqual([entry.about, 22]);
    expect(log.split("\n"), entry.about).toContain(ours.text);
  }
});
