import { BtfFixError } from "../../errors.ts";
import { differenceText } from "../../report/difference.ts";
import { jsonLine, REPORT_VERSION } from "../../report/json.ts";
import { EXIT_DEFECTS, EXIT_PASS, type ExitCode } from "../exit-code.ts";
import { reportFailure, type Session } from "../session.ts";

/** Says what the second object says differently from the first; as with diff(1), exit code 1 if anything. */
export async function diffCommand(session: Session): Promise<ExitCode> {
  const { host, engine, invocation, stdoutPaint } = session;
  const [before, after, ...more] = invocation.inputs;
  if (before === undefined || after === undefined || more.length > 0) {
    throw new BtfFixError("USAGE", "diff takes two files");
  }
  try {
    const differences = await engine.diff(host.readInput(before).bytes, host.readInput(after).bytes);
    if (invocation.json) host.stdout(jsonLine({ version: REPORT_VERSION, before, after, differences }));
    else for (const difference of differences) host.stdout(differenceText(difference, stdoutPaint));
    return differences.length === 0 ? EXIT_PASS : EXIT_DEFECTS;
  } catch (thrown) {
    return reportFailure(session, `${before}, ${after}`, thrown).exit;
  }
}
