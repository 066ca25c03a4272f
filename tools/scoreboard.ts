/**
 * `npm run scoreboard [-- PART...]`: what libbpf 1.7 and the running kernel make of every object of the corpus, raw and fixed. Exits
 * with 1 if an object that must be fine is not, or if a raw object is judged otherwise than RESULTS.tsv has it.
 */
import { basename } from "node:path";
import { type Judgement, judgeFine } from "./scoreboard/fine.ts";
import { scoreboardJudges } from "./scoreboard/judges.ts";
import { allObjects, expectedColumns, type ScoredObject } from "./scoreboard/objects.ts";

const WIDTH = 110;

function cut(text: string): string {
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
}

function verdict({ reasons }: Judgement): string {
  if (reasons.length === 0) return "fine";
  return `not fine: ${cut(reasons[0] ?? "")}${reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : ""}`;
}

function print(object: ScoredObject, judgement: Judgement, isExpected: boolean): void {
  const raw = judgement.raw === null ? "-" : `${judgement.raw.column}${isExpected ? "" : " (unexpected)"}`;
  const mark = judgement.reasons.length > 0 && object.mustBeFine ? "!" : " ";
  const complaint = judgement.fixed?.complaint || judgement.raw?.complaint || "";
  console.log(`${mark} ${object.name.padEnd(46)} ${raw.padEnd(12)} ${verdict(judgement)}${said(complaint, judgement)}`);
  if (process.argv.includes("--all")) for (const reason of judgement.reasons) console.log(`      ${reason}`);
}

function said(complaint: string, { reasons, fixed }: Judgement): string {
  if (complaint === "") return "";
  return reasons.length > 0 && fixed?.complaint ? ` | now: ${cut(complaint)}` : ` | raw: ${cut(complaint)}`;
}

async function main(): Promise<number> {
  const missing = scoreboardJudges().filter((judge) => !judge.usable);
  for (const { name, why } of missing) console.log(`${name}: not usable: ${why}`);
  if (missing.length > 0) return 1;
  const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
  const expected = expectedColumns();
  const counts = { objects: 0, rawFine: 0, loaded: 0, fine: 0, missed: 0, unexpected: 0 };
  for (const object of allObjects()) {
    if (wanted.length > 0 && !wanted.some((part) => object.name.includes(part))) continue;
    const judgement = await judgeFine(object.path, object.license);
    const column = object.name.startsWith("shapes/")
      ? expected.get(basename(object.name).split(".")[0] ?? "")
      : undefined;
    const isExpected = judgement.raw === null || column === undefined || judgement.raw.column === column;
    print(object, judgement, isExpected);
    counts.objects++;
    if (judgement.raw !== null) counts.loaded++;
    if (judgement.raw?.column === "OK/OK/yes" && judgement.raw.complaint === "") counts.rawFine++;
    if (judgement.reasons.length === 0) counts.fine++;
    else if (object.mustBeFine) counts.missed++;
    if (!isExpected) counts.unexpected++;
  }
  console.log(
    `${counts.objects} objects: ${counts.rawFine} of ${counts.loaded} little-endian ones load raw with their BTF; ` +
      `fixed, ${counts.fine} are fine, ${counts.missed} that must be are not; ` +
      `${counts.unexpected} raw verdicts differ from RESULTS.tsv`,
  );
  return counts.missed + counts.unexpected > 0 ? 1 : 0;
}

process.exitCode = await main();
