import { describe, expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17 } from "../judges/libbpf.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { buildObject } from "../object.ts";
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

  judgeTest(rustc(), libbpf17())("gets its type in a static of which only a later part is left", async () => {
    const source = `${GLUE}
pub struct Config { mode: char, limit: u64 }
static mut CONFIG: Config = Config { mode: 'x', limit: 3 };
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(context: *mut u8) -> u32 { unsafe {
    CONFIG.mode = if context as u64 > 5 && CONFIG.mode != 'b' { 'a' } else { 'b' };
    CONFIG.mode as u32 + CONFIG.limit as u32
} }
`;
    const raw = compileRust(source);
    // `DW_OP_piece 8, DW_OP_addr …, DW_OP_piece 4`: the static is split, and its first part is gone.
    expect(parseElf(raw).symbols.filter(({ name }) => /CONFIG.*\.\d+$/.test(name))).toHaveLength(1);
    await loadMended(raw);
  });

  test("cannot be told without debug info, and the finding says what to do", async () => {
    const graph = new Graph(true);
    const record = graph.struct("Config", 4, [["mode", 0, 0]]);
    graph.datasec("license", 0, [[graph.variable("LICENSE", record), 0, 4]]);
    const sections = [{ name: "license", bytes: new TextEncoder().encode("GPL\0") }];
    const symbols = [{ name: "LICENSE", section: "license", value: 0, size: 4 }];
    const { diagnostics } = await checkObject(
      buildObject({ littleEndian: true, sections, symbols, btf: graph.finish() }),
    );
    expect(diagnostics.find(({ rule }) => rule === "btf/type-missing")).toMatchObject({
      help: "only debug info tells the type: run btf-fix before the object is stripped",
    });
  });
});
