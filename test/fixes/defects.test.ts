import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { type Btf, typeById, typesWithIds } from "../../src/btf/model.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { checkObject } from "../../src/check.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { kernelRefuses } from "../../src/rules/index.ts";
import { arbitraryBlob } from "../btf/arbitrary.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { answer } from "../judges/run.ts";
import { buildObject } from "../object.ts";
import { defectDraft, type Injected, inject, mayChange } from "./inject.ts";

/** Blobs a run: the kernel is asked once about all of them. */
const RUNS = 500;
const seed = Math.floor(Math.random() * 2 ** 31);

function sample(drafts: { readonly minLength: number; readonly maxLength: number }): readonly Injected[] {
  return fc
    .sample(fc.tuple(arbitraryBlob({ littleEndian: true }), fc.array(defectDraft, drafts)), { numRuns: RUNS, seed })
    .map(([{ bytes }, list]) => inject(parseBtf(bytes), list));
}

/** What a DECL_TAG stands on, in words that sorting does not change. */
function tagged(btf: Btf): readonly unknown[] {
  return [...typesWithIds(btf)].flatMap(([id, tag]) => {
    if (tag.kind !== "declTag" || tag.component < 0) return [];
    const target = typeById(btf, tag.type);
    const member = target?.kind === "struct" ? target.members[tag.component] : undefined;
    return [[id, tag.type, member?.bitOffset, member?.bitfieldSize]];
  });
}

describe(`${RUNS} plausible blobs with defects, seed ${seed}`, () => {
  const injected = sample({ minLength: 1, maxLength: 8 });
  const fixed: Uint8Array[] = [];
  beforeAll(async () => {
    for (const { btf } of injected) fixed.push((await fixObject(encodeBtf(btf))).bytes);
  });

  judgeTest(kernel())("the kernel takes every one after the fix", () => {
    const verdicts = answer(kernelBtfLoad(fixed));
    const refused = verdicts.flatMap(({ errno, log }, index) => (errno === 0 ? [] : [{ index, errno, log }]));
    expect(refused.slice(0, 3)).toEqual([]);
  });

  test("types without a defect stay under their ids, word for word", () => {
    for (const [index, spoilt] of injected.entries()) {
      const after = parseBtf(fixed[index] ?? new Uint8Array(0));
      const changed = mayChange(spoilt);
      for (const [id, type] of typesWithIds(spoilt.btf)) {
        if (!changed.has(id)) expect(typeById(after, id), `blob ${index}, type ${id}`).toEqual(type);
      }
      // Strings are only appended, so that offsets in .BTF.ext stay right.
      expect(after.strings.bytes.subarray(0, spoilt.btf.strings.bytes.length)).toEqual(spoilt.btf.strings.bytes);
      const sorted = tagged(after);
      for (const tag of tagged(spoilt.btf)) expect(sorted).toContainEqual(tag);
    }
  });

  test("a second run changes no byte", async () => {
    for (const bytes of fixed) {
      expect(await fixObject(bytes)).toMatchObject({ bytes, changed: false, plan: [], summary: [] });
    }
  });

  test("big-endian blobs get the same repairs", async () => {
    for (const [index, { btf }] of injected.entries()) {
      const { bytes } = await fixObject(encodeBtf({ ...btf, littleEndian: false }));
      const [big, little] = [parseBtf(bytes), parseBtf(fixed[index] ?? bytes)];
      expect([big.littleEndian, big.types, big.strings]).toEqual([false, little.types, little.strings]);
    }
  });

  test("inside an object they get the same repairs, and nothing else of it changes", async () => {
    for (const [index, { btf }] of injected.slice(0, 100).entries()) {
      const object = buildObject({ sections: [{ name: ".data", bytes: new Uint8Array(16) }], btf });
      const { bytes } = await fixObject(object);
      const [before, after] = [parseElf(object), parseElf(bytes)];
      expect(sectionNamed(after, ".BTF")?.bytes).toEqual(fixed[index]);
      for (const section of before.sections) {
        if (section.name !== ".BTF") expect(after.sections[section.index]).toEqual(section);
      }
    }
  });
});

describe(`${RUNS} plausible blobs with a defect or none, seed ${seed}`, () => {
  const injected = sample({ minLength: 0, maxLength: 1 });
  const blobs = injected.map(({ btf }) => encodeBtf(btf));

  judgeTest(kernel())("the rules foretell which of them the kernel refuses, and with which words", async () => {
    const verdicts = answer(kernelBtfLoad(blobs));
    const wrong: unknown[] = [];
    for (const [index, bytes] of blobs.entries()) {
      const { diagnostics } = await checkObject(bytes);
      const { errno = -1, log = "" } = verdicts[index] ?? {};
      const said = log.trimEnd().split("\n").at(-1) ?? "";
      const texts = diagnostics.flatMap(({ severity, answers }) =>
        severity === "error" ? answers.flatMap((entry) => (entry.judge === "kernel" ? [entry.text ?? ""] : [])) : [],
      );
      const agrees = errno === 0 ? !kernelRefuses(diagnostics) : texts.some((text) => said.endsWith(text));
      if (!agrees) wrong.push({ index, errno, said, found: diagnostics.map(({ message }) => message) });
    }
    expect(wrong.slice(0, 3)).toEqual([]);
  });
});

judgeTest(kernel())(`what the kernel takes and no rule objects to comes back as it was, seed ${seed}`, async () => {
  const blobs = fc.sample(arbitraryBlob({ littleEndian: true }), { numRuns: RUNS, seed }).map(({ bytes }) => bytes);
  const refused = answer(kernelBtfLoad(blobs)).filter(({ errno }) => errno !== 0);
  expect(refused).toEqual([]);
  for (const bytes of blobs) {
    expect(await fixObject(bytes)).toMatchObject({ bytes, changed: false, plan: [], diagnostics: [] });
  }
});
