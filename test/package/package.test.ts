import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as library from "../../src/index.ts";
import { ROOT } from "../../tools/bundle.ts";
import { installLibrary, node, tsc } from "./installed.ts";

/** What those see who install the package. A change of the names below is a line in CHANGELOG.md. */

test("the library exports these values", () => {
  expect(Object.keys(library).sort()).toEqual([
    "BtfBuilder",
    "BtfFixError",
    "allRules",
    "checkObject",
    "concatenatedParts",
    "dedupBtf",
    "diffObjects",
    "emitObject",
    "encodeBtf",
    "encodeBtfExt",
    "escapeName",
    "fixObject",
    "looksLikeBtf",
    "mergeBtf",
    "nameBytes",
    "nameText",
    "parseBtf",
    "parseBtfExt",
    "parseElf",
    "readMaps",
    "renderJson",
    "renderRaw",
    "typeById",
    "typesWithIds",
    "unescapeName",
  ]);
});

test("the package needs no other at run time, and holds nothing but what was built for everyone", () => {
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  expect({ dependencies, optionalDependencies, peerDependencies }).toEqual({});
  const pack = spawnSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], { cwd: ROOT, encoding: "utf8" });
  const [{ files }] = JSON.parse(pack.stdout) as [{ readonly files: readonly { readonly path: string }[] }];
  const others = files
    .map(({ path }) => path)
    .filter((path) => !/^dist\/([a-z]+\.(cjs|js|wasm)|types\/.*\.d\.ts|chunks\/.*\.js)$/.test(path));
  expect(others.sort()).toEqual([
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "package.json",
    "schema/plan.schema.json",
    "schema/report.schema.json",
  ]);
});

const USER = `
import {
  allRules, BtfFixError, checkObject, concatenatedParts, dedupBtf, fixObject, mergeBtf, parseBtf, parseElf, readMaps, renderRaw,
  type BtfPart, type CheckResult, type Deduplicated, type Diagnostic, type FixResult, type MapDefinition, type MapSource, type Merged,
  type SourcePlace, type Target,
} from "btf-fix";

export async function use(object: Uint8Array): Promise<string> {
  const from: MapSource = "dwarf";
  const { bytes, summary }: FixResult = await fixObject(object, { skip: ["N1"], onPhase: (phase) => void phase });
  const { diagnostics, verdicts }: CheckResult = await checkObject(bytes);
  const maps: readonly MapDefinition[] = await readMaps(bytes, { from });
  const section = parseElf(bytes).sections.find(({ name }) => name === ".BTF");
  const text = section === undefined ? "" : new TextDecoder().decode(renderRaw(parseBtf(section.bytes)));
  const parts: readonly BtfPart[] = concatenatedParts(section?.bytes ?? new Uint8Array(0));
  const { btf, idMaps }: Merged = mergeBtf(parts);
  const { idMap }: Deduplicated = dedupBtf(btf);
  const places: (SourcePlace | undefined)[] = diagnostics.map(({ place }: Diagnostic) => place);
  const targets: Target[] = diagnostics.map(({ target }) => target);
  try {
    parseElf(new Uint8Array(3));
  } catch (error) {
    if (!(error instanceof BtfFixError) || error.span?.offset !== 0) throw error;
  }
  return [summary, maps.length, text.length, places.length, targets.length, allRules.length, idMaps.length, idMap.length, verdicts.kernel.accepted].join();
}
`;

describe("installed", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await installLibrary();
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
    writeFileSync(join(folder, "use.ts"), USER);
    copyFileSync(join(ROOT, "corpus/aya/fork.bpfel.release.o"), join(folder, "fork.o"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ["nodenext", "nodenext"],
    ["bundler", "esnext"],
  ])("its types serve a strict user, resolved by %s", (moduleResolution, module) => {
    const lib = ["--target", "es2023", "--lib", "es2023,dom", "--types", "", "--skipLibCheck", "false"];
    const how = ["--noEmit", "--strict", "--module", module, "--moduleResolution", moduleResolution];
    expect(tsc([...how, ...lib, "use.ts"], folder)).toEqual({ status: 0, output: "" });
  });

  test("Node joins blobs with it and deduplicates types", () => {
    const script = `import { BtfBuilder, concatenatedParts, dedupBtf, encodeBtf, mergeBtf } from "btf-fix";
      const builder = BtfBuilder.empty(true);
      builder.add({ kind: "int", nameOff: builder.string("u32"), size: 4, bits: 32, bitOffset: 0, encoding: 0 });
      const blob = encodeBtf(builder.finish());
      const { btf } = mergeBtf(concatenatedParts(new Uint8Array([...blob, ...new Uint8Array(-blob.length & 3), ...blob])));
      const { btf: one, idMap } = dedupBtf(btf);
      console.log(btf.types.length, one.types.length, idMap.join());`;
    expect(node(["--input-type=module", "-e", script], folder)).toEqual({ status: 0, output: "2 1 0,1,1\n" });
  });

  test("Node imports it and repairs an object", () => {
    const script = `import { readFileSync } from "node:fs"; import { fixObject } from "btf-fix";
      const first = await fixObject(new Uint8Array(readFileSync("fork.o")));
      const { changed } = await fixObject(first.bytes);
      console.log(first.changed, changed);`;
    expect(node(["--input-type=module", "-e", script], folder)).toEqual({ status: 0, output: "true false\n" });
  });
});
