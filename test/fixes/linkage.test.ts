import { describe, expect } from "vitest";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { GLUE, loadMended } from "./mended.ts";

const VOID = `
static mut COUNT: u64 = 0;
#[inline(never)] #[no_mangle] pub extern "C" fn bump() { unsafe { core::ptr::write_volatile(&raw mut COUNT, COUNT + 1) } }
#[no_mangle] pub static mut PAIR: (u8, u32) = (1, 2);
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { bump(); 0 }
`;

describe("linkage", () => {
  judgeTest(rustc(), libbpf17())("is static for an exported function that returns nothing", async () => {
    const raw = compileRust(VOID + GLUE);
    // The tuple's name makes the kernel refuse the BTF, so `bump` was never verified alone.
    expect(answer(runLibbpf("libbpf17", raw))).toMatchObject({ load: { ok: true }, btfFd: -1 });
    await loadMended(raw);
  });
});
