import { expect } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { codeReferences, readObjectFile } from "../e2e/object-file.ts";
import { bpftool, bpftoolLink } from "../judges/bpftool.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";

const SOURCE = `
COMMON int seen;
COMMON int unused;
static struct { __uint(type, 1); __type(key, int); __type(value, long); __uint(max_entries, 4); } kept SEC(".maps");
SEC("socket") int prog(void *ctx) { int k = 1; seen++; return !!lookup(&kept, &k); }
`;

const raw = (common: boolean): Uint8Array =>
  compileC(`#define COMMON ${common ? "__attribute__((common))" : ""}\n${SOURCE}`);

judgeTest(clang())("a common symbol that code uses is told, and nothing else is made worse", async () => {
  const { bytes, diagnostics } = await fixObject(raw(true));
  const found = diagnostics.filter(({ rule }) => rule === "elf/common-symbol");
  expect(found.map(({ message }) => message)).toEqual(["variable seen is a common symbol, which lies in no section"]);
  const references = codeReferences(readObjectFile(bytes)).map(({ symbol }) => symbol);
  expect(references).toContain("kept");
  const without = (await checkObject(raw(false))).diagnostics;
  expect(without.filter(({ rule }) => rule === "elf/common-symbol")).toEqual([]);
});

judgeTest(
  clang(),
  libbpf17(),
  libbpf11(),
  cilium(),
  bpftool(),
)("every loader says so", async () => {
  const { bytes } = await fixObject(raw(true));
  const finding = (await checkObject(bytes)).diagnostics.find(({ rule }) => rule === "elf/common-symbol");
  const text = (judge: string): string => finding?.answers.find((given) => given.judge === judge)?.text ?? "?";
  for (const library of ["libbpf17", "libbpf11"] as const) {
    const { open, log } = answer(runLibbpf(library, bytes));
    expect(open).toEqual({ ok: false, errno: 4001 });
    expect(log.map((line) => line.text).join("\n")).toContain(text("libbpf"));
  }
  expect(answer(runCilium(bytes)).open.error).toContain(text("cilium/ebpf"));
  expect(answer(bpftoolLink([bytes])).stderr).toMatch(/failed to find BTF info for global\/extern symbol/);
});
