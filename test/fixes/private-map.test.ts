import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { readMaps } from "../../src/maps.ts";
import { toolchain } from "../../tools/judges/toolchain.ts";
import { dataReferences, readObjectFile } from "../e2e/object-file.ts";
import { Graph } from "../graph.ts";
import { type AyaName, aya03, aya06, runAya } from "../judges/aya.ts";
import { bpftool, bpftoolLink } from "../judges/bpftool.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer, inScratch } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { define, type Field, u32 } from "../maps/define.ts";
import { buildObject, EXIT, type Insn, move, type ObjectSymbol } from "../object.ts";
import { DEFINITION, GLUE, loadMended } from "./mended.ts";

/** Private, public, immutable and mutable: two sections `.maps`, and code that names maps by section and offset. */
const MIXED = `
#[link_section = ".maps"] static ONE: Def<u32, u64, 1> = Def::new();
#[link_section = ".maps"] static TWO: Def<u32, u32, 2> = Def::new();
#[no_mangle] #[link_section = ".maps"] pub static PUBLIC: Def<u64, u8, 1> = Def::new();
#[link_section = ".maps"] static mut THREE: Def<u16, u64, 1> = Def::new();
#[link_section = ".maps"] static mut FOUR: Def<u32, u16, 2> = Def::new();
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 {
    let mutable = unsafe { lookup(&*(&raw const FOUR), &0u32) + lookup(&*(&raw const THREE), &0u16) };
    lookup(&TWO, &1u32) + lookup(&ONE, &1u32) * 2 + lookup(&PUBLIC, &5u64) + mutable
}
`;

const AYA: readonly (readonly [AyaName, typeof aya03])[] = [
  ["aya03", aya03],
  ["aya06", aya06],
];

/** The last part of a mangled name that is a map's. */
function shortName(map: string | null): string | undefined {
  return /(ONE|TWO|THREE|FOUR|PUBLIC)/.exec(map ?? "")?.[0];
}

function objcopy(object: Uint8Array, ...flags: readonly string[]): Uint8Array {
  return inScratch((folder) => {
    const [input, output] = [join(folder, "in.o"), join(folder, "out.o")];
    writeFileSync(input, object);
    execFileSync(toolchain().llvmObjcopy ?? "llvm-objcopy-22", [...flags, input, output]);
    return new Uint8Array(readFileSync(output));
  });
}

describe("private maps of Rust in two sections", () => {
  const MEANT = ["TWO", "ONE", "PUBLIC"];

  judgeTest(
    rustc(),
    libbpf17(),
    libbpf11(),
  )("load in libbpf, each reference with its map", async () => {
    const raw = compileRust(DEFINITION + MIXED + GLUE);
    expect(answer(runLibbpf("libbpf17", raw)).open).toEqual({ ok: false, errno: 95 });
    const { bytes } = await fixObject(raw);
    for (const report of [await loadMended(raw), answer(runLibbpf("libbpf11", bytes))]) {
      const bound = report.programs.flatMap(({ wideLoads }) => wideLoads.flatMap(({ map }) => shortName(map) ?? []));
      expect(bound.slice(0, 3)).not.toContain(undefined);
      expect([...bound].sort()).toEqual([...MEANT, "FOUR", "THREE"].sort());
      expect(bound.filter((map) => MEANT.includes(map))).toEqual(MEANT);
      expect(report.maps.filter(({ name }) => shortName(name) !== undefined)).toHaveLength(5);
    }
  });

  for (const [library, judge] of AYA) {
    judgeTest(rustc(), judge())(`keep in ${library} the names that it knew them by`, async () => {
      const alone = MIXED.replace(/.*static mut .*\n/g, "").replace(/let mutable = .*;/, "let mutable = 0;");
      const raw = compileRust(DEFINITION + alone + GLUE);
      const { bytes } = await fixObject(raw);
      const [before, after] = [answer(runAya(library, raw)), answer(runAya(library, bytes))];
      expect(after.maps.map(({ name }) => name)).toEqual(before.maps.map(({ name }) => name));
      // Raw, aya takes one and the same map for all that are named by the section.
      const bound = after.programs.flatMap(({ references }) => references.flatMap(({ map }) => shortName(map) ?? []));
      expect(bound).toEqual(MEANT);
    });
  }

  judgeTest(rustc(), bpftool())("link", async () => {
    const { bytes } = await fixObject(compileRust(DEFINITION + MIXED + GLUE));
    expect(answer(bpftoolLink([bytes]))).toMatchObject({ ok: true, stderr: "" });
  });

  judgeTest(rustc(), cilium())("make cilium/ebpf take the offset for a descriptor, which is told", async () => {
    const { bytes, diagnostics } = await fixObject(compileRust(DEFINITION + MIXED + GLUE));
    expect(diagnostics).toContainEqual(expect.objectContaining({ rule: "elf/map-immediate", severity: "warning" }));
    const { open, load, maps } = answer(runCilium(bytes));
    expect(open.ok).toBe(true);
    expect(maps.every(({ created }) => created?.ok === true)).toBe(true);
    expect(load?.error).toContain("unsatisfied map reference");
  });

  judgeTest(rustc())("are found by debug info where they lie now", async () => {
    const raw = compileRust(DEFINITION + MIXED + GLUE);
    const compressed = objcopy(raw, "--compress-debug-sections=zlib");
    expect(compressed.length).toBeLessThan(raw.length);
    for (const object of [raw, compressed]) {
      const { bytes } = await fixObject(object);
      expect(await readMaps(bytes, { from: "dwarf" })).toEqual(await readMaps(raw, { from: "dwarf" }));
      expect((await readMaps(bytes, { from: "dwarf" })).length).toBe(5);
      const pointed = dataReferences(readObjectFile(bytes)).filter(({ from }) => from === ".debug_info");
      const toMaps = pointed.filter(({ section }) => section === ".maps");
      expect(toMaps.map(({ symbol, distance }) => [shortName(symbol ?? null), distance]).sort()).toEqual(
        ["FOUR", "ONE", "PUBLIC", "THREE", "TWO"].map((name) => [name, 0]),
      );
    }
  });

  judgeTest(rustc())("open in the other byte order as in this", async () => {
    const listed = async (target: "bpfel" | "bpfeb"): Promise<unknown> => {
      const { bytes, plan } = await fixObject(compileRust(DEFINITION + MIXED + GLUE, target));
      const { diagnostics } = await checkObject(bytes);
      return [plan.map(({ rule }) => rule), diagnostics.map(({ rule, severity }) => [rule, severity])];
    };
    expect(await listed("bpfeb")).toEqual(await listed("bpfel"));
  });
});

/** Its mangled name has `$`, which no kernel takes. */
const IN_CLOSURE = `
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 {
    let count = |k: u32| {
        #[link_section = ".maps"] static INNER: Def<u32, u64, 1> = Def::new();
        #[link_section = ".maps"] static OTHER: Def<u32, u32, 1> = Def::new();
        lookup(&OTHER, &k) + lookup(&INNER, &k)
    };
    count(1)
}
`;

judgeTest(
  rustc(),
  libbpf17(),
  aya06(),
)("maps in a closure are named as BTF allows", async () => {
  const raw = compileRust(DEFINITION + IN_CLOSURE + GLUE);
  expect(answer(runAya("aya06", raw)).maps.map(({ name }) => name)).toContainEqual(expect.stringContaining("$u7b$"));
  const { bytes } = await fixObject(raw);
  const report = answer(runLibbpf("libbpf17", bytes));
  expect([report.load?.ok, (report.btfFd ?? -1) >= 0]).toEqual([true, true]);
  const inLibbpf = report.programs.flatMap(({ wideLoads }) => wideLoads.map(({ map }) => map));
  const inAya = answer(runAya("aya06", bytes)).programs.flatMap(({ references }) => references.map(({ map }) => map));
  expect(inAya).toEqual(inLibbpf);
  expect(inAya.flatMap((map) => /OTHER|INNER/.exec(map ?? "")?.[0] ?? [])).toEqual(["OTHER", "INNER"]);
  expect(inAya.every((map) => /^[.\w]+$/.test(map ?? ""))).toBe(true);
  expect((await fixObject(bytes)).bytes).toEqual(bytes);
});

const STATIC = `
static struct { __uint(type, 1); __type(key, int); __type(value, long); __uint(max_entries, 4); } kept SEC(".maps");
__attribute__((visibility("hidden")))
struct { __uint(type, 2); __type(key, int); __type(value, int); __uint(max_entries, 4); } hidden SEC(".maps");
SEC("socket") int prog(void *ctx) {
  static struct { __uint(type, 1); __type(key, long); __type(value, int); __uint(max_entries, 4); } inner SEC(".maps");
  int k = 1; long l = 2;
  return !!lookup(&kept, &k) + 2 * !!lookup(&hidden, &k) + 4 * !!lookup(&inner, &l);
}
`;

judgeTest(
  clang(),
  libbpf17(),
  libbpf11(),
)("static and hidden maps of C load under their names", async () => {
  const raw = compileC(STATIC);
  const { bytes, summary } = await fixObject(raw);
  expect(summary).toContain("3 private maps made public");
  for (const library of ["libbpf17", "libbpf11"] as const) {
    expect(answer(runLibbpf(library, raw)).open).toEqual({ ok: false, errno: 95 });
    const { load, programs } = answer(runLibbpf(library, bytes));
    expect(load?.ok).toBe(true);
    expect(programs.flatMap(({ wideLoads }) => wideLoads.map(({ map }) => map))).toEqual([
      "kept",
      "hidden",
      "prog.inner",
    ]);
  }
});

/** `retain` gives each map a section of its own, with a flag that the first has not. */
const RETAINED = `
typedef struct { __uint(type, 1); __type(key, int); __type(value, long); __uint(max_entries, 4); } def;
def one SEC(".maps");
__attribute__((retain)) def two SEC(".maps");
__attribute__((retain)) static def three SEC(".maps");
SEC("socket") int prog(void *ctx) {
  int k = 1;
  return !!lookup(&one, &k) + 2 * !!lookup(&two, &k) + 4 * !!lookup(&three, &k);
}
`;

judgeTest(
  clang(),
  libbpf17(),
  libbpf11(),
  cilium(),
  aya06(),
  bpftool(),
)("maps of clang in three sections load everywhere", async () => {
  const raw = compileC(RETAINED);
  const sections = (object: Uint8Array): number =>
    readObjectFile(object).sections.filter(({ name }) => name === ".maps").length;
  expect([sections(raw), answer(runLibbpf("libbpf17", raw)).open.ok, answer(runCilium(raw)).open.ok]).toEqual([
    3,
    false,
    false,
  ]);
  const { bytes, summary } = await fixObject(raw);
  expect(summary).toContain("2 sections .maps joined to the first");
  expect(sections(bytes)).toBe(1);
  const meant = ["one", "two", "three"];
  for (const library of ["libbpf17", "libbpf11"] as const) {
    const { load, programs } = answer(runLibbpf(library, bytes));
    expect(load?.ok).toBe(true);
    expect(programs.flatMap(({ wideLoads }) => wideLoads.map(({ map }) => map))).toEqual(meant);
  }
  const { programs } = answer(runAya("aya06", bytes));
  expect(programs.flatMap(({ references }) => references.map(({ map }) => map))).toEqual(meant);
  expect(answer(runCilium(bytes)).load?.error).toBeNull();
  expect(answer(bpftoolLink([bytes]))).toMatchObject({ ok: true, stderr: "" });
});

const HASH: readonly Field[] = [
  ["type", 1],
  ["key", u32],
  ["value", u32],
  ["max_entries", 8],
];
const SECTION_SYMBOL = { name: "section", section: ".maps", type: 3, binding: 0 } as const;
const R_BPF_64_64 = 1;

/** An object of one private map, whose code loads its section plus an offset. */
function referring(offset: number, more: readonly ObjectSymbol[] = [], name = "MAP"): Uint8Array {
  const graph = new Graph();
  graph.datasec(".maps", 0, [[graph.variable(name, define(graph, HASH), 0), 0, 32]]);
  const insns: readonly Insn[] = [[0x18, 1, 0, offset], [0, 0, 0, 0], move(0, 0), EXIT];
  return buildObject({
    sections: [
      { name: ".maps", bytes: new Uint8Array(32) },
      { name: "socket", insns, relocations: [{ offset: 0, type: R_BPF_64_64, symbol: "section" }] },
      { name: "license", bytes: new TextEncoder().encode("GPL\0") },
    ],
    symbols: [
      SECTION_SYMBOL,
      { name, section: ".maps", size: 32, binding: 0 },
      { name: "prog", section: "socket", size: 32 },
      { name: "LICENSE", section: "license", size: 4 },
      ...more,
    ],
    btf: graph.finish(),
  });
}

describe("what cannot be told", () => {
  test("a reference into a map, not at its start, is refused", async () => {
    await expect(fixObject(referring(8))).rejects.toMatchObject({
      code: "REFUSED",
      message: "a reference to .maps at socket+0 hits no map's start",
      span: { section: "socket", offset: 0 },
    });
    expect((await fixObject(referring(0))).summary).toContain("1 private map made public");
  });

  test("a private map of the name that something public has is refused", async () => {
    await expect(fixObject(referring(0, [], "prog"))).rejects.toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("map prog is private, and cannot be made public: socket has another symbol"),
    });
  });

  test("so is one of the name of an extern", async () => {
    const rejected = expect(fixObject(referring(0, [{ name: "MAP", type: 0 }]))).rejects;
    await rejected.toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("no section has another symbol"),
    });
  });
});
