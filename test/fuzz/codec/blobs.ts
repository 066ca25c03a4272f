import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseElf } from "../../../src/elf/parse.ts";
import { concat, words } from "../../btf/assemble.ts";
import { buildObject, EXIT, move } from "../../object.ts";
import type { Draft } from "../../rules/kernel/draft.ts";
import { sample } from "../../rules/kernel/mutate.ts";
import { Random } from "../../rules/kernel/random.ts";
import { draftOf } from "../../rules/kernel/real.ts";
import { damage, noise, randomBtf, randomExt, randomSections } from "./random-bytes.ts";

/** No blob is larger. */
export const LARGEST = 4096;

/** What a blob was meant to be before it was damaged. */
export type Family = (typeof FAMILIES)[number];

/** A blob to try. */
export interface Blob {
  readonly family: Family;
  readonly bytes: Uint8Array;
}

/** Families take turns, so each has its share of any run. */
export const FAMILIES = [
  "noise",
  "random records",
  "random .BTF.ext",
  "random ELF",
  "real .BTF",
  "real .BTF.ext",
  "graph of types",
  "object",
] as const;

/** Real sections of the corpus, small enough to be a blob. */
export interface Seeds {
  readonly btf: readonly Uint8Array[];
  readonly ext: readonly Uint8Array[];
  /** The records of the little-endian ones. */
  readonly drafts: readonly Draft[];
}

/** The `.BTF` and `.BTF.ext` sections of both byte orders of the corpus below `root`. */
export function codecSeeds(root: string): Seeds {
  const corpus = join(root, "corpus");
  const files = readdirSync(corpus, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".o"));
  const named = (name: string): Uint8Array[] =>
    files.flatMap((file) =>
      parseElf(new Uint8Array(readFileSync(join(corpus, file)))).sections.flatMap((section) =>
        section.name === name && section.bytes.length <= LARGEST ? [section.bytes.slice()] : [],
      ),
    );
  const btf = named(".BTF");
  return { btf, ext: named(".BTF.ext"), drafts: btf.filter(([first]) => first === 0x9f).map(draftOf) };
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A small object around two sections: a program, a license, a map section, data, and symbols in all of them. */
export function objectAround(btf: Uint8Array, ext: Uint8Array | undefined, littleEndian: boolean): Uint8Array {
  const sections = [
    { name: "xdp", insns: [move(0, 0), EXIT], relocations: [{ offset: 0, type: 1, symbol: "m" }] },
    { name: "license", bytes: ascii("GPL\0") },
    { name: ".maps", bytes: new Uint8Array(32) },
    { name: ".data", bytes: words([1, 2], littleEndian) },
    ...(ext === undefined ? [] : [{ name: ".BTF.ext", bytes: ext, flags: 0 }]),
  ];
  const symbols = [
    { name: "p", section: "xdp", size: 16 },
    { name: "m", section: ".maps", size: 32 },
    { name: "_license", section: "license", size: 4 },
    { name: "d", section: ".data", size: 4 },
  ];
  return buildObject({ littleEndian, sections, symbols, btf });
}

function make(family: Family, seeds: Seeds, random: Random): Uint8Array {
  switch (family) {
    case "noise":
      return noise(random, random.below(LARGEST + 1));
    case "random records":
      return randomBtf(random);
    case "random .BTF.ext":
      return randomExt(random);
    case "random ELF":
      return randomSections(random);
    case "real .BTF":
      return damage(random.pick(seeds.btf), random);
    case "real .BTF.ext":
      return damage(random.pick(seeds.ext), random);
    case "graph of types": {
      const { blob } = sample(random, seeds.drafts, random.next());
      return random.chance(50) ? blob : damage(blob, random);
    }
    case "object": {
      const btf = random.chance(30) ? randomBtf(random) : damage(random.pick(seeds.btf), random);
      const ext = random.chance(30) ? randomExt(random) : damage(random.pick(seeds.ext), random);
      return damage(objectAround(btf, random.chance(80) ? ext : undefined, btf[0] !== 0xeb), random);
    }
  }
}

/** The blob with this number of the run with this seed: the same bytes each time. */
export function blobOf(seeds: Seeds, seed: number, number: number): Blob {
  const random = new Random(Math.imul(seed, 0x9e37_79b1) + Math.imul(number, 0x85eb_ca6b));
  const family = FAMILIES[number % FAMILIES.length] ?? "noise";
  return { family, bytes: concat([make(family, seeds, random).subarray(0, LARGEST)]) };
}
