import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseBtfExt } from "../../src/btf/ext.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { committedFolder, readProjectFile } from "../../tools/corpus/manifest.ts";
import { allGroups } from "../../tools/corpus/rebuild.ts";

interface Line {
  /** As the compiler names it: from the folder it ran in, or absolute. */
  readonly file: string;
  /** From 1; 0 for code of no line. */
  readonly number: number;
  readonly text: string;
}

function linesOf(object: string): Line[] {
  const { sections } = parseElf(readFileSync(object));
  const bytes = (name: string): Uint8Array =>
    sections.find((section) => section.name === name)?.bytes ?? new Uint8Array();
  const btf = parseBtf(bytes(".BTF"));
  const records = parseBtfExt(bytes(".BTF.ext")).lineInfo?.sections.flatMap((section) => section.records) ?? [];
  return records.map(({ fileNameOff, lineOff, lineCol }) => ({
    file: nameText(btf, fileNameOff),
    number: lineCol >>> 10,
    text: nameText(btf, lineOff),
  }));
}

// LLVM copies the text of every line it can read; the sources of Rust's library and of crates must never be among them.
describe.each(allGroups().map((group) => [group.name, group] as const))("line texts of corpus/%s", (_name, group) => {
  test.each(group.recipes.map((recipe) => [recipe.file, recipe] as const))(
    "%s quotes its own sources alone",
    (file, recipe) => {
      // A program may take something from the library of its package, or from a header.
      const own = [recipe.source, ...recipe.inputs, recipe.source.replace(/\/bin\/[^/]*$/, "/lib.rs")];
      const quoted = linesOf(join(committedFolder(group), file)).filter((line) => line.text !== "");
      expect(quoted).not.toEqual([]);
      for (const { file: name, number, text } of quoted) {
        const local = /^(?:\.\/)+(.*)$/.exec(name)?.[1];
        const source = own.find((path) => path.endsWith(`/${local}`));
        if (source === undefined) throw new Error(`${file} quotes ${name}`);
        const lines = new TextDecoder().decode(readProjectFile(source)).split("\n");
        expect(text, `${name}:${number}`).toBe(lines[number - 1]);
      }
    },
  );
});
