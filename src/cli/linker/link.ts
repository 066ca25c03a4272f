import { type LinkCall, readLinkCall } from "./link-call.ts";
import type { RepairedOutput } from "./repair-output.ts";
import type { LinkerEnd } from "./spawn-linker.ts";

/** The wrapper's world; tests hand in a double. */
export interface LinkerWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** An argument that is no UTF-8, as text; undefined if all are. */
  readonly notUtf8: string | undefined;
  /** The text of a file. Throws if it cannot be read, or is no UTF-8. */
  readText(path: string): string;
  /** Runs a program with our streams to its end. */
  run(program: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<LinkerEnd>;
  /** Repairs a file where it is and says what remains. */
  repair(path: string, words: readonly string[]): Promise<RepairedOutput>;
  stderr(text: string): void;
}

/** How the wrapper ends itself. */
export type WrapperEnd = Exclude<LinkerEnd, { kind: "unstarted" }>;

/** Set for the linker that is called: a wrapper that finds it was called by itself. */
const WITHIN = "BTF_FIX_WITHIN_LINKER";

const FAILED: WrapperEnd = { kind: "exit", code: 1 };

/** Exit codes of a repair (`exit-code.ts`). */
const PASS = 0;
const DEFECTS = 1;
const USAGE = 2;

function failed(world: LinkerWorld, reason: string): WrapperEnd {
  world.stderr(`error: btf-fix-linker: ${reason}\n`);
  return FAILED;
}

/** Repairs what the linker wrote. No finding fails a build unless BTF_FIX_STRICT asks for it: aya may load what libbpf does not. */
async function repair(world: LinkerWorld, path: string): Promise<WrapperEnd> {
  const { env, stderr } = world;
  const words = (env["BTF_FIX_OPTIONS"] ?? "").split(/\s+/).filter((word) => word !== "");
  const result = await world.repair(path, words);
  if (result === "bare") {
    stderr(
      "warning: btf-fix-linker: the crate's own functions have no debug info, so no loader finds its types: " +
        "set `debug = 2` in the profile of the build (or pass `-C debuginfo=2`)\n",
    );
  } else if (result === USAGE) {
    return FAILED; // BTF_FIX_OPTIONS; what is wrong with it has been said.
  } else if (result !== PASS && result !== DEFECTS) {
    stderr(`warning: btf-fix-linker: not repaired: ${path} is as the linker wrote it\n`);
  }
  return result !== PASS && env["BTF_FIX_STRICT"] === "1" ? FAILED : { kind: "exit", code: 0 };
}

/**
 * Links with bpf-linker (or the one that BTF_FIX_LINKER names) and repairs the object that it wrote, where it is. The linker's exit code and
 * signals are passed on; when it fails nothing is touched.
 */
export async function link(given: readonly string[], world: LinkerWorld): Promise<WrapperEnd> {
  const { env, notUtf8 } = world;
  if (notUtf8 !== undefined)
    return failed(world, `the argument "${notUtf8}" is not UTF-8, and the linker would get another`);
  if (env[WITHIN] !== undefined) return failed(world, "the linker that it is to call is btf-fix-linker itself");
  let call: LinkCall;
  try {
    call = readLinkCall(given, env["BTF_FIX_ADD_BTF"] !== "0", world.readText);
  } catch (error) {
    return failed(world, error instanceof Error ? error.message : String(error));
  }
  const end = await world.run(env["BTF_FIX_LINKER"] || "bpf-linker", call.args, { ...env, [WITHIN]: "1" });
  if (end.kind === "unstarted") return failed(world, end.reason);
  const linked = end.kind === "exit" && end.code === 0;
  return linked && call.isObject && call.output !== undefined ? repair(world, call.output) : end;
}
