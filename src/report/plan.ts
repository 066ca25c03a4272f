import type { PlannedChange } from "../api.ts";
import type { Difference, SectionRange } from "../diff/model.ts";
import { differenceText } from "./difference.ts";
import { type FailedFile, jsonLine, REPORT_VERSION } from "./json.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** One edit of the file: what stood there, what stands there now, and which repairs wanted it. */
export interface PlannedEdit {
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly range: SectionRange;
  /** Positions in the list of repairs. For what serves them all (headers, string tables) every one. */
  readonly repairs: readonly number[];
}

/** What a repair does to one file. */
export interface PlannedFile {
  readonly file: string;
  /** Where the result went; null under `--dry-run`. */
  readonly output: string | null;
  /** Each repair with its reason, in order. */
  readonly repairs: readonly PlannedChange[];
  readonly edits: readonly PlannedEdit[];
}

/** Positions of the repairs by the type that they are about, and by symbol. */
function byTarget(repairs: readonly PlannedChange[]): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  repairs.forEach(({ typeId, symbol }, index) => {
    for (const key of [typeId === undefined ? "" : `type ${typeId}`, symbol === undefined ? "" : `symbol ${symbol}`]) {
      if (key !== "") found.set(key, [...(found.get(key) ?? []), index]);
    }
  });
  return found;
}

/** New types are wanted by whoever wanted a type that refers to them: follows references to types that have no repair of their own. */
function typeRepairs(
  repairs: readonly PlannedChange[],
  differences: readonly Difference[],
): Map<string, readonly number[]> {
  const wanted = new Map(byTarget(repairs));
  const byId = new Map(
    differences.flatMap((edit) => (edit.typeId === undefined ? [] : [[edit.typeId, edit] as const])),
  );
  const work = differences.filter(({ what }) => wanted.has(what));
  for (let edit = work.pop(); edit !== undefined; edit = work.pop()) {
    for (const id of edit.refersTo ?? []) {
      const next = byId.get(id);
      if (next === undefined || wanted.has(next.what)) continue;
      wanted.set(next.what, wanted.get(edit.what) ?? []);
      work.push(next);
    }
  }
  return wanted;
}

/** Ties each difference between input and result to the repairs that wanted it. */
export function plannedEdits(repairs: readonly PlannedChange[], differences: readonly Difference[]): PlannedEdit[] {
  const wanted = typeRepairs(repairs, differences);
  const all = repairs.map((_, index) => index);
  return differences.map(({ what, before, after, range }) => ({
    what,
    before,
    after,
    range,
    repairs: wanted.get(what) ?? all,
  }));
}

/** The plan of a run over several files, as JSON on one line. */
export function planJson(files: readonly (PlannedFile | FailedFile)[]): string {
  return jsonLine({ version: REPORT_VERSION, files });
}

/** The plan of one file as text: each repair with its reason, then each edit with both sides and its place. */
export function planText({ file, repairs, edits }: PlannedFile, paint: Paint): string {
  let text = `${printable(file)}: ${repairs.length === 0 ? "nothing to do" : "plan"}\n`;
  repairs.forEach(({ rule, what }, index) => {
    text += `  ${paint.strong(`${index + 1}. ${printable(rule)}`)}: ${printable(what)}\n`;
  });
  for (const edit of edits) {
    const reason = edit.repairs.length === repairs.length ? "" : ` (${edit.repairs.map((at) => at + 1).join(", ")})`;
    text += differenceText(edit, paint, reason);
  }
  return text;
}
