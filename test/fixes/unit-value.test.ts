import { describe, expect } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { readMaps } from "../../src/maps.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { DEFINITION, GLUE } from "./mended.ts";

/** A set, as Rust writes it: no kernel makes a hash map with a value of no bytes, which is all that is told of it. */
const SET = `${DEFINITION}${GLUE}
#[no_mangle] #[link_section = ".maps"] pub static SET: Def<u32, (), 1> = Def::new();
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&SET, &1u32) }
`;

describe("a map whose value is `()`", () => {
  const withRust = judgeTest(rustc(), libbpf17(), kernel());

  withRust("comes to rest, with BTF that the kernel takes", async () => {
    const raw = compileRust(SET);
    const { bytes } = await fixObject(raw);
    expect((await fixObject(bytes)).bytes).toEqual(bytes);
    const { diagnostics } = await checkObject(bytes);
    expect(diagnostics.filter(({ severity }) => severity === "error")).toMatchObject([{ rule: "kernel/kc-12" }]);
    expect(await readMaps(bytes, { from: "btf" })).toEqual(await readMaps(raw, { from: "dwarf" }));
    const { open, maps, btf } = answer(runLibbpf("libbpf17", bytes, { until: "maps", wantBtf: true }));
    expect(open.ok).toBe(true);
    expect(maps.filter(({ internal }) => !internal)).toMatchObject([
      { name: "SET", type: 1, keySize: 4, valueSize: 0 },
    ]);
    expect(answer(kernelBtfLoad([btf ?? bytes]))).toMatchObject([{ errno: 0 }]);
  });
});
