import { BtfFixError } from "../errors.ts";
import { errorText } from "../report/error.ts";
import { paint } from "../report/paint.ts";
import { type Invocation, parseCommandLine } from "./arguments.ts";
import type { Engine } from "./engine.ts";
import { EXIT_OF_ERROR, EXIT_PASS, EXIT_USAGE, type ExitCode } from "./exit-code.ts";
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
};

function sayUsageError(host: Host, error: BtfFixError, command: Invocation["command"]): ExitCode {
  host.stderr(errorText(undefined, error, paint(false)));
  host.stderr(`usage: ${USAGE_LINE[command]} (btf-fix --help says more)\n`);
  return EXIT_OF_ERROR[error.code];
}

/** The whole program: arguments in, exit code out, the world through `host`, the work through `engine`. */
export async function run(args: readonly string[], host: Host, engine: Engine): Promise<ExitCode> {
  let invocation: Invocation;
  try {
    invocation = parseCommandLine(args);
  } catch (error) {
    if (!(error instanceof BtfFixError)) throw error;
    return sayUsageError(host, error, "fix");
  }
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
  try {
    return await command(openSession(invocation, host, engine));
  } catch (error) {
    if (!(error instanceof BtfFixError)) throw error;
    return sayUsageError(host, error, invocation.command);
  }
}
