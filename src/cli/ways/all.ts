import { allCommands } from "../all-commands.ts";
import { library } from "../library.ts";
import { type Ended, type Given, main as run } from "../main.ts";

/** The program with all commands. */
export const main = (given: Given): Promise<Ended> => run({ engine: library, commands: allCommands }, given);
