import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import type { ObjectVerdict } from "../../src/api.ts";
import { checkObject } from "../../src/check.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import type { Judge } from "../../src/rules/rule.ts";
import { allObjects } from "../../tools/scoreboard/objects.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { type LibbpfName, libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";

/** What a report says of a loader holds when that loader is asked: that it refuses, when, with which errno and in which words. */

/** What a loader did with an object, and everything it said. */
interface Heard {
  readonly stage: string | null;
  readonly errno: number;
  readonly log: string;
}

const objects = allObjects().filter(({ name }) => name.includes(".bpfel."));

function libbpfHeard(name: LibbpfName, object: Uint8Array): Heard {
  const { open, load, log, programs } = answer(runLibbpf(name, object));
  const stage = !open.ok ? "bpf_object__open" : load?.ok === false ? "bpf_object__load" : null;
  const lines = [...log.map(({ text }) => text), ...programs.map(({ verifierLog }) => verifierLog)];
  return { stage, errno: open.ok ? (load?.errno ?? 0) : open.errno, log: lines.join("\n") };
}

function ciliumHeard(object: Uint8Array): Heard {
  const { open, load, maps, programs } = answer(runCilium(object));
  const stage = !open.ok ? "LoadCollectionSpec" : load?.ok === false ? "NewCollection" : null;
  const verdicts = [open, load, ...maps.map(({ created }) => created), ...programs.map(({ loaded }) => loaded)];
  return { stage, errno: 0, log: verdicts.map((verdict) => verdict?.error ?? "").join("\n") };
}

/** Whether a log holds a text in which `…` stands for anything on the line. libbpf 1.1 writes numbers for errno names. */
function says(log: string, text: string): boolean {
  const pattern = text
    .split("…")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace("-EINVAL", "(?:-EINVAL|.*-22\\)?)"))
    .join(".*");
  return new RegExp(pattern).test(log);
}

async function expectTrue(object: Uint8Array, judge: Judge, key: "libbpf" | "libbpf@1.1" | "cilium", heard: Heard) {
  const { diagnostics, verdicts } = await checkObject(object);
  const claims = diagnostics
    .filter(({ severity }) => severity === "error")
    .flatMap(({ rule, answers }) =>
      answers.flatMap((entry) => (entry.judge === judge && entry.answer === "rejects" ? [{ rule, ...entry }] : [])),
    );
  const verdict: ObjectVerdict = verdicts[key];
  if (verdict.accepted === false && verdict.rule !== undefined) {
    expect({ stage: heard.stage, errno: heard.errno }).toEqual({ stage: verdict.stage, errno: verdict.errno ?? 0 });
    // cilium/ebpf goes through its symbols in random order, so that of two faults it names either: the words are the same up to the name.
    const words = judge === "cilium/ebpf" ? (verdict.message ?? "").replace(/ to "[\s\S]*$/, ' to "') : verdict.message;
    expect(says(heard.log, words ?? ""), `${words}: ${heard.log.slice(-300)}`).toBe(true);
  }
  if (verdict.opens === true) expect(heard.stage ?? "").not.toMatch(/open|LoadCollectionSpec/);
  if (claims.length === 0) return;
  expect({ claims, stage: heard.stage }).toMatchObject({ stage: expect.any(String) });
  expect(verdict).toMatchObject({ accepted: false, stage: heard.stage });
  if (verdict.errno !== null) expect(verdict.errno).toBe(heard.errno);
  // A loader stops at the first: of several reasons it says one, unless it is one that it has no words for.
  const worded = claims.flatMap(({ text }) => (text === undefined ? [] : [text]));
  if (worded.length < claims.length) return;
  expect(
    worded.filter((text) => says(heard.log, text)),
    `none of ${worded.join(" | ")}`,
  ).not.toEqual([]);
}

for (const [name, judge, key] of [
  ["libbpf17", libbpf17, "libbpf"],
  ["libbpf11", libbpf11, "libbpf@1.1"],
] as const) {
  describe(name, () => {
    for (const { name: about, path } of objects) {
      judgeTest(judge())(about, async () => {
        const object = readFileSync(path);
        await expectTrue(object, "libbpf", key, libbpfHeard(name, object));
      });
    }
  });
}

describe("cilium/ebpf", () => {
  for (const { name: about, path } of objects) {
    judgeTest(cilium())(about, async () => {
      const object = readFileSync(path);
      await expectTrue(object, "cilium/ebpf", "cilium", ciliumHeard(object));
    });
  }
});

describe("kernel", () => {
  for (const { name, path } of objects) {
    // With two sections .maps nobody can lay out the DATASEC, so it is not said to have no size.
    if (name.includes("s34_")) continue;
    judgeTest(kernel())(name, async () => {
      const object = readFileSync(path);
      const { accepted, errno, message, typeId } = (await checkObject(object)).verdicts.kernel;
      const [said] = answer(kernelBtfLoad([sectionNamed(parseElf(object), ".BTF")?.bytes ?? new Uint8Array()]));
      if (accepted === null) return;
      expect(accepted).toBe(said?.errno === 0);
      expect(errno).toBe(said?.errno);
      const refused = [...(said?.log ?? "").matchAll(/^\[(\d+)\]/gm)].at(-1)?.[1];
      expect(typeId).toBe(Number(refused));
      expect(said?.log.trimEnd().endsWith(message ?? "?"), `${message}: ${said?.log.slice(-200)}`).toBe(true);
    });
  }
});
