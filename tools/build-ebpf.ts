import { copyFileSync, mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { cargoBuild, PROFILES, type Profile, WORKSPACE } from "./corpus/cargo.ts";
import { byteOrderName, findToolchain, PROJECT, TARGETS, type Target } from "./corpus/toolchain.ts";

const USAGE = `npm run build-ebpf -- [--release | --dev] [--target bpfel-unknown-none|bpfeb-unknown-none]

Builds the eBPF programs of ebpf/ into ebpf/target/objects/. Without options: both byte orders, both profiles.`;

/** Cargo packages built, and the object that each gives. */
const PROGRAMS = [{ package: "fork-ebpf-aya", object: "fork" }] as const;

function isTarget(name: string): name is Target {
  return (TARGETS as readonly string[]).includes(name);
}

function main(): number {
  const { values } = parseArgs({
    options: {
      release: { type: "boolean", default: false },
      dev: { type: "boolean", default: false },
      target: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values.target !== undefined && !isTarget(values.target)) {
    console.error(`build-ebpf: invalid target ${values.target}; use ${TARGETS.join(" or ")}`);
    return 2;
  }
  const probe = findToolchain();
  if ("missing" in probe) {
    console.error(`build-ebpf: missing ${probe.missing}`);
    return 1;
  }
  const targets = values.target === undefined ? TARGETS : [values.target];
  const profiles: readonly Profile[] = values.release ? ["release"] : values.dev ? ["dev"] : PROFILES;
  const objects = join(WORKSPACE, "target", "objects");
  mkdirSync(objects, { recursive: true });
  for (const program of PROGRAMS) {
    for (const target of targets) {
      for (const profile of profiles) {
        const folder = cargoBuild(probe.toolchain, {
          package: program.package,
          target,
          profile,
          linker: "bpf-linker",
          verbose: true,
        });
        const object = join(objects, `${program.object}.${byteOrderName(target)}.${profile}.o`);
        copyFileSync(join(folder, program.object), object);
        console.log(relative(PROJECT, object));
      }
    }
  }
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  // A compiler that fails has said why on standard error.
  console.error(`build-ebpf: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
