import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nameText } from "../../src/btf/names.ts";
import type { ElfView } from "../../src/elf/model.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { C_TYPES } from "./c-types.ts";
import { emittedSections, oldSections, readElf, typeNames, writtenSections } from "./emitted.ts";
import { scrambled } from "./scramble.ts";

const CORPUS = new URL("../../corpus", import.meta.url).pathname;
const FOLDERS = ["shapes", "shapes-linked", "aya", "aya/more"];
/** One place of a line comes twice in a row in its `.BTF.ext`, which the line table does not say (`repeatedLines`). */
const REPEATED = "keyless";

/** CO-RE by field and by type, externs with and without section, a weak one, tags, static and noinline functions. */
const C_WITNESS = `
#define tag(x) __attribute__((btf_decl_tag(x)))
struct rq { int cpu; struct { u64 clock; } in; } __attribute__((preserve_access_index));
struct only { u32 size; u64 more; };
enum state { IDLE, BUSY = 7 };
extern int nr_cpus SEC(".kconfig");
extern void bpf_task_release(struct rq *p) SEC(".ksyms");
extern int untyped(int) SEC(".ksyms");
extern const void bpf_prog_active __attribute__((weak)) SEC(".ksyms");
extern int plain;
int (*pointer)(int) = untyped;
static int hidden;
int open;
static __attribute__((noinline)) int sub(struct rq *rq, int scale tag("scale")) {
  hidden += scale;
  return rq->in.clock * hidden;
}
SEC("tc") int first(struct rq *rq) {
  bpf_task_release(rq);
  return sub(rq, 3) + nr_cpus + __builtin_preserve_type_info(*(struct only *)0, 1) + plain;
}
SEC("xdp") int second(struct rq *rq) {
  open++;
  return sub(rq, rq->cpu) + __builtin_preserve_enum_value(*(typeof(enum state) *)BUSY, 1) + (long)&bpf_prog_active;
}
`;

/** Statics that GlobalOpt splits, some without their first part; enums whose base is a typedef, which LLVM takes for 32 unsigned bits. */
const C_LEFTOVERS = `
typedef long long s64;
enum by_typedef : u64 { ONE = 1 };
enum below_zero : s64 { DOWN = -1 };
enum plain : long { FAR = -5 };
struct state { u32 unused; u64 kept; u32 gone[4]; u64 other; u32 flag; enum by_typedef e; enum below_zero z; enum plain p; };
static struct state state;
static u32 numbers[4];
static struct { u64 a; u64 b; } pair;
static struct { u32 k; u64 g; u32 m; } filled = { 1, 2, 3 };
static u64 (*random)(void) = (void *)7;
SEC("socket") int prog(void *ctx) {
  static struct { u32 a; u64 b; } local;
  local.b += random();
  state.kept += random();
  state.other += random() * local.b;
  if (random() == 3) state.flag = 1;
  numbers[1] += random();
  numbers[3] += random();
  pair.a += random();
  pair.b += random();
  filled.g += random();
  filled.m += random();
  return state.kept + state.other * state.flag + numbers[1] * numbers[3] + pair.a + pair.b * filled.g + filled.m;
}
`;

/** Definitions, tentative ones, statics, string literals and externs, of which each has another place in the order of the module. */
const C_ORDER = `
extern int kconf SEC(".ksyms");
static int st_before = 3;
int tentative1;
const int ro_cfg = 5;
volatile const u32 ro_vol = 0;
static u64 stat_bss;
int init_data = 7;
struct { int (*type)[1]; u32 *key; u64 *value; int (*max_entries)[8]; } m1 SEC(".maps");
struct { int (*type)[2]; u32 *key; u64 *value; int (*max_entries)[8]; } m2 SEC(".maps");
static int (*bpf_printk)(const char *, u32, ...) = (void *)6;
extern int late_ext SEC(".ksyms");
static __attribute__((noinline)) int helper(int x) { static int calls; calls += x; bpf_printk("helper %d", 10, calls); return calls + st_before++; }
SEC("xdp") int prog1(void *ctx) { u32 k = init_data; u64 *v = lookup(&m2, &k); if (v) *v += stat_bss++; return helper(kconf) + late_ext + ro_vol; }
int after = 9;
u64 arr[4];
SEC("tc") int prog2(void *ctx) { u32 k = 0; lookup(&m1, &k); bpf_printk("hello %d", 9, tentative1++); return ro_cfg + (int)arr[k] + after++; }
static int last SEC(".data.custom") = 5;
SEC("tc") int prog3(void *ctx) { return last++ + helper(2); }
`;

// The expectation is LLVM's own `.BTF`, byte for byte.
describe("an object's sections are made again from its DWARF", () => {
  for (const from of ["dwarf", "both"] as const) {
    test(`for every committed Rust object (from ${from})`, () => {
      let compared = 0;
      for (const folder of FOLDERS.map((name) => join(CORPUS, name))) {
        for (const file of readdirSync(folder).filter((name) => name.endsWith(".o"))) {
          const elf = readElf(join(folder, file));
          const emitted = emittedSections(elf, { from, old: oldSections(elf) });
          const written = writtenSections(elf);
          if (from === "dwarf" && file.startsWith(REPEATED)) expect(emitted.btf, file).toBe(written.btf);
          else expect(emitted, file).toEqual(written);
          compared++;
        }
      }
      expect(compared).toBeGreaterThanOrEqual(124);
    });
  }

  judgeTest(clang())("for all type forms of C", () => {
    const elf = readElf(compileC(C_TYPES));
    expect(emittedSections(elf, { from: "both", old: oldSections(elf) })).toEqual(writtenSections(elf));
  });

  judgeTest(clang())("for C from DWARF alone, in the order in which clang makes variables", () => {
    for (const source of [C_TYPES, C_ORDER, C_LEFTOVERS]) {
      const elf = readElf(compileC(source));
      expect(emittedSections(elf, { from: "dwarf", old: oldSections(elf) }).btf).toEqual(writtenSections(elf).btf);
      expect(emittedSections(elf, { from: "both", old: oldSections(elf) })).toEqual(writtenSections(elf));
    }
  });

  judgeTest(clang())("for statics that are split, one VAR a part", () => {
    const { btf } = oldSections(readElf(compileC(C_LEFTOVERS)));
    const names = btf.types.flatMap((type) => (type.kind === "var" ? [nameText(btf, type.nameOff)] : []));
    for (const name of ["prog.local.0", "state.0", "state.2", "numbers.1", "pair.0", "filled.1"]) {
      expect(names).toContain(name);
    }
  });

  judgeTest(clang())("for CO-RE and externs", () => {
    const elf = readElf(compileC(C_WITNESS));
    expect(emittedSections(elf, { from: "both", old: oldSections(elf) })).toEqual(writtenSections(elf));
  });
});

/** Nothing changes when all is noise that is no fact. */
function expectNoise(elf: ElfView, numRuns: number): void {
  const old = oldSections(elf);
  const names = typeNames(elf);
  const expected = emittedSections(elf, { from: "both", old });
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat()), (noise) => {
      expect(emittedSections(elf, { from: "both", old: scrambled(old, names, noise) })).toEqual(expected);
    }),
    { numRuns },
  );
}

describe("the second witness is asked for its facts and nothing else", () => {
  judgeTest(clang())("its ids may be permuted and the rest of it be noise", () => {
    for (const source of [C_TYPES, C_WITNESS]) expectNoise(readElf(compileC(source)), 20);
  });

  test("in our own C programs too", () => {
    const folder = join(CORPUS, "c");
    const files = readdirSync(folder).filter((file) => file.endsWith(".bpfeb.o"));
    for (const file of files) expectNoise(readElf(join(folder, file)), 2);
    expect(files.length).toBeGreaterThanOrEqual(132);
  }, 60_000);

  test("from DWARF alone only the quoted source lines are read", () => {
    const elf = readElf(join(CORPUS, "shapes", "s10_enum_values.bpfel.o"));
    const old = oldSections(elf);
    const emptied = { ...old, btf: { ...old.btf, types: [] } };
    expect(emittedSections(elf, { from: "dwarf", old: emptied })).toEqual(emittedSections(elf, { from: "dwarf", old }));
  });
});

test("source lines may come from outside", () => {
  const elf = readElf(join(CORPUS, "shapes", "s10_enum_values.bpfel.o"));
  const asked: string[] = [];
  const sourceText = (file: string, line: number): string => {
    asked.push(`${file}:${line}`);
    return "a line";
  };
  const { btf } = emittedSections(elf, { from: "dwarf", sourceText });
  expect(asked.length).toBeGreaterThan(0);
  expect(Buffer.from(btf ?? "", "hex").includes("\0a line\0")).toBe(true);
});
