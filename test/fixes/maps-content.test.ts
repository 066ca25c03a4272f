import { expect, test } from "vitest";
import { SHDR_SIZE } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionsNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { mapsContent } from "../../src/fixes/maps-content.ts";
import { corpusObject } from "../elf/objects.ts";
import { refusal } from "../elf/refusal.ts";

/** Where sh_addralign stands in a section header (Elf64_Shdr of elf(5)). */
const ADDRALIGN = 48;

test.each(["bpfel", "bpfeb"])("an alignment of terabytes is no reason to ask for them (%s)", async (target) => {
  const object = new Uint8Array(corpusObject(`shapes/s34_mixed_section_flags.${target}.o`));
  const elf = parseElf(object);
  const [, second] = sectionsNamed(elf, ".maps");
  const at = elf.sectionHeaders + (second?.index ?? 0) * SHDR_SIZE + ADDRALIGN;
  new DataView(object.buffer).setBigUint64(at, 1n << 44n, target === "bpfel");
  await expect(fixObject(object)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
});

test("a section of ordinary size is made of zeros", () => {
  expect(mapsContent(80)).toEqual(new Uint8Array(80));
  expect(refusal(() => mapsContent(2 ** 50)).code).toBe("LIMIT_EXCEEDED");
});
