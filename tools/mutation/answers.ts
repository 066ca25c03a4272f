import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "../judges/cache.ts";

/*
 * What judges said, kept outside the repository, so that thousands of mutants can be compared with the real judges without asking them
 * thousands of times. An answer is found by the judge that gave it and by the content of what it was asked.
 */

/** One input of a judge with its answer. */
export interface Recorded<Answer> {
  /** Inputs of one group are replayed together. */
  readonly group: string;
  readonly input: Uint8Array;
  readonly answer: Answer;
  /** Names of the comparisons in which the unchanged rules and the judge agree; those of which they claim nothing are left out. */
  readonly agreed: readonly string[];
}

/** One way to compare rules with the answer of a judge; it says what differs, if something does. */
export interface Comparison<Answer> {
  readonly name: string;
  differ(input: Uint8Array, answer: Answer): string | undefined | Promise<string | undefined>;
}

/** Something to ask a judge about. */
export interface Question {
  readonly group: string;
  readonly input: Uint8Array;
}

interface Line<Answer> {
  readonly group: string;
  readonly input: string;
  readonly answer: Answer;
  readonly agreed: readonly string[];
}

/** Where the answers of a judge lie, by its name in the records ("kernel-6.18"). */
export function answersFile(name: string): string {
  return join(cacheRoot(), "answers", `${name}.jsonl`);
}

function keyOf(input: Uint8Array): string {
  return createHash("sha256").update(input).digest("hex");
}

/** Everything recorded of a judge; undefined if nothing is. The first line of the file says which build of it gave the answers. */
export function recorded<Answer>(name: string): { judge: string; answers: readonly Recorded<Answer>[] } | undefined {
  const path = answersFile(name);
  if (!existsSync(path)) return undefined;
  const [judge = "", ...lines] = readFileSync(path, "utf8").split("\n");
  const answers = lines
    .filter((line) => line !== "")
    .map((line): Recorded<Answer> => {
      const { group, input, answer, agreed } = JSON.parse(line) as Line<Answer>;
      return { group, input: new Uint8Array(Buffer.from(input, "base64")), answer, agreed };
    });
  return { judge, answers };
}

/** The same, of a judge that must have been asked. */
export function answersOf<Answer>(name: string): readonly Recorded<Answer>[] {
  const found = recorded<Answer>(name)?.answers;
  if (found === undefined) throw new Error(`nothing is recorded of ${name}; run npm run mutation`);
  return found;
}

/** What came of a recording. */
export interface Recording {
  readonly total: number;
  /** How many of them the judge had to be asked. */
  readonly asked: number;
  /** What differs between judge and unchanged rules, by comparison. */
  readonly differences: ReadonlyMap<string, readonly string[]>;
}

/** Records the answers to these questions, each input counting once, and asks only for those that this build of the judge has not given yet. What is not wanted is kept, but not replayed. */
export async function record<Answer>(
  name: string,
  judge: string,
  questions: readonly Question[],
  ask: (inputs: readonly Uint8Array[]) => Promise<readonly Answer[]> | readonly Answer[],
  comparisons: readonly Comparison<Answer>[],
  isWanted: (input: Uint8Array, answer: Answer) => boolean = () => true,
): Promise<Recording> {
  const before = recorded<Answer>(name);
  const known = new Map(
    before?.judge === judge ? before.answers.map(({ input, answer }) => [keyOf(input), answer] as const) : [],
  );
  const wanted = new Map(questions.map((question) => [keyOf(question.input), question]));
  const missing = [...wanted].filter(([key]) => !known.has(key));
  const answers = missing.length === 0 ? [] : await ask(missing.map(([, { input }]) => input));
  if (answers.length !== missing.length) throw new Error(`${name}: ${answers.length} answers to ${missing.length}`);
  missing.forEach(([key], index) => {
    const answer = answers[index];
    if (answer !== undefined) known.set(key, answer);
  });
  const differences = new Map<string, string[]>(comparisons.map((comparison) => [comparison.name, []]));
  const lines: string[] = [];
  for (const [key, { group, input }] of wanted) {
    const answer = known.get(key);
    if (answer === undefined) continue;
    const isCompared = isWanted(input, answer);
    const agreed: string[] = [];
    for (const comparison of comparisons) {
      const what = await comparison.differ(input, answer);
      if (what === undefined) agreed.push(comparison.name);
      else differences.get(comparison.name)?.push(what);
    }
    const text = Buffer.from(input).toString("base64");
    const line: Line<Answer> = { group, input: text, answer, agreed: isCompared ? agreed : [] };
    lines.push(JSON.stringify(line));
  }
  mkdirSync(join(answersFile(name), ".."), { recursive: true });
  writeFileSync(answersFile(name), `${[judge, ...lines].join("\n")}\n`);
  return { total: wanted.size, asked: missing.length, differences };
}

/** A line about a recording, with the first differences. */
export function summary(name: string, { total, asked, differences }: Recording): string {
  const lines = [`${name}: ${asked} of ${total} inputs were asked about`];
  for (const [comparison, found] of differences) {
    if (found.length > 0) lines.push(`  ${comparison} differs for ${found.length}: ${found[0]?.slice(0, 300)}`);
  }
  return lines.join("\n");
}
