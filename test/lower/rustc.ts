import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toolchain, versionLine } from "../../tools/judges/toolchain.ts";
import { type Judge, once } from "../judges/judge.ts";
import { inScratch } from "../judges/run.ts";

/** Debian's rustc (it has `core` for the BPF targets) with LLVM's bare code generator, which writes the BTF. */
export const rustc: () => Judge = once(() => {
  const { rustc: compiler, llc } = toolchain();
  const version = versionLine(compiler)?.match(/\d+\.\d+\.\d+/)?.[0];
  const why = version === undefined ? "Debian's rustc is not installed" : "llc-22 is not installed";
  const usable = version !== undefined && llc !== undefined;
  return { name: "rustc", version: version ?? "", usable, why: usable ? "" : why };
});

/** Compiles a `no_std` library for BPF, with full debug info unless said, and returns the object's bytes. */
export function compileRust(source: string, target: "bpfel" | "bpfeb" = "bpfel", debuginfo: 1 | 2 = 2): Uint8Array {
  return inScratch((folder) => {
    const { rustc: compiler, llc } = toolchain();
    const bitcode = join(folder, "shape.bc");
    const object = join(folder, "shape.o");
    const input = join(folder, "shape.rs");
    writeFileSync(input, `#![no_std]\n#![allow(dead_code, static_mut_refs)]\n${source}`);
    const flags = [
      "--edition",
      "2021",
      "--target",
      `${target}-unknown-none`,
      "-C",
      `debuginfo=${debuginfo}`,
      "-C",
      "opt-level=2",
    ];
    const shape = ["-C", "panic=abort", "--crate-type", "lib", "--crate-name", "shape", `--emit=obj=${bitcode}`, input];
    // RUSTC_BOOTSTRAP would make rustc mangle names as a nightly does.
    const env = { ...process.env, RUSTC_BOOTSTRAP: undefined };
    execFileSync(compiler ?? "rustc", [...flags, ...shape], { env, stdio: ["ignore", "ignore", "pipe"] });
    execFileSync(llc ?? "llc-22", [`-march=${target}`, "-mcpu=v3", "-filetype=obj", "-o", object, bitcode]);
    return new Uint8Array(readFileSync(object));
  });
}
