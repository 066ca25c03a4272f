import { bpftool } from "../../test/judges/bpftool.ts";
import { type Judge, once } from "../../test/judges/judge.ts";
import { libbpf17 } from "../../test/judges/libbpf.ts";
import { versionLine } from "../judges/toolchain.ts";

/** LLVM's reader of debug info: the witness that is not ours. */
const dwarfdump: () => Judge = once(() => {
  const version = versionLine("llvm-dwarfdump-22", "--version");
  const usable = version !== undefined;
  return { name: "llvm-dwarfdump", version: version ?? "", usable, why: usable ? "" : "not installed" };
});

/** Everyone who has a say in whether an object is fine. */
export function scoreboardJudges(): readonly Judge[] {
  return [libbpf17(), bpftool(), dwarfdump()];
}
