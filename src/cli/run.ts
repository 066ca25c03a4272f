import { BtfFixError } from "../errors.ts";
import { errorText } from "../report/error.ts";
import { paint } from "../report/paint.ts";
import { type Invocation, parseCommandLine } from "./arguments.ts";
import type { Engine } from "./engine.ts";
import { EXIT_INPUT, EXIT_OF_ERROR, EXIT_PASS, EXIT_USAGE, type ExitCode } from "./exit-code.ts";
import type { Host } from "./host.ts";
import { openSession, type Session } from "./session.ts";
import { HELP, USAGE_LINE } from "./usage.ts";
import { VERSION } from "./version.ts";

/** Loads the code of one command when it is called, and no other. */
const COMMANDS: Readonly<Record<Invocation["command"], () => Promise<(session: Session) => Promise<ExitCode>>>> = {
  fix: async () => (await import("./commands/fix.ts")).fixCommand,
  check: async () => (await import("./commands/check.ts")).checkCommand,
  dump: async () => (await import("./commands/dump.ts")).dumpCommand,
  maps: async () => (await import("./commands/maps.ts")).mapsCommand,
  emit: async () => (await import("./commands/emit.ts")).emitCommand,
  diff: async () => (await import("./commands/diff.ts")).diffCommand,
};

/** Says what ended the run before or beside the files: wrong usage, an output that cannot be written, a fault of ours. */
function sayEnd(host: Host, thrown: unknown, command: Invocation["command"]): ExitCode {
  if (!(thrown instanceof BtfFixError)) {
    const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    host.stderr(`btf-fix: internal fault, please report it: ${message}\n`);
    return EXIT_INPUT;
  }
  host.stderr(errorText(undefined, thrown, paint(false)));
  if (thrown.code === "USAGE") host.stderr(`usage: ${USAGE_LINE[command]} (btf-fix --help says more)\n`);
  return EXIT_OF_ERROR[thrown.code];
}

async function runCommand(
  args: readonly string[],
  host: Host,
  engine: Engine,
  invocation: Invocation,
): Promise<ExitCode> {
  if (invocation.help) {
    host.stdout(HELP);
    return EXIT_PASS;
  }
  if (invocation.version) {
    host.stdout(`btf-fix ${VERSION}\n`);
    return EXIT_PASS;
  }
  if (args.length === 0) {
    host.stderr(HELP);
    return EXIT_USAGE;
  }
  const command = await COMMANDS[invocation.command]();
  return command(openSession(invocation, host, engine));
}

/** The whole program: arguments in, exit code out, the world through `host`, the work through `engine`. Never throws. */
export async function run(args: readonly string[], host: Host, engine: Engine): Promise<ExitCode> {
  let command: Invocation["command"] = "fix";
  try {
    const invocation = parseCommandLine(args);
    command = invocation.command;
    return await runCommand(args, host, engine, invocation);
  } catch (thrown) {
    return sayEnd(host, thrown, command);
  }
}
