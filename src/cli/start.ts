#!/usr/bin/env node
/** What Node runs first: loads the program that has the command. */
import { loadProgram } from "./load-program.ts";
import type { Ended, Given } from "./main.ts";
import { COMMAND_WORDS } from "./usage.ts";

/**
 * The program that has the command. Repair, `check` and `emit` have one each, in which nothing is loaded piece by piece: 0.6 to 1 ms. The rust
 * dialect of `emit` ends with a repair.
 */
function programFor(args: readonly string[]): "fix" | "check" | "emit" | "all" {
  if (!COMMAND_WORDS.some((word) => args.includes(word))) return "fix";
  if (args[0] === "check") return "check";
  return args[0] === "emit" && !args.includes("--rust") ? "emit" : "all";
}

const program = loadProgram<{ main: (given: Given) => Promise<Ended> }>(programFor(process.argv.slice(2)));

program.exports.main({ compiled: program.compiled }).then(({ exit, worked }) => {
  if (worked) program.keep();
  // All output is written. To end here spares the dismantling of the heap.
  process.exit(exit);
});
