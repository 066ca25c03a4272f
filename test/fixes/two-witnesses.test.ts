import { describe } from "vitest";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17 } from "../judges/libbpf.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { DEFINITION, GLUE, loadMended } from "./mended.ts";

/** A hash map of the value, looked up by a program. */
function mapOf(declarations: string, value: string): string {
  return `${DEFINITION}${declarations}${GLUE}
#[no_mangle] #[link_section = ".maps"] pub static MAP: Def<u32, ${value}, 1> = Def::new();
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&MAP, &0u32) }
`;
}

describe("what BTF cannot say as the source does is the same for both witnesses", () => {
  const withRust = judgeTest(rustc(), libbpf17());

  withRust("names that escaping cuts", async () => {
    const declarations = `
pub mod a_module_with_a_long_name { pub mod and_another_one_inside_it {
    pub struct Leaf(pub u8, pub u64);
    pub struct Pair<A, B> { pub left: A, pub right: B }
} }
use a_module_with_a_long_name::and_another_one_inside_it::*;
pub struct Holder { first: u8, tree: Pair<Pair<Leaf, Leaf>, Pair<Leaf, u32>> }
`;
    await loadMended(compileRust(mapOf(declarations, "Pair<Pair<Leaf, Leaf>, Leaf>")));
    await loadMended(compileRust(mapOf(declarations, "Holder")));
  });

  withRust("floats that a packed struct holds out of place", async () => {
    const packed = "#[repr(C, packed)] pub struct Packed { tag: u8, level: f64, ratio: f32, fits: [f32; 2] }";
    await loadMended(compileRust(mapOf(packed, "Packed")));
  });
});
