import fc from "fast-check";
import { SHT_NOBITS, SHT_STRTAB } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";

/** An object of the corpus, with the parts of it that a mutation can be aimed at. */
export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  readonly regions: readonly Region[];
}

/** Bytes `offset … offset + size` of the file. */
export interface Region {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** Places are fractions of 2^32, so that one mutation means something in every object: a region of the list, a byte of the region. */
interface Place {
  readonly region: number;
  readonly at: number;
}

export type Mutation =
  | ({ readonly kind: "flip"; readonly bit: number } & Place)
  /** A word of 1, 2, 4 or 8 bytes, aligned to its width, in the file's byte order. */
  | ({ readonly kind: "word"; readonly width: 1 | 2 | 4 | 8; readonly value: bigint } & Place)
  /** Bytes of another region of the same object over these. */
  | ({ readonly kind: "splice"; readonly from: Place; readonly length: number } & Place)
  | ({ readonly kind: "fill"; readonly byte: number; readonly length: number } & Place)
  | { readonly kind: "truncate"; readonly at: number };

const FRACTIONS = 0x1_0000_0000;

/** The file as a whole, its header, its section headers, and every section with content. */
export function seedOf(name: string, bytes: Uint8Array): Seed {
  const elf = parseElf(bytes);
  const regions: Region[] = [
    { name: "file", offset: 0, size: bytes.length },
    { name: "ELF header", offset: 0, size: 64 },
    { name: "section headers", offset: elf.sectionHeaders, size: elf.sections.length * 64 },
  ];
  for (const { name: section, type, offset, size } of elf.sections) {
    if (size > 0 && type !== SHT_NOBITS) regions.push({ name: section, offset, size });
  }
  return { name, bytes, littleEndian: elf.littleEndian, regions };
}

/** The object with its `.BTF` sections under other names: to a reader it has none, and its debug info is all there is. */
export function withoutBtf({ name, bytes }: Seed): Seed {
  const copy = bytes.slice();
  const text = Buffer.from(copy.buffer, copy.byteOffset, copy.byteLength);
  // LLVM lets `.rel.BTF` end in the name of `.BTF`, so that one of them is all of them.
  for (const { type, offset, size } of parseElf(bytes).sections) {
    if (type !== SHT_STRTAB) continue;
    const table = text.subarray(offset, offset + size);
    for (let at = table.indexOf(".BTF"); at >= 0; at = table.indexOf(".BTF", at + 1)) table.write(".btf", at);
  }
  return seedOf(`${name} without .BTF`, copy);
}

const place = { region: fc.nat(FRACTIONS - 1), at: fc.nat(FRACTIONS - 1) };

/** Counts and offsets at the edges of what 8, 16, 32 and 64 bits hold, beside any number. */
const word: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 0x7fn, 0x80n, 0xffn, 0xffffn, 0xff_ffffn),
  fc.constantFrom(0x7fff_ffffn, 0x8000_0000n, 0xffff_fff0n, 0xffff_ffffn, 0x1_0000_0000n, 0xffff_ffff_ffff_ffffn),
  fc.bigInt({ min: 0n, max: 0xffffn }),
  fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
);

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("flip" as const), bit: fc.nat(7), ...place }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("word" as const),
      width: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
      value: word,
      ...place,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("splice" as const),
      from: fc.record(place),
      length: fc.nat(64),
      ...place,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("fill" as const), byte: fc.nat(255), length: fc.nat(256), ...place }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("truncate" as const), at: fc.nat(FRACTIONS - 1) }) },
);

/** The file offset of a place, and the bytes left in its region from there. */
function locate(seed: Seed, { region, at }: Place): { offset: number; left: number } {
  const chosen = seed.regions[Math.floor((region / FRACTIONS) * seed.regions.length)] ?? { offset: 0, size: 1 };
  const inside = Math.floor((at / FRACTIONS) * chosen.size);
  return { offset: chosen.offset + inside, left: chosen.size - inside };
}

function apply(seed: Seed, bytes: Uint8Array, mutated: Mutation): Uint8Array {
  if (mutated.kind === "truncate") return bytes.subarray(0, Math.floor((mutated.at / FRACTIONS) * bytes.length));
  const { offset, left } = locate(seed, mutated);
  const room = Math.min(left, bytes.length - offset);
  if (room <= 0) return bytes; // An earlier mutation cut this part off.
  switch (mutated.kind) {
    case "flip":
      bytes[offset] = (bytes[offset] ?? 0) ^ (1 << mutated.bit);
      break;
    case "fill":
      bytes.fill(mutated.byte, offset, offset + Math.min(room, mutated.length));
      break;
    case "splice": {
      const from = locate(seed, mutated.from).offset;
      bytes.set(seed.bytes.slice(from, from + Math.min(room, mutated.length)), offset);
      break;
    }
    case "word": {
      const start = offset - (offset % mutated.width);
      for (let i = 0; i < mutated.width && start + i < bytes.length; i++) {
        const shift = BigInt(8 * (seed.littleEndian ? i : mutated.width - 1 - i));
        bytes[start + i] = Number((mutated.value >> shift) & 0xffn);
      }
    }
  }
  return bytes;
}

/** The seed's bytes with all mutations made, in order; the seed itself stays. */
export function mutate(seed: Seed, mutations: readonly Mutation[]): Uint8Array {
  return mutations.reduce<Uint8Array>((bytes, mutated) => apply(seed, bytes, mutated), seed.bytes.slice());
}
