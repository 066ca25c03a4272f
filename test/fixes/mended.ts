import { expect } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { readMaps } from "../../src/maps.ts";
import { type LibbpfReport, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";

/** License and the lookup helper, for sources that `compileRust` takes. */
export const GLUE = `
type Lookup = extern "C" fn(*const core::ffi::c_void, *const core::ffi::c_void) -> *const core::ffi::c_void;
#[inline(always)]
fn lookup<M, K>(map: &M, key: &K) -> u32 {
    let helper: Lookup = unsafe { core::mem::transmute(1usize) };
    u32::from(!helper(map as *const M as *const _, key as *const K as *const _).is_null())
}
#[no_mangle] #[link_section = "license"] pub static LICENSE: [u8; 4] = *b"GPL\\0";
`;

/** A generic flat definition without attributes beyond the four that every map has. */
export const DEFINITION = `
#[repr(C)]
pub struct Def<K, V, const T: usize> {
    r#type: *const [i32; T], key: *const K, value: *const V, max_entries: *const [i32; 8],
}
unsafe impl<K, V, const T: usize> Sync for Def<K, V, T> {}
impl<K, V, const T: usize> Def<K, V, T> {
    pub const fn new() -> Self { unsafe { core::mem::transmute([0usize; 4]) } }
}
`;

/**
 * Fixes an object and holds the result to what every repair must keep: no error is left, a second run changes nothing, both witnesses list
 * the same maps, and libbpf loads it with its BTF in the kernel and no map without type ids. Gives libbpf's report.
 */
export async function loadMended(raw: Uint8Array): Promise<LibbpfReport> {
  const { bytes } = await fixObject(raw);
  expect((await checkObject(bytes)).diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  expect((await fixObject(bytes)).bytes).toEqual(bytes);
  expect(await readMaps(bytes, { from: "btf" })).toEqual(await readMaps(raw, { from: "dwarf" }));
  const report = answer(runLibbpf("libbpf17", bytes, { wantBtf: true }));
  const complaints = report.log.filter(({ level }) => level === "warn").map(({ text }) => text);
  const refusals = report.programs.filter(({ loaded }) => !loaded).map(({ verifierLog }) => verifierLog);
  expect({ complaints, refusals }).toEqual({ complaints: [], refusals: [] });
  expect([report.open.ok, report.load?.ok]).toEqual([true, true]);
  expect(report.btfFd).toBeGreaterThanOrEqual(0);
  expect(report.maps.filter((map) => map.retriedWithoutBtf)).toEqual([]);
  return report;
}
