import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { replaceFile } from "../../src/cli/write-atomic.ts";
import { BtfFixError } from "../../src/errors.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "btf-fix-write-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const bytes = new TextEncoder().encode("new");
const text = (name: string): string => readFileSync(at(name), "utf8");
const mode = (name: string): number => statSync(at(name)).mode & 0o7777;

/** Names of all files below the folder, so that a temporary one is seen wherever it lies. */
function names(): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

function replaceNew(name: string, source?: string, newMode?: number) {
  return replaceFile({ path: at(name), bytes, source: source === undefined ? undefined : at(source), mode: newMode });
}

function raised(action: () => unknown): BtfFixError {
  try {
    action();
  } catch (error) {
    if (error instanceof BtfFixError) return error;
    throw error;
  }
  throw new Error("nothing was raised");
}

test("a new file gets the mode that was asked for, whatever the umask; nothing else appears", () => {
  writeFileSync(at("in"), "old");
  expect(replaceNew("out", "in", 0o751)).toEqual({ alsoReplaced: [], leftBehind: 0 });
  expect(text("out")).toBe("new");
  expect(mode("out")).toBe(0o751);
  expect(text("in")).toBe("old");
  expect(names()).toEqual(["in", "out"]);
});

test("without a mode (standard input) the umask decides", () => {
  const before = process.umask(0o027);
  try {
    replaceNew("out");
  } finally {
    process.umask(before);
  }
  expect(mode("out")).toBe(0o640);
});

test("in place, the target's mode is kept", () => {
  writeFileSync(at("in"), "old");
  chmodSync(at("in"), 0o604);
  replaceNew("in", "in", 0o777);
  expect([text("in"), mode("in")]).toEqual(["new", 0o604]);
});

test("an existing target is replaced, not written into: whoever has it open keeps the old content", () => {
  writeFileSync(at("out"), "old");
  const before = statSync(at("out")).ino;
  replaceNew("out", undefined, 0o644);
  expect(text("out")).toBe("new");
  expect(statSync(at("out")).ino).not.toBe(before);
});

describe("symbolic links", () => {
  test("are followed; the link stays and its target changes", () => {
    mkdirSync(at("real"));
    writeFileSync(at("real/file"), "old");
    symlinkSync("real/file", at("link"));
    symlinkSync("link", at("second"));
    replaceNew("second", "second");
    expect(text("real/file")).toBe("new");
    expect(readlinkSync(at("second"))).toBe("link");
    expect(readlinkSync(at("link"))).toBe("real/file");
    expect(names()).toEqual(["link", "real", "real/file", "second"]);
  });

  test("that dangle: the target comes into being", () => {
    mkdirSync(at("real"));
    symlinkSync("real/file", at("link"));
    replaceNew("link", undefined, 0o644);
    expect(text("real/file")).toBe("new");
    expect(lstatSync(at("link")).isSymbolicLink()).toBe(true);
  });

  test("that lead in a circle are an I/O error", () => {
    symlinkSync("b", at("a"));
    symlinkSync("a", at("b"));
    expect(raised(() => replaceNew("a"))).toMatchObject({ code: "IO" });
    expect(names()).toEqual(["a", "b"]);
  });
});

describe("hard links", () => {
  test("beside the file and in deps/ get the new content and stay one file, as cargo lays them", () => {
    mkdirSync(at("deps"));
    writeFileSync(at("deps/prog-0123abcd"), "old");
    linkSync(at("deps/prog-0123abcd"), at("prog"));
    writeFileSync(at("deps/prog-0123abcd.d"), "other");
    expect(replaceNew("prog", "prog")).toEqual({
      alsoReplaced: [at("deps/prog-0123abcd")],
      leftBehind: 0,
    });
    expect(text("deps/prog-0123abcd")).toBe("new");
    expect(statSync(at("prog")).ino).toBe(statSync(at("deps/prog-0123abcd")).ino);
    expect(names()).toEqual(["deps", "deps/prog-0123abcd", "deps/prog-0123abcd.d", "prog"]);
  });

  test("above the file, when it is named by its path in deps/", () => {
    mkdirSync(at("deps"));
    writeFileSync(at("deps/prog-0"), "old");
    linkSync(at("deps/prog-0"), at("prog"));
    linkSync(at("deps/prog-0"), at("twin"));
    expect(replaceNew("deps/prog-0", "deps/prog-0").alsoReplaced).toEqual([at("prog"), at("twin")]);
    expect([text("prog"), text("twin")]).toEqual(["new", "new"]);
  });

  test("elsewhere are counted and keep the old content", () => {
    mkdirSync(at("far"));
    writeFileSync(at("prog"), "old");
    linkSync(at("prog"), at("far/prog"));
    expect(replaceNew("prog", "prog")).toEqual({ alsoReplaced: [], leftBehind: 1 });
    expect([text("prog"), text("far/prog")]).toEqual(["new", "old"]);
  });

  test("-o naming the input under another name behaves as in place", () => {
    mkdirSync(at("deps"));
    writeFileSync(at("deps/prog-0"), "old");
    chmodSync(at("deps/prog-0"), 0o711);
    linkSync(at("deps/prog-0"), at("prog"));
    expect(replaceNew("prog", "deps/prog-0", 0o600).alsoReplaced).toEqual([at("deps/prog-0")]);
    expect([text("deps/prog-0"), mode("prog")]).toEqual(["new", 0o711]);
  });

  test("of a target that is not the input are left alone: only that name is replaced", () => {
    writeFileSync(at("in"), "input");
    writeFileSync(at("out"), "old");
    linkSync(at("out"), at("backup"));
    expect(replaceNew("out", "in", 0o644)).toEqual({ alsoReplaced: [], leftBehind: 0 });
    expect([text("out"), text("backup")]).toEqual(["new", "old"]);
  });
});

describe("errors leave no file behind", () => {
  test("a folder as target", () => {
    mkdirSync(at("out"));
    expect(raised(() => replaceNew("out"))).toMatchObject({
      code: "IO",
      message: expect.stringContaining("directory"),
    });
    expect(names()).toEqual(["out"]);
  });

  test("a missing folder, and a file in the place of a folder", () => {
    expect(raised(() => replaceNew("no/out")).message).toBe(`cannot write ${at("no/out")}: no such file or directory`);
    writeFileSync(at("file"), "");
    expect(raised(() => replaceNew("file/out"))).toMatchObject({ code: "IO" });
    expect(names()).toEqual(["file"]);
  });

  test.skipIf(!existsSync("/dev/full"))("a device without room", () => {
    const error = raised(() => replaceFile({ path: "/dev/full", bytes, source: undefined, mode: undefined }));
    expect(error.message).toBe("cannot write /dev/full: no space left on the device");
  });
});

test.skipIf(!existsSync("/dev/null"))("a device is written to and stays a device", () => {
  symlinkSync("/dev/null", at("null"));
  replaceNew("null", undefined, 0o644);
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  expect(names()).toEqual(["null"]);
});

test("a name as long as names can be", () => {
  const long = "x".repeat(255);
  replaceNew(long, undefined, 0o644);
  expect(names()).toEqual([long]);
});

test("a temporary file that an earlier run was killed over is not in the way, and not touched", () => {
  writeFileSync(at(`.out.${process.pid}-0.tmp`), "stale");
  replaceNew("out", undefined, 0o644);
  expect(names()).toEqual([`.out.${process.pid}-0.tmp`, "out"]);
  expect(text("out")).toBe("new");
});
