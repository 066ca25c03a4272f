import { BtfFixError } from "../../errors.ts";
import { counted, printable } from "../../report/printable.ts";
import { EXIT_PASS, type ExitCode } from "../exit-code.ts";
import { reportFailure, type Session } from "../session.ts";
import { sourceLines } from "../source-lines.ts";
import { startTrace } from "../trace.ts";

/** Writes an object with its BTF made anew from its debug info. */
export async function emitCommand(session: Session): Promise<ExitCode> {
  const { host, engine, invocation } = session;
  const { inputs, output, from, rust, source } = invocation;
  const [path, ...more] = inputs;
  if (path === undefined || more.length > 0) throw new BtfFixError("USAGE", "emit takes one object");
  if (output === undefined) throw new BtfFixError("USAGE", "say where the result goes: -o FILE");
  if (from === "btf") throw new BtfFixError("USAGE", '--from takes dwarf, both; not "btf"');
  try {
    const trace = startTrace(host);
    const { bytes, mode } = host.readInput(path);
    trace.mark("read");
    const sourceText = source === undefined ? undefined : sourceLines(host, source);
    const result = await engine.emit(bytes, { from, rust, sourceText, ...(trace.on ? { onPhase: trace.mark } : {}) });
    if (output === "-") {
      host.stdout(result);
      return EXIT_PASS;
    }
    const { leftBehind } = host.replaceFile({
      path: output,
      bytes: result,
      source: path === "-" ? undefined : path,
      mode,
    });
    trace.mark("save");
    trace.print(path);
    if (leftBehind > 0) {
      const names = counted(leftBehind, "other name");
      host.stderr(`${printable(output)}: ${names} of this file (hard links) not found; the old content stays there\n`);
    }
    return EXIT_PASS;
  } catch (thrown) {
    return reportFailure(session, path, thrown).exit;
  }
}
