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
import { compileRust, rustc } from "../lower/rustc.ts";
import { DEFINITION, GLUE, loadMended } from "./mended.ts";

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

const RULES = ["btf/enum-size", "func/returns-named-void"];

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

/** Rust's enums of 128 bits, alone, in a record, in an array and under an Option; BTF has numbers of that size, but no enums. */
const WIDE = `${DEFINITION}${GLUE}
#[repr(u128)] pub enum Wide { A = 1, B = 1 << 100 }
#[repr(i128)] pub enum Signed { A = -1, B = 5 }
#[repr(C)] pub struct Record { pub wide: Wide, pub signed: Signed, pub many: [Wide; 2], pub maybe: Option<Signed> }
#[no_mangle] #[link_section = ".maps"] pub static ALONE: Def<u32, Wide, 1> = Def::new();
#[no_mangle] #[link_section = ".maps"] pub static RECORDS: Def<u32, Record, 1> = Def::new();
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&ALONE, &1u32) + lookup(&RECORDS, &1u32) }
`;

judgeTest(
  rustc(),
  libbpf17(),
  bpftool(),
)("enums of 128 bits become names of numbers", async () => {
  const raw = compileRust(WIDE);
  expect(answer(runLibbpf("libbpf17", raw)).btfFd).toBe(-1);
  const { maps } = await loadMended(raw);
  expect(maps.flatMap(({ name, valueSize, internal }) => (internal ? [] : [[name, valueSize]]))).toEqual([
    ["ALONE", 16],
    ["RECORDS", 80],
  ]);
  const types = answer(bpftoolDump((await fixObject(raw)).bytes, "raw")).stdout.toString();
  for (const [name, encoding] of [
    ["Wide", "\\(none\\)"],
    ["Signed", "SIGNED"],
  ]) {
    const id = new RegExp(`TYPEDEF '${name}' type_id=(\\d+)`).exec(types)?.[1];
    expect(types).toMatch(
      new RegExp(`\\[${id}\\] INT '[ui]128' size=16 bits_offset=0 nr_bits=128 encoding=${encoding}`),
    );
  }
});
