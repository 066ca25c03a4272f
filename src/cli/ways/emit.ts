import { regenerate } from "../../regenerate.ts";
import { emitCommand } from "../commands/emit.ts";
import { type Ended, type Given, main as run } from "../main.ts";
import { emitOptions } from "../options.ts";
import { noCommands, noEngine } from "./elsewhere.ts";

/** `emit` alone, without the repairs that follow in the rust dialect. */
export const main = (given: Given): Promise<Ended> =>
  run(
    {
      engine: { ...noEngine, emit: async (bytes, request) => regenerate(bytes, emitOptions(request)).bytes },
      commands: { ...noCommands, emit: async () => emitCommand },
    },
    given,
  );
