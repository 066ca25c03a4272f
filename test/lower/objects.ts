import { readFileSync } from "node:fs";
import { parseBtfExt } from "../../src/btf/ext.ts";
import type { BtfExt } from "../../src/btf/ext-model.ts";
import type { Btf } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { loadDwarfModule } from "../../src/dwarf/module.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import type { ElfView } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { type LowerOptions, lowerDwarf } from "../../src/lower/lower.ts";
import type { LoweredBtf } from "../../src/lower/model.ts";
import { wasmBytes } from "../../wasm/index.ts";

const module = loadDwarfModule(wasmBytes());

/** An object with both its witnesses. */
export interface ReadObject {
  readonly elf: ElfView;
  readonly own: Btf;
  readonly ext: BtfExt | undefined;
  readonly lowered: LoweredBtf;
}

export function readObject(file: Uint8Array | string, options?: LowerOptions): ReadObject {
  const elf = parseElf(typeof file === "string" ? readFileSync(file) : file);
  const dwarf = openDwarf(elf, module);
  const content = (name: string): Uint8Array | undefined =>
    elf.sections.find((section) => section.name === name)?.bytes;
  const btf = content(".BTF");
  const ext = content(".BTF.ext");
  if (dwarf === undefined || btf === undefined) throw new Error("the object has no DWARF or no BTF");
  const own = parseBtf(btf);
  return { elf, own, ext: ext && parseBtfExt(ext), lowered: lowerDwarf(dwarf, elf, options) };
}

/** Id of the only type of this kind and name. */
export function idOf(btf: Btf, kind: string, name: string): number {
  const ids = btf.types.flatMap((type, i) =>
    type.kind === kind && nameText(btf, type.nameOff) === name ? [i + 1] : [],
  );
  if (ids.length !== 1) throw new Error(`${ids.length} types are ${kind} ${name}`);
  return ids[0] ?? 0;
}
