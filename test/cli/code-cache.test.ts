import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findCache, storeCache } from "../../src/cli/code-cache.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "btf-fix-code-"));
  vi.stubEnv("BTF_FIX_CACHE", join(folder, "kept"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const bytes = new Uint8Array([1, 2, 3]);
const kept = (): string[] => readdirSync(join(folder, "kept"));
const found = (digest: string): number[] | undefined => {
  const cache = findCache(folder, digest);
  return cache === undefined ? undefined : [...cache];
};

test("what is stored is found, by this program and this Node alone, and nobody else can read or write it", () => {
  expect(found("a")).toBeUndefined();
  storeCache("a", bytes);
  expect(found("a")).toEqual([1, 2, 3]);
  expect(found("b")).toBeUndefined();
  expect(kept()).toEqual([`a-${process.version}-${process.arch}.bin`]);
  expect(statSync(join(folder, "kept")).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, "kept", kept()[0] ?? "")).mode & 0o777).toBe(0o600);
});

test.skipIf(process.getuid === undefined)("code that others could have written is not taken", () => {
  storeCache("a", bytes);
  const file = join(folder, "kept", kept()[0] ?? "");
  chmodSync(file, 0o620);
  expect(found("a")).toBeUndefined();
  chmodSync(file, 0o602);
  expect(found("a")).toBeUndefined();
});

test.skipIf(process.getuid?.() !== 0)("code of another owner is not taken, even by root", async () => {
  const { chownSync } = await import("node:fs");
  storeCache("a", bytes);
  chownSync(join(folder, "kept", kept()[0] ?? ""), 65_534, 65_534);
  expect(found("a")).toBeUndefined();
});

test("what the build put beside the program comes first", () => {
  storeCache("a", bytes);
  mkdirSync(join(folder, "cache"));
  writeFileSync(join(folder, "cache", kept()[0] ?? ""), new Uint8Array([9]));
  expect(found("a")).toEqual([9]);
});

test("the oldest go when there are many", () => {
  for (let i = 0; i < 16; i++) {
    storeCache(`d${i}`, bytes);
    utimesSync(join(folder, "kept", `d${i}-${process.version}-${process.arch}.bin`), i + 1, i + 1);
  }
  expect(kept()).toHaveLength(12);
  expect(found("d15")).toEqual([1, 2, 3]);
  expect(found("d0")).toBeUndefined();
});

test("a folder that cannot be made, and one that is turned off, are no fault", () => {
  writeFileSync(join(folder, "file"), "");
  vi.stubEnv("BTF_FIX_CACHE", join(folder, "file"));
  storeCache("a", bytes);
  expect(found("a")).toBeUndefined();
  vi.stubEnv("BTF_FIX_CACHE", "off");
  storeCache("a", bytes);
  expect(found("a")).toBeUndefined();
  expect(readdirSync(folder)).toEqual(["file"]);
});
