import type { ExitCode } from "./exit-code.ts";
import { library } from "./library.ts";
import { nodeHost } from "./node-host.ts";
import { run } from "./run.ts";
import { skipOptimising } from "./short-run.ts";

/** How a run ended; `repaired` if it went through a repair, the longest way through the program. */
export interface Ended {
  readonly exit: ExitCode;
  readonly repaired: boolean;
}

/**
 * The program with the real world and the real library; `start.ts` calls it. `compiled` says that V8 had the program's code kept: code
 * that is yet to be kept must be made under V8's own flags, or the next run would not take it.
 */
export async function main({ compiled }: { readonly compiled: boolean }): Promise<Ended> {
  let repaired = false;
  const exit = await run(process.argv.slice(2), nodeHost, {
    ...library,
    fix(bytes, options) {
      repaired = true;
      if (compiled) skipOptimising(bytes);
      return library.fix(bytes, options);
    },
  });
  return { exit, repaired };
}
