import { describe, expect } from "vitest";
import { parseBtf } from "../../src/btf/parse.ts";
import { loadDwarfModule } from "../../src/dwarf/module.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import { emitBtf } from "../../src/lower/emit-btf.ts";
import { compareBtf } from "../../tools/conformance/canonical.ts";
import { wasmBytes } from "../../wasm/index.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { oldSections, readElf } from "./emitted.ts";
import { compileRust, rustc } from "./rustc.ts";

const PANIC = "#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }\n";
const module = loadDwarfModule(wasmBytes());

/** Arguments without a variable, and one that the prototype types otherwise than its variable. */
const CLOSURES = `
#[inline(never)] fn apply<F: Fn(u32) -> u32>(f: F, x: u32) -> u32 { f(x) + f(x + 1) }
#[inline(never)] pub fn call(f: &dyn Fn(u32) -> u32) -> u32 { f(1) }
#[no_mangle] pub fn one(a: u32) -> u32 { let k = a * 3; let g = move |y: u32| if y > 3 { y * k } else { y + k }; apply(&g, a) + apply(g, 7) }
#[no_mangle] pub fn two(k: u32) -> u32 { call(&move |y: u32| if y > 3 { y * k } else { y + k / (k | 1) }) }
#[no_mangle] pub fn patterns(p: &mut [u8], (a, b): (u32, u32), _: u8) -> u32 { p[0] = b as u8; a }
`;

const TRAITS = `
pub trait T { fn go(&self, x: u32) -> u32; }
pub struct S(u32);
impl T for S { #[inline(never)] fn go(&self, x: u32) -> u32 { self.0 + x } }
pub enum E { A(u32), B { x: u64 }, C }
#[no_mangle] pub fn dynamic(t: &dyn T, e: &E) -> u32 { match e { E::A(x) => t.go(*x), E::B { x } => *x as u32, E::C => 0 } }
#[no_mangle] pub fn direct(s: &S) -> u32 { s.go(3) }
#[no_mangle] #[link_section = ".data"] pub static mut LETTERS: [char; 4] = ['a'; 4];
#[no_mangle] #[link_section = ".data"] pub static mut LETTER: Option<char> = None;
`;

/** Forward declarations, whose order is that of LLVM's heap. */
const FORWARDS = `
pub struct A { a: u32 } pub struct B { b: u32 } pub struct C { c: u32 }
#[repr(C)] pub struct H1 { b: *const B, c: *const C }
#[repr(C)] pub struct H2 { a: *const A }
#[repr(C)] pub struct Def { h: *const H1, g: *const H2, e: *const Option<u64> }
unsafe impl Sync for Def {}
#[no_mangle] #[link_section = ".maps"] pub static M: Def = Def { h: core::ptr::null(), g: core::ptr::null(), e: core::ptr::null() };
`;

// The expectation is LLVM's own `.BTF`, up to what differs from one of its runs to the next.
describe("Rust that DWARF tells less of than LLVM knew", () => {
  for (const [name, source] of Object.entries({
    closures: CLOSURES,
    traits: TRAITS,
    "forward declarations": FORWARDS,
  })) {
    judgeTest(rustc())(name, () => {
      const elf = readElf(compileRust(PANIC + source));
      const old = oldSections(elf);
      const { btf } = emitBtf(elf, openDwarf(elf, module), { from: "both", dialect: "llvm", old });
      expect(compareBtf(parseBtf(btf), old.btf)).not.toBe("different");
    });
  }
});
