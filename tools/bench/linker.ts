import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WORKSPACE } from "../corpus/cargo.ts";
import { findToolchain, type Toolchain } from "../corpus/toolchain.ts";
import { compare, type Run } from "./measure.ts";

const LINKS = 10;
/** Of what `node -e 0` takes. */
const OVERHEAD_GOAL = 1.5;

/** A linker that keeps a copy of its inputs and its arguments, one a line with the copies' names, and then links. */
const KEEPER = `#!/bin/sh
for arg in "$@"; do
  name="$arg"
  if [ -f "$arg" ] && [ "$last" != -o ]; then name="$KEPT/$(basename "$arg")"; cp "$arg" "$name"; fi
  printf '%s\\n' "$name" >> "$KEPT/args"
  last="$arg"
done
exec "$LINKER" "$@"
`;

/** The arguments with which rustc links the fork program, on inputs that stay. */
function keptCall(toolchain: Toolchain, folder: string): readonly string[] {
  const kept = join(folder, "inputs");
  const keeper = join(folder, "keeper");
  mkdirSync(kept);
  writeFileSync(keeper, KEEPER);
  chmodSync(keeper, 0o755);
  execFileSync(
    toolchain.cargo,
    ["build", "--release", "--ignore-rust-version", "--quiet", "-p", "fork-ebpf-aya", "--target", "bpfel-unknown-none"],
    {
      cwd: WORKSPACE,
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...process.env,
        RUSTC: toolchain.rustc,
        RUSTC_BOOTSTRAP: "1",
        RUSTFLAGS: `-Cdebuginfo=2 -Clinker=${keeper}`,
        CARGO_TARGET_DIR: join(folder, "target"),
        KEPT: kept,
        LINKER: toolchain.bpfLinker,
      },
    },
  );
  return readFileSync(join(kept, "args"), "utf8").trimEnd().split("\n");
}

/** What the wrapper adds to a link of the fork program, beside `node -e 0`; `dist` is the folder of the built program. */
export function benchLinker(node: string, dist: string, folder: string): void {
  const probe = findToolchain();
  if ("missing" in probe) {
    console.log(`linker: skipped, ${probe.missing} missing`);
    return;
  }
  const call = keptCall(probe.toolchain, folder);
  const output = call.indexOf("-o") + 1;
  const args = ["--btf", ...call.with(output, join(folder, "linked"))];
  const plain: Run = { program: probe.toolchain.bpfLinker, args, env: {} };
  const env = { BTF_FIX_LINKER: probe.toolchain.bpfLinker, BTF_FIX_CACHE: join(dist, "cache") };
  const wrapped: Run = { program: node, args: [join(dist, "linker.cjs"), ...args], env };
  const links = compare(wrapped, plain, LINKS);
  const { reference: start } = compare(wrapped, { program: node, args: ["-e", "0"], env: {} }, LINKS);
  const overhead = links.subject - links.reference;
  console.log(
    `linker: ${links.subject.toFixed(1)} ms wrapped against ${links.reference.toFixed(1)} ms plain over ${LINKS} links, ` +
      `${overhead.toFixed(1)} ms more, ${(overhead / start).toFixed(2)} times node -e 0 ` +
      `(goal ${OVERHEAD_GOAL}: ${overhead / start <= OVERHEAD_GOAL ? "met" : "missed"})`,
  );
}
