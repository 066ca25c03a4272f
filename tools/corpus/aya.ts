import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type CargoBuild, cargoBuild, cargoCommand, PROFILES } from "./cargo.ts";
import type { Group, Recipe } from "./recipe.ts";
import { byteOrderName, PROJECT, SEAL, STAND_IN, TARGETS } from "./toolchain.ts";

const WORKSPACE_INPUTS = ["ebpf/Cargo.toml", "ebpf/Cargo.lock"];
/** Of `aya-programs`, those that the corpus has in the dev profile as well. */
const IN_DEV = ["latency", "rate_limiter", "tracer"];
const BPF_LINKER = ["rustc", "llvm", "bpf-linker", "aya-ebpf"] as const;
const RELEASE = { profile: "release", linker: "bpf-linker" } as const;

/** The fork program of `ebpf/`, as cargo and bpf-linker build it: both byte orders, both profiles. */
export function forkPrograms(): Group {
  const source = "ebpf/fork-ebpf-aya/src/main.rs";
  const recipes = TARGETS.flatMap((target) =>
    PROFILES.map((profile) => {
      const build = { package: "fork-ebpf-aya", target, profile, linker: "bpf-linker", verbose: false } as const;
      return cargoRecipe(build, "fork", source, `.${profile}`);
    }),
  );
  return { name: "aya", tools: BPF_LINKER, recipes };
}

/** Aya programs with the maps, keys, values and globals that real projects have; release profile, both byte orders. */
export function morePrograms(): Group {
  return { name: "aya/more", tools: BPF_LINKER, recipes: programRecipes("corpus-programs", RELEASE) };
}

/** One program for each kind of map of aya-ebpf, typed (`btf_*`) and legacy (`legacy_*`), as bpf-linker leaves it. */
export function mapKinds(): Group {
  return { name: "aya-kinds", tools: BPF_LINKER, recipes: programRecipes("map-kinds", RELEASE) };
}

/** The same by LLVM's own tools; without link-time optimisation in rustc, which would bring all of `core`'s debug information. */
export function standInMapKinds(): Group {
  const recipes = programRecipes("map-kinds", { profile: "dev", linker: "stand-in" });
  return { name: "aya-kinds/stand-in", tools: ["rustc", "llvm", "llc", "aya-ebpf"], recipes };
}

/** Programs as projects write them, each with several maps of both declarations; of a few, the dev profile too. */
export function ayaPrograms(): Group {
  const dev = { profile: "dev", linker: "bpf-linker", programs: IN_DEV } as const;
  const recipes = [...programRecipes("aya-programs", RELEASE), ...programRecipes("aya-programs", dev, ".dev")];
  return { name: "aya-programs", tools: BPF_LINKER, recipes };
}

/** Every program in `src/bin/` of a package that is to be built, both byte orders. */
function programRecipes(
  packageName: string,
  how: Pick<CargoBuild, "profile" | "linker" | "programs">,
  suffix = "",
): Recipe[] {
  const programs = `ebpf/${packageName}/src/bin`;
  const folder = join(PROJECT, programs);
  const names = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".rs")) : [];
  return names.sort().flatMap((file) => {
    const name = file.slice(0, -".rs".length);
    if (how.programs?.includes(name) === false) return [];
    return TARGETS.map((target) =>
      cargoRecipe({ package: packageName, target, ...how, verbose: false }, name, `${programs}/${file}`, suffix),
    );
  });
}

function cargoRecipe(build: CargoBuild, object: string, source: string, suffix: string): Recipe {
  const linker = build.linker === "stand-in" ? [STAND_IN] : [];
  return {
    file: `${object}.${byteOrderName(build.target)}${suffix}.o`,
    source,
    inputs: [SEAL, ...linker, ...WORKSPACE_INPUTS, source.replace(/src\/.*/, "Cargo.toml")],
    target: build.target,
    command: `cd ebpf && ${cargoCommand(build)}`,
    build(toolchain, output) {
      copyFileSync(join(cargoBuild(toolchain, build), object), output);
    },
  };
}
