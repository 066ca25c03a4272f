/**
 * One worker of the test of what a check may take: `node child.mjs <root> <seed> <runs>`; see `worker.ts`. Each case is a damaged object, a
 * damaged blob of BTF alone, or plain noise.
 */
import { readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { checkObject } from "../../src/index.ts";
import { type Counts, held } from "./held.ts";
import { mutate, mutation, type Seed, seedOf } from "./mutate.ts";

const [root = ".", seedText = "1", runsText = "100"] = process.argv.slice(2);

/** Of CPU time: the machine may be busy with other things. */
const LIMIT_MS = 500;
const LIMIT_MS_A_MB = 1000;
const LIMIT_MIB = 64;
const LIMIT_TIMES = 20;

function objects(folder: string): Seed[] {
  const path = join(root, "corpus", folder);
  const files = readdirSync(path).filter((file) => file.endsWith(".o"));
  return files.map((file) => seedOf(join(folder, file), new Uint8Array(readFileSync(join(path, file)))));
}

/** The `.BTF` alone, of which every byte is a place. */
function blobOf({ name, bytes }: Seed): readonly Seed[] {
  const elf = parseElf(bytes);
  const blob = sectionNamed(elf, ".BTF")?.bytes.slice();
  if (blob === undefined) return [];
  const regions = [
    { name: "header", offset: 0, size: 24 },
    { name: "file", offset: 0, size: blob.length },
  ];
  return [{ name: `.BTF of ${name}`, bytes: blob, littleEndian: elf.littleEndian, regions }];
}

const whole = [...objects("shapes"), ...objects("aya"), ...objects("c"), ...objects("aya-programs")];
const blobs = whole.flatMap(blobOf);
const byName = new Map([...whole, ...blobs].map((seed) => [seed.name, seed]));

const NOISE = "noise";
const subject = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...whole.map(({ name }) => name)) },
  { weight: 3, arbitrary: fc.constantFrom(...blobs.map(({ name }) => name)) },
  { weight: 1, arbitrary: fc.constant(NOISE) },
);

const counts: Counts = { results: 0, errors: 0, slowest: 0, largest: 0 };

/** The time and memory that an input of this size may take. */
function holds(name: string, bytes: Uint8Array): Promise<void> {
  const size = bytes.length / 1e6;
  const bounds = { ms: LIMIT_MS + LIMIT_MS_A_MB * size, mib: LIMIT_MIB + LIMIT_TIMES * size };
  return held(name, bounds, counts, () => checkObject(bytes));
}

const property = fc.asyncProperty(
  subject,
  fc.array(mutation, { minLength: 1, maxLength: 4 }),
  fc.uint8Array({ maxLength: 4096, size: "max" }),
  async (name, mutations, noise) => {
    const seed = byName.get(name);
    writeSync(1, `case ${fc.stringify(seed === undefined ? [name, noise] : [name, mutations])}\n`);
    // Noise that begins as BTF does is looked at further.
    if (seed === undefined) noise.set([0x9f, 0xeb, 1].slice(0, noise.length));
    await holds(name, seed === undefined ? noise : mutate(seed, mutations));
  },
);

const details = await fc.check(property, { seed: Number(seedText), numRuns: Number(runsText) });
writeSync(1, `counts ${JSON.stringify(counts)}\n`);
const thrown = details.errorInstance instanceof Error ? details.errorInstance.stack : String(details.errorInstance);
writeSync(1, details.failed ? `failed ${JSON.stringify(`${fc.defaultReportMessage(details)}\n${thrown}`)}\n` : "ok\n");
