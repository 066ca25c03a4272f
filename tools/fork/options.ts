import { type ParseArgsConfig, parseArgs } from "node:util";
import { TARGETS, type Target } from "../corpus/toolchain.ts";
import { LIBRARIES, type Library } from "./objects.ts";

/** A command line that cannot be meant; exit code 2. */
export class WrongUsage extends Error {
  override readonly name = "WrongUsage";
}

/** Reads options and what stands behind `--`. Errors: WrongUsage for what is unknown, lacks its value or stands alone. */
export function parseOptions<const T extends NonNullable<ParseArgsConfig["options"]>>(
  options: T,
  args = process.argv.slice(2),
) {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  try {
    const { values } = parseArgs({ args: own, options, allowPositionals: false, strict: true });
    return { values, rest: end === -1 ? [] : args.slice(end + 1) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Node's text goes on with advice on quoting; its first sentence is the fact.
    throw new WrongUsage(error.message.split(". ")[0]);
  }
}

function oneOf<T extends string>(what: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === value);
  if (found === undefined) throw new WrongUsage(`invalid ${what} ${value}; use ${allowed.join(" or ")}`);
  return found;
}

/** The target of that name, little-endian by default. Errors: WrongUsage. */
export function targetOf(value: string | undefined): Target {
  return oneOf("target", value ?? "bpfel-unknown-none", TARGETS);
}

/** The library of that name. Errors: WrongUsage. */
export function libraryOf(value: string): Library {
  return oneOf("library", value, LIBRARIES);
}

/** Runs a program of `tools/`: its exit code, 2 for wrong usage, 1 with the message of any other error. */
export async function runMain(name: string, main: () => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    // A compiler that fails has said why on standard error.
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = error instanceof WrongUsage ? 2 : 1;
  }
}
