import { BtfFixError } from "../../errors.ts";
import { checkedFile, failedFile, type ReportedFile, reportJson } from "../../report/json.ts";
import { checkOutcome, remaining } from "../../report/outcome.ts";
import { diagnosticsText } from "../../report/text.ts";
import { EXIT_DEFECTS, EXIT_PASS, type ExitCode, worse } from "../exit-code.ts";
import { displayName, reportFailure, type Session } from "../session.ts";

/** Says what is wrong with each input and writes nothing. Findings are the product and go to stdout, unusable files to stderr. */
export async function checkCommand(session: Session): Promise<ExitCode> {
  const { host, engine, invocation } = session;
  const { inputs, only, skip, kernel, strict, json, loudness } = invocation;
  if (inputs.length === 0) throw new BtfFixError("USAGE", "name at least one object to check");
  const report: ReportedFile[] = [];
  let exit: ExitCode = EXIT_PASS;
  for (const path of inputs) {
    const name = displayName(path);
    try {
      const result = await engine.check(host.readInput(path).bytes, { only, skip, kernel });
      report.push(checkedFile(name, result));
      const left = remaining(result.diagnostics);
      if (left.error > 0 || (strict && left.warning > 0)) exit = worse(exit, EXIT_DEFECTS);
      if (json) continue;
      host.stdout(diagnosticsText(result.diagnostics, loudness, session.stdoutPaint, { strict }));
      if (loudness !== "quiet") host.stdout(`${checkOutcome(name, result)}\n`);
    } catch (thrown) {
      const failure = reportFailure(session, path, thrown);
      report.push(failedFile(name, failure.error));
      exit = worse(exit, failure.exit);
    }
  }
  if (json) host.stdout(reportJson(report));
  return exit;
}
