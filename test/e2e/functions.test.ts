import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { parseBtfExt } from "../../src/btf/ext.ts";
import { typeById } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { skipModifiers } from "../../src/btf/walk.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { relocationsOf } from "../../src/elf/relocations.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { functionSites } from "../../src/rules/func/sites.ts";
import { toolchain } from "../../tools/judges/toolchain.ts";
import { type AyaName, aya06, runAya } from "../judges/aya.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { type Judge, once } from "../judges/judge.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer, inScratch } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";

/** Programs of several functions as compilers and linkers leave them, before and after the repair, in all loaders. */

const bpfLinker: () => Judge = once(() => {
  const usable = toolchain().bpfLinker !== undefined && rustc().usable;
  return { name: "bpf-linker", version: "", usable, why: usable ? "" : "bpf-linker is not built (npm run judges)" };
});

/** Crates, each of its own debug level, linked into a program by bpf-linker. */
function linkRust(
  program: string,
  crates: Readonly<Record<string, readonly [level: 0 | 1 | 2, source: string]>>,
): Uint8Array {
  return inScratch((folder) => {
    const { rustc: compiler, bpfLinker: linker } = toolchain();
    const env = { ...process.env, RUSTC_BOOTSTRAP: undefined };
    const flags = ["--edition", "2021", "--target", "bpfel-unknown-none", "-C", "opt-level=2", "-C", "panic=abort"];
    const run = (name: string, source: string, more: readonly string[]): void => {
      writeFileSync(join(folder, `${name}.rs`), source);
      const args = [...flags, "--crate-name", name, ...more, join(folder, `${name}.rs`)];
      execFileSync(compiler ?? "rustc", args, { env, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    };
    for (const [name, [level, source]] of Object.entries(crates)) {
      run(name, `#![no_std]\n${source}`, ["-C", `debuginfo=${level}`, "--crate-type", "rlib"]);
    }
    run("program", `#![no_std]\n#![no_main]\n#![allow(static_mut_refs)]\n${PANIC}${LICENSE}${program}`, [
      ...["-C", "debuginfo=2", "--crate-type", "bin", "-o", "out.o"],
      ...Object.keys(crates).flatMap((name) => ["--extern", `${name}=lib${name}.rlib`]),
      ...["-C", `linker=${linker}`, "-C", "link-arg=--btf", "-C", "link-arg=-O1"],
    ]);
    return new Uint8Array(readFileSync(join(folder, "out.o")));
  });
}

const PANIC = "#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }\n";
const LICENSE = '#[no_mangle] #[link_section = "license"] pub static LICENSE: [u8; 4] = *b"GPL\\0";\n';

/** Each described function of `.text`: linkage and prototype in words. */
function described(object: Uint8Array): Record<string, string> {
  const elf = parseElf(object);
  const btf = parseBtf(sectionNamed(elf, ".BTF")?.bytes ?? new Uint8Array());
  const ext = parseBtfExt(sectionNamed(elf, ".BTF.ext")?.bytes ?? new Uint8Array());
  const word = (id: number): string => {
    const type = typeById(btf, skipModifiers(btf, id));
    if (type === undefined) return "void";
    if (type.kind === "ptr") return `*${word(type.type)}`;
    return type.kind === "int" ? `${type.size}` : `${type.kind} ${nameText(btf, type.nameOff)}`;
  };
  return Object.fromEntries(
    [...functionSites({ elf, btf, ext })].flatMap(({ name, proto, func, section }) => {
      if (/^mem|^bcmp/.test(name) || proto === undefined) return [];
      const params = proto.params.map(({ type }) => word(type)).join(", ");
      const linkage = func.linkage === 0 ? "static" : "global";
      return [[name, `${section === ".text" ? linkage : "program"} (${params}) ${word(proto.returnType)}`]];
    }),
  );
}

const LOADERS: readonly Judge[] = [libbpf17(), libbpf11(), cilium(), aya06()];

/** What each loader says; aya-obj relocates, which is where it looks at func_info. */
function verdicts(object: Uint8Array): Record<string, boolean> {
  const libbpf = (name: "libbpf17" | "libbpf11"): boolean => answer(runLibbpf(name, object)).load?.ok === true;
  const aya = (name: AyaName): boolean => answer(runAya(name, object)).relocate?.ok === true;
  return {
    libbpf17: libbpf("libbpf17"),
    libbpf11: libbpf("libbpf11"),
    cilium: answer(runCilium(object)).load?.ok === true,
    aya06: aya("aya06"),
  };
}

/** The repaired object: every loader takes it, with its BTF, and a second run changes nothing. */
async function mended(raw: Uint8Array): Promise<Uint8Array> {
  const { bytes } = await fixObject(raw);
  expect(verdicts(bytes)).toEqual({ libbpf17: true, libbpf11: true, cilium: true, aya06: true });
  expect(answer(runLibbpf("libbpf17", bytes)).btfFd).toBeGreaterThanOrEqual(0);
  expect((await fixObject(bytes)).bytes).toEqual(bytes);
  return bytes;
}

judgeTest(clang(), ...LOADERS)("functions of C and of assembly without debug info", async () => {
  const raw = compileC(`
    struct __sk_buff { int len; };
    __attribute__((noinline, nodebug)) int twice(int a, long b) { return a * 2 + (int)b; }
    __attribute__((naked, noinline)) int bare(int a) { asm volatile ("r0 = r1; r0 <<= 3; exit"); }
    __attribute__((noinline)) static int typed(struct __sk_buff *skb, int b) { return b + bare(b); }
    SEC("socket") int prog(struct __sk_buff *skb) { return twice(skb->len, 5) + typed(skb, skb->len); }
  `);
  expect(verdicts(raw)).toMatchObject({ libbpf17: false, libbpf11: false, cilium: false });
  expect(described(await mended(raw))).toMatchObject({
    twice: "static (8, 8) 8",
    prog: "program (*struct __sk_buff) 4",
  });
});

const CONTEXTS = `
use core::ffi::c_void;
use core::num::NonZeroU16;
#[inline(never)] #[no_mangle] pub extern "C" fn first(ctx: *mut c_void) -> u64 { unsafe { *(ctx as *const u64).add(14) } }
#[repr(C)] #[derive(Clone, Copy)] pub struct Quad { a: u8, b: u8, c: u8, d: u8 }
pub struct Port(u16);
#[inline(never)] #[no_mangle] pub fn quad(q: Quad, p: Port) -> u32 { (q.a as u32 ^ q.d as u32).wrapping_mul(p.0 as u32) }
#[inline(never)] #[no_mangle] pub fn perhaps(p: Option<NonZeroU16>) -> u32 { match p { Some(n) => n.get() as u32 * 3, None => 7 } }
#[inline(never)] #[no_mangle] pub fn pair(p: (u32, u8)) -> u32 { p.0 ^ p.1 as u32 }
#[inline(never)] #[no_mangle] pub fn back(a: u32) -> Quad { Quad { a: a as u8, b: 1, c: (a >> 3) as u8, d: 4 } }
#[no_mangle] #[link_section = "kprobe/do_nanosleep"] pub extern "C" fn prog(ctx: *mut c_void) -> u32 {
    let a = first(ctx);
    let q = back(a as u32);
    (quad(q, Port(a as u16)) + perhaps(NonZeroU16::new(a as u16)) + pair((a as u32, (a >> 32) as u8))) & 1
}
`;
const TYPED = {
  first: "global (*struct bpf_user_pt_regs_t) 8",
  quad: "global (4, 2) 4",
  perhaps: "global (2) 4",
  // Two registers: no prototype of one argument says that.
  pair: "static (struct _28_u32_2C__20_u8_29_) 4",
  back: "global (4) 4",
  prog: "program (*struct bpf_user_pt_regs_t) 4",
};

describe("what travels in registers", () => {
  judgeTest(rustc(), ...LOADERS)("is said of global functions as LLVM leaves them", async () => {
    const raw = compileRust(`${PANIC}${LICENSE}${CONTEXTS}`);
    // The tuple's name makes the kernel refuse the BTF: verified from its callers, it loads.
    expect(answer(runLibbpf("libbpf17", raw))).toMatchObject({ load: { ok: true }, btfFd: -1 });
    expect(described(await mended(raw))).toMatchObject(TYPED);
  });

  judgeTest(
    rustc(),
    libbpf17(),
    cilium(),
  )("is not said where kinds of programs differ, or have no struct", async () => {
    const raw = compileRust(`${PANIC}${LICENSE}
use core::ffi::c_void;
#[inline(never)] #[no_mangle] pub extern "C" fn word(ctx: *mut c_void) -> u64 { unsafe { *(ctx as *const u64).add(1) } }
#[inline(never)] #[no_mangle] pub extern "C" fn length(ctx: *mut c_void) -> u32 { unsafe { *(ctx as *const u32) } }
#[no_mangle] #[link_section = "tracepoint/sched/sched_switch"] pub extern "C" fn tp_prog(ctx: *mut c_void) -> u32 { word(ctx) as u32 & 1 }
#[no_mangle] #[link_section = "kprobe/do_nanosleep"] pub extern "C" fn kprobe_prog(ctx: *mut c_void) -> u32 { word(ctx) as u32 & 1 }
#[no_mangle] #[link_section = "tc"] pub extern "C" fn tc_prog(ctx: *mut c_void) -> u32 { length(ctx) & 1 }
#[no_mangle] #[link_section = "socket"] pub extern "C" fn socket_prog(ctx: *mut c_void) -> u32 { length(ctx) & 1 }
`);
    const { bytes } = await fixObject(raw);
    expect(described(bytes)).toMatchObject({
      word: "static (*enum c_void) 8",
      length: "global (*struct __sk_buff) 4",
      tp_prog: "program (*enum c_void) 4",
      kprobe_prog: "program (*struct bpf_user_pt_regs_t) 4",
      tc_prog: "program (*struct __sk_buff) 4",
    });
    expect(answer(runLibbpf("libbpf17", bytes))).toMatchObject({ load: { ok: true } });
    expect(answer(runCilium(bytes)).load?.error).toBeNull();
  });
});

/** Functions of a crate without debug info, and of one without types. */
const BARE = `
static mut HITS: u64 = 0;
#[inline(never)] pub fn mix(a: u32, b: u32) -> u32 { a.wrapping_mul(31) ^ b }
#[inline(never)] pub fn bump() { unsafe { core::ptr::write_volatile(&raw mut HITS, HITS + 1) } }
#[inline(never)] pub fn sum(s: &[u8; 4]) -> u32 { mix(s[0] as u32, s[1] as u32).wrapping_add(s[3] as u32) }
`;
const UNTYPED = "#[inline(never)] pub fn less(a: u64, b: u64, c: u64) -> u64 { a.wrapping_sub(b).rotate_left(7) ^ c }";
const CALLER = `
static mut SEED: u32 = 0;
#[no_mangle] #[link_section = "socket"] pub extern "C" fn socket_prog(_: *mut u8) -> u32 {
    let seed = unsafe { core::ptr::read_volatile(&raw const SEED) };
    bare::bump();
    bare::mix(seed, 3) + bare::sum(&seed.to_le_bytes()) + untyped::less(seed as u64, 3, 5) as u32
}
`;

judgeTest(bpfLinker(), ...LOADERS)("a program of crates of every debug level, linked by bpf-linker", async () => {
  const raw = linkRust(CONTEXTS + CALLER, { bare: [0, BARE], untyped: [1, UNTYPED] });
  // libbpf 1.7 and cilium/ebpf go on without BTF: an id that is chance does not exist.
  expect(verdicts(raw)).toMatchObject({ libbpf11: false, aya06: false });
  const bytes = await mended(raw);
  const plain = Object.entries(described(bytes)).map(([name, text]) => [name.replace(/17h[0-9a-f]{16}E$/, ""), text]);
  expect(Object.fromEntries(plain)).toEqual({
    ...TYPED,
    _ZN4bare4bump: "static () void",
    _ZN4bare3mix: "static (8, 8) 8",
    _ZN4bare3sum: "static (8) 8",
    // Constants that every caller passes are no arguments any more.
    less: "static (8) 8",
    socket_prog: "program (*1) 4",
  });
  // Each record has a relocation, as LLVM gives it one.
  const elf = parseElf(bytes);
  const ext = sectionNamed(elf, ".BTF.ext");
  const { funcInfo, lineInfo } = parseBtfExt(ext?.bytes ?? new Uint8Array());
  const count = (table: typeof funcInfo | typeof lineInfo): number =>
    (table?.sections ?? []).reduce((sum, { records }) => sum + records.length, 0);
  expect(relocationsOf(elf, ext?.index ?? 0)).toHaveLength(count(funcInfo) + count(lineInfo));
});

describe("never worse", () => {
  judgeTest(rustc(), libbpf17())("a number that only its caller keeps in bounds", async () => {
    const raw = compileRust(`${PANIC}${LICENSE}
#[no_mangle] pub static mut PAIR: (u8, u32) = (1, 2);
static mut TABLE: [u8; 8] = [0; 8];
static mut SEED: u32 = 0;
#[inline(never)] #[no_mangle] pub extern "C" fn at(i: u64) -> u32 { unsafe { core::ptr::read_volatile(TABLE.as_ptr().add(i as usize)) as u32 } }
#[inline(never)] #[no_mangle] pub extern "C" fn slot(x: u32) -> u64 { (x & 7) as u64 }
#[inline(never)] #[no_mangle] pub extern "C" fn plain(x: u32) -> u32 { x ^ 7 }
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 {
    let seed = unsafe { core::ptr::read_volatile(&raw const SEED) };
    let own = unsafe { core::ptr::read_volatile(TABLE.as_ptr().add(slot(seed) as usize)) } as u32;
    at(seed as u64 & 7) + own + plain(seed)
}
`);
    expect(answer(runLibbpf("libbpf17", raw))).toMatchObject({ load: { ok: true }, btfFd: -1 });
    expect(described(await mended(raw))).toMatchObject({
      at: "static (8) 4",
      slot: "static (4) 8",
      plain: "global (4) 4",
    });
  });

  judgeTest(clang(), libbpf17())("a C function that is verified once and called a hundred times", async () => {
    const calls = Array.from({ length: 100 }, (_, i) => `x += twist(x + ${i});`).join(" ");
    const raw = compileC(`
      __attribute__((noinline)) int twist(int a) { int r = 0; for (int i = 0; i < 100; i++) { r += a ^ i; if (r & 1) a += 3; } return r; }
      SEC("socket") int prog(void *ctx) { int x = 1; ${calls} return x; }
    `);
    const before = answer(runLibbpf("libbpf17", raw));
    expect(before).toMatchObject({ load: { ok: true } });
    const { bytes, changed } = await fixObject(raw);
    expect([changed, described(bytes)]).toEqual([false, described(raw)]);
    const after = answer(runLibbpf("libbpf17", bytes));
    expect(after.programs.map(({ processed }) => processed)).toEqual(before.programs.map(({ processed }) => processed));
  });
});
