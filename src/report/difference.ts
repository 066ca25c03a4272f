import type { Difference } from "../diff/model.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

function side(sign: string, text: string | null): string {
  if (text === null) return "";
  return text
    .split("\n")
    .map((line) => `    ${sign} ${printable(line.replaceAll("\t", "    "))}\n`)
    .join("");
}

/** One difference: what it is about (and `note`), where it stands in the file after the change, and both sides. */
export function differenceText(difference: Omit<Difference, "typeId" | "refersTo">, paint: Paint, note = ""): string {
  const { what, before, after, range } = difference;
  const section = range.section === "" ? "section headers" : range.section;
  const place = `${section}+${range.offset}, ${range.length} bytes`;
  return `  ${printable(what)}${note} ${paint.faint(printable(place))}\n${side("-", before)}${side("+", after)}`;
}
