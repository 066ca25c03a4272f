import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixObject } from "../../src/fix.ts";
import { bundleProgram, ROOT } from "../../tools/bundle.ts";
import { runIn } from "./double.ts";

const FORK = join(ROOT, "corpus/aya/fork.bpfel.release.o");
const OTHER = join(ROOT, "corpus/aya/fork.bpfeb.release.o");

let folder: string;
let watched: string;
let child: ChildProcess;
let said = "";

/** Waits until a condition holds; a test that waits in vain runs into its time limit. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 25));
}

function isRepaired(path: string, repaired: Uint8Array): () => boolean {
  return () => readFileSync(join(watched, path)).equals(repaired);
}

async function repairedFrom(path: string): Promise<Uint8Array> {
  return (await fixObject(readFileSync(path))).bytes;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "btf-fix-watch-"));
  watched = join(folder, "target");
  mkdirSync(join(watched, "incremental"), { recursive: true });
  copyFileSync(FORK, join(watched, "there.o"));
  copyFileSync(FORK, join(watched, "incremental/hidden.o"));
  await bundleProgram(join(folder, "dist"));
  child = spawn(process.execPath, [join(folder, "dist/cli.cjs"), "watch", watched], {
    env: { ...process.env, BTF_FIX_CACHE: "off" },
  });
  child.stdout?.on("data", (data) => {
    said += data;
  });
  child.stderr?.on("data", (data) => {
    said += data;
  });
});

afterAll(() => {
  child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

describe("watch", () => {
  test("repairs what is there, what comes, and what is built anew", async () => {
    const fork = await repairedFrom(FORK);
    await until(isRepaired("there.o", fork));
    copyFileSync(FORK, join(watched, "new.o"));
    await until(isRepaired("new.o", fork));
    copyFileSync(OTHER, join(watched, "new.o"));
    await until(isRepaired("new.o", await repairedFrom(OTHER)));
    // The same bytes as the first time are a new build all the same.
    copyFileSync(FORK, join(watched, "new.o"));
    await until(isRepaired("new.o", fork));
    mkdirSync(join(watched, "release"));
    copyFileSync(FORK, join(watched, "release/deep.o"));
    await until(isRepaired("release/deep.o", fork));
  });

  test("says a line for each repair, and none for its own writing", async () => {
    await until(() => said.includes("deep.o: "));
    const lines = said.split("\n").filter((line) => /^\S+\.o: .* 0 errors/.test(line));
    expect(lines).toHaveLength(5);
  });

  test("leaves other files alone, and those of a compiler's caches", async () => {
    writeFileSync(join(watched, "text.o"), "text");
    copyFileSync(FORK, join(watched, "last.o"));
    await until(isRepaired("last.o", await repairedFrom(FORK)));
    expect(readFileSync(join(watched, "text.o"), "utf8")).toBe("text");
    expect(readFileSync(join(watched, "incremental/hidden.o"))).toEqual(readFileSync(FORK));
    expect(said).not.toContain("text.o");
  });

  test("ends when asked to", async () => {
    const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)));
    child.kill("SIGINT");
    expect(await ended).toBe(130);
  });

  test("wants folders", async () => {
    expect(await runIn(["watch"], {})).toMatchObject({ exit: 2, stderr: expect.stringContaining("name at least one") });
    expect(await runIn(["watch", FORK], {})).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("is no folder"),
    });
  });
});
