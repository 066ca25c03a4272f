import fc from "fast-check";
import { expect, test } from "vitest";
import { parseBtfExt } from "../../src/btf/ext.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { functionSites } from "../../src/rules/func/sites.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { buildObject, CALL, EXIT, type Insn, makeExt, move, R_BPF_64_32 } from "../object.ts";

/**
 * Functions of numbers, and of a context that is called a pointer to bytes. In BTF that the kernel refuses for a name they are verified
 * from their callers as it comes, alone once it is mended. What their code does is made up, so that some would fail alone, and some would
 * make their callers fail.
 */

const copy = (to: number, from: number): Insn => [0xbf, to | (from << 4), 0, 0];
const add = (to: number, from: number): Insn => [0x0f, to | (from << 4), 0, 0];
const addValue = (to: number, value: number): Insn => [0x07, to, 0, value];
const and = (to: number, value: number): Insn => [0x57, to, 0, value];
const multiply = (to: number, value: number): Insn => [0x27, to, 0, value];
const spill = (from: number, offset: number): Insn => [0x7b, 10 | (from << 4), offset, 0];
const fill = (to: number, offset: number): Insn => [0x79, to | (10 << 4), offset, 0];
/** if rN > value goto; if rN == value goto. */
const above = (register: number, value: number, skip: number): Insn => [0x25, register, skip, value];
const equal = (register: number, value: number, skip: number): Insn => [0x15, register, skip, value];
const loadByte = (to: number, from: number): Insn => [0x71, to | (from << 4), 0, 0];
/** Sixteen bytes of the frame, zeroed. */
const FRAME: readonly Insn[] = [
  [0x7a, 10, -8, 0],
  [0x7a, 10, -16, 0],
];
/** rTo = the byte of the frame that rFrom says, 0 to 15; r5 is lost. */
const index = (to: number, from: number): readonly Insn[] => [
  copy(5, 10),
  addValue(5, -16),
  add(5, from),
  loadByte(to, 5),
];

/** What a function may do with r1 and r2, r0 being a number. */
const step: fc.Arbitrary<readonly Insn[]> = fc.oneof(
  fc.constantFrom<readonly Insn[]>(
    [add(0, 1)],
    [add(0, 2)],
    [copy(0, 1)],
    [and(1, 7)],
    [and(2, 15)],
    [and(0, 7)],
    [multiply(1, 3)],
    [spill(1, -24), fill(3, -24), add(0, 3)],
    [spill(2, -24), fill(1, -24)],
    [above(1, 3, 1), addValue(0, 5)],
    // What only a context can give.
    [[0x61, 0x13, 0, 0], add(0, 3)],
    [[0x61, 0x10, 0, 0]],
    // A loop of as many turns as r1 says, and one that never ends if r2 is 9.
    [copy(3, 1), equal(3, 0, 2), addValue(3, -1), [0x05, 0, -3, 0]],
    [
      [0x55, 2, 1, 9],
      [0x05, 0, -1, 0],
    ],
  ),
  fc.constantFrom(0, 1, 2).map((from) => index(0, from)),
);

const subject = fc.record({
  steps: fc.array(step, { maxLength: 4 }),
  given: fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 9 })),
  /** What the program does with the result. */
  use: fc.constantFrom<"nothing" | "index" | "return" | "loop" | "number">(
    "nothing",
    "index",
    "return",
    "loop",
    "number",
  ),
  section: fc.constantFrom("socket", "cgroup_skb/egress"),
  /** Whether the first argument is the program's context, and whether the kernel takes the BTF. */
  takesContext: fc.boolean(),
  isTaken: fc.boolean(),
});

type Subject = typeof subject extends fc.Arbitrary<infer T> ? T : never;

const USES: Readonly<Record<Subject["use"], readonly Insn[]>> = {
  nothing: [move(0, 0)],
  index: [...index(0, 0), move(0, 0)],
  return: [],
  loop: [[0x55, 0, 1, 99], [0x05, 0, -1, 0], move(0, 0)],
  number: [addValue(0, 1), copy(6, 0), move(0, 1)],
};

function object({ steps, given, use, section, takesContext, isTaken }: Subject): Uint8Array {
  const graph = new Graph();
  const u64 = graph.int("u64", 8);
  const main = graph.func("main", graph.proto(graph.int("i32", 4, 1), [["ctx", graph.ptr(0)]]));
  const proto = graph.proto(u64, [
    ["a", takesContext ? graph.ptr(graph.int("u8", 1)) : u64],
    ["b", u64],
  ]);
  const sub = graph.func("sub", proto);
  if (!isTaken) graph.struct("Limit<u16, 4>", 0, []);
  const insns = [...FRAME, ...(takesContext ? [] : [move(1, given[0])]), move(2, given[1]), CALL, ...USES[use], EXIT];
  // Both arguments are read in any case.
  const code = [...FRAME, move(0, 0), copy(3, 1), copy(4, 2), ...steps.flat(), EXIT];
  const ext = makeExt(true, {
    funcInfo: [
      [graph.string(section), [{ insnOff: 0, typeId: main }]],
      [graph.string(".text"), [{ insnOff: 0, typeId: sub }]],
    ],
  });
  return buildObject({
    sections: [
      {
        name: section,
        insns,
        relocations: [{ offset: insns.indexOf(CALL) * 8, type: R_BPF_64_32, symbol: "sub" }],
      },
      { name: ".text", insns: code },
      { name: "license", bytes: new TextEncoder().encode("GPL\0") },
    ],
    symbols: [
      { name: "main", section, size: insns.length * 8 },
      { name: "sub", section: ".text", size: code.length * 8 },
      { name: "LICENSE", section: "license", size: 4 },
    ],
    btf: graph.finish(),
    ext,
  });
}

/** What the verifier will take `sub` for: func_info counts, other FUNCs of the name are for linkers. */
function isGlobal(bytes: Uint8Array): boolean {
  const elf = parseElf(bytes);
  const btf = parseBtf(sectionNamed(elf, ".BTF")?.bytes ?? new Uint8Array());
  const ext = parseBtfExt(sectionNamed(elf, ".BTF.ext")?.bytes ?? new Uint8Array());
  return [...functionSites({ elf, btf, ext })].some(({ name, func }) => name === "sub" && func.linkage === 1);
}

test("functions whose numbers matter to nobody stay global, the others become static", async () => {
  const staysGlobal = async (part: Partial<Subject>): Promise<boolean> =>
    isGlobal(
      (
        await fixObject(
          object({
            steps: [],
            given: [1, 2],
            use: "nothing",
            section: "socket",
            takesContext: false,
            isTaken: false,
            ...part,
          }),
        )
      ).bytes,
    );
  expect(await staysGlobal({})).toBe(true);
  expect(await staysGlobal({ steps: [[add(0, 1)], [and(0, 7)]], use: "number" })).toBe(true);
  expect(await staysGlobal({ steps: [[add(0, 1)]], use: "return" })).toBe(true);
  expect(await staysGlobal({ steps: [[above(1, 3, 1), addValue(0, 5)]] })).toBe(true);
  expect(await staysGlobal({ takesContext: true, steps: [[[0x61, 0x10, 0, 0]]] })).toBe(true);
  expect(await staysGlobal({ takesContext: true, isTaken: true })).toBe(true);
  expect(await staysGlobal({ steps: [index(0, 1)], isTaken: true })).toBe(true);
  // An address, a loop, a result that becomes an address or decides a loop, one that this program may not return.
  expect(await staysGlobal({ steps: [index(0, 1)] })).toBe(false);
  expect(await staysGlobal({ steps: [[spill(1, -24), fill(3, -24)], index(0, 3)] })).toBe(false);
  // Spilled on one way only, over halves of other numbers.
  const halves: readonly Insn[] = [-24, -20].map((offset) => [0x62, 10, offset, 0]);
  const firstHalf: Insn = [0x61, 0xa3, -24, 0];
  expect(await staysGlobal({ steps: [[...halves, above(2, 3, 1), spill(1, -24), firstHalf], index(0, 3)] })).toBe(
    false,
  );
  expect(await staysGlobal({ steps: [[equal(1, 0, 2), addValue(1, -1), [0x05, 0, -3, 0]]] })).toBe(false);
  expect(await staysGlobal({ use: "index" })).toBe(false);
  expect(await staysGlobal({ use: "loop" })).toBe(false);
  expect(await staysGlobal({ use: "return", section: "cgroup_skb/egress" })).toBe(false);
});

judgeTest(libbpf17())("what loads, with its BTF taken or refused, loads with it taken", async () => {
  let [loads, globals, mended] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(subject, async (sample) => {
      const raw = object(sample);
      const before = answer(runLibbpf("libbpf17", raw));
      expect((before.btfFd ?? -1) >= 0).toBe(sample.isTaken);
      const { bytes } = await fixObject(raw);
      if (before.load?.ok !== true) {
        if (answer(runLibbpf("libbpf17", bytes)).load?.ok === true) mended++;
        return;
      }
      loads++;
      if (isGlobal(bytes)) globals++;
      const after = answer(runLibbpf("libbpf17", bytes));
      const refusals = after.programs.filter(({ loaded }) => !loaded).map(({ verifierLog }) => verifierLog);
      expect([refusals, after.load?.ok, (after.btfFd ?? -1) >= 0]).toEqual([[], true, true]);
    }),
    { numRuns: 100 },
  );
  // Neither all static nor all refused: then nothing would have been shown.
  expect(loads).toBeGreaterThan(30);
  expect(globals).toBeGreaterThan(5);
  expect(mended).toBeGreaterThan(0);
});
