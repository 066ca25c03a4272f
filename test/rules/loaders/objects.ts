import { readFileSync } from "node:fs";
import { BtfBuilder } from "../../../src/btf/builder.ts";
import { encodeBtf } from "../../../src/btf/encode.ts";
import { recordSize } from "../../../src/btf/kind.ts";
import { type Btf, type BtfMember, type BtfType, typesWithIds } from "../../../src/btf/model.ts";
import { nameText } from "../../../src/btf/names.ts";
import { parseBtf } from "../../../src/btf/parse.ts";
import { type ElfView, REL_SIZE, type Section, SHDR_SIZE, SHT_REL, SYM_SIZE } from "../../../src/elf/model.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { sectionNamed } from "../../../src/elf/symbols.ts";
import { BtfFixError } from "../../../src/errors.ts";
import { fixObject } from "../../../src/fix.ts";
import { corpusObjects, KIND_FOLDERS, PROGRAM_FOLDERS } from "../../../tools/scoreboard/objects.ts";
import type { Random } from "../kernel/random.ts";

/** Whole objects for loaders: those of the corpus, raw and repaired, and the same with one thing changed where it stands. */

/** An object to change; its sections are found once. */
export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly elf: ElfView;
}

/** One object of a campaign, and what was done to it. */
export interface Drawn {
  readonly family: string;
  readonly seed: string;
  readonly bytes: Uint8Array;
  /** What it was before. */
  readonly origin: Uint8Array;
}

/** Every little-endian object of the corpus with BTF, raw and repaired. */
export async function loadSeeds(): Promise<readonly Seed[]> {
  const seeds: Seed[] = [];
  const add = (name: string, bytes: Uint8Array): void => {
    const elf = parseElf(bytes);
    if (elf.littleEndian && sectionNamed(elf, ".BTF") !== undefined) seeds.push({ name, bytes, elf });
  };
  for (const { name, path } of [
    ...corpusObjects(),
    ...corpusObjects(KIND_FOLDERS),
    ...corpusObjects(PROGRAM_FOLDERS),
  ]) {
    if (name.includes("bpfeb")) continue;
    const raw = readFileSync(path);
    add(`${name} raw`, raw);
    const fixed = await fixObject(raw).then(
      ({ bytes }) => bytes,
      () => undefined,
    );
    if (fixed !== undefined) add(`${name} fixed`, fixed);
  }
  return seeds;
}

/** A word that is likely to matter: small, at an edge, or any. */
function word(random: Random, before: number): number {
  const draw = random.below(10);
  if (draw < 3) return random.below(40);
  if (draw < 5) return (before + random.pick([-8, -4, -1, 1, 4, 8])) >>> 0;
  if (draw < 7) return random.pick([0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000, 0xff_ffff]);
  return draw < 9 ? (before ^ (1 << random.below(32))) >>> 0 : random.next();
}

function editWord(bytes: Uint8Array, { offset, size }: { offset: number; size: number }, random: Random): void {
  if (size < 4) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const at = offset + 4 * random.below(Math.floor(size / 4));
  view.setUint32(at, word(random, view.getUint32(at, true)), true);
}

function content(elf: ElfView, name: string): Section | undefined {
  const section = sectionNamed(elf, name);
  return section !== undefined && section.bytes.length > 0 ? section : undefined;
}

/** The object with its `.BTF` edited by `edit`, if it can be read (an earlier change may have spoiled it) and still takes as many bytes. */
function withBtf(bytes: Uint8Array, elf: ElfView, edit: (builder: BtfBuilder, btf: Btf) => void): void {
  const section = content(elf, ".BTF");
  if (section === undefined) return;
  try {
    const btf = parseBtf(bytes.subarray(section.offset, section.offset + section.size));
    const builder = new BtfBuilder(btf);
    edit(builder, btf);
    const blob = encodeBtf(builder.finish());
    if (blob.length === section.size) bytes.set(blob, section.offset);
  } catch (error) {
    if (!(error instanceof BtfFixError)) throw error;
  }
}

/** Names that members of definitions have, as far as the object's strings hold them. */
const FIELDS = [
  "type",
  "key",
  "value",
  "key_size",
  "value_size",
  "max_entries",
  "map_flags",
  "pinning",
  "values",
  "numa_node",
  "map_extra",
];

function isDefinition(btf: Btf, type: BtfType): boolean {
  if (type.kind !== "struct") return false;
  return type.members.some(({ nameOff }) => FIELDS.includes(nameText(btf, nameOff)));
}

/** The place of a string in the table, if it is there; the table does not grow. */
function stringAt(btf: Btf, name: string): number | undefined {
  const at = Buffer.from(btf.strings.bytes).indexOf(`\0${name}\0`, 0, "latin1");
  return at < 0 ? undefined : at + 1;
}

function editMember(member: BtfMember, btf: Btf, random: Random): BtfMember {
  const ids = btf.types.length + 1;
  const pointers = [...typesWithIds(btf)].filter(
    ([, { kind }]) => kind === "ptr" || kind === "array" || kind === "enum",
  );
  switch (random.below(4)) {
    case 0:
      return { ...member, nameOff: stringAt(btf, random.pick(FIELDS)) ?? member.nameOff };
    case 1:
      return { ...member, type: random.pick(pointers)[0] };
    case 2:
      return { ...member, type: random.below(ids) };
    default:
      return { ...member, nameOff: random.below(btf.strings.bytes.length) };
  }
}

type Family = (bytes: Uint8Array, seed: Seed, random: Random) => void;

/** What is done to an object, by name. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  untouched() {},
  "BTF word"(bytes, { elf }, random) {
    const section = content(elf, ".BTF");
    if (section !== undefined) editWord(bytes, section, random);
  },
  "BTF header"(bytes, { elf }, random) {
    const section = content(elf, ".BTF");
    if (section !== undefined) editWord(bytes, { offset: section.offset, size: 24 }, random);
  },
  "BTF info"(bytes, { elf }, random) {
    const section = content(elf, ".BTF");
    if (section === undefined) return;
    const { types } = parseBtf(section.bytes);
    const before = types.slice(0, random.below(types.length));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const start = section.offset + view.getUint32(section.offset + 4, true);
    const at = before.reduce((end, type) => end + recordSize(type), start) + 4;
    // Bits that were reserved before kernel 7.2, and that loaders do not look at. An earlier change may have moved the record.
    const bit = 1 << random.pick([16, 17, 20, 23, 29, 30]);
    if (at + 4 <= section.offset + section.size) view.setUint32(at, (view.getUint32(at, true) | bit) >>> 0, true);
  },
  "BTF.ext word"(bytes, { elf }, random) {
    const section = content(elf, ".BTF.ext");
    if (section !== undefined)
      editWord(bytes, random.chance(50) ? section : { offset: section.offset, size: 48 }, random);
  },
  "definition member"(bytes, { elf }, random) {
    withBtf(bytes, elf, (builder, btf) => {
      const structs = [...typesWithIds(btf)].filter(([, type]) => isDefinition(btf, type));
      if (structs.length === 0) return;
      const [id, type] = random.pick(structs);
      if (type.kind !== "struct") return;
      const members = [...type.members];
      const at = random.below(members.length);
      const other = random.below(members.length);
      const [one, two] = [members[at], members[other]];
      if (one === undefined || two === undefined) return;
      if (random.chance(25)) {
        members[at] = { ...two, bitOffset: one.bitOffset };
        members[other] = { ...one, bitOffset: two.bitOffset };
      } else members[at] = editMember(one, btf, random);
      builder.replace(id, { ...type, members });
    });
  },
  "definition number"(bytes, { elf }, random) {
    withBtf(bytes, elf, (builder, btf) => {
      const arrays = [...typesWithIds(btf)].filter(([, { kind }]) => kind === "array");
      if (arrays.length === 0) return;
      const [id, type] = random.pick(arrays);
      if (type.kind === "array")
        builder.replace(id, { ...type, nelems: random.pick([0, 1, 2, 3, 4, 12, 13, 27, 33, 4096]) });
    });
  },
  variable(bytes, { elf }, random) {
    withBtf(bytes, elf, (builder, btf) => {
      const variables = [...typesWithIds(btf)].filter(([, { kind }]) => kind === "var" || kind === "func");
      if (variables.length === 0) return;
      const [id, type] = random.pick(variables);
      if (type.kind !== "var" && type.kind !== "func") return;
      const draw = random.below(3);
      if (draw === 0) builder.replace(id, { ...type, linkage: random.below(4) });
      else if (draw === 1) builder.replace(id, { ...type, type: random.below(btf.types.length + 1) });
      else builder.replace(id, { ...type, nameOff: random.below(btf.strings.bytes.length) });
    });
  },
  "section entry"(bytes, { elf }, random) {
    withBtf(bytes, elf, (builder, btf) => {
      const sections = [...typesWithIds(btf)].filter(([, { kind }]) => kind === "datasec");
      if (sections.length === 0) return;
      const [id, type] = random.pick(sections);
      if (type.kind !== "datasec") return;
      const entries = [...type.entries];
      const at = random.below(Math.max(1, entries.length));
      const entry = entries[at];
      const draw = random.below(6);
      if (draw === 0 || entry === undefined) builder.replace(id, { ...type, size: random.pick([0, 1, 32, 4096]) });
      else if (draw === 1) builder.replace(id, { ...type, nameOff: random.below(btf.strings.bytes.length) });
      else {
        if (draw === 2) entries[at] = { ...entry, offset: random.below(64) };
        if (draw === 3) entries[at] = { ...entry, size: random.below(64) };
        if (draw === 4) entries[at] = { ...entry, type: random.below(btf.types.length + 1) };
        if (draw === 5) entries.reverse();
        builder.replace(id, { ...type, entries });
      }
    });
  },
  symbol(bytes, { elf }, random) {
    const table = elf.symtab === undefined ? undefined : elf.sections[elf.symtab];
    if (table === undefined) return;
    const named = elf.symbols.filter(({ index, section }) => index > 0 && section < 0xff00);
    const { index } = random.pick(named.length > 0 ? named : elf.symbols);
    const at = table.offset + index * SYM_SIZE;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    switch (random.below(6)) {
      case 0: // Binding and type.
        view.setUint8(at + 4, random.pick([0x00, 0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x21, 0x22]));
        break;
      case 1: // Visibility.
        view.setUint8(at + 5, random.below(4));
        break;
      case 2:
        view.setUint16(at + 6, random.pick([0, 1, 2, 3, random.below(elf.sections.length), 0xfff1, 0xfff2]), true);
        break;
      case 3:
        view.setUint32(at + 8, word(random, view.getUint32(at + 8, true)) & 0xffff, true);
        break;
      case 4:
        view.setUint32(at + 16, word(random, view.getUint32(at + 16, true)) & 0xffff, true);
        break;
      default: // Another symbol's name.
        view.setUint32(at, view.getUint32(table.offset + random.below(elf.symbols.length) * SYM_SIZE, true), true);
    }
  },
  section(bytes, { elf }, random) {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const at = elf.sectionHeaders + random.below(elf.sections.length) * SHDR_SIZE;
    const other = elf.sectionHeaders + random.below(elf.sections.length) * SHDR_SIZE;
    switch (random.below(5)) {
      case 0: // Another section's name.
        view.setUint32(at, view.getUint32(other, true), true);
        break;
      case 1:
        view.setUint32(at + 4, random.pick([0, 1, 2, 3, 8, 9]), true);
        break;
      case 2:
        view.setUint32(at + 8, random.pick([0, 1, 2, 3, 4, 6, 7]), true);
        break;
      case 3: // A part of the name: `.text` of `.rel.text`, `.maps` of `.rel.maps`.
        view.setUint32(at, view.getUint32(at, true) + random.pick([1, 4]), true);
        break;
      default:
        view.setUint32(at + 44, random.below(elf.sections.length + 1), true);
    }
  },
  relocation(bytes, { elf }, random) {
    const tables = elf.sections.filter(
      ({ type, size, info }) => type === SHT_REL && size > 0 && ((elf.sections[info]?.flags ?? 0) & 2) !== 0,
    );
    if (tables.length === 0) return;
    const table = random.pick(tables);
    const at = table.offset + random.below(Math.floor(table.size / REL_SIZE)) * REL_SIZE;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (random.chance(50)) view.setUint32(at + 12, random.below(elf.symbols.length), true);
    else view.setUint32(at, (view.getUint32(at, true) + random.pick([-8, -4, 8, 16, 1 << 16])) >>> 0, true);
  },
};

/** One object of a campaign. The untouched ones come once each, then the families in turn. */
export function draw(seeds: readonly Seed[], random: Random, number: number): Drawn {
  const untouched = seeds[number];
  if (untouched !== undefined)
    return { family: "untouched", seed: untouched.name, bytes: untouched.bytes, origin: untouched.bytes };
  const names = Object.keys(FAMILIES).slice(1);
  const family = names[number % names.length] ?? "untouched";
  const seed = random.pick(seeds);
  const bytes = Uint8Array.from(seed.bytes);
  FAMILIES[family]?.(bytes, seed, random);
  if (random.chance(15)) FAMILIES[random.pick(names)]?.(bytes, seed, random);
  return { family, seed: seed.name, bytes, origin: seed.bytes };
}
