import { describe, expect } from "vitest";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17 } from "../judges/libbpf.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { GLUE, loadMended } from "./mended.ts";

describe("members without size in a definition", () => {
  judgeTest(rustc(), libbpf17())("are dropped unless they are attributes", async () => {
    const source = `${GLUE}
use core::marker::PhantomData;
#[repr(C)] pub struct Sized<K, V> {
    _key: PhantomData<K>, r#type: *const [i32; 1], key_size: *const [i32; 4], value_size: *const [i32; 8],
    max_entries: *const [i32; 3], _value: PhantomData<V>, _unit: (),
}
unsafe impl<K, V> Sync for Sized<K, V> {}
#[no_mangle] #[link_section = ".maps"]
pub static MAP: Sized<u32, u64> = unsafe { core::mem::transmute([0usize; 4]) };
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&MAP, &0u32) }
`;
    const { maps } = await loadMended(compileRust(source));
    expect(maps.find(({ name }) => name === "MAP")).toMatchObject({ type: 1, keySize: 4, valueSize: 8, maxEntries: 3 });
  });
});
