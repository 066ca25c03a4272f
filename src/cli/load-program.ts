import { readFileSync } from "node:fs";
import { Script } from "node:vm";
import { findCache, storeCache } from "./code-cache.ts";

/** Digests of the programs, put in by the build: V8 itself compares no more than the source's length. */
declare const BTF_FIX_DIGESTS: Readonly<Record<string, string>>;

/** A program of `ways/`, running. */
export interface LoadedProgram<Exports> {
  readonly exports: Exports;
  /** Whether V8 had its code kept. */
  readonly compiled: boolean;
  /** Keeps the code that V8 has made so far for later runs. Called after a run, it holds the functions that a run needs, and no others. */
  keep(): void;
}

/**
 * Loads the program of this name from the folder of the caller, with the code that V8 made of it before. Most of a run's time is
 * starting, and most of that is compiling the same JavaScript anew; with its compiled form kept, a repair takes half the time.
 * Everything works without it too.
 */
export function loadProgram<Exports>(name: string): LoadedProgram<Exports> {
  const key = BTF_FIX_DIGESTS[name] ?? name;
  const filename = `${__dirname}/${name}.cjs`;
  const cachedData = findCache(__dirname, key);
  // ASCII, and a function of the names that a module sees: the build makes it so, and nothing has to be decoded or put together here.
  const script = new Script(readFileSync(filename, "utf8"), {
    filename,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const compiled = cachedData !== undefined && script.cachedDataRejected === false;
  const program = { exports: {} as Exports };
  script.runInThisContext()(program.exports, require, program, filename, __dirname);
  return {
    exports: program.exports,
    compiled,
    keep() {
      if (!compiled) storeCache(key, script.createCachedData());
    },
  };
}
