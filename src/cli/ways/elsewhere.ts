import type { Engine } from "../engine.ts";
import type { Commands } from "../run.ts";

function elsewhere(): never {
  throw new Error("this part of the program is in another file");
}

/** What a program of one command has beside it: nothing that may be called. */
export const noCommands: Commands = {
  fix: elsewhere,
  check: elsewhere,
  dump: elsewhere,
  maps: elsewhere,
  emit: elsewhere,
  diff: elsewhere,
  watch: elsewhere,
  explain: elsewhere,
};

export const noEngine: Engine = {
  check: elsewhere,
  fix: elsewhere,
  dump: elsewhere,
  maps: elsewhere,
  diff: elsewhere,
  emit: elsewhere,
  explain: elsewhere,
};
