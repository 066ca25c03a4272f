import { diffObjects } from "../../diff/object.ts";
import { fixObject } from "../../fix.ts";
import { fixCommand } from "../commands/fix.ts";
import type { Engine } from "../engine.ts";
import { type RepairedOutput, repairOutput as repairWith } from "../linker/repair-output.ts";
import { type Ended, type Given, main as run } from "../main.ts";
import { nodeHost } from "../node-host.ts";
import { withKernel } from "../options.ts";
import { skipOptimising } from "../short-run.ts";
import { noCommands, noEngine } from "./elsewhere.ts";

const engine: Engine = {
  ...noEngine,
  fix: (bytes, options) => fixObject(bytes, withKernel(options)),
  // For `--plan`.
  diff: async (before, after) => diffObjects(before, after),
};

/** The repair alone. */
export const main = (given: Given): Promise<Ended> =>
  run({ engine, commands: { ...noCommands, fix: async () => fixCommand } }, given);

/** The repair of what a linker wrote, with more options of the command line; see `linker/repair-output.ts`. */
export function repairOutput(path: string, words: readonly string[], compiled: boolean): Promise<RepairedOutput> {
  const asked: Engine = {
    ...engine,
    fix(bytes, options) {
      if (compiled) skipOptimising(bytes);
      return engine.fix(bytes, options);
    },
  };
  return repairWith(path, words, nodeHost, asked);
}

/** What the linker wrapper finds in this program. */
export interface LinkerProgram {
  readonly repairOutput: typeof repairOutput;
}
