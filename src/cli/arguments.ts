import { parseArgs } from "node:util";
import { BtfFixError } from "../errors.ts";
import type { Choices } from "../rules/choices.ts";
import { COMMAND_WORDS, type CommandName } from "./usage.ts";

/** Every option of the program; `of` names the commands that take it. "fix" is the form without a command name. */
const OPTIONS = {
  output: { type: "string", short: "o", of: ["fix", "emit"] },
  "in-place": { type: "boolean", of: ["fix"] },
  "dry-run": { type: "boolean", of: ["fix"] },
  plan: { type: "string", of: ["fix"] },
  "legacy-maps": { type: "string", of: ["fix", "watch"] },
  enum: { type: "string", of: ["fix", "watch"] },
  names: { type: "string", of: ["fix", "watch"] },
  "c-types": { type: "boolean", of: ["fix", "watch"] },
  license: { type: "string", of: ["fix", "watch"] },
  vmlinux: { type: "string", of: ["fix", "watch"] },
  kernel: { type: "string", of: ["check"] },
  loader: { type: "string", multiple: true, of: ["check"] },
  strict: { type: "boolean", of: ["fix", "check", "watch"] },
  only: { type: "string", multiple: true, of: ["fix", "check", "watch"] },
  skip: { type: "string", multiple: true, of: ["fix", "check", "watch"] },
  json: { type: "boolean", of: ["fix", "check", "maps", "diff"] },
  format: { type: "string", of: ["dump"] },
  pretty: { type: "boolean", of: ["dump"] },
  base: { type: "string", short: "B", of: ["dump"] },
  from: { type: "string", of: ["maps", "emit"] },
  rust: { type: "boolean", of: ["emit"] },
  source: { type: "string", of: ["emit"] },
  quiet: { type: "boolean", short: "q", of: ["fix", "check", "watch"] },
  verbose: { type: "boolean", short: "v", of: ["fix", "check", "watch"] },
  color: { type: "string", of: ["fix", "check", "dump", "maps", "emit", "diff", "watch", "explain"] },
  help: { type: "boolean", short: "h", of: ["fix", "check", "dump", "maps", "emit", "diff", "watch", "explain"] },
  version: { type: "boolean", short: "V", of: ["fix", "check", "dump", "maps", "emit", "diff", "watch", "explain"] },
} as const;

type OptionName = keyof typeof OPTIONS;

/** The command line after parsing, nothing looked up yet. */
export interface Invocation extends Omit<Choices, "vmlinux"> {
  readonly command: CommandName;
  readonly inputs: readonly string[];
  readonly output: string | undefined;
  readonly inPlace: boolean;
  readonly dryRun: boolean;
  /** How the plan is printed; undefined: not at all. */
  readonly plan: "text" | "json" | undefined;
  /** A file with the kernel's BTF. */
  readonly vmlinux: string | undefined;
  /** The release that the object is for: "6.12". */
  readonly kernel: string | undefined;
  /** Loaders whose answers count; none: all. */
  readonly loaders: readonly string[];
  readonly strict: boolean;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly json: boolean;
  readonly format: "raw" | "json";
  readonly pretty: boolean;
  readonly base: string | undefined;
  readonly from: "dwarf" | "btf" | "both";
  readonly rust: boolean;
  readonly source: string | undefined;
  readonly loudness: "quiet" | "normal" | "verbose";
  readonly color: "always" | "never" | "auto";
  readonly help: boolean;
  readonly version: boolean;
}

function usageError(message: string): never {
  throw new BtfFixError("USAGE", message);
}

/** `--color` and `--no-color` stand alone as well as with a value, which parseArgs cannot express. */
function spelledOut(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.map((arg, i) => {
    if (end !== -1 && i > end) return arg;
    if (arg === "--color") return "--color=always";
    return arg === "--no-color" ? "--color=never" : arg;
  });
}

function oneOf<T extends string>(option: string, value: string | undefined, allowed: readonly T[], absent: T): T {
  if (value === undefined) return absent;
  return (
    allowed.find((word) => word === value) ?? usageError(`--${option} takes ${allowed.join(", ")}; not "${value}"`)
  );
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: spelledOut(args), options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Node's text goes on with advice on quoting; its first sentence is the fact.
    return usageError((error.message.split(". ")[0] ?? error.message).replace(/\.$/, ""));
  }
}

/** A run that writes nothing prints its plan, unless it prints a report for machines. */
function planForm(values: {
  readonly plan?: string | undefined;
  readonly "dry-run"?: boolean | undefined;
  readonly json?: boolean | undefined;
}): "text" | "json" | undefined {
  if (values.plan !== undefined) {
    if (values.json) usageError("--plan and --json exclude each other");
    return oneOf<"text" | "json">("plan", values.plan, ["text", "json"], "text");
  }
  return values["dry-run"] && !values.json ? "text" : undefined;
}

function isCommand(word: string | undefined): word is CommandName {
  return COMMAND_WORDS.some((command) => command === word);
}

function list(values: readonly string[] | undefined): readonly string[] {
  return (values ?? []).flatMap((value) => value.split(",")).filter((value) => value !== "");
}

/**
 * Reads the command line. The first word that is not an option names the command; any other word there is a file to repair.
 * @throws BtfFixError USAGE for an option that is unknown, lacks its value, or does not belong to the command.
 */
export function parseCommandLine(args: readonly string[]): Invocation {
  const { values, positionals } = parse(args);
  const [first] = positionals;
  const command = isCommand(first) ? first : "fix";
  for (const name of Object.keys(values) as OptionName[]) {
    const commands: readonly CommandName[] = OPTIONS[name].of;
    if (!commands.includes(command)) usageError(`--${name} is not an option of ${command}`);
  }
  if (values.quiet && values.verbose) usageError("-q and -v exclude each other");
  return {
    command,
    inputs: command === "fix" ? positionals : positionals.slice(1),
    output: values.output,
    inPlace: values["in-place"] ?? false,
    dryRun: values["dry-run"] ?? false,
    plan: planForm(values),
    legacyMaps: oneOf("legacy-maps", values["legacy-maps"], ["convert", "keep", "error"], "convert"),
    enums: oneOf("enum", values.enum, ["union", "tagged", "opaque"], "tagged"),
    names: oneOf("names", values.names, ["escape", "short"], "escape"),
    cTypes: values["c-types"] ?? false,
    license: values.license,
    vmlinux: values.vmlinux,
    kernel: values.kernel,
    loaders: list(values.loader),
    strict: values.strict ?? false,
    only: list(values.only),
    skip: list(values.skip),
    json: values.json ?? false,
    format: oneOf("format", values.format, ["raw", "json"], "raw"),
    pretty: values.pretty ?? false,
    base: values.base,
    from: oneOf("from", values.from, ["dwarf", "btf", "both"], "both"),
    rust: values.rust ?? false,
    source: values.source,
    loudness: values.quiet ? "quiet" : values.verbose ? "verbose" : "normal",
    color: oneOf("color", values.color, ["always", "never", "auto"], "auto"),
    help: values.help ?? false,
    version: values.version ?? false,
  };
}
