import { describe, expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { dataReferences, readObjectFile } from "../e2e/object-file.ts";
import { corpusObject } from "../elf/objects.ts";
import { bpftool, bpftoolLink } from "../judges/bpftool.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";

function contentOf(object: Uint8Array, name: string): Buffer {
  return readObjectFile(object).sections.find((section) => section.name === name)?.bytes ?? Buffer.alloc(0);
}

describe.each(["shapes/s36_seed_macro_2022.bpfel.o", "shapes-linked/s36_seed_macro_2022.bpfeb.o"])("%s", (path) => {
  test("keeps no pointer and no byte in its definition", async () => {
    const raw = corpusObject(path);
    expect(contentOf(raw, ".rel.maps").length).toBeGreaterThan(0);
    const { bytes, summary } = await fixObject(raw);
    expect(summary).toContain("map definitions cleared of what they were initialised with");
    expect(contentOf(bytes, ".maps").every((byte) => byte === 0)).toBe(true);
    expect(contentOf(bytes, ".maps")).toHaveLength(contentOf(raw, ".maps").length);
    expect(contentOf(bytes, ".rel.maps")).toHaveLength(0);
  });
});

/** An integer that points at a real array, beside `values` that name maps and programs. */
const BOTH = `
struct inner { __uint(type, 1); __type(key, int); __type(value, int); __uint(max_entries, 3); };
struct inner one SEC(".maps"), two SEC(".maps");
int numbers[12];
struct { int (*type)[12]; __type(key, int); __uint(max_entries, 3); struct inner *values[]; } outer SEC(".maps") =
  { .type = &numbers, .values = { [1] = &one, [2] = &two } };
SEC("socket") int prog(void *ctx) { return 0; }
SEC("socket") int tail(void *ctx) { return 1; }
struct { int (*type)[3]; __uint(max_entries, 2); __type(key, int); int (*values[])(void *); } jump SEC(".maps") =
  { .type = (void *)24, .values = { [1] = &tail } };
`;

describe("values", () => {
  judgeTest(clang())("stay, where everything else is dropped", async () => {
    const raw = compileC(BOTH);
    const { bytes } = await fixObject(raw);
    const kept = dataReferences(readObjectFile(bytes)).filter(({ from }) => from === ".maps");
    expect(kept.map(({ symbol }) => symbol).sort()).toEqual(["one", "tail", "two"]);
    expect(contentOf(bytes, ".maps").every((byte) => byte === 0)).toBe(true);
  });

  judgeTest(
    clang(),
    libbpf17(),
    libbpf11(),
    cilium(),
    bpftool(),
  )("load", async () => {
    const raw = compileC(BOTH);
    expect(answer(runCilium(raw)).open.ok).toBe(false);
    const { bytes } = await fixObject(raw);
    for (const library of ["libbpf17", "libbpf11"] as const) {
      expect(answer(runLibbpf(library, raw)).load?.ok ?? false).toBe(false);
      expect(answer(runLibbpf(library, bytes))).toMatchObject({ open: { ok: true }, load: { ok: true } });
    }
    const { open, load } = answer(runCilium(bytes));
    expect([open.error, load?.error]).toEqual([null, null]);
    expect(answer(bpftoolLink([bytes]))).toMatchObject({ ok: true, stderr: "" });
  });
});

/** A map of maps as someone would write it who does not know `values`. */
const ELSEWHERE = `
struct { __uint(type, 1); __type(key, int); __type(value, int); __uint(max_entries, 3); } one SEC(".maps");
struct { __uint(type, 12); __type(key, int); __uint(max_entries, 1); void *inner; } outer SEC(".maps") = { .inner = &one };
SEC("socket") int prog(void *ctx) { return 0; }
`;

judgeTest(clang())("a map in another member than values means something, and is told and kept", async () => {
  const raw = compileC(ELSEWHERE);
  const { bytes } = await fixObject(raw);
  const left = (await checkObject(bytes)).diagnostics.filter(({ rule }) => rule === "elf/maps-relocations");
  expect(left.map(({ message }) => message)).toEqual([".maps holds one at 56, outside `values`"]);
  expect(dataReferences(readObjectFile(bytes)).filter(({ from }) => from === ".maps")).toHaveLength(1);
});
