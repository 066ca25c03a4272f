import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import {
  determineHitLimitReached,
  DryRunStatus,
  MutantRunStatus,
  TestStatus,
  toMutantRunResult,
} from "@stryker-mutator/api/test-runner";
import { build } from "esbuild";

/**
 * Stryker's test runner for recorded answers. The code under test and its replays become one bundle that stays loaded, so that a mutant
 * costs no more than the verdicts up to its first wrong one; vitest would start anew for each. Option `replay` names the module with the
 * replays: `replays(answersOf)` gives functions with names, which throw where a verdict is not what the judge said.
 */
class ReplayRunner {
  static inject = ["options"];
  loads = 0;
  killers = [];
  isSpoiled = false;

  constructor(options) {
    this.entry = options.replay;
    this.state = globalThis.__stryker__ ??= {};
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    this.module = await this.bundle(this.entry);
    const { answersOf } = await import(await this.bundle("tools/mutation/answers.ts"));
    const known = new Map();
    this.answersOf = (name) => {
      if (!known.has(name)) known.set(name, answersOf(name));
      return known.get(name);
    };
    await this.load();
  }

  /** Bundles a module of the sandbox, and returns the address of what came of it. */
  async bundle(entry) {
    const folder = resolve(".cache/replay");
    mkdirSync(folder, { recursive: true });
    const { outputFiles } = await build({
      absWorkingDir: process.cwd(),
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      logLevel: "error",
      // Our own package.json says that modules do nothing when they are loaded; tests do.
      ignoreAnnotations: true,
      plugins: [inProcess],
      banner: { js: 'import { createRequire as cr } from "node:module"; const require = cr(import.meta.url);' },
    });
    const file = resolve(folder, `${entry.replaceAll(/\W/g, "-")}-${process.pid}.mjs`);
    writeFileSync(file, outputFiles[0].contents);
    return pathToFileURL(file).href;
  }

  /** Evaluates the code once more; while a mutant is active, with that one also in what is done but once. */
  async load() {
    const { replays } = await import(`${this.module}?${this.loads++}`);
    this.tests = await replays(this.answersOf);
  }

  async dryRun() {
    const tests = [];
    for (const test of this.tests) {
      this.state.currentTestId = test.name;
      tests.push(await outcome(test));
    }
    this.state.currentTestId = undefined;
    return { status: DryRunStatus.Complete, tests, mutantCoverage: this.state.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation, reloadEnvironment }) {
    if (!isDrawn(activeMutant)) return { status: MutantRunStatus.Error, errorMessage: "not drawn" };
    const isStatic = mutantActivation === "static" || reloadEnvironment;
    try {
      if (isStatic) {
        this.state.activeMutant = activeMutant.id;
        this.isSpoiled = true;
        await this.load();
      } else if (this.isSpoiled) {
        await this.load();
        this.isSpoiled = false;
      }
      Object.assign(this.state, { activeMutant: activeMutant.id, hitCount: 0, hitLimit });
      const wanted = testFilter && new Set(testFilter);
      const tests = [];
      for (const test of this.inOrder()) {
        if (wanted !== undefined && !wanted.has(test.name)) continue;
        const result = await outcome(test);
        tests.push(result);
        if (result.status !== TestStatus.Failed) continue;
        this.killers = [test.name, ...this.killers.filter((name) => name !== test.name)];
        break;
      }
      const tooLong = determineHitLimitReached(this.state.hitCount, hitLimit);
      return toMutantRunResult(tooLong ?? { status: DryRunStatus.Complete, tests });
    } catch (error) {
      // A mutant with which the module does not even load is noticed by whoever imports it.
      const result = { id: "load", name: "load", timeSpentMs: 0, status: TestStatus.Failed, failureMessage: String(error) };
      return toMutantRunResult({ status: DryRunStatus.Complete, tests: [result] });
    } finally {
      Object.assign(this.state, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
    }
  }

  /** Those first that killed before, the last of them first: mutants of one function come one after the other. */
  inOrder() {
    const ranks = new Map(this.killers.map((name, rank) => [name, rank]));
    const rank = ({ name }) => ranks.get(name) ?? Number.POSITIVE_INFINITY;
    return this.tests.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
  }
}

/** One in so many mutants is tried, chosen by what it is and where it stands; the others are errors in Stryker's tables, which do not count. */
const SAMPLE = Number(process.env.BTF_FIX_SAMPLE ?? 1);

/** Which of the samples of that size. */
const PART = Number(process.env.BTF_FIX_PART ?? 0);

function isDrawn({ fileName, location, replacement }) {
  const { start, end } = location;
  const words = [fileName.replace(/^.*\/src\//, ""), start.line, start.column, end.line, end.column, replacement];
  return createHash("sha256").update(words.join(":")).digest().readUInt32LE() % SAMPLE === PART;
}

async function outcome({ name, run }) {
  const start = performance.now();
  const result = { id: name, name };
  try {
    await run();
    return { ...result, status: TestStatus.Success, timeSpentMs: performance.now() - start };
  } catch (error) {
    const failureMessage = String(error?.message ?? error).slice(0, 400);
    return { ...result, status: TestStatus.Failed, timeSpentMs: performance.now() - start, failureMessage };
  }
}

/** Tests that are written for vitest are collected, and the programs that they call are asked but once; every module knows its own address. */
const inProcess = {
  name: "in-process",
  setup(bundle) {
    const own = resolve("tools/mutation");
    bundle.onResolve({ filter: /^vitest$/ }, () => ({ path: resolve(own, "in-process.ts") }));
    bundle.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.startsWith(own) ? { path: "node:child_process", external: true } : { path: resolve(own, "remembered-calls.ts") },
    );
    bundle.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8")
        .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
        .replaceAll("import.meta.dirname", JSON.stringify(dirname(path))),
      loader: "ts",
    }));
  },
};

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, "replay", ReplayRunner)];
export const strykerValidationSchema = {
  $schema: "http://json-schema.org/draft-07/schema",
  type: "object",
  properties: { replay: { type: "string" } },
};
