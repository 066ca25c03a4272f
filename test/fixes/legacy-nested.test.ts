import { describe, expect } from "vitest";
import { fixObject } from "../../src/fix.ts";
import { type AyaName, aya03, aya06, runAya } from "../judges/aya.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { GLUE } from "./mended.ts";

/** Legacy maps of arrays of arrays, bare, behind a name, and as a member; aya-obj 0.3 measures bare ones by their last dimension. */
const SOURCE = `${GLUE}
use core::{cell::UnsafeCell, marker::PhantomData, mem::size_of};
#[repr(C)] pub struct bpf_map_def { numbers: [u32; 7] }
#[repr(transparent)] pub struct HashMap<K, V> { def: UnsafeCell<bpf_map_def>, _k: PhantomData<K>, _v: PhantomData<V> }
unsafe impl<K, V> Sync for HashMap<K, V> {}
impl<K, V> HashMap<K, V> {
    pub const fn new() -> Self {
        let numbers = [1, size_of::<K>() as u32, size_of::<V>() as u32, 8, 0, 0, 0];
        Self { def: UnsafeCell::new(bpf_map_def { numbers }), _k: PhantomData, _v: PhantomData }
    }
}
pub type Grid = [[u32; 3]; 2];
pub struct Board { grid: Grid }
#[no_mangle] #[link_section = "maps"] pub static KEYED: HashMap<[[u16; 2]; 3], u32> = HashMap::new();
#[no_mangle] #[link_section = "maps"] pub static VALUED: HashMap<[u8; 6], Grid> = HashMap::new();
#[no_mangle] #[link_section = "maps"] pub static HELD: HashMap<u32, Board> = HashMap::new();
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 {
    lookup(&KEYED, &[0u64; 8]) + lookup(&VALUED, &[0u64; 8]) + lookup(&HELD, &[0u64; 8])
}
`;

const SIZES = [
  ["HELD", 4, 24],
  ["KEYED", 12, 4],
  ["VALUED", 6, 24],
];

/** Name and sizes of all maps but those of data sections. */
function sizesOf(
  maps: readonly { readonly name: string; readonly keySize: number; readonly valueSize: number }[],
): readonly unknown[] {
  const named = maps.filter(({ name }) => !name.includes("."));
  return named.map(({ name, keySize, valueSize }) => [name, keySize, valueSize]).sort();
}

const AYA: readonly (readonly [AyaName, typeof aya03])[] = [
  ["aya03", aya03],
  ["aya06", aya06],
];

describe("legacy maps of arrays of arrays", () => {
  for (const [name, judge] of AYA) {
    judgeTest(
      rustc(),
      libbpf17(),
      judge(),
    )(`keep their sizes in ${name}`, async () => {
      const raw = compileRust(SOURCE);
      const { bytes } = await fixObject(raw);
      expect((await fixObject(bytes)).bytes).toEqual(bytes);
      const { load, btfFd, maps } = answer(runLibbpf("libbpf17", bytes));
      expect([load?.ok, (btfFd ?? -1) >= 0]).toEqual([true, true]);
      expect(sizesOf(maps)).toEqual(SIZES);
      expect(sizesOf(answer(runAya(name, raw)).maps)).toEqual(SIZES);
      expect(sizesOf(answer(runAya(name, bytes)).maps)).toEqual(SIZES);
    });
  }
});
