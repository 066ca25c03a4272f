import { expect } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { ciliumMaps } from "../../../src/rules/cilium/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { type CiliumReport, cilium, runCiliumStream } from "../../judges/cilium.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { machineCilium } from "../../judges/machine.ts";
import { matrixKernel } from "../../judges/qemu.ts";
import { seed as testSeed } from "../../seed.ts";
import { Random } from "../kernel/random.ts";
import { runningRelease } from "../kernel/summary.ts";
import { sentDifference } from "./sent.ts";
import { sentObject } from "./sent-cases.ts";

function drawn(seed: number, count: number): readonly Uint8Array[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => sentObject(random));
}

/** How many maps were compared; fails where a byte differs. */
function compared(
  objects: readonly Uint8Array[],
  reports: readonly CiliumReport[],
  release: keyof typeof KERNEL_PROFILES,
): number {
  let maps = 0;
  const different = objects.flatMap((bytes, number) => {
    const report = reports[number];
    const what = report && sentDifference(ciliumMaps(parseElf(bytes), KERNEL_PROFILES[release]), report, () => maps++);
    return what === undefined ? [] : [`#${number}: ${what}`];
  });
  expect(different).toEqual([]);
  return maps;
}

judgeTest(cilium())("the running kernel is asked for maps and given the bytes of BTF that are foretold", () => {
  const seed = testSeed();
  const objects = drawn(seed, 300);
  console.log(`seed ${seed}`);
  expect(compared(objects, runCiliumStream(objects, { calls: true }), runningRelease())).toBeGreaterThan(200);
});

judgeTest(cilium(), matrixKernel("5.10"))(
  "so is kernel 5.10, of which tags and 64-bit enums are kept away",
  async () => {
    const seed = testSeed();
    const objects = drawn(seed, 150);
    console.log(`seed ${seed}`);
    const { answers } = await machineCilium("5.10", objects);
    expect(compared(objects, answers, "5.10")).toBeGreaterThan(50);
  },
);
