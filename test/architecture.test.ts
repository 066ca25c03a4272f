import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** Data flows from left to right; a room imports only from rooms to its left. "entry" is the files of the library at src/. */
const ROOMS = ["bytes", "elf", "btf", "dwarf", "lower", "join", "maps", "rules", "fixes", "patch", "diff", "report"];
const ORDER = [...ROOMS, "entry", "cli"];

/** Files at src/ that every room may import: what all of them speak in. */
const OPEN = new Set(["errors.ts", "api.ts"]);

/** Packages that are bundled in: the published package depends on none. */
const BUNDLED = new Set(["chokidar", "gimli-wasm", "fflate"]);

/** Longest file, in lines. */
const CEILING = 400;

const source = fileURLToPath(new URL("../src", import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

interface Import {
  readonly from: string;
  readonly specifier: string;
}

/** Module names after `from`, in `import "x"` and in `import("x")`; types count, since a model is a dependency too. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(source, file), "utf8");
  const found = text.matchAll(/\bfrom\s+"([^"]+)"|\bimport\s*\(\s*"([^"]+)"\s*\)|^import\s+"([^"]+)"/gm);
  return [...found].map((match) => ({ from: file, specifier: match[1] ?? match[2] ?? match[3] ?? "" }));
}

/** The room of a path under src/; undefined for a file that is open to all. */
function roomOf(path: string): string | undefined {
  const [first = ""] = path.split("/");
  if (path.includes("/")) return first;
  return OPEN.has(path) ? undefined : "entry";
}

const imports = files.flatMap(importsOf);

test("the walk sees the source", () => {
  expect(files.length).toBeGreaterThan(20);
  expect(imports.length).toBeGreaterThan(files.length / 2);
});

test("every folder in src/ is a room with a place in the order", () => {
  for (const file of files) expect(["", ...ORDER]).toContain(roomOf(file) ?? "");
});

test("no room imports from a room to its right", () => {
  const back: string[] = [];
  for (const { from, specifier } of imports) {
    if (!specifier.startsWith(".")) continue;
    const target = relative(source, join(source, dirname(from), specifier));
    const to = roomOf(target);
    const own = roomOf(from);
    if (own === undefined || to === undefined) continue;
    if (ORDER.indexOf(to) > ORDER.indexOf(own)) back.push(`${from} imports ${target}`);
  }
  expect(back).toEqual([]);
});

test("Node's modules are imported in src/cli alone, and no package that the build does not bundle", () => {
  const foreign = imports.filter(({ from, specifier }) => {
    if (specifier.startsWith(".")) return false;
    return specifier.startsWith("node:") ? !from.startsWith("cli/") : !BUNDLED.has(specifier);
  });
  expect(foreign).toEqual([]);
});

test("relative imports name a file that exists, with its suffix", () => {
  const known = new Set(files);
  for (const { from, specifier } of imports) {
    if (!specifier.startsWith(".")) continue;
    const target = relative(source, join(source, dirname(from), specifier));
    // Outside src/ lies only the typed wrapper of the wasm module.
    if (target.startsWith("..")) expect(target).toMatch(/^\.\.\/wasm\/[\w.-]+\.(ts|js)$/);
    else expect(known, `${from} imports ${target}`).toContain(target);
  }
});

test(`no file is longer than ${CEILING} lines`, () => {
  const long = files.filter((file) => readFileSync(join(source, file), "utf8").split("\n").length - 1 > CEILING);
  expect(long).toEqual([]);
});
