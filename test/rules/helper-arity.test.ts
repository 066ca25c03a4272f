import { existsSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { firstArguments, helperArguments } from "../../src/rules/func/helper-arity.ts";
import { type Judge, once } from "../judges/judge.ts";
import { judgeTest } from "../judges/judge-test.ts";

const PATH = "/usr/include/bpf/bpf_helper_defs.h";

/** libbpf's list of helpers, made from the kernel's own. */
const helperDefs: () => Judge = once(() => {
  const usable = existsSync(PATH);
  return { name: "bpf_helper_defs.h", version: "", usable, why: usable ? "" : "libbpf-dev is not installed" };
});

judgeTest(helperDefs())("helpers take what libbpf's header says", () => {
  const text = readFileSync(PATH, "utf8");
  let seen = 0;
  for (const [, args = "", number = ""] of text.matchAll(/\(\*(?:const )?\w+\)\(([^;]*?)\) = \(void \*\) ?(\d+);/gs)) {
    const list = args.trim() === "void" || args.trim() === "" ? [] : args.split(",");
    const isVariadic = list.some((arg) => arg.trim() === "...");
    const certain = firstArguments(isVariadic ? list.length - 1 : list.length);
    expect([number, helperArguments(Number(number))]).toEqual([
      number,
      { certain, possible: isVariadic ? firstArguments(5) : certain },
    ]);
    seen++;
  }
  expect(seen).toBeGreaterThan(200);
  expect(helperArguments(4711)).toBeUndefined();
});
