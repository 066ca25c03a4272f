import { spawn } from "node:child_process";
import { relative } from "node:path";
import { PROJECT } from "./corpus/toolchain.ts";
import { ensureMounts } from "./fork/mounts.ts";
import { needProgram } from "./fork/needs.ts";
import { buildObject } from "./fork/objects.ts";
import { libraryOf, parseOptions, runMain, targetOf } from "./fork/options.ts";
import { repaired } from "./fork/repair.ts";
import { buildUserSpace } from "./fork/user-space.ts";

const USAGE = `npm run start -- [OPTIONS] [-- ARGS]        (in ebpf/: cargo xtask run [OPTIONS] [-- ARGS])

Builds a fork program, repairs or checks it with btf-fix, builds a user-space program, and runs the one on the other.

      --ebpf-lib aya|libbpf        the program: in Rust with aya-ebpf (default), or in C with libbpf's headers
      --userspace-lib aya|libbpf   the library that loads it (default: libbpf)
      --release                    both in the release profile
      --bpf-target TARGET          bpfel-unknown-none (default) or bpfeb-unknown-none
  -r, --runner COMMAND             what runs the user-space program (default: "sudo -E"; as root nothing)
  -h, --help                       this text

ARGS are for the user-space program: --events N ends it after N entries of the map, --help says more. RUST_LOG=debug shows what the
library says. \`bpftool prog tracelog\` in another terminal shows the program's own lines.`;

/** Words in front of the user-space program. */
function runnerWords(given: string | undefined): readonly string[] {
  const text = given ?? (process.getuid?.() === 0 ? "" : "sudo -E");
  const words = text.split(" ").filter((word) => word !== "");
  const [program] = words;
  if (program !== undefined) needProgram([program], `--runner names another (Debian: apt-get install ${program})`);
  return words;
}

/** Runs to the end; signals that reach the whole terminal are the child's, who says what came of them. */
function runToEnd([program = "", ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit" });
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

await runMain("start", () => {
  const { values, rest } = parseOptions({
    "ebpf-lib": { type: "string" },
    "userspace-lib": { type: "string" },
    release: { type: "boolean" },
    "bpf-target": { type: "string" },
    runner: { type: "string", short: "r" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const target = targetOf(values["bpf-target"]);
  const library = libraryOf(values["ebpf-lib"] ?? "aya");
  const userSpace = libraryOf(values["userspace-lib"] ?? "libbpf");
  const profile = values.release ? "release" : "dev";
  const runner = runnerWords(values.runner);
  const object = repaired(buildObject({ library, target, profile }), library);
  if (object === undefined) return 1;
  const program = buildUserSpace(userSpace, profile);
  ensureMounts((line) => console.log(line));
  const command = [...runner, program, relative(process.cwd(), object), ...rest];
  console.log(`$ ${[...runner, relative(PROJECT, program), ...command.slice(runner.length + 1)].join(" ")}`);
  return runToEnd(command);
});
