import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CheckResult } from "../../src/api.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { checkObject } from "../../src/check.ts";
import { BtfFixError } from "../../src/errors.ts";
import { fixObject } from "../../src/fix.ts";
import { kernelRefuses } from "../../src/rules/index.ts";
import { LOADERS } from "../../src/rules/loaders.ts";
import { allObjects, type ScoredObject } from "../../tools/scoreboard/objects.ts";

/** Findings and verdicts of one report say the same; that the verdicts are true the tests in `test/rules` ask the judges themselves. */

const VMLINUX = "/sys/kernel/btf/vmlinux";

/** Little-endian ones: their twins are of the same source. */
const objects = allObjects().filter(({ name }) => name.includes(".bpfel."));

/** Names that the kernel does not take, and that user space asks for (exit code 4). */
const REFUSED = /s33_static_linkage/;

/** Every verdict of refusal has an error or warning that says so, and every finding of one a verdict. */
function expectAgreement({ diagnostics, verdicts }: CheckResult): void {
  const { kernel } = verdicts;
  // What libbpf does not send no kernel sees.
  if (kernel.asSent.accepted !== null) expect(kernelRefuses(diagnostics)).toBe(!kernel.asSent.accepted);
  for (const { key, judge, isNewest } of LOADERS) {
    const { accepted, opens } = verdicts[key];
    const refusing = diagnostics.filter(({ answers }) =>
      answers.some((entry) => entry.judge === judge && entry.answer === "rejects"),
    );
    // A loader that refuses what the kernel refuses passes on the kernel's word.
    if (accepted === false && !kernelRefuses(diagnostics)) expect(refusing, key).not.toEqual([]);
    if (opens === true && accepted === null && isNewest) {
      expect(
        refusing.filter(({ severity }) => severity === "error"),
        key,
      ).toEqual([]);
    }
  }
}

describe("findings and verdicts agree", () => {
  test.each(objects)("$name", async ({ path }) => {
    expectAgreement(await checkObject(readFileSync(path)));
  });
});

async function fixed({ path, license }: ScoredObject): Promise<Uint8Array> {
  const options = {
    ...(license === undefined ? {} : { license }),
    ...(existsSync(VMLINUX) ? { vmlinux: () => parseBtf(readFileSync(VMLINUX)) } : {}),
  };
  return (await fixObject(readFileSync(path), options)).bytes;
}

/** A warning that no repair takes away: a DATASEC of constants without names has no entries, which 5.10 does not take. */
const OLD_KERNEL = "kernel/kd-02";

/** And what other loaders lack: aya fills no map of programs at the start, and calls no kernel functions, cilium/ebpf knows no numa_node. */
const LACKED: readonly (readonly [RegExp, string])[] = [
  [/s30_prog_array/, "aya/am-08"],
  [/s14_pinning/, "cilium/cm-41"],
  [/s37_extern_kfunc/, "aya/ar-08"],
];

/** Shapes whose externs come from a kernel. */
const NEEDS_KERNEL = /s37_extern_kfunc/;

describe("what was repaired is clean", () => {
  test.each(objects.filter(({ name }) => !REFUSED.test(name)))("$name", async (object) => {
    if (NEEDS_KERNEL.test(object.name) && !existsSync(VMLINUX)) return;
    const result = await checkObject(await fixed(object));
    expectAgreement(result);
    expect(result.verdicts.kernel.asSent.accepted).toBe(true);
    const left = result.diagnostics.filter(({ severity }) => severity !== "note");
    const known = [OLD_KERNEL, ...LACKED.flatMap(([name, rule]) => (name.test(object.name) ? [rule] : []))];
    expect(left.filter(({ severity, rule }) => severity === "error" || !known.includes(rule))).toEqual([]);
  });

  test.each(objects.filter(({ name }) => REFUSED.test(name)))("$name is refused", async (object) => {
    await expect(fixed(object)).rejects.toThrow(BtfFixError);
  });
});
