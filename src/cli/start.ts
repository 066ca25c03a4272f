#!/usr/bin/env node
/**
 * What Node runs first: loads the program with the code that V8 made of it before. Most of a run's time is starting, and most of that is
 * compiling the same JavaScript anew; with its compiled form kept, a repair takes half the time. Everything works without it too.
 */
import { readFileSync } from "node:fs";
import { Script } from "node:vm";
import { type CacheFile, findCache, storeCache } from "./code-cache.ts";
import type { main } from "./main.ts";

/** Digest of the program, put in by the build: V8 itself compares no more than the source's length. */
declare const BTF_FIX_PROGRAM_DIGEST: string;

interface Loaded {
  /** Runs the program. */
  readonly main: typeof main;
  /** Keeps the compiled code for the next run; does nothing if it was kept before. */
  keep(): void;
}

function load(): Loaded {
  const filename = `${__dirname}/program.cjs`;
  const source = readFileSync(filename, "utf8");
  const cache: CacheFile | undefined = findCache(__dirname, BTF_FIX_PROGRAM_DIGEST);
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename,
    ...(cache === undefined ? {} : { cachedData: cache.bytes }),
  });
  const module = { exports: {} as { main: typeof main } };
  script.runInThisContext()(module.exports, require, module, filename, __dirname);
  return {
    main: module.exports.main,
    keep() {
      if (cache !== undefined && script.cachedDataRejected === false) return;
      // Made after the run, so that it holds the functions that a run needs, and no others.
      storeCache(BTF_FIX_PROGRAM_DIGEST, script.createCachedData());
    },
  };
}

const loaded = load();
loaded.main().then(({ exit, repaired }) => {
  if (repaired) loaded.keep();
  // All output is written. To end here spares the dismantling of the heap.
  process.exit(exit);
});
