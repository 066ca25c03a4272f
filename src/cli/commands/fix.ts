import type { FixResult } from "../../api.ts";
import { equalBytes } from "../../bytes/compare.ts";
import { BtfFixError } from "../../errors.ts";
import { type FailedFile, type FixedFile, failedFile, fixedFile, reportJson } from "../../report/json.ts";
import { fixOutcome, remaining } from "../../report/outcome.ts";
import { type PlannedFile, planJson, plannedEdits, planText } from "../../report/plan.ts";
import { counted, printable } from "../../report/printable.ts";
import { diagnosticsText } from "../../report/text.ts";
import { EXIT_DEFECTS, EXIT_PASS, type ExitCode, worse } from "../exit-code.ts";
import { displayName, reportFailure, type Session } from "../session.ts";
import { startTrace } from "../trace.ts";

/** @throws BtfFixError USAGE unless the command line says for every input where its result goes, if anywhere. */
function demandTarget({ invocation }: Session): void {
  const { inputs, output, inPlace, dryRun } = invocation;
  if (inputs.length === 0) throw new BtfFixError("USAGE", "name the object to repair");
  if (dryRun) return;
  if (inPlace && output !== undefined) throw new BtfFixError("USAGE", "-o and --in-place exclude each other");
  if (!inPlace && output === undefined) {
    throw new BtfFixError("USAGE", "say where the result goes: -o FILE or --in-place");
  }
  if (inPlace && inputs.includes("-")) throw new BtfFixError("USAGE", "standard input cannot be repaired in place");
  if (!inPlace && inputs.length > 1) throw new BtfFixError("USAGE", "-o takes one input; use --in-place for several");
}

/** Writes the result and returns where it went; null if the input already was the result. */
function write(session: Session, path: string, mode: number | undefined, before: Uint8Array, after: Uint8Array) {
  const { host, invocation } = session;
  const target = invocation.output ?? path;
  if (target === "-") {
    host.stdout(after);
    return target;
  }
  // A file that is already fine keeps its time stamp, so that a build step that runs again rebuilds nothing.
  if (invocation.inPlace && equalBytes(before, after)) return null;
  const { alsoReplaced, leftBehind } = host.replaceFile({
    path: target,
    bytes: after,
    source: path === "-" ? undefined : path,
    mode,
  });
  for (const name of invocation.loudness === "verbose" ? alsoReplaced : []) {
    host.stderr(`${printable(target)}: the same file as ${printable(name)}, which has the result too\n`);
  }
  if (leftBehind > 0) {
    const names = counted(leftBehind, "other name");
    host.stderr(`${printable(target)}: ${names} of this file (hard links) not found; the old content stays there\n`);
  }
  return target;
}

/** Where a kernel shows its own types. */
const RUNNING_KERNEL = "/sys/kernel/btf/vmlinux";

/** The file that the user named, or the running kernel's types where they can be read. */
function kernelTypes({ host, invocation }: Session): Uint8Array | undefined {
  if (invocation.vmlinux !== undefined) return host.readInput(invocation.vmlinux).bytes;
  try {
    return host.readInput(RUNNING_KERNEL).bytes;
  } catch (error) {
    if (error instanceof BtfFixError) return undefined;
    throw error;
  }
}

interface Repaired {
  readonly entry: FixedFile;
  readonly result: FixResult;
  /** What the repair changes; undefined unless it was asked for. */
  readonly planned: PlannedFile | undefined;
}

async function fixOne(session: Session, path: string): Promise<Repaired> {
  const { host, engine, invocation } = session;
  const trace = startTrace(host);
  const input = host.readInput(path);
  trace.mark("read");
  const { only, skip, legacyMaps, enums, names, cTypes, license } = invocation;
  const result = await engine.fix(input.bytes, {
    only,
    skip,
    legacyMaps,
    enums,
    names,
    cTypes,
    license,
    vmlinux: () => kernelTypes(session),
    ...(trace.on ? { onPhase: trace.mark } : {}),
  });
  trace.mark("fix");
  const output = invocation.dryRun ? null : write(session, path, input.mode, input.bytes, result.bytes);
  trace.mark("save");
  trace.print(path);
  const file = displayName(path);
  const planned =
    invocation.plan === undefined
      ? undefined
      : {
          file,
          output,
          repairs: result.plan,
          edits: plannedEdits(result.plan, await engine.diff(input.bytes, result.bytes)),
        };
  return { entry: fixedFile(file, output, result), result, planned };
}

/** Repairs each input. The report goes to stdout, or to stderr where the result itself goes to stdout. */
export async function fixCommand(session: Session): Promise<ExitCode> {
  demandTarget(session);
  const { host, invocation } = session;
  const say = invocation.output === "-" ? host.stderr : host.stdout;
  const paint = invocation.output === "-" ? session.stderrPaint : session.stdoutPaint;
  const report: (FixedFile | FailedFile)[] = [];
  const plans: (PlannedFile | FailedFile)[] = [];
  let exit: ExitCode = EXIT_PASS;
  for (const path of invocation.inputs) {
    try {
      const { entry, result, planned } = await fixOne(session, path);
      report.push(entry);
      if (planned !== undefined) plans.push(planned);
      const left = remaining(result.diagnostics);
      if (left.error > 0 || (invocation.strict && left.warning > 0)) exit = worse(exit, EXIT_DEFECTS);
      if (invocation.json || invocation.plan === "json") continue;
      if (planned !== undefined) say(planText(planned, paint));
      say(diagnosticsText(result.diagnostics, invocation.loudness, paint, invocation));
      if (invocation.loudness !== "quiet") {
        say(`${fixOutcome(displayName(path), result)}\n`);
      }
    } catch (thrown) {
      const failure = reportFailure(session, path, thrown);
      const failed = failedFile(displayName(path), failure.error);
      report.push(failed);
      plans.push(failed);
      exit = worse(exit, failure.exit);
    }
  }
  if (invocation.json) say(reportJson(report));
  if (invocation.plan === "json") say(planJson(plans));
  return exit;
}
