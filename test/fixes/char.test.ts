import { describe } from "vitest";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17 } from "../judges/libbpf.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { DEFINITION, GLUE, loadMended } from "./mended.ts";

describe("char", () => {
  judgeTest(rustc(), libbpf17())("gets its type in members whose names are escaped before", async () => {
    const source = `${DEFINITION}${GLUE}
pub struct Sign<T> { größe: char, été: T, ok: char }
#[no_mangle] #[link_section = ".maps"] pub static MAP: Def<u32, (Sign<char>, u8), 1> = Def::new();
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&MAP, &0u32) }
`;
    await loadMended(compileRust(source));
  });
});
