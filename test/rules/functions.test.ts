import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseBtfExt } from "../../src/btf/ext.ts";
import { typeById } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { checkObject } from "../../src/check.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { relocationsOf } from "../../src/elf/relocations.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { functionSites } from "../../src/rules/func/sites.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { buildObject, CALL, EXIT, type Insn, makeExt, move, R_BPF_64_32 } from "../object.ts";

/** A function whose code is made from what it should take, so that the test knows the answer. */
interface Sample {
  readonly name: string;
  readonly insns: readonly Insn[];
  readonly calls?: readonly { readonly at: number; readonly to: string }[];
}

/** rX = rY, r0 += rN, *(u8 *)(rX + 0), helper. */
const copy = (to: number, from: number): Insn => [0xbf, to | (from << 4), 0, 0];
const add = (to: number, from: number): Insn => [0x0f, to | (from << 4), 0, 0];
const load = (to: number, from: number): Insn => [0x71, to | (from << 4), 0, 0];
const helper = (number: number): Insn => [0x85, 0, 0, number];
/** if r0 != 0 goto +n. */
const skip = (register: number, count: number): Insn => [0x55, register, count, 0];

/** What an object shows beside the code of its functions. */
interface Shape {
  readonly littleEndian?: boolean;
  /** Functions whose result the program uses. */
  readonly wanted?: ReadonlySet<string>;
  /** Functions that have a FUNC, whose type id is chance, as line tables alone leave it; the program's own may be such. */
  readonly lost?: "functions" | "all";
}

/** Type ids that LLVM was seen to leave. */
const CHANCE = 32767;

/** A program that calls each function, then uses its result or not; the program is described, and the functions are not. */
function object(samples: readonly Sample[], { littleEndian = true, wanted = new Set(), lost }: Shape = {}): Uint8Array {
  const graph = new Graph(littleEndian);
  const u32 = graph.int("u32", 4);
  const main = graph.func("main", lost === "all" ? CHANCE : graph.proto(u32, [["ctx", graph.ptr(0)]]));
  const insns: Insn[] = [copy(6, 1), copy(9, 1), move(7, 0)];
  const relocations: { offset: number; type: number; symbol: string }[] = [];
  for (const { name } of samples) {
    for (let register = 1; register <= 5; register++) insns.push(move(register, register));
    relocations.push({ offset: insns.length * 8, type: R_BPF_64_32, symbol: name });
    insns.push(CALL);
    if (wanted.has(name)) insns.push(add(7, 0));
  }
  insns.push(move(0, 0), EXIT);
  const text: Insn[] = [];
  const starts = new Map<string, number>();
  const inner: { offset: number; type: number; symbol: string }[] = [];
  for (const sample of samples) {
    const start = text.length;
    starts.set(sample.name, start * 8);
    text.push(...sample.insns);
    for (const { at, to } of sample.calls ?? []) {
      inner.push({ offset: (start + at) * 8, type: R_BPF_64_32, symbol: to });
    }
  }
  const records = (lost === undefined ? [] : samples).map(({ name }) => ({
    insnOff: starts.get(name) ?? 0,
    typeId: graph.func(name, CHANCE),
  }));
  const ext = makeExt(littleEndian, {
    funcInfo: [
      [graph.string("socket"), [{ insnOff: 0, typeId: main }]],
      ...(lost === undefined ? [] : [[graph.string(".text"), records] as const]),
    ],
  });
  return buildObject({
    littleEndian,
    sections: [
      { name: "socket", insns, relocations },
      { name: ".text", insns: text, relocations: inner },
      { name: "license", bytes: new TextEncoder().encode("GPL\0") },
    ],
    symbols: [
      { name: "main", section: "socket", size: insns.length * 8 },
      ...samples.map(({ name, insns }) => ({
        name,
        section: ".text",
        value: starts.get(name) ?? 0,
        size: insns.length * 8,
      })),
      { name: "LICENSE", section: "license", size: 4 },
    ],
    btf: graph.finish(),
    ext,
  });
}

/** Arity, result and linkage of each described function of `.text` by its symbol, which is its name too. */
function prototypes(bytes: Uint8Array): Record<string, string> {
  const elf = parseElf(bytes);
  const btf = parseBtf(sectionNamed(elf, ".BTF")?.bytes ?? new Uint8Array());
  const ext = parseBtfExt(sectionNamed(elf, ".BTF.ext")?.bytes ?? new Uint8Array());
  const sites = [...functionSites({ elf, btf, ext })].filter(({ isSubprogram }) => isSubprogram);
  expect(sites.map(({ offset }) => offset)).toEqual(sites.map(({ offset }) => offset).toSorted((a, b) => a - b));
  return Object.fromEntries(
    sites.map(({ name, symbol, proto, func }) => {
      expect([name, func.linkage]).toEqual([symbol?.name, 0]);
      const names = proto?.params.map(({ nameOff }) => nameText(btf, nameOff)) ?? [];
      expect(names).toEqual(names.map((_, index) => `arg${index}`));
      const result = typeById(btf, proto?.returnType ?? 0);
      return [name, `${names.length} ${result === undefined ? "void" : result.kind}`];
    }),
  );
}

const SAMPLES: readonly (Sample & { readonly expected: string; readonly wanted?: true })[] = [
  { name: "nothing", insns: [move(0, 0), EXIT], expected: "0 void" },
  { name: "one", insns: [copy(0, 1), EXIT], expected: "1 int", wanted: true },
  { name: "third", insns: [copy(0, 3), EXIT], expected: "3 int", wanted: true },
  { name: "written_first", insns: [move(2, 7), copy(0, 2), add(0, 1), EXIT], expected: "1 void" },
  { name: "on_one_path", insns: [move(0, 0), skip(1, 1), add(0, 4), EXIT], expected: "4 void" },
  { name: "to_helper", insns: [helper(5), EXIT], expected: "0 void" },
  { name: "after_helper", insns: [copy(6, 1), helper(7), add(0, 6), EXIT], expected: "1 void" },
  { name: "passed_on", insns: [CALL, EXIT], calls: [{ at: 0, to: "third" }], expected: "3 void" },
  {
    name: "half_passed_on",
    insns: [move(2, 0), move(3, 0), CALL, EXIT],
    calls: [{ at: 2, to: "third" }],
    expected: "0 void",
  },
  {
    name: "result_of_another",
    insns: [CALL, EXIT],
    calls: [{ at: 0, to: "result_is_passed_up" }],
    expected: "1 int",
    wanted: true,
  },
  { name: "result_is_passed_up", insns: [copy(0, 1), EXIT], expected: "1 int" },
];

describe.each([
  ["little-endian", true],
  ["big-endian", false],
] as const)("%s", (_, littleEndian) => {
  test("functions without debug info are described by what their code shows", async () => {
    const wanted = new Set(SAMPLES.filter((sample) => sample.wanted).map(({ name }) => name));
    const raw = object(SAMPLES, { littleEndian, wanted });
    const found = (await checkObject(raw)).diagnostics.filter(({ rule }) => rule === "func/without-debug-info");
    expect(found.map(({ severity, message }) => `${severity}: ${message}`)).toEqual(
      SAMPLES.map(({ name }) => `error: function ${name} has no debug info, though others have`),
    );
    const { bytes, summary } = await fixObject(raw);
    expect(summary).toContain(`${SAMPLES.length} functions described by what the code shows`);
    expect(prototypes(bytes)).toEqual(Object.fromEntries(SAMPLES.map(({ name, expected }) => [name, expected])));
    expect((await checkObject(bytes)).diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect((await fixObject(bytes)).bytes).toEqual(bytes);
  });

  test.each([
    ["a jump out of it", [move(0, 0), [0x05, 0, 100, 0] satisfies Insn, EXIT]],
    ["a call by register", [[0x8d, 2, 0, 0] satisfies Insn, EXIT]],
    ["a helper that no kernel has", [helper(4711), EXIT]],
    ["values that printk may take", [move(1, 0), move(2, 0), helper(6), EXIT]],
  ] as const)("with %s a function is left, and what to do is said", async (_about, insns) => {
    const raw = object([{ name: "_ZN3dep4away17h0123456789abcdefE", insns }], { littleEndian });
    const { bytes, diagnostics } = await fixObject(raw);
    const found = diagnostics.find(({ rule }) => rule === "func/without-debug-info");
    expect(found).toMatchObject({
      severity: "error",
      message: "function dep::away has no debug info, though others have",
      help: "its code does not tell what it takes: build crate dep with debug = 2",
    });
    expect(found?.fixed).toBeUndefined();
    expect(prototypes(bytes)).toEqual({});
  });
});

describe("FUNCs whose type id is chance", () => {
  test("get the prototype that code shows where a program is typed", async () => {
    const wanted = new Set(SAMPLES.filter((sample) => sample.wanted).map(({ name }) => name));
    const raw = object(SAMPLES, { wanted, lost: "functions" });
    const found = (await checkObject(raw)).diagnostics.filter(({ rule }) => rule === "func/prototype-lost");
    expect(found.map(({ message }) => message)).toEqual(
      SAMPLES.map(({ name }, index) => `FUNC ${name} [${index + 5}] has no prototype`),
    );
    const { bytes } = await fixObject(raw);
    expect(prototypes(bytes)).toEqual(Object.fromEntries(SAMPLES.map(({ name, expected }) => [name, expected])));
    expect((await fixObject(bytes)).bytes).toEqual(bytes);
  });

  test("are one error where not even the program is typed", async () => {
    const raw = object(SAMPLES, { lost: "all" });
    const { bytes, diagnostics } = await fixObject(raw);
    const names = ["main [2]", ...SAMPLES.slice(0, 7).map(({ name }, index) => `${name} [${index + 3}]`)];
    expect(diagnostics.filter(({ severity }) => severity === "error")).toMatchObject([
      {
        rule: "func/without-prototype",
        message: `${names.map((name) => `FUNC ${name}`).join(", ")} and ${SAMPLES.length - 7} others have no prototype`,
        help: 'build with `debug = 2` ("line-tables-only" leaves no types)',
      },
    ]);
    expect(bytes).toEqual(raw);
    // The kernel would refuse each for itself.
    const asked = (await checkObject(raw)).diagnostics.filter(({ severity }) => severity === "error");
    expect(asked.map(({ rule }) => rule)).toEqual(["func/without-prototype"]);
  });

  judgeTest(libbpf17())("make libbpf drop the BTF, and come to be taken", async () => {
    const raw = object(SAMPLES, { lost: "functions" });
    expect(answer(runLibbpf("libbpf17", raw))).toMatchObject({ load: { ok: true }, btfFd: -1 });
    const after = answer(runLibbpf("libbpf17", (await fixObject(raw)).bytes));
    expect([after.load?.ok, (after.btfFd ?? -1) >= 0]).toEqual([true, true]);
  });
});

test("a function that no program reaches is described, and no error", async () => {
  const raw = object([{ name: "used", insns: [copy(0, 1), EXIT] }]);
  const [before] = (await checkObject(raw)).diagnostics.filter(({ rule }) => rule === "func/without-debug-info");
  expect(before?.severity).toBe("error");
  const alone = buildObject({
    sections: [{ name: ".text", insns: [move(0, 0), EXIT, copy(0, 2), EXIT] }],
    symbols: [
      { name: "known", section: ".text", size: 16 },
      { name: "unused", section: ".text", value: 16, size: 16 },
    ],
    ...(() => {
      const graph = new Graph();
      const known = graph.func("known", graph.proto(graph.int("u32", 4), []), 0);
      const ext = makeExt(true, { funcInfo: [[graph.string(".text"), [{ insnOff: 0, typeId: known }]]] });
      return { btf: graph.finish(), ext };
    })(),
  });
  const { bytes, diagnostics } = await fixObject(alone);
  expect(diagnostics.find(({ rule }) => rule === "func/without-debug-info")?.severity).toBe("note");
  expect(prototypes(bytes)).toEqual({ known: "0 int", unused: "2 int" });
});

judgeTest(libbpf17())("a name that is too long, or no identifier, is escaped like every other", async () => {
  for (const name of ["größe", `_ZN${"3abc".repeat(60)}E`, "mix.llvm.4711"]) {
    const raw = object([{ name, insns: [copy(0, 1), EXIT] }]);
    const { bytes } = await fixObject(raw);
    const elf = parseElf(bytes);
    const btf = parseBtf(sectionNamed(elf, ".BTF")?.bytes ?? new Uint8Array());
    const ext = parseBtfExt(sectionNamed(elf, ".BTF.ext")?.bytes ?? new Uint8Array());
    const site = functionSites({ elf, btf, ext }).find(({ isSubprogram }) => isSubprogram);
    expect(site?.name).toMatch(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/);
    expect(site?.symbol?.name).toBe(name);
    const after = answer(runLibbpf("libbpf17", bytes));
    expect([name, after.load?.ok, (after.btfFd ?? -1) >= 0]).toEqual([name, true, true]);
    expect((await fixObject(bytes)).bytes).toEqual(bytes);
  }
});

/** Functions of random registers, calling only those behind them, with the arity that this makes. */
const program = fc
  .array(
    fc.record({
      reads: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
      clobbers: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 2 }),
      calls: fc.option(fc.nat({ max: 6 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((drafts) => {
    const live: number[][] = [];
    const samples: (Sample & { readonly arity: number })[] = [];
    // From the last to the first: each calls one that is known already.
    for (let i = drafts.length - 1; i >= 0; i--) {
      const draft = drafts[i];
      if (draft === undefined) continue;
      const { reads, clobbers, calls } = draft;
      const target = calls === undefined ? undefined : i + 1 + calls;
      const isCall = target !== undefined && target < drafts.length;
      const registers = new Set(reads);
      if (isCall) for (const register of live[target] ?? []) if (!clobbers.includes(register)) registers.add(register);
      live[i] = [...registers];
      const insns: Insn[] = [move(0, 0), ...reads.map((register) => add(0, register))];
      insns.push(...clobbers.map((register) => move(register, 1)));
      if (isCall) insns.push(CALL);
      insns.push(EXIT);
      const at = insns.length - 2;
      samples.unshift({
        name: `f${i}`,
        insns,
        ...(isCall ? { calls: [{ at, to: `f${target}` }] } : {}),
        arity: Math.max(0, ...registers),
      });
    }
    return samples;
  });

test("the arity is that of the registers that code and callees find set", async () => {
  await fc.assert(
    fc.asyncProperty(program, fc.boolean(), async (samples, littleEndian) => {
      const { bytes } = await fixObject(object(samples, { littleEndian }));
      const arities = Object.entries(prototypes(bytes)).map(([name, text]) => [name, Number(text.split(" ")[0])]);
      expect(Object.fromEntries(arities)).toEqual(Object.fromEntries(samples.map(({ name, arity }) => [name, arity])));
    }),
    { numRuns: 150 },
  );
});

judgeTest(libbpf17())(
  "what the verifier takes without debug info it takes with the prototypes that are made up",
  async () => {
    await fc.assert(
      fc.asyncProperty(program, async (samples) => {
        const raw = object(samples);
        const before = answer(runLibbpf("libbpf17", raw));
        expect(before.log.map(({ text }) => text).join("\n")).toContain("missing .BTF.ext function info");
        const after = answer(runLibbpf("libbpf17", (await fixObject(raw)).bytes));
        expect(after.programs.map(({ loaded, verifierLog }) => ({ loaded, verifierLog }))).toMatchObject([
          { loaded: true },
        ]);
        expect(after.btfFd).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 40 },
    );
  },
);

test("records that are added have relocations of their own", async () => {
  const { bytes } = await fixObject(object([{ name: "one", insns: [copy(0, 1), load(2, 10), EXIT] }]));
  const elf = parseElf(bytes);
  // This object has no `.rel.BTF.ext`, as bpftool's linker leaves it: none is made.
  const section = sectionNamed(elf, ".BTF.ext");
  expect(section === undefined ? [] : relocationsOf(elf, section.index)).toEqual([]);
});
