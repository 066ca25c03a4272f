import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fixObject } from "../../src/fix.ts";
import { readObjectFile } from "../e2e/object-file.ts";
import { bpftool, bpftoolLink } from "../judges/bpftool.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { answer } from "../judges/run.ts";

const raw = readFileSync(join(import.meta.dirname, "../../corpus/aya-kinds/btf_hash_map.bpfel.o"));

/** SHF_WRITE, SHF_ALLOC */
const WRITE = 1;
const ALLOC = 2;

/** Flags of the sections of that name, read apart from the project's own reader. */
function flagsOf(object: Uint8Array, name: string): number[] {
  const file = Buffer.from(object.buffer, object.byteOffset, object.byteLength);
  const sections = readObjectFile(object).sections.filter((section) => section.name === name);
  return sections.map(({ headerAt }) => Number(file.readBigUInt64LE(headerAt + 8)));
}

test("maps and license are writable under --c-types, and only there", async () => {
  const [plain, forC] = [await fixObject(raw), await fixObject(raw, { cTypes: true })];
  for (const name of [".maps", "license"]) {
    expect(flagsOf(raw, name)).toEqual([ALLOC]);
    expect(flagsOf(plain.bytes, name)).toEqual([ALLOC]);
    expect(flagsOf(forC.bytes, name)).toEqual([WRITE | ALLOC]);
  }
  expect(forC.diagnostics.filter(({ rule }) => rule === "elf/flags-not-c")).toMatchObject([
    { severity: "note", fixed: "made it writable" },
    { severity: "note", fixed: "made it writable" },
  ]);
});

test("a second run finds nothing more", async () => {
  const { bytes } = await fixObject(raw, { cTypes: true });
  expect((await fixObject(bytes, { cTypes: true })).bytes).toEqual(bytes);
});

judgeTest(bpftool(), clang())("bpftool links it with maps and license of C, and did not before", async () => {
  const partner = compileC(
    `struct { __uint(type, 2); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } map_of_c SEC(".maps");
     char LICENSE_OF_C[] SEC("license") = "GPL";
     SEC("socket") int program_of_c(void *ctx) { u32 key = 0; return lookup(&map_of_c, &key) != 0; }`,
    "bpfel",
    null,
  );
  const { bytes } = await fixObject(raw);
  expect(answer(bpftoolLink([bytes, partner])).stderr).toContain("flags mismatch");
  expect(answer(bpftoolLink([(await fixObject(raw, { cTypes: true })).bytes, partner]))).toMatchObject({
    ok: true,
    stderr: "",
  });
});
