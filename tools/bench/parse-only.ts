/** `node parse-only.cjs FOLDER`: takes every object of a folder apart (ELF, BTF, DWARF) and forgets it: what a check cannot do without. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseBtfExt } from "../../src/btf/ext.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { embeddedDwarfModule } from "../../src/dwarf/embedded.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";

const [folder = "."] = process.argv.slice(2);
let types = 0;
for (const file of readdirSync(folder)) {
  const elf = parseElf(new Uint8Array(readFileSync(join(folder, file))));
  const btf = sectionNamed(elf, ".BTF");
  const ext = sectionNamed(elf, ".BTF.ext");
  if (btf !== undefined) types += parseBtf(btf.bytes).types.length;
  if (ext !== undefined) parseBtfExt(ext.bytes);
  if (sectionNamed(elf, ".debug_info") !== undefined) openDwarf(elf, embeddedDwarfModule());
}
console.log(types);
