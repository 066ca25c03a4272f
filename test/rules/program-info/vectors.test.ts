import { describe, expect, test } from "vitest";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { type InfoRecords, programInfoRules } from "../../../src/rules/kernel/program-info.ts";
import { hasRule, KERNEL_RELEASES, type KernelRelease } from "../../../src/rules/kernel/rule.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { type InfoArray, kernel, kernelProgLoads } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { runningRelease } from "../kernel/summary.ts";
import { difference, isOfRecords, verdictOf } from "./campaign.ts";
import { programOf, VECTORS, vectorPrograms } from "./vectors.ts";
import type { Case } from "./whole.ts";

/** The newest release that has the rule. */
function releaseOf(id: string): KernelRelease | undefined {
  const rule = programInfoRules.find((one) => one.id === id);
  return rule && KERNEL_RELEASES.findLast((release) => hasRule(release, rule));
}

const TAKEN = { accepted: true, errno: 0, message: "", rule: undefined, record: undefined, written: undefined };

/** The record at fault, as its message or its vector names it. */
function recordOf({ message, record }: Case): number | undefined {
  const named = /(?:relo #|line_info\[|core_relo\[)(\d+)/.exec(message);
  return named === null ? record : Number(named[1]);
}

test("ids are unique, and every rule has its vectors", () => {
  const ids = programInfoRules.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...new Set(VECTORS.map(([id]) => id))].sort()).toEqual([...ids].sort());
});

describe.each(VECTORS.map(([id, one]) => ({ id, one, about: one.about })))("$id, $about", ({ id, one }) => {
  const profile = KERNEL_PROFILES[releaseOf(id) ?? "7.3"];

  test("is refused, in words of its own", () => {
    const verdict = verdictOf(programOf(one.broken), profile);
    expect(verdict).toMatchObject({ accepted: false, rule: id, message: one.message, record: recordOf(one) });
    expect(isOfRecords(`${verdict.message}${id === "KB-42" ? " -> 0" : ""}`)).toBe(
      verdict.message !== "" && id !== "KB-32",
    );
  });

  test("is taken where the rule is kept, or is not applied", () => {
    expect(verdictOf(programOf(one.kept), profile)).toMatchObject(TAKEN);
    const without = verdictOf(programOf(one.broken), { ...profile, without: new Set([id]) });
    expect(without.rule).not.toBe(id);
  });
});

test("every rule says in which file and function the kernel looks", () => {
  for (const { id, source } of programInfoRules) {
    expect(source, id).toMatch(/^(?:kernel|tools\/lib)\/bpf\/\w+\.c \w+$/);
  }
});

test("there are as many records as the bytes have room for, unless the kernel is told of others", () => {
  const { btf: blob, ...program } = programOf(() => undefined);
  for (const release of KERNEL_RELEASES) {
    const profile = KERNEL_PROFILES[release];
    const info = (given: InfoArray | undefined): InfoRecords => ({
      records: given?.records ?? new Uint8Array(),
      recordSize: given?.recordSize ?? 0,
    });
    const untold = { ...program, funcInfo: info(program.funcInfo), lineInfo: info(program.lineInfo) };
    expect(verdictOf({ ...untold, ...(blob && { btf: blob }) }, profile)).toMatchObject(TAKEN);
    const { records, recordSize } = untold.funcInfo;
    const sizeless = { ...untold, lineInfo: { records, recordSize: 0 } };
    expect(verdictOf({ ...sizeless, ...(blob && { btf: blob }) }, profile)).toMatchObject(TAKEN);
    const fewer = { ...untold, funcInfo: { records: records.subarray(8), recordSize } };
    expect(verdictOf({ ...fewer, ...(blob && { btf: blob }) }, profile).accepted).toBe(false);
  }
});

test("a rule says words where its vectors show some, and those are none that are empty", () => {
  for (const { id, text } of programInfoRules) {
    const shown = VECTORS.filter(([rule, { message }]) => rule === id && message !== "");
    expect(text.length > 0, id).toBe(shown.length > 0);
    expect(text, id).not.toContain("");
  }
});

test("a program has up to a million instructions", () => {
  const insns = new Uint8Array(8 * 1_000_001).fill(0x95);
  const profile = KERNEL_PROFILES["7.3"];
  expect(verdictOf({ type: 1, insns }, profile)).toMatchObject({ rule: "KB-31", errno: 7, message: "" });
  expect(verdictOf({ type: 1, insns: insns.subarray(8) }, profile)).toMatchObject(TAKEN);
});

test("records may be any bytes", () => {
  const { btf: blob, ...program } = programOf(() => undefined);
  for (const length of [0, 1, 7, 15, 16, 17, 100]) {
    const records = new Uint8Array(length).fill(0xff);
    for (const recordSize of [0, 1, 8, 16, 100, 0xffff_ffff]) {
      const info = { records, recordSize };
      const given = { ...program, funcInfo: info, lineInfo: info, coreRelo: info };
      const insns = new Uint8Array(length * 3).fill(0x85);
      for (const release of KERNEL_RELEASES) {
        verdictOf({ ...given, insns }, KERNEL_PROFILES[release]);
        if (blob !== undefined) verdictOf({ ...given, insns, btf: blob }, KERNEL_PROFILES[release]);
      }
    }
  }
});

judgeTest(kernel())("the running kernel agrees on all vectors, and on a program that is too long", () => {
  const profile = KERNEL_PROFILES[runningRelease()];
  const tooLong = { type: 1, insns: new Uint8Array(8 * 1_000_001).fill(0x95) };
  const programs = [...vectorPrograms(), tooLong];
  const answers = answer(kernelProgLoads(programs));
  const differences = programs.flatMap((program, index) => {
    const said = answers[index] ?? { btfErrno: 0, errno: -1, controlErrno: 0, written: 0, log: "" };
    const what = difference(verdictOf(program, profile), said);
    const [id, one] = VECTORS[index >> 1] ?? ["too long"];
    return what === undefined || what === "later" ? [] : [{ id, about: one?.about, what, said }];
  });
  expect(differences).toEqual([]);
  const refused = VECTORS.filter(([id]) =>
    programInfoRules.some((rule) => rule.id === id && hasRule(profile.release, rule)),
  );
  expect(
    refused.filter(([, one]) => answers[VECTORS.findIndex(([, other]) => other === one) * 2]?.errno === 0),
  ).toEqual([]);
});
