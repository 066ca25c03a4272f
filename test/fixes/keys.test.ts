import { describe, expect } from "vitest";
import { fixObject } from "../../src/fix.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";

const SOURCE = `
#[repr(transparent)] pub struct Idx(pub u32);
#[repr(u32)] pub enum Slot { A = 0, B = 1 }
#[repr(C)] pub struct D<K, const T: usize> { r#type: *const [i32; T], key: *const K, value: *const u64, max_entries: *const [i32; 4] }
unsafe impl<K, const T: usize> Sync for D<K, T> {}
impl<K, const T: usize> D<K,T> { const N: Self = D { r#type: core::ptr::null(), key: core::ptr::null(), value: core::ptr::null(), max_entries: core::ptr::null() }; }
#[no_mangle] #[link_section = ".maps"] pub static NEWTYPE: D<Idx, 2> = D::N;
#[no_mangle] #[link_section = ".maps"] pub static ENUMKEY: D<Slot, 6> = D::N;
#[no_mangle] #[link_section = ".maps"] pub static PLAIN: D<u32, 2> = D::N;
#[repr(C)] pub struct P { r#type: *const [i32; 3], key: *const u32, max_entries: *const [i32; 4], values: [*const extern "C" fn(*mut u8) -> u32; 0] }
unsafe impl Sync for P {}
#[no_mangle] #[link_section = ".maps"] pub static JUMP: P = P { r#type: core::ptr::null(), key: core::ptr::null(), max_entries: core::ptr::null(), values: [] };
#[no_mangle] #[link_section = "tracepoint/sched/sched_process_fork"]
pub extern "C" fn prog(_ctx: *mut u8) -> u32 { 0 }
#[no_mangle] #[link_section = "license"] pub static LICENSE: [u8; 4] = *b"GPL\\0";
`;

describe("keys that the kernel takes as INT only", () => {
  judgeTest(rustc(), libbpf17())("are written as one, and every map keeps its types", async () => {
    const raw = compileRust(SOURCE);
    const { bytes } = await fixObject(raw);
    const loaded = answer(runLibbpf("libbpf17", bytes));
    expect(loaded.load?.ok).toBe(true);
    const kept = loaded.maps.map(({ name, kernel, retriedWithoutBtf }) => ({
      name,
      typed: (kernel?.btfKeyTypeId ?? 0) > 0 && (kernel?.btfValueTypeId ?? 0) > 0,
      retriedWithoutBtf,
    }));
    expect(kept).toEqual([
      { name: "ENUMKEY", typed: true, retriedWithoutBtf: false },
      { name: "JUMP", typed: false, retriedWithoutBtf: false },
      { name: "NEWTYPE", typed: true, retriedWithoutBtf: false },
      { name: "PLAIN", typed: true, retriedWithoutBtf: false },
    ]);
  });
});
