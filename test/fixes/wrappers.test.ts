import { describe, expect } from "vitest";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17 } from "../judges/libbpf.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { DEFINITION, GLUE, loadMended } from "./mended.ts";

describe("wrappers around a definition", () => {
  judgeTest(rustc(), libbpf17())("may be unions: MaybeUninit is one", async () => {
    const source = `${DEFINITION}${GLUE}
pub struct Table<K, V>(core::mem::MaybeUninit<Def<K, V, 1>>, core::marker::PhantomData<V>);
unsafe impl<K, V> Sync for Table<K, V> {}
#[no_mangle] #[link_section = ".maps"]
pub static TABLE: Table<u32, (u8, u64)> = Table(core::mem::MaybeUninit::new(Def::new()), core::marker::PhantomData);
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&TABLE, &0u32) }
`;
    const { maps } = await loadMended(compileRust(source));
    expect(maps.find(({ name }) => name === "TABLE")).toMatchObject({ type: 1, keySize: 4, valueSize: 16 });
  });

  judgeTest(rustc(), libbpf17())("may be larger than what they hold, by padding", async () => {
    const source = `${DEFINITION}${GLUE}
#[repr(C, align(64))] pub struct Aligned<M>(M, [u64; 0]);
#[no_mangle] #[link_section = ".maps"] pub static FIRST: Aligned<Def<u32, u64, 1>> = Aligned(Def::new(), []);
#[no_mangle] #[link_section = ".maps"] pub static SECOND: Aligned<Def<u64, [char; 2], 1>> = Aligned(Def::new(), []);
#[no_mangle] #[link_section = "socket"]
pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&FIRST, &0u32) + lookup(&SECOND, &0u64) }
`;
    const { maps } = await loadMended(compileRust(source));
    const sizes = maps
      .filter(({ internal }) => !internal)
      .map(({ name, keySize, valueSize }) => [name, keySize, valueSize]);
    expect(sizes.sort()).toEqual([
      ["FIRST", 4, 8],
      ["SECOND", 8, 8],
    ]);
  });
});
