import { describe, expect } from "vitest";
import { fixObject } from "../../src/fix.ts";
import { readObjectFile } from "../e2e/object-file.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { GLUE } from "./mended.ts";

const SOURCE = `${GLUE}
#[inline(never)] fn double(value: u32) -> u32 { core::hint::black_box(value) * 2 }
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { double(3) }
`;

/** Where the type of the first func_info record stands: behind the records' length, a name, a count, and its own insn_off (btf.rst). */
const FIRST_TYPE = 16;

/** The object with a func_info record that leads to no FUNC: type 1 is a PTR or an INT. */
function astray(object: Uint8Array): Buffer {
  const copy = Buffer.from(object);
  const ext = readObjectFile(copy).sections.find(({ name }) => name === ".BTF.ext");
  if (ext === undefined) throw new Error("no .BTF.ext");
  const funcInfo = ext.bytes.readUInt32LE(4) + ext.bytes.readUInt32LE(8);
  expect(ext.bytes.readUInt32LE(funcInfo)).toBe(8);
  ext.bytes.writeUInt32LE(1, funcInfo + FIRST_TYPE);
  return copy;
}

describe("a func_info record that leads to no FUNC", () => {
  judgeTest(rustc(), libbpf17())("gives way to one that does", async () => {
    const { bytes } = await fixObject(astray(compileRust(SOURCE)));
    expect((await fixObject(bytes)).bytes).toEqual(bytes);
    const { load, btfFd } = answer(runLibbpf("libbpf17", bytes));
    expect([load?.ok, (btfFd ?? -1) >= 0]).toEqual([true, true]);
  });
});
