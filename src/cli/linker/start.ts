#!/usr/bin/env node
/**
 * `btf-fix-linker`: a linker for rustc's BPF targets that calls bpf-linker and then repairs what it wrote. This part is small and starts
 * the linker at once; the repair is loaded while that runs.
 */
import { readFileSync, writeSync } from "node:fs";
import { type LoadedProgram, loadProgram } from "../load-program.ts";
import type { LinkerProgram } from "../ways/fix.ts";
import { link, type WrapperEnd } from "./link.ts";
import { argumentNotUtf8 } from "./raw-arguments.ts";
import { spawnLinker } from "./spawn-linker.ts";

const args = process.argv.slice(2);
let program: LoadedProgram<LinkerProgram> | undefined;

function readText(path: string): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
}

function end(how: WrapperEnd): void {
  if (how.kind === "signal") process.kill(process.pid, how.signal);
  process.exitCode = how.kind === "exit" ? how.code : 1;
}

link(args, {
  env: process.env,
  notUtf8: argumentNotUtf8(args),
  readText,
  run(linker, words, env) {
    const running = spawnLinker(linker, words, env);
    program = loadProgram<LinkerProgram>("fix");
    return running;
  },
  async repair(path, words) {
    program ??= loadProgram<LinkerProgram>("fix");
    const result = await program.exports.repairOutput(path, words, program.compiled);
    program.keep();
    return result;
  },
  stderr: (text) => writeSync(2, text),
}).then(end);
