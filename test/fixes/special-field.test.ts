import { describe, expect } from "vitest";
import { fixObject } from "../../src/fix.ts";
import { compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { DEFINITION, GLUE, loadMended } from "./mended.ts";

/** A program of the given section with a map whose value holds something that the kernel knows by name. */
const program = (section: string, field: string, kind = 1): string => `
${field}
#[repr(C)] pub struct Value { pair: (u8, u32), field: Field }
#[no_mangle] #[link_section = ".maps"] pub static MAP: Def<u32, Value, ${kind}> = Def::new();
#[no_mangle] #[link_section = "${section}"] pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&MAP, &0u32) }
${DEFINITION}${GLUE}`;

const LOCK =
  "#[repr(C)] #[allow(non_camel_case_types)] pub struct bpf_spin_lock { val: u32 } type Field = bpf_spin_lock;";
const TIMER =
  "#[repr(C)] #[allow(non_camel_case_types)] pub struct bpf_timer { opaque: [u64; 2] } type Field = bpf_timer;";

describe("values that the kernel takes for more than structs", () => {
  judgeTest(rustc(), libbpf17())("are refused where a loading program would not load with its types", async () => {
    for (const field of [LOCK, TIMER]) {
      const raw = compileRust(program("tracepoint/sched/sched_process_fork", field));
      // The tuple's name costs the object its BTF, so nobody looks at the field.
      expect(answer(runLibbpf("libbpf17", raw))).toMatchObject({ load: { ok: true }, btfFd: -1 });
      await expect(fixObject(raw)).rejects.toMatchObject({
        code: "REFUSED",
        message: expect.stringContaining("tracing program"),
      });
    }
  });

  judgeTest(rustc(), libbpf17())("are refused in a map of a kind that may not hold them with types", async () => {
    const lruHash = 9;
    const raw = compileRust(program("xdp", LOCK, lruHash));
    await expect(fixObject(raw)).rejects.toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("lru_hash"),
    });
    // What the kernel says once such a map has types: a C object with the same value.
    const typed = compileC(`
struct bpf_spin_lock { u32 val; };
struct value { struct bpf_spin_lock lock; u32 rest; };
struct { __uint(type, 9); __type(key, u32); __type(value, struct value); __uint(max_entries, 4); } map SEC(".maps");
SEC("xdp") int prog(void *ctx) { u32 key = 0; return lookup(&map, &key) != 0; }
`);
    const texts = answer(runLibbpf("libbpf17", typed)).log.map(({ text }) => text);
    expect(texts).toContain("libbpf: Error in bpf_create_map_xattr(map): -EOPNOTSUPP. Retrying without BTF.");
  });

  judgeTest(rustc(), libbpf17())("are mended where the program may have them", async () => {
    await loadMended(compileRust(program("xdp", LOCK)));
    await loadMended(compileRust(program("xdp", TIMER)));
  });
});
