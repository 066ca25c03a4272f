import type { SourcePlace } from "../dwarf/model.ts";
import type { Diagnostic, JudgeAnswer } from "../rules/rule.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** What of a report is shown: `quiet` only what fails and remains, `verbose` notes and every repaired finding too. */
export type Loudness = "quiet" | "normal" | "verbose";

/** Findings of one rule that are shown in full, of those that are repaired and of those that only the kernel tells; there can be hundreds. */
const SHOWN = 5;

/** Rules of the kernel that no rule of ours looks at: what there is to do is the same for all types. */
const OF_KERNEL = "kernel/";

/** "src/main.rs:21:5", or as much of it as is known; a compiler run with remapped paths leaves a "./" that says nothing. */
export function placeText(place: SourcePlace): string {
  const line = place.line > 0 ? `:${place.line}` : "";
  const column = line !== "" && place.column !== undefined && place.column > 0 ? `:${place.column}` : "";
  return `${place.file.replace(/^(?:\.\/)+/, "")}${line}${column}`;
}

/** "src/main.rs:21 in static EVENTS: RingBuf<Event, 4096>", or the half of it that is known. */
function whereText(diagnostic: Diagnostic): string | undefined {
  const place = diagnostic.place === undefined ? "" : placeText(diagnostic.place);
  const subject = diagnostic.subject === undefined ? "" : `in ${diagnostic.subject}`;
  const where = [place, subject].filter((part) => part !== "").join(" ");
  return where === "" ? undefined : where;
}

/** "the kernel", "kernel 5.10", "libbpf 1.1". */
function judgeText({ judge, versions }: JudgeAnswer): string {
  if (versions !== undefined) return versions.startsWith(judge) ? versions : `${judge} ${versions}`;
  return judge === "kernel" ? "the kernel" : judge;
}

function answerText(answer: JudgeAnswer, first: boolean): string {
  const judge = judgeText(answer);
  const object = first ? "the object" : "it";
  const verb = {
    rejects: `rejects ${object}`,
    "drops the BTF": "drops the whole BTF",
    "drops the map's types": "drops the types of the map",
    accepts: "accepts",
    repairs: "repairs it",
    misreads: `misreads ${object}`,
  }[answer.answer];
  const how = answer.how === undefined ? "" : `: ${answer.how}`;
  return `${judge} ${verb}${answer.text === undefined ? how : ` ("${answer.text}")${how}`}`;
}

/** Who does what with the defect, one clause a judge: `libbpf rejects the object ("…"); cilium/ebpf rejects it; aya accepts`. */
export function answersText(answers: readonly JudgeAnswer[]): string {
  let named = false;
  return answers
    .map((answer) => {
      const text = answerText(answer, !named);
      named ||= answer.answer === "rejects" || answer.answer === "misreads";
      return text;
    })
    .join("; ");
}

/** One finding in the form of a compiler message, two to four lines, each ended by a newline. */
export function diagnosticText(diagnostic: Diagnostic, paint: Paint): string {
  const head = paint.severity(diagnostic.severity, `${diagnostic.severity}[${printable(diagnostic.rule)}]`);
  const lines = [`${head}: ${paint.strong(printable(diagnostic.message))}`];
  const where = whereText(diagnostic);
  if (where !== undefined) lines.push(`  ${paint.faint("-->")} ${printable(where)}`);
  if (diagnostic.answers.length > 0) lines.push(`  = ${printable(answersText(diagnostic.answers))}`);
  if (diagnostic.fixed !== undefined) lines.push(`  = ${paint.good("fixed")}: ${printable(diagnostic.fixed)}`);
  else if (diagnostic.help !== undefined) lines.push(`  = help: ${printable(diagnostic.help)}`);
  return `${lines.join("\n")}\n`;
}

function isShown({ severity, fixed }: Diagnostic, loudness: Loudness, strict: boolean): boolean {
  if (loudness === "verbose") return true;
  if (loudness === "quiet") return fixed === undefined && (severity === "error" || (strict && severity === "warning"));
  return severity !== "note";
}

/**
 * The findings of one object as text, in their order. Every finding that remains is shown, but of what only the kernel refuses, and of what was
 * repaired, the first few of each rule: the rest is counted, unless all are wanted. With `strict` warnings fail, so that `quiet` shows them too.
 */
export function diagnosticsText(
  diagnostics: readonly Diagnostic[],
  loudness: Loudness,
  paint: Paint,
  { strict = false }: { readonly strict?: boolean } = {},
): string {
  const counts = new Map<string, number>();
  let text = "";
  for (const diagnostic of diagnostics) {
    if (!isShown(diagnostic, loudness, strict)) continue;
    const { rule, fixed } = diagnostic;
    if (loudness !== "verbose" && (fixed !== undefined || rule.startsWith(OF_KERNEL))) {
      const key = fixed === undefined ? `of ${rule}` : `fixed by ${rule}`;
      const before = counts.get(key) ?? 0;
      counts.set(key, before + 1);
      if (before >= SHOWN) continue;
    }
    text += diagnosticText(diagnostic, paint);
  }
  for (const [what, count] of counts) {
    const hidden = count - SHOWN;
    if (hidden > 0) text += `${paint.faint(`(${hidden} more ${printable(what)}; -v shows them)`)}\n`;
  }
  return text;
}
