import { BtfFixError } from "../../errors.ts";
import { EXIT_PASS, type ExitCode } from "../exit-code.ts";
import { reportFailure, type Session } from "../session.ts";

/** Prints the types of one object or raw BTF file in bpftool's words. */
export async function dumpCommand(session: Session): Promise<ExitCode> {
  const { host, engine, invocation } = session;
  const [path, ...more] = invocation.inputs;
  if (path === undefined || more.length > 0) throw new BtfFixError("USAGE", "dump takes one object");
  const { format, pretty } = invocation;
  let current = path;
  try {
    const { bytes } = host.readInput(path);
    let base: Uint8Array | undefined;
    if (invocation.base !== undefined) {
      current = invocation.base;
      base = host.readInput(invocation.base).bytes;
      current = path;
    }
    host.stdout(await engine.dump(bytes, { format, pretty, base }));
    return EXIT_PASS;
  } catch (thrown) {
    return reportFailure(session, current, thrown).exit;
  }
}
