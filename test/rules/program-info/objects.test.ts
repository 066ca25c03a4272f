import { expect, test } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { libbpfPrograms } from "../../../src/rules/libbpf/verdict.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { type LibbpfName, type LibbpfReport, libbpf11, libbpf17, runLibbpf } from "../../judges/libbpf.ts";
import { answer } from "../../judges/run.ts";
import { seed as testSeed } from "../../seed.ts";
import { Random } from "../kernel/random.ts";
import { runningRelease } from "../kernel/summary.ts";
import { isOfRecords } from "./campaign.ts";
import { brokenObject, seedObjects } from "./objects.ts";

const PROFILE = KERNEL_PROFILES[runningRelease()];
const SEEDS = seedObjects();

/** What differs between our verdicts on the programs of an object and what libbpf and the kernel made of each; programs that never came to it count not. */
function differences(bytes: Uint8Array, version: "1.1" | "1.7", { programs, log }: LibbpfReport): readonly string[] {
  const asked = new Set(log.flatMap(({ text }) => /prog '(.*)': BPF program load failed/.exec(text)?.[1] ?? []));
  return (libbpfPrograms(parseElf(bytes), version, PROFILE) ?? []).flatMap(({ name, info }) => {
    const program = programs.find((one) => one.name === name);
    if (program === undefined) return [`${name} is not there`];
    const [line = ""] = program.verifierLog.split("\n");
    const isOfInfo = isOfRecords(line.replace(/processed \d+ insns .*/, ""));
    if (program.loaded) return info.accepted ? [] : [`${name} is loaded, not refused by ${info.rule}`];
    // A map may be missing, or another program of a struct.
    if (!asked.has(name)) return [];
    if (info.accepted) return isOfInfo ? [`${name}: ${line}`] : [];
    const isSame = program.errno === info.errno && line.startsWith(info.message);
    return isSame ? [] : [`${name}: ${info.rule} ${info.message}, not ${program.errno} ${line}`];
  });
}

test("the corpus has objects whose programs have records, and all are taken as they are", () => {
  expect(SEEDS.length).toBeGreaterThan(150);
  for (const { name, bytes } of SEEDS) {
    const verdicts = libbpfPrograms(parseElf(bytes), "1.7", KERNEL_PROFILES["7.3"]) ?? [];
    expect(
      verdicts.filter(({ info }) => !info.accepted),
      name,
    ).toEqual([]);
  }
});

/** Objects for each libbpf; each is loaded whole, and its programs one by one if that fails. */
const COUNT = 60;

for (const [version, name, judge] of [
  ["1.7", "libbpf17", libbpf17()],
  ["1.1", "libbpf11", libbpf11()],
] as const satisfies readonly (readonly ["1.1" | "1.7", LibbpfName, unknown])[]) {
  judgeTest(judge)(
    `libbpf ${version} and the kernel agree on the programs of ${COUNT} objects with broken records`,
    () => {
      const seed = testSeed();
      const random = new Random(seed);
      for (let number = 0; number < COUNT; number++) {
        const object = random.pick(SEEDS);
        const bytes = brokenObject(object, random);
        const report = answer(runLibbpf(name, bytes));
        if (!report.open.ok) continue;
        expect(differences(bytes, version, report), `${object.name}, number ${number} of seed ${seed}`).toEqual([]);
      }
    },
  );
}
