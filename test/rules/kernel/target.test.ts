import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../../src/btf/encode.ts";
import { checkObject } from "../../../src/check.ts";
import { kernelRules } from "../../../src/rules/kernel/index.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { hasRule, type KernelRelease } from "../../../src/rules/kernel/rule.ts";
import { kernelTarget } from "../../../src/rules/kernel/target.ts";
import { Graph } from "../../graph.ts";

const releases = (text: string): readonly string[] => kernelTarget(text).profiles.map(({ release }) => release);

describe("the kernel that an object is for", () => {
  test.each([
    ["5.10", ["5.10"], "5.10"],
    ["6.12.117", ["6.12"], "6.12.117"],
    ["6.18.44-cloud-amd64", ["6.18"], "6.18.44-cloud-amd64"],
    ["5.15", ["5.10", "6.1"], "5.15 (by the rules of 5.10 and 6.1)"],
    ["7.0", ["6.18", "7.2"], "7.0 (by the rules of 6.18 and 7.2)"],
    ["8.1", ["7.3"], "8.1 (by the rules of 7.3, the last known)"],
  ])("%s", (text, known, name) => {
    expect(releases(text)).toEqual(known);
    expect(kernelTarget(text).name).toBe(name);
  });

  test.each(["5.9", "4.19.1", "3.0"])("%s is older than what is known", (text) => {
    expect(() => kernelTarget(text)).toThrow(`the rules of kernels before 5.10 are not known; ${text} is one`);
  });

  test.each(["six", "6", "", "6.x", "v6.1"])("%j is no release", (text) => {
    expect(() => kernelTarget(text)).toThrow(/is no kernel release/);
  });
});

test("releases of which one is asked for both have the same traits and the same rules", () => {
  const rulesOf = (release: KernelRelease): readonly string[] =>
    kernelRules.filter((rule) => hasRule(release, rule)).map(({ id }) => id);
  for (const { release, judgesAs, ...traits } of Object.values(KERNEL_PROFILES)) {
    const { release: other, judgesAs: itself, ...others } = KERNEL_PROFILES[judgesAs];
    expect({ itself, traits, rules: rulesOf(release) }).toEqual({
      itself: other,
      traits: others,
      rules: rulesOf(other),
    });
  }
});

describe("a blob that releases see differently", () => {
  /** A name of 200 bytes: 5.10 takes 128 at most (KN-01, seen in qemu). */
  const graph = new Graph();
  graph.struct("s".repeat(200), 4, []);
  const blob = encodeBtf(graph.finish());

  test("is accepted from a release on, and the finding says what an older one does", async () => {
    const { verdicts, diagnostics } = await checkObject(blob);
    expect(verdicts.kernel).toMatchObject({ version: "6.1+", accepted: true });
    expect(verdicts["kernel@5.10"]).toMatchObject({ accepted: false, errno: 22, typeId: 1 });
    expect(verdicts["kernel@6.1"]).toMatchObject({ accepted: true });
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  test("is refused for that release, and for one between it and the next", async () => {
    for (const kernel of ["5.10", "5.15"]) {
      const { verdicts } = await checkObject(blob, { kernel });
      expect(verdicts.kernel).toMatchObject({
        version: expect.stringContaining(kernel),
        accepted: false,
        stage: "BPF_BTF_LOAD",
      });
    }
    expect((await checkObject(blob, { kernel: "6.6" })).verdicts.kernel.accepted).toBe(true);
  });
});
