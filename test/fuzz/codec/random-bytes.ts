import { concat, words } from "../../btf/assemble.ts";
import { buildObject } from "../../object.ts";
import type { Random } from "../../rules/kernel/random.ts";

/** Words at the edges of what fields hold. */
const EDGES = [0, 1, 2, 3, 4, 7, 8, 16, 24, 32, 0x7f, 0xff, 0xffff, 0x1_0000, 0xff_ffff, 0x7fff_ffff, 0x8000_0000];
const TOP = 0xffff_ffff;

/** A word of any size, most often a small one. */
function word(random: Random): number {
  const choice = random.below(10);
  if (choice < 5) return random.below(12);
  if (choice < 8) return random.chance(20) ? TOP - random.below(9) : random.pick(EDGES);
  return random.next();
}

/** Bytes without meaning, half of the time begun as what one of the readers asks for. */
export function noise(random: Random, length: number): Uint8Array {
  const bytes = Uint8Array.from({ length }, () => random.next() & 0xff);
  const starts = [
    [0x9f, 0xeb, 1, 0],
    [0xeb, 0x9f, 1, 0],
    [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1],
    [0x9f, 0xeb],
  ];
  if (random.chance(50)) bytes.set(random.pick(starts).slice(0, length));
  return bytes;
}

/** Names that mean something to some reader, and some that are no text. */
const NAMES = [
  "a",
  "int",
  ".maps",
  ".data",
  "license",
  "__uint",
  "values",
  "type",
  "x::y<T>",
  "bpf_timer",
  ".ksyms",
  "",
];

function strings(random: Random): Uint8Array {
  const parts: Uint8Array[] = [new Uint8Array(1)];
  for (let count = random.below(20); count > 0; count--) {
    parts.push(random.chance(85) ? new TextEncoder().encode(random.pick(NAMES)) : noise(random, random.below(20)));
    parts.push(new Uint8Array(1));
  }
  if (random.chance(5)) parts.push(Uint8Array.of(0x41));
  return concat(parts);
}

/** Words after the base words, as `[fixed, a vlen]` by kind; kinds that are not listed have none. */
const TAILS: Readonly<Record<number, readonly [number, number]>> = {
  1: [1, 0],
  3: [3, 0],
  4: [0, 3],
  5: [0, 3],
  6: [0, 2],
  13: [0, 2],
  14: [1, 0],
  15: [0, 3],
  17: [1, 0],
  19: [0, 3],
};

function record(random: Random): number[] {
  const kind = random.chance(96) ? 1 + random.below(19) : random.below(128);
  const [fixed, each] = TAILS[kind] ?? [0, 0];
  const vlen = each === 0 && random.chance(90) ? 0 : random.below(random.chance(95) ? 6 : 60);
  const told = random.chance(97) ? vlen : word(random) & 0xff_ffff;
  const info = told + kind * 2 ** 24 + (random.chance(15) ? 2 ** 31 : 0);
  const tail = Array.from({ length: fixed + each * vlen }, () => word(random));
  return [word(random), info, word(random), ...tail];
}

/** A header with the rest as it should be, or one field of it wrong; half of the time the strings lie at the end. */
function withHeader(random: Random, fields: readonly number[], body: Uint8Array, littleEndian: boolean): Uint8Array {
  const told = random.chance(80) ? fields : fields.map((field) => (random.chance(20) ? word(random) : field));
  const start = Uint8Array.from([...(littleEndian ? [0x9f, 0xeb] : [0xeb, 0x9f]), random.chance(97) ? 1 : 7, 0]);
  return concat([start, words(told, littleEndian), body]);
}

/** A good header, then records of any kind with words of any value, then names; with a layout now and then. */
export function randomBtf(random: Random): Uint8Array {
  const littleEndian = random.chance(75);
  const records = Array.from({ length: random.below(random.chance(90) ? 30 : 120) }, () => record(random));
  const types = words(records.flat(), littleEndian);
  const names = strings(random);
  if (random.chance(85)) {
    return withHeader(random, [24, 0, types.length, types.length, names.length], concat([types, names]), littleEndian);
  }
  const layout = words(
    Array.from({ length: random.below(24) }, () => word(random)),
    littleEndian,
  );
  const strOff = types.length + layout.length;
  const fields = [32, 0, types.length, strOff, names.length, types.length, layout.length];
  return withHeader(random, fields, concat([types, layout, names]), littleEndian);
}

/** A good header, then three tables whose counts and record sizes mostly hold. */
export function randomExt(random: Random): Uint8Array {
  const littleEndian = random.chance(75);
  const tables = [8, 16, 16].map((size) => {
    const told = random.chance(85) ? size : word(random);
    const sections = Array.from({ length: random.below(4) }, () => {
      const count = random.below(8);
      const fields = Array.from({ length: (count * size) / 4 }, () => word(random));
      return [word(random), random.chance(90) ? count : word(random), ...fields];
    });
    return sections.length === 0 && random.chance(80) ? [] : [told, ...sections.flat()];
  });
  let end = 0;
  const fields = tables.flatMap(({ length }) => {
    end += length * 4;
    return [end - length * 4, length * 4];
  });
  const header = random.chance(80) ? [32, ...fields] : [24, ...fields.slice(0, 4)];
  return withHeader(random, header, words(tables.flat(), littleEndian), littleEndian);
}

/** An ELF object with sections, symbols and relocations drawn at random, then damaged half of the time. */
export function randomSections(random: Random): Uint8Array {
  const littleEndian = random.chance(75);
  const names = [
    ".text",
    "xdp",
    ".maps",
    "maps",
    ".data",
    ".bss",
    ".rodata",
    "license",
    "version",
    ".kconfig",
    ".ksyms",
  ];
  const sections = Array.from({ length: random.below(7) }, () => ({
    name: random.pick(names),
    bytes: noise(random, random.below(8) * 8),
    flags: random.pick([0, 2, 3, 6]),
    ...(random.chance(90) ? {} : { type: random.below(20) }),
  }));
  const symbols = Array.from({ length: sections.length === 0 ? 0 : random.below(8) }, (_, index) => ({
    name: `s${index}`,
    section: random.below(sections.length),
    value: random.chance(80) ? random.below(64) : word(random),
    size: word(random),
    binding: random.below(3),
    type: random.below(5),
  }));
  const relocated = sections.map((section) => {
    if (symbols.length === 0 || random.chance(50)) return section;
    const relocations = Array.from({ length: random.below(4) }, () => ({
      offset: random.below(64),
      type: random.below(12),
      symbol: random.pick(symbols).name,
    }));
    return { ...section, relocations };
  });
  const object = buildObject({ littleEndian, sections: relocated, symbols, btf: randomBtf(random) });
  return random.chance(50) ? object : damage(object, random);
}

/** A copy with up to eight places changed: bits, words, stretches of zeros or of other bytes of its own, or the end cut off. */
export function damage(original: Uint8Array, random: Random): Uint8Array {
  let bytes = new Uint8Array(original);
  for (let changes = 1 + random.below(8); changes > 0 && bytes.length >= 8; changes--) {
    // Headers are few bytes and say most.
    const at = random.below(random.chance(20) ? Math.min(64, bytes.length) : bytes.length);
    const choice = random.below(20);
    if (choice < 7) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    else if (choice < 15) {
      const aligned = Math.min(at & ~3, bytes.length - 4);
      new DataView(bytes.buffer).setUint32(aligned, word(random), random.chance(80));
    } else if (choice < 17) bytes.fill(0, at, at + random.below(32));
    else if (choice < 19) bytes.copyWithin(at, random.below(bytes.length), random.below(bytes.length) + 64);
    else if (random.chance(30)) bytes = bytes.slice(0, at);
  }
  return bytes;
}
