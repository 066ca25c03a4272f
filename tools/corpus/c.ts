import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Group, Recipe } from "./recipe.ts";
import { byteOrderName, PROJECT, TARGETS, type Target } from "./toolchain.ts";

const SOURCES = "corpus/c/src";

/** C programs without any header but two of their own, by clang: objects that are fine and must stay as they are. */
export function cPrograms(): Group {
  const folder = join(PROJECT, SOURCES);
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  const headers = files.filter((file) => file.endsWith(".h")).map((file) => `${SOURCES}/${file}`);
  const programs = files.filter((file) => file.endsWith(".c")).map((file) => file.slice(0, -".c".length));
  const recipes = programs.flatMap((program) => TARGETS.map((target) => compiled(program, headers, target)));
  return { name: "c", tools: ["clang"], recipes };
}

function compiled(program: string, headers: readonly string[], target: Target): Recipe {
  const file = `${program}.${byteOrderName(target)}.o`;
  return {
    file,
    source: `${SOURCES}/${program}.c`,
    inputs: headers,
    target,
    command: `cd ${SOURCES} && clang-22 ${args(program, target, "$PWD", file).join(" ")}`,
    build(toolchain, output) {
      const cwd = join(PROJECT, SOURCES);
      execFileSync(toolchain.clang, args(program, target, cwd, output), { cwd });
    },
  };
}

/** `folder` is that of the sources, where clang must run: LLVM reads the line text of `.BTF.ext` from there. */
function args(program: string, target: Target, folder: string, output: string): string[] {
  const machine = [`--target=${byteOrderName(target)}`, "-mcpu=v3", "-O2", "-g", "-nostdinc"];
  return [...machine, `-ffile-prefix-map=${folder}=.`, "-c", `${program}.c`, "-o", output];
}
