import type { Engine } from "./engine.ts";
import type { ExitCode } from "./exit-code.ts";
import { collectingGarbage } from "./long-run.ts";
import { nodeHost } from "./node-host.ts";
import { type Program, run } from "./run.ts";
import { skipOptimising } from "./short-run.ts";

/** How a run ended; `worked` if it took an object apart, so that its code is worth keeping. */
export interface Ended {
  readonly exit: ExitCode;
  readonly worked: boolean;
}

/** What a program is given: whether V8 had its code kept. */
export interface Given {
  readonly compiled: boolean;
}

/**
 * Runs a program in the real world; `start.ts` calls one of `ways/`, which call this. Code that is yet to be kept must be made under V8's
 * own flags, or the next run would not take it.
 */
export async function main({ engine, commands }: Program, { compiled }: Given): Promise<Ended> {
  let worked = false;
  function begin(bytes: Uint8Array): void {
    worked = true;
    if (compiled) skipOptimising(bytes);
  }
  const noting: Engine = {
    ...engine,
    check(bytes, options) {
      if (options.alone) begin(bytes);
      return engine.check(bytes, options);
    },
    fix(bytes, options) {
      begin(bytes);
      return engine.fix(bytes, options);
    },
    emit(bytes, request) {
      begin(bytes);
      return engine.emit(bytes, collectingGarbage(bytes, request));
    },
  };
  const exit = await run(process.argv.slice(2), nodeHost, { engine: noting, commands });
  return { exit, worked };
}
