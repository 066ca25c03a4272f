import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { canonicalForm } from "../../tools/corpus/canonical.ts";
import {
  committedFolder,
  type Manifest,
  readProjectFile,
  rebuiltFolder,
  sha256,
  toolVersions,
} from "../../tools/corpus/manifest.ts";
import { allGroups, rebuildGroup } from "../../tools/corpus/rebuild.ts";
import type { Group } from "../../tools/corpus/recipe.ts";
import { findToolchain } from "../../tools/corpus/toolchain.ts";

const groups = allGroups();

function manifestOf(group: Group): Manifest {
  return JSON.parse(readFileSync(join(committedFolder(group), "MANIFEST.json"), "utf8")) as Manifest;
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
    const local = ["/root", "/work", "/home", "/tmp", "/build", ".cargo", "registry/src", "index.crates.io", ".rustup"];
    for (const { file } of group.recipes) {
      const bytes = committed(group, file);
      for (const text of local) expect(bytes.includes(text), `${text} in ${file}`).toBe(false);
    }
  });

  test("every object has BTF, DWARF and a license", () => {
    for (const { file } of group.recipes) {
      const bytes = committed(group, file);
      for (const section of [".BTF\0", ".BTF.ext\0", ".debug_info\0", "license\0"]) {
        expect(bytes.includes(section), `${section} in ${file}`).toBe(true);
      }
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
const why = "missing" in probe ? ` [skipped: no ${probe.missing}]` : "";

describe.skipIf("missing" in probe && !required)(`rebuilt objects${why}`, () => {
  beforeAll(() => {
    if ("missing" in probe) throw new Error(`BTF_FIX_JUDGES=required, but no ${probe.missing}`);
  });

  test.for(groups.map((group) => [group.name, group] as const))(
    "%s says the same as the committed ones",
    ([, group], context) => {
      if ("missing" in probe) return;
      const here = toolVersions(group, probe.toolchain);
      const recorded = manifestOf(group).tools;
      // Another compiler gives another object, and that is no fault of the corpus.
      context.skip(
        !isDeepStrictEqual(here, recorded),
        `recorded ${JSON.stringify(recorded)}, here ${JSON.stringify(here)}`,
      );
      rebuildGroup(group, probe.toolchain);
      for (const { file } of group.recipes) {
        const fresh = join(rebuiltFolder(group), file);
        expect(existsSync(fresh), fresh).toBe(true);
        expect(canonicalForm(fresh), file).toEqual(canonicalForm(join(committedFolder(group), file)));
      }
    },
  );
});

test.skipIf("missing" in probe)(`canonicalForm tells two programs apart${why}`, () => {
  const of = (file: string): readonly string[] => canonicalForm(join(committedFolder({ name: "shapes" }), file));
  expect(of("s01_plain_repr_c.bpfel.o")).not.toEqual(of("s14_pinning.bpfel.o"));
});
