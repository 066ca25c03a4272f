#!/usr/bin/env node
/**
 * What Node runs first: loads the program with the code that V8 made of it before. Most of a run's time is starting, and most of that is
 * compiling the same JavaScript anew; with its compiled form kept, a repair takes half the time. Everything works without it too.
 */
import { readFileSync } from "node:fs";
import { Script } from "node:vm";
import { findCache, storeCache } from "./code-cache.ts";
import type { main } from "./main.ts";

/** Digest of the program, put in by the build: V8 itself compares no more than the source's length. */
declare const BTF_FIX_PROGRAM_DIGEST: string;

/** Commands that go their own way through the program; each keeps the code of its way, and the others take that of a repair. */
const OWN_WAY: readonly (string | undefined)[] = ["check", "emit"];

const [, , first] = process.argv;
const key = OWN_WAY.includes(first) ? `${BTF_FIX_PROGRAM_DIGEST}-${first}` : BTF_FIX_PROGRAM_DIGEST;
const filename = `${__dirname}/program.cjs`;
const cachedData = findCache(__dirname, key);
// ASCII, and a function of the names that a module sees: the build makes it so, and nothing has to be decoded or put together here.
const script = new Script(readFileSync(filename, "latin1"), {
  filename,
  ...(cachedData === undefined ? {} : { cachedData }),
});
const compiled = cachedData !== undefined && script.cachedDataRejected === false;
const program = { exports: {} as { main: typeof main } };
script.runInThisContext()(program.exports, require, program, filename, __dirname);

program.exports.main({ compiled }).then(({ exit, worked }) => {
  // Made after the run, so that it holds the functions that a run needs, and no others.
  if (worked && !compiled) storeCache(key, script.createCachedData());
  // All output is written. To end here spares the dismantling of the heap.
  process.exit(exit);
});
