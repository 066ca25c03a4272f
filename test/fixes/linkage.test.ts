import { describe, expect } from "vitest";
import { LINKAGE_GLOBAL, LINKAGE_STATIC } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { linkObjects } from "../btf/linked.ts";
import { corpusObject } from "../elf/objects.ts";
import { aya06, runAya } from "../judges/aya.ts";
import { bpftool, bpftoolLink } from "../judges/bpftool.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { GLUE, loadMended } from "./mended.ts";

const VOID = `
static mut COUNT: u64 = 0;
#[inline(never)] #[no_mangle] pub extern "C" fn bump() { unsafe { core::ptr::write_volatile(&raw mut COUNT, COUNT + 1) } }
#[no_mangle] pub static mut PAIR: (u8, u32) = (1, 2);
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { bump(); 0 }
`;

const UNREAD = `
#[inline(never)] #[no_mangle] pub extern "C" fn skip(_: u32, b: u32) -> u32 { unsafe { core::ptr::read_volatile(&b) } }
#[inline(never)] #[no_mangle] pub extern "C" fn pick(a: u32, b: u64) -> u64 { if a > 3 { b } else { b.wrapping_mul(7) } }
static mut SEED: u32 = 0;
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 {
    let seed = unsafe { core::ptr::read_volatile(&raw const SEED) };
    skip(seed, seed) + pick(seed, 1) as u32
}
`;

/** Linkage of each FUNC by name. */
function linkages(object: Uint8Array): Record<string, number> {
  const btf = parseBtf(sectionNamed(parseElf(object), ".BTF")?.bytes ?? new Uint8Array());
  return Object.fromEntries(
    btf.types.flatMap((type) => (type.kind === "func" ? [[nameText(btf, type.nameOff), type.linkage]] : [])),
  );
}

/** Functions and a variable of a crate: their symbols are mangled, and global as nobody makes them local. */
const MANGLED = `
#[no_mangle] pub static mut SEED: u32 = 0;
pub static mut COUNT: u32 = 7;
pub mod util {
    #[inline(never)] pub fn mix(a: u32, b: u32) -> u32 { unsafe { core::ptr::read_volatile(&a) ^ b } }
    #[inline(never)] pub fn pair(p: (u32, u64)) -> u64 { unsafe { core::ptr::read_volatile(&p.1) + p.0 as u64 } }
}
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 {
    let seed = unsafe { COUNT += 1; SEED };
    util::mix(seed, 3) + util::pair((seed, 4)) as u32
}
`;

describe("linkage", () => {
  judgeTest(
    rustc(),
    libbpf17(),
    bpftool(),
  )("leaves mangled symbols to be linked where it can", async () => {
    const links = async (source: string): Promise<string> => {
      const raw = compileRust(source + GLUE);
      await loadMended(raw);
      const { bytes, diagnostics } = await fixObject(raw);
      const { ok, stderr } = answer(bpftoolLink([bytes]));
      if (ok) {
        const linked = answer(runLibbpf("libbpf17", linkObjects("bpftool", [bytes])));
        expect([linked.load?.ok, (linked.btfFd ?? -1) >= 0]).toEqual([true, true]);
      }
      const left = diagnostics.filter(({ rule, fixed }) => rule === "func/symbol-not-named" && fixed === undefined);
      expect(left).toHaveLength(ok ? 0 : 1);
      return ok ? "linked" : stderr;
    };
    // Static, since its argument is a pair; the other one is global, and its short name is what people attach to.
    expect(await links(MANGLED.replace(/.*pub fn mix.*\n/, "").replace("util::mix(seed, 3) + ", ""))).toBe("linked");
    expect(await links(MANGLED)).toMatch(/failed to find BTF info for global\/extern symbol '_ZN5shape4util3mix/);
  });

  judgeTest(
    libbpf17(),
    libbpf11(),
    cilium(),
    aya06(),
    bpftool(),
  )("is static for memset, and global for who links, where code calls it by name", async () => {
    const raw = corpusObject("aya/more/flows.bpfel.o");
    const { bytes } = await fixObject(raw);
    const linked = linkObjects("bpftool", [bytes]);
    for (const object of [bytes, linked]) {
      for (const library of ["libbpf17", "libbpf11"] as const) {
        const { load, btfFd } = answer(runLibbpf(library, object));
        expect([load?.ok, (btfFd ?? -1) >= 0]).toEqual([true, true]);
      }
      expect(answer(runCilium(object)).load?.error).toBeNull();
      expect(answer(runAya("aya06", object)).relocate?.error).toBeNull();
    }
    expect((await fixObject(bytes)).bytes).toEqual(bytes);
  });

  judgeTest(rustc(), libbpf17())("is static where an argument is never read, and stays global elsewhere", async () => {
    const raw = compileRust(UNREAD + GLUE);
    // LLVM leaves r1 unset before the call of \`skip\`; only a function that is verified alone is asked for it.
    expect(answer(runLibbpf("libbpf17", raw))).toMatchObject({ load: { ok: true }, btfFd: -1 });
    await loadMended(raw);
    expect(linkages((await fixObject(raw)).bytes)).toEqual({
      skip: LINKAGE_STATIC,
      pick: LINKAGE_GLOBAL,
      prog: LINKAGE_GLOBAL,
    });
  });

  judgeTest(rustc(), libbpf17())("is static for an exported function that returns nothing", async () => {
    const raw = compileRust(VOID + GLUE);
    // The tuple's name makes the kernel refuse the BTF, so `bump` was never verified alone.
    expect(answer(runLibbpf("libbpf17", raw))).toMatchObject({ load: { ok: true }, btfFd: -1 });
    await loadMended(raw);
  });
});
