import { expect, test } from "vitest";
import type { Difference } from "../../src/diff/model.ts";
import { paint } from "../../src/report/paint.ts";
import { plannedEdits, planText } from "../../src/report/plan.ts";

const AT = { section: ".BTF", offset: 24, length: 12 };

function edit(what: string, more: Partial<Difference> = {}): Difference {
  return { what, before: "old", after: "new", range: AT, ...more };
}

const REPAIRS = [
  { rule: "map/wrapped", what: "map A is wrapped: unwrapped it", typeId: 3 },
  { rule: "btf/name", what: "STRUCT a b is no identifier: escaped it", typeId: 1 },
  { rule: "map/private", what: "map B is private: exported it", symbol: "B" },
];

test("an edit names the repairs of its type or symbol; new types go with whoever refers to them, through others", () => {
  const edits = plannedEdits(REPAIRS, [
    edit("type 1", { typeId: 1, refersTo: [2] }),
    edit("type 3", { typeId: 3, refersTo: [8] }),
    edit("type 8", { typeId: 8, before: null, refersTo: [9] }),
    edit("type 9", { typeId: 9, before: null, refersTo: [8] }),
    edit("symbol B"),
    edit("header of section 4 (.symtab)"),
  ]);
  expect(edits.map(({ what, repairs }) => [what, repairs])).toEqual([
    ["type 1", [1]],
    ["type 3", [0]],
    ["type 8", [0]],
    ["type 9", [0]],
    ["symbol B", [2]],
    ["header of section 4 (.symtab)", [0, 1, 2]],
  ]);
});

test("as text: the repairs, then each edit with its place and both sides, free of control characters", () => {
  const edits = plannedEdits(REPAIRS, [
    edit("type 3", { typeId: 3, before: "[3] VAR 'A'", after: "[3] STRUCT 'A'\n\t'x\u001b' type_id=1" }),
    edit("header of section 4 (x)", { range: { ...AT, section: "" }, before: null }),
  ]);
  expect(planText({ file: "fork", output: null, repairs: REPAIRS, edits }, paint(false))).toBe(`fork: plan
  1. map/wrapped: map A is wrapped: unwrapped it
  2. btf/name: STRUCT a b is no identifier: escaped it
  3. map/private: map B is private: exported it
  type 3 (1) .BTF+24, 12 bytes
    - [3] VAR 'A'
    + [3] STRUCT 'A'
    +     'x\\x1b' type_id=1
  header of section 4 (x) section headers+24, 12 bytes
    + new
`);
  expect(planText({ file: "fork", output: null, repairs: [], edits: [] }, paint(false))).toBe("fork: nothing to do\n");
});
