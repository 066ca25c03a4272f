import { describe, expect } from "vitest";
import { checkObject } from "../../src/check.ts";
import type { Diagnostic } from "../../src/rules/rule.ts";
import { withBtf } from "../e2e/rewrite.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";

const GLUE = `
#[no_mangle] #[link_section = "license"] pub static LICENSE: [u8; 4] = *b"GPL\\0";
`;
const PANIC = "#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }\n";

async function found(object: Uint8Array, rule: string): Promise<readonly Diagnostic[]> {
  return (await checkObject(object)).diagnostics.filter((diagnostic) => diagnostic.rule === rule);
}

/** What libbpf says of relocations of data, and of the program. */
function heard(object: Uint8Array): { readonly skipped: string | undefined; readonly verifier: string } {
  const { log, programs } = answer(runLibbpf("libbpf17", object));
  return {
    skipped: log.find(({ text }) => text.includes("elf: skipping relo section"))?.text,
    verifier: programs[0]?.verifierLog ?? "",
  };
}

describe("elf/data-pointers", () => {
  judgeTest(rustc(), libbpf17())(
    "a table of `&dyn` that a program reads: libbpf skips the pointers, the verifier takes no such call",
    async () => {
      const object = compileRust(`
pub trait Act { fn act(&self, v: u32) -> u32; }
struct Add(u32);
struct Times(u32);
impl Act for Add { #[inline(never)] fn act(&self, v: u32) -> u32 { v + self.0 } }
impl Act for Times { #[inline(never)] fn act(&self, v: u32) -> u32 { v * self.0 } }
static ADD: Add = Add(3);
static TIMES: Times = Times(4);
#[no_mangle] pub static TABLE: [&(dyn Act + Sync); 2] = [&ADD, &TIMES];
#[no_mangle] #[link_section = "xdp"] pub extern "C" fn prog(ctx: *mut u32) -> u32 {
    let i = unsafe { *ctx } as usize & 1;
    unsafe { core::ptr::read_volatile(&TABLE[i]) }.act(3)
}
${GLUE}${PANIC}`);
      expect(await found(object, "elf/data-pointers")).toMatchObject([
        {
          severity: "error",
          message: ".data.rel.ro holds 6 pointers, which no loader fills in, and programs read them: TABLE",
        },
      ]);
      const { skipped, verifier } = heard(object);
      expect(skipped).toMatch(
        /elf: skipping relo section\(\d+\) \.rel\.data\.rel\.ro for section\(\d+\) \.data\.rel\.ro/,
      );
      expect(verifier).toContain("unknown opcode 8d");
    },
  );

  judgeTest(rustc(), libbpf17())("a place in the source that goes to the panic handler alone is a note", async () => {
    const object = compileRust(`
#[no_mangle] #[link_section = "xdp"] pub extern "C" fn prog(ctx: *mut u32) -> u32 {
    let table = [17u32, 23, 99];
    core::hint::black_box(table)[unsafe { *ctx } as usize]
}
#[inline(never)] fn stop(place: &core::panic::Location) -> ! { core::hint::black_box(place); loop {} }
#[panic_handler] fn panic(info: &core::panic::PanicInfo) -> ! { stop(unsafe { info.location().unwrap_unchecked() }) }
${GLUE}`);
    expect(await found(object, "elf/data-pointers")).toMatchObject([
      {
        severity: "note",
        message: ".data.rel.ro holds a pointer, which no loader fills in; no program was seen to read them",
      },
    ]);
  });

  judgeTest(rustc())("values instead of pointers give nothing to say", async () => {
    const object = compileRust(`
#[no_mangle] pub static TABLE: [u32; 4] = [17, 23, 99, 4];
#[no_mangle] #[link_section = "xdp"] pub extern "C" fn prog(ctx: *mut u32) -> u32 {
    unsafe { core::ptr::read_volatile(&TABLE[*ctx as usize & 3]) }
}
${GLUE}${PANIC}`);
    expect(await found(object, "elf/data-pointers")).toEqual([]);
  });

  judgeTest(clang(), libbpf17())("C: a function behind a pointer is an error, a text a note", async () => {
    const calling = compileC(`
static int one(int v) { return v + 1; }
static int two(int v) { return v * 2; }
int (*volatile table[])(int) = { one, two };
SEC("xdp") int prog(u32 *ctx) { return table[*ctx & 1](3); }
`);
    expect(await found(calling, "elf/data-pointers")).toMatchObject([
      { severity: "error", message: ".data holds 2 pointers, which no loader fills in, and programs read them: table" },
    ]);
    expect(heard(calling).skipped).toContain("elf: skipping relo section");
    const naming = compileC(`
const char *volatile title = "title";
SEC("xdp") int prog(void *ctx) { return title != 0; }
`);
    expect(await found(naming, "elf/data-pointers")).toMatchObject([
      { severity: "note", message: ".data holds a pointer, which no loader fills in, and programs read them: title" },
    ]);
  });
});

judgeTest(clang(), libbpf17())("elf/constant-sections: each is a map of libbpf's", async () => {
  const object = compileC(`
static long (*trace_printk)(const char *format, u32 size, ...) = (void *)6;
SEC("xdp") int prog(void *ctx) { return trace_printk("text", 5); }
`);
  expect(await found(object, "elf/constant-sections")).toMatchObject([
    { severity: "note", message: "constants lie in .rodata.str1.1: each becomes a map beside that of .rodata" },
  ]);
  expect(answer(runLibbpf("libbpf17", object)).maps.map(({ name }) => name)).toContain(".rodata.str1.1");
  expect(await found(compileC(`SEC("xdp") int prog(void *ctx) { return 2; }`), "elf/constant-sections")).toEqual([]);
});

judgeTest(rustc())("btf/enum-emptied: an enum without its variants, but no variant without fields", async () => {
  const object = compileRust(`
pub enum State { Idle, Busy { since: u64 }, Failed(u8) }
#[no_mangle] pub static mut STATE: State = State::Busy { since: 3 };
#[no_mangle] #[link_section = "xdp"] pub extern "C" fn prog(_ctx: *mut u32) -> u32 {
    unsafe { match core::ptr::read_volatile(&raw const STATE) { State::Idle => 1, State::Busy { since } => since as u32, State::Failed(n) => n as u32 } }
}
${GLUE}${PANIC}`);
  expect(await found(object, "btf/enum-emptied")).toEqual([]);
  const emptied = withBtf(object, (builder) => {
    for (let id = 1; id < builder.nextId; id++) {
      const type = builder.get(id);
      // As bpf-linker 0.10 leaves it: name and size, no members.
      const isEnum = type?.kind === "struct" && type.members.some(({ nameOff }) => nameOff === 0);
      if (!isEnum) continue;
      builder.replace(id, { ...type, members: [] });
      // The section keeps its length: a member has 12 bytes.
      builder.string("11_of_them_");
    }
  });
  expect(await found(emptied, "btf/enum-emptied")).toMatchObject([
    {
      severity: "note",
      message: expect.stringMatching(/^1 of the records have a size and no members: STRUCT State \[\d+\]$/),
    },
  ]);
});
