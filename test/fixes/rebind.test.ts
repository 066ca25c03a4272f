import { describe } from "vitest";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17 } from "../judges/libbpf.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { DEFINITION, GLUE, loadMended } from "./mended.ts";

/** Three types of one short name, whose pointers LLVM binds to one; putting one right brings in records that point at the others. */
const SOURCE = `${DEFINITION}${GLUE}
use core::marker::PhantomData;
pub mod a { #[repr(C)] pub enum Data { A, B(usize), C { x: [i32; 1], y: u64 } } }
pub mod b { use super::*;
    pub struct Data(pub PhantomData<(Option<fn(i16) -> u8>, *const a::Data, [i16; 1], *const [u16])>);
}
pub mod c { use super::*;
    pub enum Entry {
        A, B(*const Result<(*const b::Data, (i16, u8, u32), f64), *const i16>, *const [[*const a::Data; 0]], i64),
        C { x: [*const char; 0], y: *const a::Data },
    }
}
pub mod d { use super::*;
    pub enum Data {
        A, B(*const Result<([u16; 0], *const Option<i64>), Option<fn(usize) -> i16>>),
        C { x: PhantomData<u64>, y: *const c::Entry },
    }
}
#[no_mangle] #[link_section = ".maps"]
pub static FIRST: Def<u64, (([*const Result<*const i16, *const dyn core::fmt::Debug>; 3], b::Data), u8), 1> = Def::new();
#[no_mangle] #[link_section = ".maps"] pub static SECOND: Def<(u8, u32), (*const d::Data, u8), 1> = Def::new();
#[no_mangle] #[link_section = "socket"]
pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&FIRST, &0u64) + lookup(&SECOND, &(0u8, 0u32)) }
`;

describe("pointers that LLVM bound by name", () => {
  judgeTest(rustc(), libbpf17())("come to rest where rebinding one brings in more of them", async () => {
    await loadMended(compileRust(SOURCE));
  });
});
