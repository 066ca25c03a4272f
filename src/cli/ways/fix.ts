import { diffObjects } from "../../diff/object.ts";
import { fixObject } from "../../fix.ts";
import { fixCommand } from "../commands/fix.ts";
import { type Ended, type Given, main as run } from "../main.ts";
import { withKernel } from "../options.ts";
import { noCommands, noEngine } from "./elsewhere.ts";

/** The repair alone. */
export const main = (given: Given): Promise<Ended> =>
  run(
    {
      engine: {
        ...noEngine,
        fix: (bytes, options) => fixObject(bytes, withKernel(options)),
        // For `--plan`.
        diff: async (before, after) => diffObjects(before, after),
      },
      commands: { ...noCommands, fix: async () => fixCommand },
    },
    given,
  );
