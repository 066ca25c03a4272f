import { BtfFixError } from "../../errors.ts";
import { jsonLine, REPORT_VERSION } from "../../report/json.ts";
import { mapsText } from "../../report/maps.ts";
import { EXIT_PASS, type ExitCode } from "../exit-code.ts";
import { reportFailure, type Session } from "../session.ts";

/** Prints the map definitions of one object as a table or as JSON. */
export async function mapsCommand(session: Session): Promise<ExitCode> {
  const { host, engine, invocation } = session;
  const [path, ...more] = invocation.inputs;
  if (path === undefined || more.length > 0) throw new BtfFixError("USAGE", "maps takes one object");
  try {
    const maps = await engine.maps(host.readInput(path).bytes, invocation.from);
    if (invocation.json) {
      // No file name and no witness: the definitions of two files compare as text.
      host.stdout(jsonLine({ version: REPORT_VERSION, maps }));
    } else {
      host.stdout(mapsText(maps, session.stdoutPaint));
    }
    return EXIT_PASS;
  } catch (thrown) {
    return reportFailure(session, path, thrown).exit;
  }
}
