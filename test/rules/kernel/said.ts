import type { BtfLoadVerdict as Answer } from "../../judges/kernel.ts";

/** The last line of a log in which the kernel had nothing to object to: the description of a type, a member or a prototype. */
const DESCRIPTION = /(?:=\S*|\)| (?:struct|union))$/;

/** Words that stand alone, whatever type they are about. */
const OF_NO_TYPE = /^(?:Max chain length|Type tags don't)/;

/** The last line of the log; "" of none. */
export function lastLine({ log }: Answer): string {
  return log.trimEnd().split("\n").at(-1) ?? "";
}

/** Whether a refusal has no words. */
export function isSilent(said: Answer): boolean {
  const line = lastLine(said);
  return line === "" || DESCRIPTION.test(line);
}

/** The type that a refusal with words is about: the last that the kernel has described; undefined where that is no type's. */
export function placeOf(said: Answer): number | undefined {
  if (said.errno === 0 || isSilent(said) || OF_NO_TYPE.test(lastLine(said))) return undefined;
  const id = said.log
    .split("\n")
    .map((line) => /^\[(\d+)\] /.exec(line)?.[1])
    .findLast((found) => found !== undefined);
  return id === undefined ? undefined : Number(id);
}
