/**
 * One worker of the fuzzing of the codecs: `node child.mjs <root> <seed> <runs>`; see `../worker.ts`. It tells where it is every so
 * often, so that a blob on which it hangs can be found.
 */
import { writeSync } from "node:fs";
import { LIMIT_MS, runBlobs } from "./campaign.ts";

const [root = ".", seedText = "1", runsText = "100"] = process.argv.slice(2);
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};
const run = runBlobs(root, Number(seedText), Number(runsText), say);
const { taken, count, slowest } = run;
say(`counts ${JSON.stringify({ results: taken, errors: count - taken, slowest, largest: 0 })}`);
say(run.failures.length === 0 ? "ok" : `failed ${JSON.stringify(run.failures.join("\n"))}`);
for (const line of run.figures) say(`figures ${line}`);
say(`limit ${LIMIT_MS}`);
