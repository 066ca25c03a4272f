import { describe, expect, test } from "vitest";
import { mapCreateRules } from "../../../src/rules/kernel/map-create/index.ts";
import { MAP_FLAG } from "../../../src/rules/kernel/map-create/kinds.ts";
import { mapCreateVerdict } from "../../../src/rules/kernel/map-create/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { hasRule } from "../../../src/rules/kernel/rule.ts";
import { type HeldBtf, kernelReading } from "../../../src/rules/kernel/verdict.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel, kernelMapCreate } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { runningRelease } from "../kernel/summary.ts";
import { askedMap } from "./campaign.ts";
import { CASES_BTF, MAP_CASES } from "./cases.ts";
import { soundMap } from "./random-map.ts";

const PROFILE = KERNEL_PROFILES["6.18"];
const HELD: HeldBtf | undefined = kernelReading(CASES_BTF, PROFILE).held;
const RULES = Object.keys(MAP_CASES);
/** What the judge cannot ask: it names no type of the kernel's, and no map. */
const UNASKED = ["KC-02", "KC-34"];

test("ids are unique, and every rule of 6.18 has its vectors", () => {
  const ids = mapCreateRules.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const shown = mapCreateRules.filter((rule) => hasRule("6.18", rule)).map(({ id }) => id);
  expect([...RULES, ...UNASKED].sort()).toEqual(shown.sort());
});

describe.each(RULES)("%s", (rule) => {
  const cases = MAP_CASES[rule] ?? [];

  test("is broken by its failing vectors", () => {
    const codes = cases.map(([broken]) => mapCreateVerdict(broken, HELD, PROFILE));
    expect(codes.map((verdict) => verdict.rule)).toEqual(cases.map(() => rule));
    const { errno } = mapCreateRules.find(({ id }) => id === rule) ?? { errno: -1 };
    expect(codes.map((verdict) => verdict.errno)).toContain(errno);
  });

  test("is kept by their neighbours", () => {
    for (const [, fine] of cases) expect(mapCreateVerdict(fine, HELD, PROFILE)).toEqual({ errno: 0, rule: undefined });
  });

  test("is not asked where the profile is without it", () => {
    const without = { ...PROFILE, without: new Set([rule]) };
    for (const [broken] of cases) expect(mapCreateVerdict(broken, HELD, without).rule).not.toBe(rule);
  });
});

test("only struct_ops name a type of the kernel's", () => {
  const ops = { ...soundMap(26), kernelTypeId: 7 };
  expect(mapCreateVerdict(ops, HELD, PROFILE).errno).toBe(0);
  for (const broken of [
    { ...soundMap(2), kernelTypeId: 7 },
    { ...ops, keyTypeId: 1, valueTypeId: 1 },
    { ...ops, valueTypeId: 1 },
  ])
    expect(mapCreateVerdict(broken, HELD, PROFILE)).toEqual({ errno: 22, rule: "KC-02" });
});

test("a map of struct_ops has one entry, and flags that its kernel knows", () => {
  // As in bpf_struct_ops_map_alloc_check; the judge cannot ask, since it names no type of the kernel's.
  const ops = { ...soundMap(26), kernelTypeId: 7 };
  for (const [change, rule] of [
    [{ keySize: 8 }, "KC-11"],
    [{ maxEntries: 0 }, "KC-13"],
    [{ maxEntries: 2 }, "KC-13"],
    [{ mapFlags: 4 }, "KC-06"],
  ] as const) {
    expect(mapCreateVerdict({ ...ops, ...change }, HELD, PROFILE)).toEqual({ errno: 22, rule });
  }
  const { link, vtypeBtfObjFd } = MAP_FLAG;
  for (const [release, mapFlags, errno] of [
    ["6.1", 0, 0],
    ["6.1", link, 22],
    ["6.12", link, 0],
    ["6.12", link | vtypeBtfObjFd, 0],
  ] as const) {
    expect(mapCreateVerdict({ ...ops, mapFlags }, undefined, KERNEL_PROFILES[release]).errno).toBe(errno);
  }
});

test("every rule says in which file and function the kernel looks", () => {
  for (const { id, source } of mapCreateRules) {
    expect(source, id).toMatch(/^(?:kernel\/bpf|include\/linux)\/[\w*]+\.[ch] \w+(?:, \w+)*$/);
  }
});

test("a map's name is one that the kernel takes, as far as it gets it", () => {
  // As tried with the system call itself on 6.18.
  const names = ["", "A_z.9", "of_15_bytes_all", "of_15_bytes_all-", "of_14_bytes_alé"];
  for (const kernelName of names) {
    expect(mapCreateVerdict({ ...soundMap(2), kernelName }, HELD, PROFILE), kernelName).toEqual({
      errno: 0,
      rule: undefined,
    });
  }
  for (const kernelName of ["my-map", "x::y", "a b", "é", "$", "of_14_bytes_al-"]) {
    const map = { ...soundMap(2), kernelName };
    expect(mapCreateVerdict(map, HELD, PROFILE), kernelName).toEqual({ errno: 22, rule: "KC-34" });
    expect(mapCreateVerdict({ ...map, valueSize: 0 }, HELD, PROFILE).rule).toBe("KC-12");
    expect(mapCreateVerdict({ ...map, keyTypeId: 9999, valueTypeId: 1 }, HELD, PROFILE).rule).toBe("KC-34");
  }
});

test("a map of maps up to 6.1 holds none whose values have a lock", () => {
  const [locked] = MAP_CASES["KC-30"]?.[0] ?? [];
  const inner = { ...soundMap(1), keyTypeId: locked?.keyTypeId ?? 0, valueTypeId: locked?.valueTypeId ?? 0 };
  const map = { ...soundMap(12), inner };
  for (const [release, errno] of [
    ["6.1", 524],
    ["6.12", 0],
  ] as const) {
    const profile = KERNEL_PROFILES[release];
    const held = kernelReading(CASES_BTF, profile).held;
    expect(held).toBeDefined();
    expect(mapCreateVerdict(map, held, profile).errno).toBe(errno);
    expect(mapCreateVerdict(map, undefined, profile).errno).toBe(0);
  }
});

test("a map of maps without a model is refused, since descriptor 0 is no map", () => {
  expect(mapCreateVerdict({ ...soundMap(12), inner: undefined }, HELD, PROFILE)).toEqual({ errno: 22, rule: "KC-22" });
});

judgeTest(kernel())("the running kernel says of every vector what its profile says", () => {
  const profile = KERNEL_PROFILES[runningRelease()];
  const held = kernelReading(CASES_BTF, profile).held;
  const maps = Object.values(MAP_CASES).flat(2);
  const said = answer(kernelMapCreate(CASES_BTF, maps.map(askedMap)));
  for (const [index, map] of maps.entries()) {
    const withIds = mapCreateVerdict(map, held, profile).errno;
    const withoutIds = mapCreateVerdict(map, undefined, profile).errno;
    expect(said[index], `map ${index} of type ${map.type}`).toEqual({ btfErrno: 0, withIds, withoutIds });
  }
});
