import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { GPL_HELPERS, OPEN_IN_PERF_EVENT } from "../../src/rules/elf/gpl-helpers.ts";
import type { Diagnostic } from "../../src/rules/rule.ts";
import { Graph } from "../graph.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelProgLoad } from "../judges/kernel.ts";
import { libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { buildObject, CALL, code, EXIT, type Insn, R_BPF_64_32 } from "../object.ts";
import { SEEN_HELPERS } from "./elf/gpl-helpers.ts";

const HELPER = (id: number): Insn => [0x85, 0, 0, id];
const WORDS = "cannot call GPL-restricted function from non-GPL compatible program";

async function licenseFindings(object: Uint8Array): Promise<readonly Diagnostic[]> {
  return (await checkObject(object)).diagnostics.filter(({ rule }) => rule.startsWith("elf/license"));
}

/** `bpf_get_current_task` (35, GPL only) in a subprogram that one of two programs calls. */
const NESTED = `
static u64 (*current_task)(void) = (void *)35;
static u64 (*ktime)(void) = (void *)5;
static __attribute__((noinline)) u64 deep(u64 a) {
  volatile u64 x = a;
  return x + current_task();
}
static __attribute__((noinline)) u64 shallow(u64 a) { volatile u64 x = a; return x + ktime(); }
SEC("kprobe/a") int uses(void *ctx) { return deep(7); }
SEC("kprobe/b") int does_not(void *ctx) { return shallow(1); }
`;

describe("elf/license-missing", () => {
  judgeTest(
    clang(),
    libbpf17(),
    libbpf11(),
    cilium(),
  )("names program, helper, function and line; loaders agree", async () => {
    const object = compileC(NESTED, "bpfel", null);
    const found = await licenseFindings(object);
    expect(found).toMatchObject([
      {
        rule: "elf/license-missing",
        severity: "error",
        message:
          "program uses calls bpf_get_current_task (helper 35) in deep, which the kernel keeps for GPL-compatible programs; the object has no license section",
      },
    ]);
    // The prelude of the test's C has eight lines; the call stands in the seventh after it.
    expect(found[0]?.place?.file).toMatch(/object\.c$/);
    expect(found[0]?.place?.line).toBeGreaterThan(8);
    for (const name of ["libbpf17", "libbpf11"] as const) {
      const report = answer(runLibbpf(name, object));
      expect([report.open.ok, report.load]).toEqual([true, { ok: false, errno: 22 }]);
      expect(report.programs.map((program) => [program.name, program.verifierLog.includes(WORDS)])).toEqual([
        ["uses", true],
        ["does_not", false],
      ]);
    }
    const report = answer(runCilium(object));
    expect(report.programs.find((program) => program.name === "uses")?.loaded?.error).toContain(WORDS);
    expect(report.programs.find((program) => program.name === "does_not")?.loaded?.ok).toBe(true);
  });

  judgeTest(clang(), libbpf17())("with a license nothing is said, without need a note", async () => {
    const licensed = compileC(NESTED);
    expect(await licenseFindings(licensed)).toEqual([]);
    expect(answer(runLibbpf("libbpf17", licensed)).load?.ok).toBe(true);
    const needless = compileC(`SEC("xdp") int pass(void *ctx) { return 2; }`, "bpfel", null);
    expect(await licenseFindings(needless)).toMatchObject([
      { severity: "note", message: "the object has no license section, and uses nothing that needs one" },
    ]);
    expect(answer(runLibbpf("libbpf17", needless)).load?.ok).toBe(true);
  });

  judgeTest(clang(), libbpf17())("a callback counts as called", async () => {
    const object = compileC(
      `
static long (*loop)(u32 n, void *callback, void *context, u64 flags) = (void *)181;
static u64 (*current_task)(void) = (void *)35;
static int body(u32 i, void *context) { return current_task() == 0; }
SEC("kprobe/a") int looping(void *ctx) { return loop(3, body, 0, 0); }
`,
      "bpfel",
      null,
    );
    expect(await licenseFindings(object)).toMatchObject([
      { message: expect.stringContaining("program looping calls bpf_get_current_task (helper 35) in body,") },
    ]);
    expect(answer(runLibbpf("libbpf17", object)).programs[0]?.verifierLog).toContain(WORDS);
  });

  judgeTest(clang(), libbpf17())(
    "perf_event programs may call bpf_get_stackid with any license, others not",
    async () => {
      const object = compileC(
        `
struct { __uint(type, 7); __uint(key_size, 4); __uint(value_size, 1016); __uint(max_entries, 8); } stacks SEC(".maps");
static long (*stackid)(void *ctx, void *map, u64 flags) = (void *)27;
SEC("perf_event") int sampled(void *ctx) { stackid(ctx, &stacks, 0); return 0; }
SEC("kprobe/a") int probed(void *ctx) { stackid(ctx, &stacks, 0); return 0; }
`,
        "bpfel",
        null,
      );
      expect((await licenseFindings(object)).map(({ message }) => message.split(",")[0])).toEqual([
        "program probed calls bpf_get_stackid (helper 27)",
      ]);
      const logs = answer(runLibbpf("libbpf17", object)).programs.map(({ verifierLog }) => verifierLog.includes(WORDS));
      expect(logs).toEqual([false, true]);
    },
  );

  judgeTest(rustc(), libbpf17())("Rust: a helper by number, its line from line_info", async () => {
    const object = compileRust(`
type Task = extern "C" fn() -> u64;
#[no_mangle] #[link_section = "kprobe/a"] pub extern "C" fn task(_ctx: *mut u8) -> u32 {
    let helper: Task = unsafe { core::mem::transmute(35usize) };
    helper() as u32
}
#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
`);
    expect(await licenseFindings(object)).toMatchObject([
      {
        severity: "error",
        message: expect.stringMatching(/^program task calls bpf_get_current_task \(helper 35\), /),
        place: { line: 7 },
      },
    ]);
    const { programs } = answer(runLibbpf("libbpf17", object));
    expect(programs.map(({ verifierLog }) => verifierLog.includes(WORDS))).toEqual([true]);
  });
});

const LICENSES = [
  "GPL",
  "GPL v2",
  "GPL and additional rights",
  "Dual BSD/GPL",
  "Dual MIT/GPL",
  "Dual MPL/GPL",
  "Proprietary",
  "MIT",
  "gpl",
  "GPLv2",
  "",
];

judgeTest(kernel())("the kernel and the rule agree on licenses, in both byte orders", async () => {
  for (const license of LICENSES) {
    const insns = [HELPER(35), EXIT];
    const { log, errno } = answer(kernelProgLoad({ type: 2, insns: code(insns), license }));
    expect(errno === 0 || log.includes(WORDS), log).toBe(true);
    for (const littleEndian of [true, false]) {
      const object = buildObject({
        littleEndian,
        sections: [
          { name: "kprobe/a", insns },
          { name: "license", bytes: new TextEncoder().encode(`${license}\0`) },
        ],
        symbols: [{ name: "p", section: "kprobe/a", size: 16 }],
        btf: new Graph(littleEndian).finish(),
      });
      const found = await licenseFindings(object);
      expect(
        found.map(({ rule }) => rule),
        license,
      ).toEqual(errno === 0 ? [] : ["elf/license-incompatible"]);
    }
  }
});

test("LSM and struct_ops programs need a license by their type", async () => {
  for (const [section, what] of [
    ["lsm/file_open", "is an LSM program"],
    ["lsm.s/file_open", "is an LSM program"],
    ["struct_ops/init", "is a struct_ops program"],
  ] as const) {
    const object = buildObject({
      sections: [{ name: section, insns: [EXIT] }],
      symbols: [{ name: "p", section, size: 8 }],
      btf: new Graph().finish(),
    });
    expect(await licenseFindings(object)).toMatchObject([
      { severity: "error", message: expect.stringContaining(what) },
    ]);
  }
});

test("an undefined function is the kernel's, unless BTF leaves it to another object", async () => {
  const object = (graph: Graph): Uint8Array =>
    buildObject({
      sections: [
        {
          name: "tc",
          insns: [CALL, EXIT],
          relocations: [{ offset: 0, type: R_BPF_64_32, symbol: "bpf_rcu_read_lock" }],
        },
      ],
      symbols: [{ name: "p", section: "tc", size: 16 }, { name: "bpf_rcu_read_lock" }],
      btf: graph.finish(),
    });
  expect(await licenseFindings(object(new Graph()))).toMatchObject([
    { severity: "error", message: expect.stringContaining("program p calls bpf_rcu_read_lock of the kernel, which") },
  ]);
  const linked = new Graph();
  linked.func("bpf_rcu_read_lock", linked.proto(0, []), 2);
  expect(await licenseFindings(object(linked))).toMatchObject([{ severity: "note" }]);
});

test("the rule knows the helpers that were seen", () => {
  expect(GPL_HELPERS).toEqual(SEEN_HELPERS.map(({ id, name }) => [id, name]));
  expect([...OPEN_IN_PERF_EVENT]).toEqual(SEEN_HELPERS.flatMap(({ id, openIn }) => (openIn.includes(7) ? [id] : [])));
});

judgeTest(kernel())("the table is what the running kernel says, helper by helper", () => {
  const said = SEEN_HELPERS.filter(({ seen }) => seen === "kernel").map(({ id, barredIn, openIn }) => {
    // Tracing programs need a place to attach to, system call programs a flag: the table's tool tries those.
    const type = barredIn.find((candidate) => candidate !== 26 && candidate !== 31);
    const refused = (of: number): boolean => {
      const { errno, log } = answer(
        kernelProgLoad({ type: of, insns: code([HELPER(id), EXIT]), license: "Proprietary" }),
      );
      return errno !== 0 && log.includes(WORDS);
    };
    return { id, barred: type === undefined || refused(type), open: openIn.every((of) => !refused(of)) };
  });
  expect(said.filter(({ barred, open }) => !barred || !open)).toEqual([]);
  expect(said.length).toBeGreaterThan(30);
});

const FORK = join(import.meta.dirname, "..", "..", "corpus/aya/fork.bpfel.release.o");

test("the line is that of the program, not of the library whose wrapper is inlined", async () => {
  // The section under another name is none to loaders; names have the same length.
  const text = readFileSync(FORK, "latin1").replaceAll("license\0", "lycense\0");
  const found = await licenseFindings(new Uint8Array(Buffer.from(text, "latin1")));
  expect(found.map(({ message, place }) => [/helper \d+/.exec(message)?.[0], place?.file, place?.line])).toEqual([
    // fork-ebpf-aya/src/main.rs, line 58: bpf_printk!(…); line 32: the function, into which try_fork is inlined.
    ["helper 6", expect.stringMatching(/src\/main\.rs$/), 58],
    ["helper 113", expect.stringMatching(/src\/main\.rs$/), 32],
  ]);
});
