import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalForm } from "../../tools/corpus/canonical.ts";
import {
  committedFolder,
  type Manifest,
  readManifest,
  readProjectFile,
  rebuiltFolder,
  sha256,
  toolVersions,
} from "../../tools/corpus/manifest.ts";
import { allGroups, rebuildGroup } from "../../tools/corpus/rebuild.ts";
import type { Group } from "../../tools/corpus/recipe.ts";
import { withBitcode } from "../../tools/corpus/shapes.ts";
import { findToolchain, PROJECT, type Toolchain } from "../../tools/corpus/toolchain.ts";

const groups = allGroups();

function manifestOf(group: Group): Manifest {
  const manifest = readManifest(group);
  if (manifest === undefined) throw new Error(`corpus/${group.name} has no MANIFEST.json`);
  return manifest;
}

function committed(group: Group, file: string): Buffer {
  return readFileSync(join(committedFolder(group), file));
}

describe.each(groups.map((group) => [group.name, group] as const))("corpus/%s", (_name, group) => {
  test("MANIFEST.json gives the digest of every object and source, and of nothing else", () => {
    const manifest = manifestOf(group);
    const objects = readdirSync(committedFolder(group)).filter((file) => file.endsWith(".o"));
    expect(manifest.objects.map((object) => object.file).sort()).toEqual(objects.sort());
    for (const object of manifest.objects) {
      const bytes = committed(group, object.file);
      expect(object, object.file).toMatchObject({ size: bytes.length, sha256: sha256(bytes) });
      expect(sha256(readProjectFile(object.source)), object.source).toBe(object.sourceSha256);
    }
  });

  test("MANIFEST.json names exactly the objects and commands that the tools would build", () => {
    const written = manifestOf(group).objects.map(({ file, source, command }) => ({ file, source, command }));
    expect(written).toEqual(group.recipes.map(({ file, source, command }) => ({ file, source, command })));
  });

  test("no object holds a path or a registry of the machine that built it", () => {
    const folders = ["root", "work", "home", "tmp", "build"].flatMap((name) => [`/${name}/`, `/${name}\0`]);
    const local = [...folders, homedir(), PROJECT, ".cargo", "registry/src", ["crates", "io"].join("."), ".rustup"];
    for (const { file } of group.recipes) {
      const bytes = committed(group, file);
      for (const text of local) expect(bytes.includes(text), `${text} in ${file}`).toBe(false);
    }
  });

  test("every object has BTF and DWARF, and a license if its source declares one", () => {
    for (const { file, source } of group.recipes) {
      const bytes = committed(group, file);
      for (const section of [".BTF\0", ".BTF.ext\0", ".debug_info\0"]) {
        expect(bytes.includes(section), `${section} in ${file}`).toBe(true);
      }
      const isLicensed = Buffer.from(readProjectFile(source)).includes('"license"');
      expect(bytes.includes("license\0"), `license in ${file}`).toBe(isLicensed);
      if (!/^aya-(kinds|programs)/.test(group.name)) expect(isLicensed, file).toBe(true);
    }
  });
});

test("the shapes are the 24 of RESULTS.tsv, both byte orders, compiled and linked", () => {
  const table = readFileSync(join(committedFolder({ name: "shapes" }), "RESULTS.tsv"), "utf8");
  const shapes = table.trimEnd().split("\n").slice(1);
  const objects = shapes.flatMap((line) => {
    const shape = line.split("\t")[0];
    return [`${shape}.bpfeb.o`, `${shape}.bpfel.o`];
  });
  expect(shapes).toHaveLength(24);
  for (const name of ["shapes", "shapes-linked"]) {
    const present = readdirSync(committedFolder({ name })).filter((file) => file.endsWith(".o"));
    expect(present.sort()).toEqual(objects.sort());
  }
});

const probe = findToolchain();
const required = process.env["BTF_FIX_JUDGES"] === "required";
const skipped = "missing" in probe && !required;
const why = skipped ? ` [skipped: no ${probe.missing}]` : "";

/** Only under BTF_FIX_JUDGES=required does a test come here without a toolchain. */
function toolchain(): Toolchain {
  if ("missing" in probe) throw new Error(`BTF_FIX_JUDGES=required, but no ${probe.missing}`);
  return probe.toolchain;
}

describe.skipIf(skipped)(`rebuilt objects${why}`, () => {
  test.for(groups.map((group) => [group.name, group] as const))(
    "%s says the same as the committed ones",
    ([, group], context) => {
      const here = toolVersions(group, toolchain());
      const recorded = manifestOf(group).tools;
      // Another compiler gives another object, and that is no fault of the corpus.
      context.skip(
        !isDeepStrictEqual(here, recorded),
        `recorded ${JSON.stringify(recorded)}, here ${JSON.stringify(here)}`,
      );
      rebuildGroup(group, toolchain());
      for (const { file } of group.recipes) {
        const fresh = join(rebuiltFolder(group), file);
        expect(existsSync(fresh), fresh).toBe(true);
        expect(canonicalForm(fresh), file).toEqual(canonicalForm(join(committedFolder(group), file)));
      }
    },
  );
});

describe.skipIf(skipped)(`canonicalForm${why}`, () => {
  const shapes = committedFolder({ name: "shapes" });
  let scratch = "";
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "btf-fix-canonical-"));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  function formOf(bytes: Uint8Array): readonly string[] {
    toolchain();
    const file = join(scratch, "object.o");
    writeFileSync(file, bytes);
    return canonicalForm(file);
  }

  test("is blind to the order of FWD types, which LLVM takes from heap addresses", () => {
    // The same module as text gives the other order (and so other ids) on every machine tried.
    const shape = "s21_pointer_to_struct";
    const cwd = join(shapes, "src");
    withBitcode(toolchain(), shape, "bpfel-unknown-none", (bitcode) => {
      const text = join(scratch, `${shape}.ll`);
      const object = join(scratch, `${shape}.o`);
      execFileSync("llvm-dis-22", [bitcode, "-o", text]);
      execFileSync(toolchain().llc, ["-march=bpfel", "-mcpu=v3", "-filetype=obj", "-o", object, text], { cwd });
      const direct = join(scratch, "direct.o");
      execFileSync(toolchain().llc, ["-march=bpfel", "-mcpu=v3", "-filetype=obj", "-o", direct, bitcode], { cwd });
      expect(canonicalForm(object)).toEqual(canonicalForm(direct));
    });
  });

  test.each([
    ["an instruction", Buffer.from([0x85, 0, 0, 0, 1, 0, 0, 0]), Buffer.from([0x85, 0, 0, 0, 2, 0, 0, 0])],
    ["the license", Buffer.from("GPL\0"), Buffer.from("GPX\0")],
    ["a name in .BTF", Buffer.from("max_entries\0"), Buffer.from("max_entriez\0")],
    ["a symbol", Buffer.from("PLAIN\0"), Buffer.from("PLAIM\0")],
  ])("sees a change of %s", (_what, from, to) => {
    const original = readFileSync(join(shapes, "s01_plain_repr_c.bpfel.o"));
    const changed = Buffer.from(original);
    // The last occurrence: earlier ones of a name stand in DWARF, which is not compared.
    const at = changed.lastIndexOf(from);
    expect(at).toBeGreaterThan(0);
    to.copy(changed, at);
    expect(formOf(changed)).not.toEqual(formOf(original));
  });
});
