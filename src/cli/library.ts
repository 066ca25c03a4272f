import { BtfFixError } from "../errors.ts";
import type { Engine } from "./engine.ts";

function notYet(): never {
  throw new BtfFixError("USAGE", "not built yet");
}

/** The library itself, each part loaded when it is first asked for. */
export const library: Engine = {
  check: async () => notYet(),
  fix: async () => notYet(),
  dump: async () => notYet(),
  maps: async () => notYet(),
};
