import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { BtfFixError } from "../../src/errors.ts";
import { type FixOptions, fixObject } from "../../src/fix.ts";
import { toolchain } from "../../tools/judges/toolchain.ts";
import { corpusObjects } from "../../tools/scoreboard/objects.ts";
import { Graph } from "../graph.ts";
import { bpftool, bpftoolDump } from "../judges/bpftool.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer, inScratch } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { buildObject } from "../object.ts";
import { DEFINITION, GLUE } from "./mended.ts";

/** Values of every form that rustc has for enums, in a struct whose layout C's rules give. */
const SOURCE = `${GLUE}
use core::ptr::NonNull;
pub mod a { #[repr(C)] pub struct Node { pub v: u64, pub w: u64 } }
pub mod b { #[repr(C)] pub struct Node { pub v: u8 } }
#[repr(C)] pub struct T { pub a: u32, pub b: u64 }
pub struct Owned(NonNull<T>);
#[repr(C)] pub enum E { A, B(u32), C { x: u8, y: u64 } }
pub enum Inner { One(u8), Two }
#[repr(C)] pub struct Ops {
    pub init: Option<unsafe extern "C" fn(*mut T) -> u32>,
    pub safe: Option<fn(u32) -> u32>,
    pub one: Option<&'static T>,
    pub raw: Option<NonNull<T>>,
    pub owned: Option<Owned>,
    pub small: Option<core::num::NonZeroU16>,
    pub slice: Option<&'static [u8]>,
    pub payload: E,
    pub twice: Option<Option<&'static T>>,
    pub result: Result<u32, Inner>,
    pub letter: Option<char>,
    pub r#default: char,
    pub r#short: a::Node,
    pub int: b::Node,
    pub volatile: u64,
}
unsafe impl Sync for Ops {}
#[no_mangle] pub static mut OPS: Ops = Ops {
    init: None, safe: None, one: None, raw: None, owned: None, small: None, slice: None, payload: E::A, twice: None, result: Ok(1),
    letter: None, r#default: 'x', r#short: a::Node { v: 1, w: 2 }, int: b::Node { v: 3 }, volatile: 4,
};
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { unsafe { OPS.r#default as u32 } }
`;

const MEMBERS = ["init", "safe", "one", "raw", "owned", "small", "slice", "payload", "twice", "result", "letter"];

function btfOf(object: Uint8Array): Uint8Array {
  return sectionNamed(parseElf(object), ".BTF")?.bytes ?? new Uint8Array(0);
}

async function fixed(raw: Uint8Array, options: FixOptions): Promise<Uint8Array> {
  const { bytes } = await fixObject(raw, options);
  expect((await fixObject(bytes, options)).bytes, "fixing twice").toEqual(bytes);
  return bytes;
}

function dumpC(object: Uint8Array): string {
  return answer(bpftoolDump(object, "c")).stdout.toString();
}

/** Compiles C for BPF and throws clang's words if it is wrong. */
function compileHeader(header: string, more: string): void {
  inScratch((folder) => {
    const path = join(folder, "types.c");
    writeFileSync(path, `${header}\n${more}`);
    const flags = ["-target", "bpf", "-fsyntax-only", "-Werror", "-Wno-visibility", "-Wno-missing-declarations", path];
    execFileSync(toolchain().clang ?? "clang-22", flags, { stdio: ["ignore", "ignore", "pipe"] });
  });
}

/** Where rustc put each member, told by the debug info's twin in `bpftool btf dump format raw`. */
function layout(object: Uint8Array): Map<string, number> {
  const text = answer(bpftoolDump(object, "raw")).stdout.toString();
  const record = /STRUCT 'Ops'.*\n((?:\t.*\n)+)/.exec(text)?.[1] ?? "";
  return new Map(
    [...record.matchAll(/'(\w+)' type_id=\d+ bits_offset=(\d+)/g)].map(([, name = "", at]) => [name, Number(at)]),
  );
}

describe("values of Rust for readers of C", () => {
  const judges = [rustc(), bpftool(), clang(), kernel()];
  const CHOICES: readonly FixOptions[] = [
    {},
    { enums: "union" },
    { enums: "opaque" },
    { names: "short" },
    { enums: "opaque", names: "short" },
    { enums: "union", names: "short" },
  ];
  for (const choice of CHOICES) {
    judgeTest(...judges)(
      `with ${JSON.stringify(choice)} C compiles to the same layout, and the kernel takes the BTF`,
      async () => {
        const raw = compileRust(SOURCE);
        const object = await fixed(raw, { ...choice, cTypes: true });
        const offsets = [...layout(raw)].map(([name, bits]) => {
          const written = /^(?:default|short|int|volatile)$/.test(name) ? `${name}_` : name;
          return `_Static_assert(__builtin_offsetof(struct Ops, ${written}) * 8 == ${bits}, "${name}");`;
        });
        expect(offsets.length).toBe(15);
        compileHeader(dumpC(object), offsets.join("\n"));
        expect(answer(kernelBtfLoad([btfOf(object)]))[0]).toMatchObject({ errno: 0 });
        const plain = await fixed(raw, choice);
        expect(answer(kernelBtfLoad([btfOf(plain)]))[0]).toMatchObject({ errno: 0 });
      },
    );
  }

  judgeTest(...judges)("Options of pointers are pointers, and no other Option is", async () => {
    const header = dumpC(await fixed(compileRust(SOURCE), { cTypes: true }));
    const members = MEMBERS.map((name) => `(struct Ops *)0)->${name}`);
    const [init, safe, one, raw, owned, small] = members;
    compileHeader(
      header,
      `unsigned int (*f1)(struct T *); unsigned int (*f2)(unsigned int);
       _Static_assert(__builtin_types_compatible_p(typeof((${init}), typeof(f1)), "init");
       _Static_assert(__builtin_types_compatible_p(typeof((${safe}), typeof(f2)), "safe");
       _Static_assert(__builtin_types_compatible_p(typeof((${one}), struct T *), "one");
       _Static_assert(__builtin_types_compatible_p(typeof((${raw}), struct T *), "raw");
       _Static_assert(__builtin_types_compatible_p(typeof((${owned}), struct T *), "owned");
       int tags = sizeof((${small}.tag) + sizeof(((struct Ops *)0)->slice.tag) + sizeof(((struct Ops *)0)->twice.tag);`,
    );
    const union = dumpC(await fixed(compileRust(SOURCE), { cTypes: true, enums: "union" }));
    expect(() => compileHeader(union, `int tag = sizeof((${small}.tag);`)).toThrow();
  });

  judgeTest(...judges)("opaque enums keep size and place, and show bytes", async () => {
    const header = dumpC(await fixed(compileRust(SOURCE), { cTypes: true, enums: "opaque" }));
    compileHeader(
      header,
      `_Static_assert(sizeof(((struct Ops *)0)->payload.bytes) == 24, "payload");
       _Static_assert(sizeof(((struct Ops *)0)->result.bytes) == sizeof(((struct Ops *)0)->result), "result");
       _Static_assert(__builtin_types_compatible_p(typeof(((struct Ops *)0)->one), struct T *), "one");`,
    );
  });

  judgeTest(...judges)("short names: one name a meaning, and a hash where two modules use one", async () => {
    const object = await fixed(compileRust(SOURCE), { names: "short" });
    const names = [...dumpC(object).matchAll(/^struct (\w+) \{/gm)].map(([, name = ""]) => name);
    expect(names).toContain("Result");
    expect(names.filter((name) => /^Node_[0-9a-f]{1,16}$/.test(name))).toHaveLength(2);
    expect(names.filter((name) => /^Option_[0-9a-f]{1,16}$/.test(name)).length).toBeGreaterThanOrEqual(4);
    // bpftool marks a name that it has seen before; only variants, which their enum tells apart, may repeat.
    expect(names.filter((name) => /___\d+$/.test(name) && !/^(?:None|Some|Ok|Err)___/.test(name))).toEqual([]);
    expect(names.filter((name) => /_[0-9A-F]{1,2}_/.test(name))).toEqual([]);
  });

  test("LLVM 23's INT `char` of four bytes is called what C knows", async () => {
    const graph = new Graph(true);
    const letter = graph.int("char", 4);
    graph.datasec(".data", 0, [[graph.variable("LETTER", letter), 0, 4]]);
    const sections = [{ name: ".data", bytes: new Uint8Array(4) }];
    const symbols = [{ name: "LETTER", section: ".data", value: 0, size: 4 }];
    const object = buildObject({ littleEndian: true, sections, symbols, btf: graph.finish() });
    const { diagnostics, bytes } = await fixObject(object);
    expect(diagnostics.find(({ rule }) => rule === "btf/char-of-four-bytes")?.fixed).toBe("named it char32_t");
    expect((await fixObject(bytes)).changed).toBe(false);
    const inC = await fixObject(object, { cTypes: true });
    expect(inC.plan.map(({ what }) => what).join()).toContain("unsigned int");
  });
});

describe("map_extra", () => {
  const source = (value: string): string => `
#define __ulong(name, val) enum { __unique_value = val } name
struct { __uint(type, 30); __type(value, u32); __uint(max_entries, 8); __ulong(map_extra, ${value}); } seen SEC(".maps");
SEC("socket") int prog(void *ctx) { u32 value = 1; return ((long (*)(void *, void *))89)(&seen, &value); }
`;

  judgeTest(
    clang(),
    libbpf11(),
    libbpf17(),
  )("as an enum it becomes an array's length, which older loaders take", async () => {
    const raw = compileC(source("5"));
    expect(answer(runLibbpf("libbpf11", raw)).open.ok).toBe(false);
    const object = await fixed(raw, {});
    for (const loader of ["libbpf11", "libbpf17"] as const) {
      const report = answer(runLibbpf(loader, object, { wantBtf: true }));
      expect([report.open.ok, report.load?.ok]).toEqual([true, true]);
      expect(report.maps.find(({ name }) => name === "seen")?.mapExtra).toBe(5);
    }
  });

  judgeTest(clang(), libbpf17())("that needs 64 bits it stays, and the finding says who refuses it", async () => {
    const raw = compileC(source("0x100000005ULL"));
    const { diagnostics } = await fixObject(raw);
    const found = diagnostics.find(({ rule }) => rule === "map/extra-too-large");
    expect(found).toMatchObject({ severity: "note", message: expect.stringContaining("4294967301") });
    expect(found?.fixed).toBeUndefined();
  });
});

describe("maps whose keys and values are enums", () => {
  const maps = `${DEFINITION}${GLUE}
pub struct Target { a: u32 }
pub struct Slot { at: u64, next: Option<&'static Target>, go: Option<fn(u32) -> u32>, n: Option<core::num::NonZeroU32> }
pub enum Event { Seen(Option<&'static Target>), Gone(u8) }
unsafe impl Sync for Slot {}
#[no_mangle] #[link_section = ".maps"] pub static SLOTS: Def<u32, Slot, 1> = Def::new();
#[no_mangle] #[link_section = ".maps"] pub static NEXT: Def<u32, Option<&'static Target>, 1> = Def::new();
#[no_mangle] #[link_section = ".maps"] pub static EVENTS: Def<Option<core::ptr::NonNull<Event>>, Event, 1> = Def::new();
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 {
    lookup(&SLOTS, &0u32) + lookup(&NEXT, &0u32) + lookup(&EVENTS, &0u64)
}
`;

  for (const choice of [{}, { enums: "union" }, { enums: "opaque" }, { names: "short" }, { cTypes: true }] as const) {
    judgeTest(rustc(), libbpf17())(
      `load with their types, with ${JSON.stringify(choice)}, and stay as they are`,
      async () => {
        const object = await fixed(compileRust(maps), choice);
        const report = answer(runLibbpf("libbpf17", object, { wantBtf: true }));
        expect([report.open.ok, report.load?.ok]).toEqual([true, true]);
        expect(
          report.maps.filter(({ internal }) => !internal).map(({ kernel: map }) => (map?.btfValueTypeId ?? 0) > 0),
        ).toEqual([true, true, true]);
        // Who checks the result does not know what the user chose.
        const errors = (await checkObject(object)).diagnostics.filter(({ severity }) => severity === "error");
        expect(errors).toEqual([]);
      },
    );
  }

  judgeTest(rustc())("with every choice, no repair of the corpus needs a second", async () => {
    for (const { path } of corpusObjects().filter(({ name }) => /^(?:aya|shapes-linked)\/.*bpfel/.test(name))) {
      for (const choice of [{ enums: "opaque" }, { names: "short" }, { cTypes: true }] as const) {
        const result = await fixObject(readFileSync(path), choice).catch((error: unknown) => {
          if (error instanceof BtfFixError && error.code === "REFUSED") return undefined;
          throw error;
        });
        if (result !== undefined) expect((await fixObject(result.bytes, choice)).bytes, path).toEqual(result.bytes);
      }
    }
  });
});

/** A congestion control whose functions rustc writes as `Option<extern "C" fn(…)>`. */
const CONGESTION = `
#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
#[repr(C)] pub struct sock { none: [u8; 0] }
#[repr(C)] pub struct tcp_congestion_ops {
    pub ssthresh: Option<extern "C" fn(*mut sock) -> u32>,
    pub cong_avoid: Option<extern "C" fn(*mut sock, u32, u32)>,
    pub undo_cwnd: Option<extern "C" fn(*mut sock) -> u32>,
    pub name: [u8; 16],
}
#[no_mangle] #[link_section = "struct_ops/ssthresh"] pub extern "C" fn ssthresh(_: *mut sock) -> u32 { 2 }
#[no_mangle] #[link_section = "struct_ops/cong_avoid"] pub extern "C" fn cong_avoid(_: *mut sock, _: u32, _: u32) {}
#[no_mangle] #[link_section = "struct_ops/undo_cwnd"] pub extern "C" fn undo_cwnd(_: *mut sock) -> u32 { 2 }
#[no_mangle] #[link_section = ".struct_ops"] pub static mut RENO: tcp_congestion_ops = tcp_congestion_ops {
    ssthresh: Some(ssthresh), cong_avoid: Some(cong_avoid), undo_cwnd: Some(undo_cwnd), name: *b"bpf_rust\\0\\0\\0\\0\\0\\0\\0\\0",
};
#[no_mangle] #[link_section = "license"] pub static LICENSE: [u8; 4] = *b"GPL\\0";
`;

judgeTest(rustc(), libbpf17())("struct_ops of Rust load: libbpf takes a function for a PTR alone", async () => {
  const raw = compileRust(CONGESTION);
  const before = answer(runLibbpf("libbpf17", raw));
  expect(before.open.ok).toBe(false);
  expect(before.log.map(({ text }) => text).join()).toContain("cannot relocate non func ptr");
  const after = answer(runLibbpf("libbpf17", await fixed(raw, {}), { wantBtf: true }));
  expect([after.open.ok, after.load?.ok, after.maps.map(({ fd }) => fd >= 0)]).toEqual([true, true, [true]]);
});
