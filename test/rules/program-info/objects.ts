import { readFileSync } from "node:fs";
import { encodeBtfExt, parseBtfExt } from "../../../src/btf/ext.ts";
import type { BtfExt, ExtSection, ExtTable, FuncInfo, LineInfo } from "../../../src/btf/ext-model.ts";
import { SHDR_SIZE } from "../../../src/elf/model.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { sectionNamed } from "../../../src/elf/symbols.ts";
import { corpusObjects, PROGRAM_FOLDERS } from "../../../tools/scoreboard/objects.ts";
import type { Random } from "../kernel/random.ts";

/** An object of the corpus whose programs have records. */
export interface SeedObject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly ext: BtfExt;
}

/** Every little-endian object of the corpus whose `.BTF.ext` has func_info. */
export function seedObjects(): readonly SeedObject[] {
  return [...corpusObjects(), ...corpusObjects(PROGRAM_FOLDERS)].flatMap(({ name, path }) => {
    if (name.includes("bpfeb")) return [];
    const bytes = new Uint8Array(readFileSync(path));
    const section = sectionNamed(parseElf(bytes), ".BTF.ext");
    const ext = section === undefined || section.size === 0 ? undefined : parseBtfExt(section.bytes);
    return ext?.funcInfo === undefined ? [] : [{ name, bytes, ext }];
  });
}

/** The object with another `.BTF.ext`, which must be no longer: the header of its section tells how long it is. */
export function withExt(bytes: Uint8Array, ext: BtfExt): Uint8Array {
  const section = sectionNamed(parseElf(bytes), ".BTF.ext");
  const blob = encodeBtfExt(ext);
  if (section === undefined || blob.length > section.size) throw new RangeError("no room for .BTF.ext");
  const copy = bytes.slice();
  copy.set(blob, section.offset);
  const view = new DataView(copy.buffer);
  const headers = Number(view.getBigUint64(0x28, true));
  view.setBigUint64(headers + section.index * SHDR_SIZE + 0x20, BigInt(blob.length), true);
  return copy;
}

const ODD = [0, 1, 4, 8, 16, 0x7fff_fff8, 0xffff_ffff] as const;

function another(random: Random, value: number, step: number): number {
  return (random.chance(60) ? value + step * random.pick([-2, -1, 1, 2, 3]) : random.pick(ODD)) >>> 0;
}

function editFunction(record: FuncInfo, random: Random): FuncInfo {
  if (random.chance(50)) return { ...record, insnOff: another(random, record.insnOff, 8) };
  return { ...record, typeId: another(random, record.typeId, 1) };
}

function editLine(record: LineInfo, random: Random): LineInfo {
  if (random.chance(60)) return { ...record, insnOff: another(random, record.insnOff, 8) };
  const [lineOff, fileNameOff] = [
    another(random, record.lineOff, 0x1_0000),
    another(random, record.fileNameOff, 0x1_0000),
  ];
  return random.chance(50) ? { ...record, lineOff } : { ...record, fileNameOff };
}

/** A table with one record edited, dropped or put before another, or with the records of a section under another name. */
function editTable<R>(table: ExtTable<R>, edit: (record: R, random: Random) => R, random: Random): ExtTable<R> {
  const chosen = random.below(table.sections.length);
  const others = table.sections.map(({ secNameOff }) => secNameOff);
  const change = (section: ExtSection<R>): ExtSection<R> => {
    const records = [...section.records];
    const at = random.below(records.length);
    const [record] = records.splice(at, 1);
    if (record === undefined) return section;
    const draw = random.below(10);
    if (draw === 0) return { ...section, secNameOff: random.pick([...others, 0, 1]) };
    if (draw < 3 && records.length > 0) return { ...section, records };
    if (draw < 5) records.splice(random.below(records.length + 1), 0, record);
    else records.splice(at, 0, edit(record, random));
    return { ...section, records };
  };
  const sections = table.sections.map((section, index) => (index === chosen ? change(section) : section));
  return { ...table, sections };
}

/** The object with func_info or line_info broken in one place, which may be none that the kernel minds. */
export function brokenObject({ bytes, ext }: SeedObject, random: Random): Uint8Array {
  const { funcInfo, lineInfo } = ext;
  if (lineInfo !== undefined && random.chance(50)) {
    return withExt(bytes, { ...ext, lineInfo: editTable(lineInfo, editLine, random) });
  }
  return withExt(bytes, funcInfo === undefined ? ext : { ...ext, funcInfo: editTable(funcInfo, editFunction, random) });
}
