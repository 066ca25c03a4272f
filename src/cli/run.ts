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

export type Command = (session: Session) => Promise<ExitCode>;

/** Gives the code of a command when it is called, and that of no other. */
export type Commands = Readonly<Record<Invocation["command"], () => Promise<Command>>>;

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
  { engine, commands }: Program,
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
  const command = await commands[invocation.command]();
  return command(openSession(invocation, host, engine));
}

/** What a program consists of: its commands, and the library that they ask. */
export interface Program {
  readonly engine: Engine;
  readonly commands: Commands;
}

/** The whole program: arguments in, exit code out, the world through `host`, the work through the engine. Never throws. */
export async function run(args: readonly string[], host: Host, program: Program): Promise<ExitCode> {
  let command: Invocation["command"] = "fix";
  try {
    const invocation = parseCommandLine(args);
    command = invocation.command;
    return await runCommand(args, host, program, invocation);
  } catch (thrown) {
    return sayEnd(host, thrown, command);
  }
}
