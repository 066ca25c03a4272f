import { BtfFixError } from "../errors.ts";
import { errorText } from "../report/error.ts";
import { type Paint, paintWhenAsked } from "../report/paint.ts";
import { printable } from "../report/printable.ts";
import type { Invocation } from "./arguments.ts";
import type { Engine } from "./engine.ts";
import { EXIT_INPUT, EXIT_OF_ERROR, type ExitCode } from "./exit-code.ts";
import type { Host } from "./host.ts";

/** What a command works with. */
export interface Session {
  readonly host: Host;
  readonly engine: Engine;
  readonly invocation: Invocation;
  readonly stdoutPaint: Paint;
  readonly stderrPaint: Paint;
}

function wantsColour(invocation: Invocation, host: Host, stream: "stdout" | "stderr"): boolean {
  if (invocation.color !== "auto") return invocation.color === "always";
  // https://no-color.org: present and not empty.
  if ((host.env["NO_COLOR"] ?? "") !== "" || host.env["TERM"] === "dumb") return false;
  return stream === "stdout" ? host.stdoutIsTty : host.stderrIsTty;
}

/** Binds a command line to the world it runs in. */
export function openSession(invocation: Invocation, host: Host, engine: Engine): Session {
  return {
    host,
    engine,
    invocation,
    stdoutPaint: paintWhenAsked(() => wantsColour(invocation, host, "stdout")),
    stderrPaint: paintWhenAsked(() => wantsColour(invocation, host, "stderr")),
  };
}

/** How messages call an input. */
export function displayName(path: string): string {
  return path === "-" ? "<stdin>" : path;
}

/** What a run on one file came to: its exit code, and the error if it had one. */
export interface Failure {
  readonly exit: ExitCode;
  readonly error: BtfFixError;
}

/**
 * Says an error of one file on stderr and gives its exit code. Anything but a BtfFixError is a fault of btf-fix itself; it is told as
 * such, since one file must not end the run. Wrong usage is no matter of one file and is thrown on.
 */
export function reportFailure(session: Session, path: string | undefined, thrown: unknown): Failure {
  const file = path === undefined ? undefined : displayName(path);
  if (thrown instanceof BtfFixError) {
    if (thrown.code === "USAGE") throw thrown;
    session.host.stderr(errorText(file, thrown, session.stderrPaint));
    return { exit: EXIT_OF_ERROR[thrown.code], error: thrown };
  }
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  const message = `internal fault, please report it with the file: ${cause.message}`;
  const error = new BtfFixError("VERIFY_FAILED", message, undefined, cause);
  session.host.stderr(errorText(file, error, session.stderrPaint));
  if (session.invocation.loudness === "verbose") {
    session.host.stderr(`${(cause.stack ?? "").split("\n").map(printable).join("\n")}\n`);
  }
  return { exit: EXIT_INPUT, error };
}
