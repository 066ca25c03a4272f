/**
 * `npm run mutation -- [FOLDER...] [--sample N [--part K]] [--recorded] [--files GLOB]`: mutation testing of src/rules with Stryker, folder by
 * folder (kernel, map-create, program-info, libbpf, aya, cilium, rules, elf-func, btf-maps; all by default), of one mutant in N: the Kth of N samples. Asks the judges
 * first, unless what they said before is to do (`--recorded`). See docs/mutation.md.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "./judges/cache.ts";
import { recordAya } from "./mutation/aya.ts";
import { recordCilium } from "./mutation/cilium.ts";
import { recordKernels } from "./mutation/kernel.ts";
import { recordLibbpf } from "./mutation/libbpf.ts";
import { recordMaps } from "./mutation/map-create.ts";
import { recordPrograms } from "./mutation/program-info.ts";
import { recordRules } from "./mutation/rules.ts";
import { type Report, scoreLines } from "./mutation/score.ts";

const RECORD: Readonly<Record<string, () => Promise<void>>> = {
  kernel: recordKernels,
  "map-create": recordMaps,
  "program-info": recordPrograms,
  libbpf: recordLibbpf,
  aya: recordAya,
  cilium: recordCilium,
  // From the answers to the others.
  rules: recordRules,
  // Their tests ask when they run, and what was said is remembered.
  "elf-func": async () => undefined,
  "btf-maps": async () => undefined,
};

const { values, positionals } = parseArgs({
  options: {
    sample: { type: "string", default: "1" },
    part: { type: "string", default: "0" },
    recorded: { type: "boolean", default: false },
    files: { type: "string" },
  },
  allowPositionals: true,
});

for (const folder of positionals.length > 0 ? positionals : Object.keys(RECORD)) {
  const record = RECORD[folder];
  if (record === undefined) throw new Error(`no such folder: ${folder}; known are ${Object.keys(RECORD).join(", ")}`);
  if (!values.recorded) await record();
  const files = values.files === undefined ? [] : ["--mutate", values.files];
  const { status } = spawnSync("npx", ["stryker", "run", "config/stryker.config.mjs", ...files], {
    cwd: projectRoot,
    env: { ...process.env, BTF_FIX_MUTATE: folder, BTF_FIX_SAMPLE: values.sample, BTF_FIX_PART: values.part },
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
  const report = JSON.parse(readFileSync(join(projectRoot, `.cache/mutation/${folder}.json`), "utf8")) as Report;
  console.log(scoreLines(folder, report, Number(values.sample)).join("\n"));
}
