import { BtfFixError } from "../../errors.ts";
import { explainText } from "../../report/explain.ts";
import { EXIT_PASS, type ExitCode } from "../exit-code.ts";
import type { Session } from "../session.ts";

/** Says what rules are about, by their ids or those of the facts that they cover. */
export async function explainCommand({ host, engine, invocation, stdoutPaint }: Session): Promise<ExitCode> {
  if (invocation.inputs.length === 0)
    throw new BtfFixError("USAGE", "name a rule, as reports do: map/wrapped, M2, KM-05");
  for (const [index, name] of invocation.inputs.entries()) {
    host.stdout(`${index === 0 ? "" : "\n"}${explainText(await engine.explain(name), stdoutPaint)}`);
  }
  return EXIT_PASS;
}
