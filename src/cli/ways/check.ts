import { checkObject } from "../../check.ts";
import { checkCommand } from "../commands/check.ts";
import { type Ended, type Given, main as run } from "../main.ts";
import { noCommands, noEngine } from "./elsewhere.ts";

/** `check` alone. */
export const main = (given: Given): Promise<Ended> =>
  run(
    { engine: { ...noEngine, check: checkObject }, commands: { ...noCommands, check: async () => checkCommand } },
    given,
  );
