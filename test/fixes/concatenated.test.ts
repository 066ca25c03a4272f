import { describe, expect } from "vitest";
import { concatenatedParts } from "../../src/btf/merge.ts";
import { checkObject } from "../../src/check.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { gnuLd, linkObjects } from "../btf/linked.ts";
import { aya06, runAya } from "../judges/aya.ts";
import { bpftool, bpftoolLink } from "../judges/bpftool.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { type LibbpfReport, libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { DEFINITION, GLUE } from "./mended.ts";

/** Real output of GNU ld, held against what bpftool's linker makes of the same inputs. */

const FIRST = `
struct entry { int a; long b; };
struct { __uint(type, 1); __type(key, int); __type(value, struct entry); __uint(max_entries, 16); } first SEC(".maps");
int counter = 3;
extern int helper(int x);
static __attribute__((noinline)) int add(int x) { return x + counter; }
SEC("socket") int one(void *ctx) { int k = 1; struct entry *v = lookup(&first, &k); return v ? add(v->a) : helper(2); }
`;

/** Its maps and functions are public, so that code names each by its symbol. */
const SECOND = `
struct item { short s; char name[6]; };
struct { __uint(type, 1); __type(key, int); __type(value, struct item); __uint(max_entries, 8); } second SEC(".maps");
struct { __uint(type, 2); __type(key, int); __type(value, long); __uint(max_entries, 4); } third SEC(".maps");
int total = 7;
__attribute__((noinline)) int scale(int x) { return x * total; }
__attribute__((noinline)) int helper(int x) { int k = 3; struct item *v = lookup(&second, &k); return v ? scale(v->s + x) : x; }
SEC("socket") int two(void *ctx) { int k = 0; long *v = lookup(&third, &k); return v ? scale(*v) : 1; }
`;

const THIRD = `
struct { __uint(type, 9); __type(key, long); __type(value, char); __uint(max_entries, 5); } fourth SEC(".maps");
SEC("socket") int three(void *ctx) { long k = 0; char *v = lookup(&fourth, &k); return v ? *v : 1; }
`;

const linking = [clang(), gnuLd(), bpftool()] as const;

/** What libbpf makes of an object, whatever ids and order it has. */
function behaviour({ open, load, btfFd, maps, programs }: LibbpfReport): unknown {
  const sorted = (lines: readonly string[]): readonly string[] => [...lines].sort();
  return {
    verdicts: [open.ok, load?.ok, (btfFd ?? -1) >= 0],
    maps: sorted(
      maps.map(({ name, type, keySize, valueSize, maxEntries, kernel }) =>
        [name, type, keySize, valueSize, maxEntries, kernel !== null && kernel.btfValueTypeId !== 0].join(" "),
      ),
    ),
    programs: sorted(
      programs.map(({ name, insnCount, processed, wideLoads }) =>
        [name, insnCount, processed, ...wideLoads.map(({ insn, map }) => `${insn}:${map}`)].join(" "),
      ),
    ),
  };
}

describe("what GNU ld puts one after the other", () => {
  const inputs = (target: "bpfel" | "bpfeb") => [
    compileC(FIRST, target),
    compileC(SECOND, target, null),
    compileC(THIRD, target, null),
  ];

  judgeTest(
    ...linking,
    libbpf17(),
    libbpf11(),
  )("behaves as what bpftool links", async () => {
    const raw = linkObjects("gnu", inputs("bpfel"));
    expect(answer(runLibbpf("libbpf17", raw)).open.ok).toBe(false);
    const { bytes, summary } = await fixObject(raw);
    expect(summary).toContain("blobs in .BTF merged");
    expect((await checkObject(bytes)).diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect((await fixObject(bytes)).bytes).toEqual(bytes);
    const theirs = linkObjects("bpftool", inputs("bpfel"));
    for (const library of ["libbpf17", "libbpf11"] as const) {
      const ours = answer(runLibbpf(library, bytes));
      expect(behaviour(ours)).toEqual(behaviour(answer(runLibbpf(library, theirs))));
      expect(ours.programs.map(({ loaded }) => loaded)).toEqual([true, true, true]);
    }
  });

  judgeTest(
    ...linking,
    cilium(),
    aya06(),
  )("loads in cilium/ebpf and aya, and links again", async () => {
    const { bytes } = await fixObject(linkObjects("gnu", inputs("bpfel")));
    const { open, load } = answer(runCilium(bytes));
    expect([open.error, load?.error]).toEqual([null, null]);
    expect(answer(runAya("aya06", bytes))).toMatchObject({ parse: { error: null }, relocate: { error: null } });
    expect(answer(bpftoolLink([bytes]))).toMatchObject({ ok: true, stderr: "" });
  });

  judgeTest(...linking, libbpf17())("opens in the other byte order too", async () => {
    const { bytes } = await fixObject(linkObjects("gnu", inputs("bpfeb")));
    const section = (name: string): Uint8Array | undefined => sectionNamed(parseElf(bytes), name)?.bytes;
    expect(concatenatedParts(section(".BTF") ?? new Uint8Array(), section(".BTF.ext"))).toHaveLength(1);
    const { open, maps } = answer(runLibbpf("libbpf17", bytes, { until: "open" }));
    expect(open.ok).toBe(true);
    expect(maps.map(({ name }) => name)).toEqual(expect.arrayContaining(["first", "second", "third", "fourth"]));
  });

  judgeTest(...linking)("is refused where the linker has left calls and pointers behind", async () => {
    const called = SECOND.replaceAll(" int scale", " static int scale");
    const kept = SECOND.replace("int total = 7", "static int total = 7; void *keep = &total");
    for (const [second, target] of [
      [called, ".text"],
      [kept, ".data"],
    ] as const) {
      const raw = linkObjects("gnu", [compileC(FIRST), compileC(second, "bpfel", null)]);
      await expect(fixObject(raw)).rejects.toMatchObject({ code: "REFUSED", message: expect.stringContaining(target) });
    }
  });
});

const ONE = `
#[link_section = ".maps"] static ONE: Def<u32, u64, 1> = Def::new();
#[no_mangle] #[link_section = ".maps"] pub static PUBLIC: Def<u64, u8, 1> = Def::new();
extern "C" { fn more(k: u32) -> u32; }
#[no_mangle] #[link_section = "socket"] pub extern "C" fn one(_: *mut u8) -> u32 {
    lookup(&ONE, &1u32) * 2 + lookup(&PUBLIC, &5u64) + unsafe { more(4) }
}
`;

const TWO = `
#[link_section = ".maps"] static TWO: Def<u32, u32, 2> = Def::new();
#[link_section = ".maps"] static THREE: Def<u32, (u16, u32), 2> = Def::new();
#[no_mangle] pub static mut SEEN: u32 = 4;
#[inline(never)] #[no_mangle] pub extern "C" fn more(k: u32) -> u32 { unsafe { SEEN += k }; lookup(&THREE, &k) }
#[no_mangle] #[link_section = "socket"] pub extern "C" fn two(_: *mut u8) -> u32 {
    let k = unsafe { SEEN };
    lookup(&TWO, &k) + more(7)
}
`;

const UNLICENSED = GLUE.split("\n")
  .filter((line) => !line.includes("LICENSE"))
  .join("\n");

judgeTest(
  rustc(),
  gnuLd(),
  libbpf17(),
  aya06(),
)("private maps of two crates are told apart", async () => {
  const raw = linkObjects("gnu", [compileRust(DEFINITION + ONE + GLUE), compileRust(DEFINITION + TWO + UNLICENSED)]);
  const { bytes } = await fixObject(raw);
  const meant = { one: ["ONE", "PUBLIC", "THREE"], two: ["TWO", "THREE"] };
  const bound = (references: readonly (string | null)[]): readonly string[] =>
    references.flatMap((map) => /[A-Z]{3,}/.exec(map ?? "")?.[0] ?? []);
  const report = answer(runLibbpf("libbpf17", bytes));
  expect([report.load?.ok, (report.btfFd ?? -1) >= 0]).toEqual([true, true]);
  const inLibbpf = report.programs.map(({ name, wideLoads }) => [name, bound(wideLoads.map(({ map }) => map))]);
  expect(Object.fromEntries(inLibbpf)).toEqual(meant);
  const inAya = answer(runAya("aya06", bytes)).programs.map(({ name, references }) => [
    name,
    bound(references.map(({ map }) => map)),
  ]);
  expect(Object.fromEntries(inAya)).toEqual(meant);
});
