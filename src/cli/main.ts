import type { Engine } from "./engine.ts";
import type { ExitCode } from "./exit-code.ts";
import { library } from "./library.ts";
import { nodeHost } from "./node-host.ts";
import { run } from "./run.ts";
import { skipOptimising } from "./short-run.ts";

/** How a run ended; `worked` if it took an object apart, so that its code is worth keeping. */
export interface Ended {
  readonly exit: ExitCode;
  readonly worked: boolean;
}

/**
 * The program with the real world and the real library; `start.ts` calls it. `compiled` says that V8 had the program's code kept: code
 * that is yet to be kept must be made under V8's own flags, or the next run would not take it.
 */
export async function main({ compiled }: { readonly compiled: boolean }): Promise<Ended> {
  let worked = false;
  function begin(bytes: Uint8Array): void {
    worked = true;
    if (compiled) skipOptimising(bytes);
  }
  const engine: Engine = {
    ...library,
    check(bytes, options) {
      begin(bytes);
      return library.check(bytes, options);
    },
    fix(bytes, options) {
      begin(bytes);
      return library.fix(bytes, options);
    },
    emit(bytes, request) {
      begin(bytes);
      return library.emit(bytes, request);
    },
  };
  const exit = await run(process.argv.slice(2), nodeHost, engine);
  return { exit, worked };
}
