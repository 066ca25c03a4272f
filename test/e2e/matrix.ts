import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LOADERS, loaderJudges, loaderVerdicts } from "../../tools/scoreboard/loaders.ts";
import { judgeEntry, type MatrixEntry, matrixRow, matrixTables, totalRow } from "../../tools/scoreboard/matrix.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";

const PROJECT = join(import.meta.dirname, "../..");
const DOCUMENT = readFileSync(join(PROJECT, "docs/map-kinds.md"), "utf8");

/** What the same program in C is called, for objects that no loader here loads. */
const IN_C = new Map([["inode_storage", "corpus/aya-kinds/c/inode_storage.c"]]);

/** The part of `docs/map-kinds.md` below a heading. */
function documented(title: string): string {
  return DOCUMENT.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? "";
}

/** One test for each object of a table: all loaders find it fine once it is fixed, and the document says how it was before. */
export function testMatrix(title: string): void {
  const table = matrixTables().find((entry) => entry.title === title);
  const entries: MatrixEntry[] = [];
  describe(title, () => {
    for (const object of table?.objects ?? []) {
      judgeTest(...loaderJudges(), clang())(object.name, async () => {
        const entry = await judgeEntry(object);
        entries.push(entry);
        expect(documented(title)).toContain(`${matrixRow(object, entry)}\n`);
        const source = [...IN_C].find(([kind]) => object.name.includes(kind))?.[1];
        const likeC =
          source === undefined || object.mustBeFine
            ? undefined
            : loaderVerdicts(compileC(readFileSync(join(PROJECT, source), "utf8"), "bpfel", null), []);
        for (const loader of LOADERS) {
          expect(entry.fixed[loader], loader).toEqual(likeC?.[loader] ?? { word: "fine", said: "" });
        }
      });
    }
    judgeTest(...loaderJudges(), clang())("in sum", () => {
      expect(entries).toHaveLength(table?.objects.length ?? -1);
      expect(documented(title)).toContain(`${totalRow(entries)}\n`);
    });
    test("has objects", () => {
      expect(table?.objects.length).toBeGreaterThan(20);
    });
  });
}
