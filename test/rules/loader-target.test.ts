import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Verdicts } from "../../src/api.ts";
import { checkObject } from "../../src/check.ts";
import { loaderTarget } from "../../src/rules/loaders.ts";
import { refusal } from "../elf/refusal.ts";
import { aya16, loadWithAya } from "../judges/aya-run.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { main, number, object, usual, withMap } from "./aya/draft.ts";

const FORK = new Uint8Array(readFileSync(new URL("../../corpus/aya/fork.bpfel.release.o", import.meta.url)));

describe("the loaders that count", () => {
  test.each<[readonly string[], readonly string[]]>([
    [["libbpf"], ["libbpf"]],
    [
      ["libbpf@1.7", "libbpf@1.1"],
      ["libbpf", "libbpf@1.1"],
    ],
    [
      ["aya@0.3", "cilium", "aya@0.6"],
      ["cilium", "aya", "aya@0.3"],
    ],
    [["kernel"], []],
    [["aya", "kernel"], ["aya"]],
    [
      ["cilium@0.22", "libbpf"],
      ["libbpf", "cilium"],
    ],
    [["cilium/ebpf", "cilium"], ["cilium"]],
  ])("%j", (names, keys) => {
    const { loaders, areNamed } = loaderTarget(names);
    expect(loaders.map(({ key }) => key)).toEqual(keys);
    expect(areNamed).toBe(true);
  });

  test("are all, where none is named", () => {
    expect(loaderTarget([])).toMatchObject({ areNamed: false, loaders: { length: 5 } });
  });

  test.each(["libbpf@1.0", "aya@0.14", "bcc", ""])("%j is not known", (name) => {
    const known = "libbpf, libbpf@1.1, cilium, aya, aya@0.3, libbpf@1.7, aya@0.6, kernel";
    const { code, message } = refusal(() => loaderTarget([name]));
    expect([code, message]).toEqual(["USAGE", `no loader is called "${name}"; known are ${known}`]);
  });

  test("go by their plain names in their newest versions", () => {
    for (const { key, isNewest } of loaderTarget([]).loaders) expect(isNewest, key).toBe(!key.includes("@"));
  });

  /** The calls that a user of a loader makes: C of libbpf, Go of cilium/ebpf, Rust of aya. */
  test("refuse in the calls that their users make", async () => {
    const stages = async (
      file: string,
      ...names: readonly (keyof Verdicts & string)[]
    ): Promise<readonly unknown[]> => {
      const { verdicts } = await checkObject(readFileSync(new URL(`../../corpus/${file}`, import.meta.url)));
      return names.map((name) => [verdicts[name]?.stage, verdicts[name]?.version]);
    };
    expect(await stages("shapes/s30_prog_array.bpfel.o", "aya", "aya@0.3")).toEqual([
      ["Object::parse", "aya-obj 0.6"],
      ["Object::parse", "aya-obj 0.3"],
    ]);
    expect(await stages("aya/fork.bpfel.release.o", "libbpf", "libbpf@1.1")).toEqual([
      ["bpf_object__load", "1.7"],
      ["bpf_object__load", "1.1"],
    ]);
  });

  judgeTest(cilium(), libbpf17())("refuse a map without a symbol when they open it", async () => {
    const bytes = object({ symbols: [main] });
    expect(answer(runLibbpf("libbpf17", bytes)).open.ok).toBe(false);
    expect(answer(runCilium(bytes)).open.ok).toBe(false);
    const { verdicts } = await checkObject(bytes);
    expect(verdicts).toMatchObject({
      libbpf: { stage: "bpf_object__open", opens: false },
      cilium: { stage: "LoadCollectionSpec", opens: false, version: "0.22" },
    });
  });

  judgeTest(cilium(), aya16())("refuse a map of too many bytes when they load it", async () => {
    const bytes = object({
      btf: withMap((graph) => [
        ...usual(graph).filter(([name]) => name !== "key"),
        ["key_size", number(graph, 2 ** 29)],
      ]),
    });
    const { open, load } = answer(runCilium(bytes));
    expect([open.ok, load?.ok]).toEqual([true, false]);
    expect(answer(loadWithAya("aya16", bytes)).error).toContain("failed to create map `MAP`");
    const { verdicts } = await checkObject(bytes);
    expect(verdicts).toMatchObject({
      cilium: { stage: "NewCollection", opens: true, map: "MAP" },
      aya: { stage: "Ebpf::load", opens: true, map: "MAP" },
    });
  });
});

/** Its ring buffer has a value type: libbpf refuses that, cilium/ebpf and aya leave it out (the judges say so below). */
describe("the fork object", () => {
  const failsFor = async (loaders: readonly string[]): Promise<boolean> =>
    (await checkObject(FORK, { loaders })).diagnostics.some(({ severity }) => severity === "error");

  test("fails for libbpf, and not for those that load it", async () => {
    expect(await failsFor([])).toBe(true);
    expect(await failsFor(["libbpf"])).toBe(true);
    expect(await failsFor(["cilium", "libbpf@1.1"])).toBe(true);
    expect(await failsFor(["cilium", "aya"])).toBe(false);
    expect(await failsFor(["kernel"])).toBe(false);
  });

  test("has no verdict of a loader that was not asked about", async () => {
    const { verdicts } = await checkObject(FORK, { loaders: ["libbpf"] });
    expect(verdicts.libbpf).toMatchObject({ accepted: false, version: "1.7" });
    expect(verdicts["libbpf@1.1"]).toMatchObject({ accepted: null, version: "1.1" });
    expect(verdicts.cilium.accepted).toBeNull();
  });

  judgeTest(libbpf17())("does not load with libbpf", () => {
    expect(answer(runLibbpf("libbpf17", FORK)).load).toMatchObject({ ok: false });
  });

  judgeTest(cilium())("loads with cilium/ebpf", () => {
    expect(answer(runCilium(FORK)).load).toMatchObject({ ok: true });
  });
});

/** aya has no maps of programs that are filled at the start. */
test("a loader that was named fails what it refuses, and only then", async () => {
  const bytes = readFileSync(new URL("../../corpus/shapes/s30_prog_array.bpfel.o", import.meta.url));
  const severities = async (loaders: readonly string[]): Promise<readonly string[]> =>
    (await checkObject(bytes, { loaders })).diagnostics
      .filter(({ answers }) => answers.some(({ judge, answer: what }) => judge === "aya" && what === "rejects"))
      .map(({ severity }) => severity);
  expect(await severities(["aya"])).toContain("error");
  expect(await severities(["aya@0.3"])).toContain("error");
  expect(await severities([])).toEqual(["warning"]);
  expect(await severities(["libbpf"])).toEqual([]);
});
