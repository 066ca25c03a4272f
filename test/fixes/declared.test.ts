import { expect } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { MATRIX_RELEASES } from "../../tools/matrix/kernels.ts";
import { bpftool, bpftoolDump } from "../judges/bpftool.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";

/** C that clang takes and no kernel: an enum of which only the name is known, and functions whose result is a typedef of void. */
const SOURCE = `
  enum later;
  typedef void nothing;
  typedef nothing (*callback)(int);
  struct record { enum later *kind; callback call; int sum; } record;
  static __attribute__((noinline)) nothing add(int value) { record.sum += value; }
  static __attribute__((noinline)) int is_set(callback call, const enum later *kind) { return call && kind; }
  SEC("socket") int main_program(void *context) {
    add(1);
    return record.sum + is_set(record.call, record.kind);
  }`;

const RULES = ["btf/enum-without-size", "func/returns-named-void"];

judgeTest(
  clang(),
  bpftool(),
  kernel(),
  libbpf17(),
)("an enum that is only declared, and a typedef of void as result: mended, and C reads the same", async () => {
  const raw = compileC(SOURCE);
  const before = answer(runLibbpf("libbpf17", raw));
  expect([before.load?.ok, before.btfFd]).toEqual([true, -1]);
  const { bytes, diagnostics } = await fixObject(raw);
  const mended = diagnostics.filter(({ fixed, severity }) => severity === "error" && fixed !== undefined);
  expect([...new Set(mended.map(({ rule }) => rule))].sort()).toEqual(RULES);
  expect(await fixObject(bytes)).toMatchObject({ bytes, changed: false, plan: [] });
  const after = answer(runLibbpf("libbpf17", bytes, { wantBtf: true }));
  expect(after.load?.ok).toBe(true);
  expect(after.btfFd).toBeGreaterThanOrEqual(0);
  expect(answer(kernelBtfLoad([after.btf ?? new Uint8Array(0)]))).toMatchObject([{ errno: 0 }]);
  const { verdicts } = await checkObject(bytes);
  for (const release of MATRIX_RELEASES) expect(verdicts[`kernel@${release}`]?.asSent.accepted).toBe(true);
  const c = answer(bpftoolDump(bytes, "c")).stdout.toString();
  expect(c).toContain("enum later;");
  expect(c).toContain("typedef void nothing;");
  expect(c).toContain("typedef void (*callback)(int);");
});
