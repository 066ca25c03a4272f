/** One worker of the fuzzing of the codecs: `node child.mjs <root> <seed> <runs>`; see `../worker.ts`. */
import { writeSync } from "node:fs";
import { codecCampaign } from "./campaign.ts";

const [root = ".", seed = "1", runs = "100"] = process.argv.slice(2);
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};
const { count, taken, slowest, failures } = codecCampaign(root, Number(seed), Number(runs), {
  // Told before the blob is read, so that one on which it hangs is known.
  onBlob: (number) => say(`case ${number}`),
});
say(`counts ${JSON.stringify({ results: taken, errors: count - taken, slowest, largest: 0 })}`);
say(failures.length === 0 ? "ok" : `failed ${JSON.stringify(failures.join("\n"))}`);
