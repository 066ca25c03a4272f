import { describe, expect } from "vitest";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17 } from "../judges/libbpf.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { DEFINITION, GLUE, loadMended } from "./mended.ts";

const OUTER = `
#[repr(C)] pub struct Outer<V> {
    r#type: *const [i32; 13], key: *const u32, value: *const u32, max_entries: *const [i32; 4], values: V,
}
unsafe impl<V> Sync for Outer<V> {}
impl<I> Outer<[*const I; 0]> { const fn new() -> Self { unsafe { core::mem::transmute([0usize; 4]) } } }
impl<I> Outer<*const [*const I; 0]> { const fn pointer() -> Self { unsafe { core::mem::transmute([0usize; 5]) } } }
pub struct Sample { tag: u8, at: u64, letter: char }
#[repr(transparent)] pub struct Wrapped<M>(core::cell::UnsafeCell<M>);
#[repr(C)] pub struct Ring<T> {
    r#type: *const [i32; 27], key: *const (), value: *const T, max_entries: *const [i32; 4096], value_size: *const [i32; 0],
}
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&OUTER, &0u32) }
`;

/** What libbpf read of the inner map's definition, in its own words. */
async function innerOf(declaration: string): Promise<readonly string[]> {
  const source = `${DEFINITION}${OUTER}${GLUE}#[no_mangle] #[link_section = ".maps"] pub static OUTER: ${declaration};`;
  const { log } = await loadMended(compileRust(source));
  return log.flatMap(({ pass, text }) => {
    const [, fact] = /map 'OUTER\.inner': found (.*?)\.?$/.exec(text) ?? [];
    return pass === "open" && fact !== undefined ? [fact.replace(/\[\d+\]/, "T")] : [];
  });
}

describe("inner maps", () => {
  const withRust = judgeTest(rustc(), libbpf17());
  const hash = ["type = 1", "key T, sz = 4", "value T, sz = 16", "max_entries = 8"];
  const ring = ["type = 27", "max_entries = 4096"];

  withRust("are taken out of their wrappers", async () => {
    const inner = await innerOf("Outer<[*const Wrapped<Def<u32, Sample, 1>>; 0]> = Outer::new()");
    expect(inner).toEqual(hash);
  });

  withRust("are found behind a pointer to `values`, wrapped or not", async () => {
    expect(await innerOf("Outer<*const [*const Def<u32, Sample, 1>; 0]> = Outer::pointer()")).toEqual(hash);
    const wrapped = await innerOf("Outer<*const [*const Wrapped<Def<u32, Sample, 1>>; 0]> = Outer::pointer()");
    expect(wrapped).toEqual(hash);
  });

  withRust("lose what their kind does not take", async () => {
    expect(await innerOf("Outer<[*const Ring<Sample>; 0]> = Outer::new()")).toEqual(ring);
    expect(await innerOf("Outer<*const [*const Wrapped<Ring<Sample>>; 0]> = Outer::pointer()")).toEqual(ring);
  });
});
