import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { EngineFixOptions } from "../../src/cli/engine.ts";
import { library } from "../../src/cli/library.ts";
import { BtfFixError } from "../../src/errors.ts";
import { checkedFile, failedFile, fixedFile, type ReportedFile, reportJson } from "../../src/report/json.ts";
import { planJson, plannedEdits } from "../../src/report/plan.ts";
import { DEFAULT_CHOICES } from "../../src/rules/choices.ts";
import { type Schema, violations } from "./json-schema.ts";

const schema = JSON.parse(readFileSync(new URL("../../schema/report.schema.json", import.meta.url), "utf8")) as Schema;
const planSchema = JSON.parse(
  readFileSync(new URL("../../schema/plan.schema.json", import.meta.url), "utf8"),
) as Schema;
const corpus = new URL("../../corpus/", import.meta.url);

function objects(folder: string): [name: string, bytes: Uint8Array][] {
  const files = readdirSync(new URL(folder, corpus)).filter((file) => file.endsWith(".o"));
  return files.map((file) => [file, new Uint8Array(readFileSync(new URL(`${folder}${file}`, corpus)))]);
}

const DEFAULTS: EngineFixOptions = { ...DEFAULT_CHOICES, vmlinux: () => undefined };

function errorsOf(files: readonly ReportedFile[]): string[] {
  return violations(JSON.parse(reportJson(files)), schema);
}

test("what check and fix report of every object of the corpus conforms to the schema", async () => {
  for (const [name, bytes] of [...objects("aya/"), ...objects("shapes/")]) {
    const report: ReportedFile[] = [
      checkedFile(name, await library.check(bytes, { kernel: undefined, loaders: [], alone: true })),
    ];
    try {
      report.push(fixedFile(name, "out", await library.fix(bytes, DEFAULTS)));
    } catch (error) {
      if (!(error instanceof BtfFixError)) throw error;
      report.push(failedFile(name, error));
    }
    expect(errorsOf(report), name).toEqual([]);
  }
});

test("failed files conform, with and without a place", () => {
  const place = { section: undefined, offset: 4, length: 1 };
  const files = [
    failedFile("a", new BtfFixError("IO", "no")),
    failedFile("b", new BtfFixError("ELF_MALFORMED", "x", place)),
  ];
  expect(errorsOf(files)).toEqual([]);
});

test("the schema notices what does not conform", () => {
  const failed = failedFile("a", new BtfFixError("IO", "no"));
  const broken: unknown[] = [
    { version: 2, files: [] },
    { version: 1 },
    { version: 1, files: [{ ...failed, extra: 1 }] },
    { version: 1, files: [{ ...failed, error: { ...failed.error, offset: "4" } }] },
    { version: 1, files: [{ file: "a", diagnostics: [], verdicts: {} }] },
  ];
  for (const value of broken) expect(violations(value, schema)).not.toEqual([]);
});

test("the plan of every object of the corpus conforms to its schema, and one that does not is told", async () => {
  for (const [name, bytes] of [...objects("aya/"), ...objects("shapes/")]) {
    const result = await library.fix(bytes, DEFAULTS).catch(() => undefined);
    if (result === undefined) continue;
    const edits = plannedEdits(result.plan, await library.diff(bytes, result.bytes));
    const planned = { file: name, output: null, repairs: result.plan, edits };
    expect(violations(JSON.parse(planJson([planned])), planSchema), name).toEqual([]);
    for (const { repairs } of edits) for (const at of repairs) expect(result.plan[at], name).toBeDefined();
  }
  expect(violations({ version: 1, files: [{ file: "x", output: null, repairs: [] }] }, planSchema)).not.toEqual([]);
});
