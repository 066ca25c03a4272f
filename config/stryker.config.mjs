/** Mutation testing of one folder of src/rules, that of BTF_FIX_MUTATE: see docs/mutation.md. `npm run mutation` sets it. */
const folder = process.env["BTF_FIX_MUTATE"] ?? "kernel";

/** What is no folder of its own. */
const MUTATED = {
  // What BPF_BTF_LOAD says; maps and records of programs have judges' campaigns of their own.
  kernel: ["src/rules/kernel/*.ts", "!src/rules/kernel/program-*.ts", "src/rules/btf-blob.ts"],
  "map-create": ["src/rules/kernel/map-create/**/*.ts"],
  "program-info": ["src/rules/kernel/program-info.ts", "src/rules/kernel/program-info/**/*.ts"],
  // What hands on to users what the folders say.
  rules: ["src/rules/*.ts", "!src/rules/btf-blob.ts", "src/refusals.ts", "src/map-refusals.ts"],
  // The findings, in two.
  "elf-func": ["src/rules/{elf,func}/**/*.ts"],
  "btf-maps": ["src/rules/{btf,datasec,maps}/**/*.ts"],
};

/** Plugins of ours are asked for by path. */
const own = (path) => new URL(path, import.meta.url).pathname;

export default {
  testRunner: "replay",
  replay: `test/mutation/all/${folder}.ts`,
  mutate: MUTATED[folder] ?? [`src/rules/${folder}/**/*.ts`],
  plugins: [own("../tools/mutation/rule-data.mjs"), own("../tools/mutation/replay-runner.mjs")],
  ignorers: ["rule-data"],
  coverageAnalysis: "perTest",
  concurrency: 2,
  // Endless loops are noticed by counting (`hitLimit`); a short time would count a busy machine as a kill.
  timeoutMS: 20_000,
  // What no replay reads, so that the sandbox is soon made.
  ignorePatterns: ["/dist", "target"],
  tempDirName: ".cache/stryker",
  reporters: ["clear-text", "json", "progress-append-only"],
  jsonReporter: { fileName: `.cache/mutation/${folder}.json` },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  // Nothing is compiled: esbuild strips the types.
  disableTypeChecks: false,
};
