import type { ExitCode } from "./exit-code.ts";
import { library } from "./library.ts";
import { nodeHost } from "./node-host.ts";
import { run } from "./run.ts";

/** How a run ended; `repaired` if it went through a repair, the longest way through the program. */
export interface Ended {
  readonly exit: ExitCode;
  readonly repaired: boolean;
}

/** The program with the real world and the real library; `start.ts` calls it. */
export async function main(): Promise<Ended> {
  let repaired = false;
  const exit = await run(process.argv.slice(2), nodeHost, {
    ...library,
    fix(bytes, options) {
      repaired = true;
      return library.fix(bytes, options);
    },
  });
  return { exit, repaired };
}
