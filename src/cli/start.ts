#!/usr/bin/env node
/**
 * What Node runs first: loads the program with the code that V8 made of it before. Most of a run's time is starting, and most of that is
 * compiling the same JavaScript anew; with its compiled form kept, a repair takes half the time. Everything works without it too.
 */
import { readFileSync } from "node:fs";
import { Script } from "node:vm";
import { findCache, storeCache } from "./code-cache.ts";
import type { Ended, Given } from "./main.ts";
import { COMMAND_WORDS } from "./usage.ts";

/** Digests of the programs, put in by the build: V8 itself compares no more than the source's length. */
declare const BTF_FIX_DIGESTS: { readonly fix: string; readonly emit: string; readonly all: string };

/**
 * The program that has the command. Repair and `emit` have one each, in which nothing is loaded piece by piece: 0.6 to 1 ms. The rust
 * dialect of `emit` ends with a repair.
 */
function programFor(args: readonly string[]): keyof typeof BTF_FIX_DIGESTS {
  if (!COMMAND_WORDS.some((word) => args.includes(word))) return "fix";
  return args[0] === "emit" && !args.includes("--rust") ? "emit" : "all";
}

const name = programFor(process.argv.slice(2));
const key = BTF_FIX_DIGESTS[name];
const filename = `${__dirname}/${name}.cjs`;
const cachedData = findCache(__dirname, key);
// ASCII, and a function of the names that a module sees: the build makes it so, and nothing has to be decoded or put together here.
const script = new Script(readFileSync(filename, "utf8"), {
  filename,
  ...(cachedData === undefined ? {} : { cachedData }),
});
const compiled = cachedData !== undefined && script.cachedDataRejected === false;
const program = { exports: {} as { main: (given: Given) => Promise<Ended> } };
script.runInThisContext()(program.exports, require, program, filename, __dirname);

program.exports.main({ compiled }).then(({ exit, worked }) => {
  // Made after the run, so that it holds the functions that a run needs, and no others.
  if (worked && !compiled) storeCache(key, script.createCachedData());
  // All output is written. To end here spares the dismantling of the heap.
  process.exit(exit);
});
