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
});
