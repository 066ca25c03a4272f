import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { cargoBuild, cargoCommand, PROFILES, type Profile } from "./cargo.ts";
import type { Group, Recipe } from "./recipe.ts";
import { byteOrderName, PROJECT, SEAL, TARGETS, type Target } from "./toolchain.ts";

const WORKSPACE_INPUTS = ["ebpf/Cargo.toml", "ebpf/Cargo.lock"];
const PROGRAMS = "ebpf/corpus-programs";

/** The fork program of `ebpf/`, as cargo and bpf-linker build it: both byte orders, both profiles. */
export function forkPrograms(): Group {
  const source = "ebpf/fork-ebpf-aya/src/main.rs";
  const recipes = TARGETS.flatMap((target) =>
    PROFILES.map((profile) => cargoRecipe("fork-ebpf-aya", "fork", source, target, profile, `.${profile}`)),
  );
  return { name: "aya", tools: ["rustc", "llvm", "bpf-linker", "aya-ebpf"], recipes };
}

/** Aya programs with the maps, keys, values and globals that real projects have; release profile, both byte orders. */
export function morePrograms(): Group {
  const folder = join(PROJECT, PROGRAMS, "src", "bin");
  const names = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".rs")) : [];
  const recipes = names.sort().flatMap((file) => {
    const name = file.slice(0, -".rs".length);
    const source = `${PROGRAMS}/src/bin/${file}`;
    return TARGETS.map((target) => cargoRecipe("corpus-programs", name, source, target, "release", ""));
  });
  return { name: "aya/more", tools: ["rustc", "llvm", "bpf-linker", "aya-ebpf"], recipes };
}

function cargoRecipe(
  packageName: string,
  object: string,
  source: string,
  target: Target,
  profile: Profile,
  suffix: string,
): Recipe {
  const build = { package: packageName, target, profile, verbose: false } as const;
  return {
    file: `${object}.${byteOrderName(target)}${suffix}.o`,
    source,
    inputs: [SEAL, ...WORKSPACE_INPUTS, source.replace(/src\/.*/, "Cargo.toml")],
    target,
    command: `cd ebpf && ${cargoCommand(build)}`,
    build(toolchain, output) {
      copyFileSync(join(cargoBuild(toolchain, build), object), output);
    },
  };
}
