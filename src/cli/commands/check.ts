import { BtfFixError } from "../../errors.ts";
import { checkedFile, failedFile, type ReportedFile, reportPieces } from "../../report/json.ts";
import { checkOutcome, remaining } from "../../report/outcome.ts";
import { diagnosticsText } from "../../report/text.ts";
import { selectRules } from "../../rules/index.ts";
import { kernelTarget } from "../../rules/kernel/target.ts";
import { loaderTarget } from "../../rules/loaders.ts";
import { EXIT_DEFECTS, EXIT_PASS, type ExitCode, worse } from "../exit-code.ts";
import { displayName, reportFailure, type Session } from "../session.ts";
import { startTrace } from "../trace.ts";

/** The outcome of one file: for the report, and for the exit code. */
interface Outcome {
  readonly entry: ReportedFile;
  readonly exit: ExitCode;
}

/** Checks one file and says what is wrong with it, unless the report is for machines. */
async function checkOne(session: Session, path: string, alone: boolean): Promise<Outcome> {
  const { host, engine, invocation } = session;
  const { only, skip, kernel, loaders, strict, json, loudness } = invocation;
  const name = displayName(path);
  try {
    const result = await engine.check(host.readInput(path).bytes, { only, skip, kernel, loaders, alone });
    if (!json) {
      host.stdout(diagnosticsText(result.diagnostics, loudness, session.stdoutPaint, { strict }));
      if (loudness !== "quiet" && result.unreadable === undefined) host.stdout(`${checkOutcome(name, result)}\n`);
    }
    if (result.unreadable !== undefined) {
      const failure = reportFailure(session, path, result.unreadable);
      return { entry: failedFile(name, failure.error, result), exit: failure.exit };
    }
    const left = remaining(result.diagnostics);
    const fails = left.error > 0 || (strict && left.warning > 0);
    return { entry: checkedFile(name, result), exit: fails ? EXIT_DEFECTS : EXIT_PASS };
  } catch (thrown) {
    const failure = reportFailure(session, path, thrown);
    return { entry: failedFile(name, failure.error), exit: failure.exit };
  }
}

/** Each file to check, the objects of a folder one after the other. An empty folder is an input without an object. */
function* filesOf({ host, invocation }: Session): Generator<string | { readonly empty: string }> {
  for (const path of invocation.inputs) {
    const objects = host.objectsIn(path);
    let found = 0;
    for (const object of objects ?? [path]) {
      found++;
      yield object;
    }
    if (found === 0) yield { empty: path };
  }
}

/** Wrong usage ends the run before the first file, and so before a report has begun. Errors: USAGE for a judge or a rule that is not known. */
function demandKnown({ kernel, loaders, only, skip }: Session["invocation"]): void {
  if (kernel !== undefined) kernelTarget(kernel);
  loaderTarget(loaders);
  selectRules(only, skip);
}

/**
 * Says what is wrong with each input and writes nothing. Findings are the product and go to stdout, unusable files to stderr; each file is
 * told of before the next is read, and then forgotten.
 */
export async function checkCommand(session: Session): Promise<ExitCode> {
  const { host, invocation } = session;
  const { inputs, json } = invocation;
  const [first] = inputs;
  if (first === undefined) throw new BtfFixError("USAGE", "name at least one object to check");
  demandKnown(invocation);
  const trace = startTrace(host);
  const alone = inputs.length === 1 && host.objectsIn(first) === undefined;
  const pieces = reportPieces();
  let begun = false;
  let exit: ExitCode = EXIT_PASS;
  function report(entry: ReportedFile): void {
    if (!json) return;
    if (!begun) host.stdout(pieces.head);
    begun = true;
    host.stdout(pieces.entry(entry));
  }
  for (const file of filesOf(session)) {
    if (typeof file === "string") {
      const outcome = await checkOne(session, file, alone);
      report(outcome.entry);
      exit = worse(exit, outcome.exit);
    } else {
      const none = new BtfFixError("ELF_NOT_ELF", "there is no BPF object in this folder");
      const failure = reportFailure(session, file.empty, none);
      report(failedFile(displayName(file.empty), failure.error));
      exit = worse(exit, failure.exit);
    }
  }
  if (begun) host.stdout(pieces.tail);
  trace.mark("check");
  trace.print(displayName(first));
  return exit;
}
