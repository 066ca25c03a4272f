import { responseWords } from "./response-file.ts";

/** One call of the linker, as far as it concerns whoever comes after it. */
export interface LinkCall {
  /** What the linker is given: response files expanded, `--btf` added. */
  readonly args: readonly string[];
  /** The file that the linker writes; undefined where it is only asked for its help or version. */
  readonly output: string | undefined;
  /** Whether the output is an object, which alone has BTF. */
  readonly isObject: boolean;
  /** Whether `--btf` was not among the arguments and was added. */
  readonly addedBtf: boolean;
}

/** bpf-linker's options that take a value in an argument of its own (`bpf-linker --help`, 0.13). */
const TAKE_VALUE = new Set([
  "-o",
  "-L",
  "-O",
  "--output",
  "--target",
  "--cpu",
  "--cpu-features",
  "--emit",
  "--export-symbols",
  "--export",
  "--log-file",
  "--log-level",
  "--dump-module",
  "--llvm-args",
  "--fatal-errors",
]);

/** A file that names itself within itself has no end. */
const NESTED = 8;

function* expanded(args: readonly string[], read: (path: string) => string, depth = 0): Generator<string> {
  for (const arg of args) {
    if (!arg.startsWith("@") || arg === "@") yield arg;
    else if (depth === NESTED) throw new Error(`${arg}: response files nested too deeply`);
    else yield* expanded(responseWords(read(arg.slice(1))), read, depth + 1);
  }
}

/** Options with their values, in order; `--a=b` and `-ob` are taken apart. Inputs are no options. */
function* options(args: readonly string[]): Generator<readonly [name: string, value: string | undefined]> {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--") return;
    if (TAKE_VALUE.has(arg)) {
      at++;
      yield [arg, args[at]];
    } else if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      yield equals === -1 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
    } else if (/^-[oOL]./.test(arg)) {
      yield [arg.slice(0, 2), arg.slice(2).replace(/^=/, "")];
    } else if (arg.startsWith("-")) {
      yield [arg, undefined];
    }
  }
}

/**
 * Reads a command line of bpf-linker. `--btf` is put in front where it is absent and an object is written, since without it the linker
 * strips every type; `addBtf` false leaves it out. `read` gives the text of a response file, of which bpf-linker knows none; what it
 * throws is thrown on.
 */
export function readLinkCall(given: readonly string[], addBtf: boolean, read: (path: string) => string): LinkCall {
  const args = [...expanded(given, read)];
  let output: string | undefined;
  let emit = "obj";
  let hasBtf = false;
  for (const [name, value] of options(args)) {
    if (name === "-o" || name === "--output") output = value;
    if (name === "--emit" && value !== undefined) emit = value;
    if (name === "--btf") hasBtf = true;
  }
  const isObject = emit === "obj";
  const addedBtf = addBtf && isObject && !hasBtf && output !== undefined;
  return { args: addedBtf ? ["--btf", ...args] : args, output, isObject, addedBtf };
}
