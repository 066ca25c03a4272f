/**
 * One worker of the mutation test: `node child.mjs <root> <seed> <runs>`. A process of its own, so that a case that hangs or eats the
 * memory can be ended from outside; it tells the case before it runs it. The last line of stdout is "ok" or fast-check's report.
 */
import { readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { checkObject, fixObject, readMaps } from "../../src/index.ts";
import { type Counts, held } from "./held.ts";
import { mutate, mutation, type Seed, seedOf, withoutBtf } from "./mutate.ts";

const [root = ".", seedText = "1", runsText = "100"] = process.argv.slice(2);

const LIMIT_MS = 1000;
const LIMIT_MIB = 256;

function objects(folder: string): Seed[] {
  const path = join(root, "corpus", folder);
  const files = readdirSync(path).filter((file) => file.endsWith(".o"));
  return files.map((file) => seedOf(join(folder, file), new Uint8Array(readFileSync(join(path, file)))));
}

const small = objects("shapes");
const bare = small.map(withoutBtf);
const large = [...objects("aya"), ...objects("shapes-linked")];

const ENTRIES = {
  fix: fixObject,
  check: checkObject,
  maps: (bytes: Uint8Array) => readMaps(bytes, { from: "both" }),
} as const;

const entry = fc.oneof(
  { weight: 8, arbitrary: fc.constant("fix" as const) },
  { weight: 1, arbitrary: fc.constant("check" as const) },
  { weight: 1, arbitrary: fc.constant("maps" as const) },
);

/** Objects are named in counterexamples and looked up when run. */
const byName = new Map([...small, ...bare, ...large].map((seed) => [seed.name, seed]));
const object = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...small.map((seed) => seed.name)) },
  { weight: 3, arbitrary: fc.constantFrom(...bare.map((seed) => seed.name)) },
  { weight: 1, arbitrary: fc.constantFrom(...large.map((seed) => seed.name)) },
);

const counts: Counts = { results: 0, errors: 0, slowest: 0, largest: 0 };

/** Runs an entry point on mutated bytes, which it must leave as they are. */
async function holds(name: string, how: keyof typeof ENTRIES, bytes: Uint8Array): Promise<void> {
  const before = bytes.slice();
  await held(`${how} of ${name}`, { ms: LIMIT_MS, mib: LIMIT_MIB }, counts, () => ENTRIES[how](bytes));
  if (Buffer.compare(before, bytes) !== 0) throw new Error(`${how} of ${name} wrote into its input`);
}

const property = fc.asyncProperty(
  object,
  entry,
  fc.array(mutation, { minLength: 1, maxLength: 4 }),
  async (name, how, mutations) => {
    const seed = byName.get(name);
    if (seed === undefined) throw new Error(`no object ${name}`);
    writeSync(1, `case ${fc.stringify([name, how, mutations])}\n`);
    await holds(name, how, mutate(seed, mutations));
  },
);

const details = await fc.check(property, { seed: Number(seedText), numRuns: Number(runsText) });
writeSync(1, `counts ${JSON.stringify(counts)}\n`);
const thrown = details.errorInstance instanceof Error ? details.errorInstance.stack : String(details.errorInstance);
writeSync(1, details.failed ? `failed ${JSON.stringify(`${fc.defaultReportMessage(details)}\n${thrown}`)}\n` : "ok\n");
