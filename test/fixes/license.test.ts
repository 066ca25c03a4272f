import { describe, expect } from "vitest";
import { checkObject } from "../../src/check.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionsNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { aya03, aya06, runAya } from "../judges/aya.ts";
import { bpftool, bpftoolLink, bpftoolSkeleton } from "../judges/bpftool.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";

/** A program that calls `bpf_get_current_task`, for GPL-compatible programs only, and one that needs no license. */
const RUST = `
type Task = extern "C" fn() -> u64;
#[no_mangle] #[link_section = "kprobe/a"] pub extern "C" fn task(_ctx: *mut u8) -> u32 {
    let helper: Task = unsafe { core::mem::transmute(35usize) };
    helper() as u32
}
#[no_mangle] #[link_section = "xdp"] pub extern "C" fn pass(_ctx: *mut u8) -> u32 { 2 }
`;
const PANIC = "#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }\n";
const C = `
static u64 (*current_task)(void) = (void *)35;
SEC("kprobe/a") int task(void *ctx) { return current_task() == 0; }
`;

function licenses(object: Uint8Array): readonly string[] {
  return sectionsNamed(parseElf(object), "license").map(({ bytes }) => new TextDecoder().decode(bytes));
}

/** Whether each loader takes the object. */
function loads(object: Uint8Array): Record<string, boolean | undefined> {
  return {
    libbpf17: answer(runLibbpf("libbpf17", object)).load?.ok,
    libbpf11: answer(runLibbpf("libbpf11", object)).load?.ok,
    cilium: answer(runCilium(object)).load?.ok,
  };
}

const ALL = { libbpf17: true, libbpf11: true, cilium: true };
const NONE = { libbpf17: false, libbpf11: false, cilium: false };

describe("--license", () => {
  for (const [language, compiler, make] of [
    ["Rust", rustc(), () => compileRust(RUST + PANIC)],
    ["C", clang(), () => compileC(C, "bpfel", null)],
  ] as const) {
    judgeTest(
      compiler,
      libbpf17(),
      libbpf11(),
      cilium(),
    )(`${language}: the object loads with it, and not without`, async () => {
      const raw = make();
      const without = await fixObject(raw);
      expect(without.diagnostics).toContainEqual(
        expect.objectContaining({ rule: "elf/license-missing", severity: "error" }),
      );
      expect(licenses(without.bytes)).toEqual([]);
      expect(loads(without.bytes)).toEqual(NONE);

      const fixed = await fixObject(raw, { license: "GPL" });
      expect(fixed.summary).toContain("a license added");
      expect(licenses(fixed.bytes)).toEqual(["GPL\0"]);
      expect((await checkObject(fixed.bytes)).diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(loads(fixed.bytes)).toEqual(ALL);
      expect(await fixObject(fixed.bytes, { license: "GPL" })).toMatchObject({
        bytes: fixed.bytes,
        changed: false,
        plan: [],
      });
    });
  }

  judgeTest(
    rustc(),
    aya03(),
    aya06(),
  )("aya takes the object with it", async () => {
    const { bytes } = await fixObject(compileRust(RUST + PANIC), { license: "GPL" });
    for (const name of ["aya03", "aya06"] as const) {
      const report = answer(runAya(name, bytes));
      expect([report.parse.ok, report.relocate?.ok]).toEqual([true, true]);
    }
  });

  judgeTest(clang(), bpftool())(
    "bpftool makes a skeleton of it, and links it with an object that has the same license",
    async () => {
      const { bytes } = await fixObject(compileC(C, "bpfel", null), { license: "GPL" });
      expect(answer(bpftoolSkeleton(bytes))).toMatchObject({ ok: true });
      const other = compileC(`SEC("xdp") int pass(void *ctx) { return 2; }`);
      expect(answer(bpftoolLink([bytes, other]))).toMatchObject({ ok: true });
      expect(answer(bpftoolLink([other, bytes]))).toMatchObject({ ok: true });
    },
  );

  judgeTest(clang())("a license that is there stays, and the report says so", async () => {
    const raw = compileC(C, "bpfel", "Dual MIT/GPL");
    const { bytes, diagnostics } = await fixObject(raw, { license: "GPL" });
    expect(licenses(bytes)).toEqual(["Dual MIT/GPL\0"]);
    expect(diagnostics.filter(({ rule }) => rule.startsWith("elf/license"))).toMatchObject([
      {
        rule: "elf/license-kept",
        message: 'the object says that its license is "Dual MIT/GPL"; "GPL" is not written over it',
      },
    ]);
    const same = await fixObject(raw, { license: "Dual MIT/GPL" });
    expect(same.diagnostics.filter(({ rule }) => rule.startsWith("elf/license"))).toEqual([]);
  });

  judgeTest(clang(), libbpf17())("a license that does not help is written as asked, and the error stays", async () => {
    const { bytes, diagnostics } = await fixObject(compileC(C, "bpfel", null), { license: "MIT" });
    expect(licenses(bytes)).toEqual(["MIT\0"]);
    expect(diagnostics.map(({ rule, fixed }) => [rule, fixed])).toContainEqual(["elf/license-incompatible", undefined]);
    expect(answer(runLibbpf("libbpf17", bytes)).load?.ok).toBe(false);
  });
});

judgeTest(clang())("what is no license is wrong usage", async () => {
  const raw = compileC(C, "bpfel", null);
  for (const license of ["", "G\0PL", "x".repeat(64)]) {
    await expect(fixObject(raw, { license })).rejects.toMatchObject({ code: "USAGE" });
  }
  expect(licenses((await fixObject(raw, { license: "x".repeat(63) })).bytes)).toEqual([`${"x".repeat(63)}\0`]);
});
