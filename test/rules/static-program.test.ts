import { describe, expect } from "vitest";
import { checkObject } from "../../src/check.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";

/** A program that calls a local function in the given section: where rustc puts panicking code is `.text.unlikely.`. */
const calling = (section: string): Uint8Array =>
  compileC(`
static __attribute__((noinline)) SEC("${section}") int helper(int a) { volatile int x = a; return x * 3; }
SEC("socket") int prog(void *ctx) { return helper(3); }
`);

describe("elf/static-program", () => {
  judgeTest(clang(), libbpf17())("a local function outside .text is what libbpf does not open", async () => {
    const object = calling(".text.unlikely.");
    const { diagnostics } = await checkObject(object);
    const [found] = diagnostics.filter(({ rule }) => rule === "elf/static-program");
    expect(found).toMatchObject({
      severity: "error",
      message: "function helper is local to the object, but lies in .text.unlikely., where only programs may",
    });
    const report = answer(runLibbpf("libbpf17", object));
    expect(report.open).toEqual({ ok: false, errno: 95 });
    expect(report.log.map(({ text }) => text)).toContain(`libbpf: ${found?.answers[0]?.text}`);
  });

  judgeTest(clang(), libbpf17())("one in .text is a subprogram", async () => {
    const object = calling(".text");
    const { diagnostics } = await checkObject(object);
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(answer(runLibbpf("libbpf17", object))).toMatchObject({ open: { ok: true }, load: { ok: true } });
  });
});
