import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { checkObject } from "../../src/check.ts";
import { allRules, isChosen, selectRules } from "../../src/rules/index.ts";
import type { ObjectState } from "../../src/rules/state.ts";
import { refusal } from "../elf/refusal.ts";
import { Graph } from "../graph.ts";

const ids = (only: readonly string[], skip: readonly string[] = []): readonly string[] =>
  selectRules(only, skip).map(({ id }) => id);

describe("rules that are chosen", () => {
  test("are all, where none is named, and the judges' own", () => {
    expect(selectRules()).toBe(allRules);
    expect(isChosen(allRules, "kernel/km-05")).toBe(true);
  });

  test("are those of an id, and no other", () => {
    expect(ids(["map/wrapped"])).toEqual(["map/wrapped"]);
    expect(ids(["libbpf/lm-14"])).toEqual(["libbpf/lm-14"]);
    const [rule] = selectRules(["map/wrapped"]);
    expect(rule && isChosen([rule], "map/wrapped")).toBe(true);
    expect(rule && isChosen([rule], "kernel/km-05")).toBe(false);
  });

  test("are the judges' own: each names its function, has no repair, and is told of by its judge alone", () => {
    const [ofKernel, ofMaps, ofAya] = ["kernel/km-05", "kernel/kc-13", "aya/ab-01"].map((id) => selectRules([id])[0]);
    // The file of the kernel's that has most of them goes without saying in the rule itself.
    expect(ofKernel).toMatchObject({ covers: ["KM-05"], fixable: false });
    expect(ofKernel?.source).toMatch(/^kernel\/bpf\/btf\.c \w+/);
    expect(ofMaps?.source).toMatch(/^kernel\/bpf\/\S+\.c \w+/);
    expect(ofAya?.source).toBe("aya-obj Btf::parse");
    expect([...(ofKernel?.check({} as ObjectState) ?? ["?"])]).toEqual([]);
  });

  test("are all that cover a fact, the judge's own last", () => {
    const covering = allRules.filter(({ covers }) => covers.includes("KM-05")).map(({ id }) => id);
    expect(covering).toContain("btf/member-order");
    expect(ids(["KM-05"])).toEqual([...covering, "kernel/km-05"]);
  });

  test("are all but those of an id, and of the judges' rules that it covers", () => {
    const left = ids([], ["btf/member-order"]);
    const covers = allRules.find(({ id }) => id === "btf/member-order")?.covers ?? [];
    const gone = [
      "btf/member-order",
      ...covers.filter((fact) => /^K/.test(fact)).map((fact) => `kernel/${fact.toLowerCase()}`),
    ];
    for (const id of gone) expect(left).not.toContain(id);
    // Each judge's rule that nobody leaves out is there.
    expect(left).toContain("kernel/kh-01");
    expect(left).toContain("aya/am-11");
    expect(left.length).toBe(ids([], ["kernel/kh-01"]).length + 1 - gone.length);
  });

  test("are all but those that cover a fact", () => {
    const left = ids([], ["KM-05"]);
    expect(left).not.toContain("btf/member-order");
    expect(left).not.toContain("kernel/km-05");
    expect(ids(["KM-05"], ["btf/member-order"])).not.toContain("kernel/km-05");
  });

  test.each([
    [["no/rule"], []],
    [[], ["KM-5"]],
    [["map/wrapped"], ["MAP/WRAPPED"]],
  ])("are none of a name that nobody has: %j, %j", (only, skip) => {
    const { code, message } = refusal(() => selectRules(only, skip));
    expect(code).toBe("USAGE");
    expect(message).toContain(`no rule is called "${[...only, ...skip].at(-1)}"`);
  });
});

describe("a struct whose members are out of order, and a name of 200 bytes", () => {
  const graph = new Graph();
  const int = graph.int("u32", 4);
  graph.struct("s", 8, [
    ["late", int, 32],
    ["early", int, 0],
  ]);
  graph.struct("t".repeat(200), 4, []);
  const blob = encodeBtf(graph.finish());
  const rulesOf = async (options: Parameters<typeof checkObject>[1]): Promise<readonly string[]> =>
    (await checkObject(blob, options)).diagnostics.map(({ rule }) => rule);

  test("are told of by the rules that were chosen", async () => {
    expect(await rulesOf({})).toContain("btf/member-order");
    expect(await rulesOf({ only: ["btf/member-order"] })).toEqual(["btf/member-order"]);
    expect(await rulesOf({ only: ["KN-01"] })).not.toContain("btf/member-order");
    expect(await rulesOf({ skip: ["btf/member-order"] })).not.toContain("btf/member-order");
    expect((await rulesOf({ skip: ["btf/member-order"] })).filter((rule) => rule.startsWith("kernel/km"))).toEqual([]);
  });

  test("have the kernel's verdict whatever was chosen", async () => {
    const { verdicts } = await checkObject(blob, { only: ["map/wrapped"] });
    expect(verdicts.kernel).toMatchObject({ accepted: false, errno: 22, stage: "BPF_BTF_LOAD" });
  });
});
