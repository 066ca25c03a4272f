import { describe, expect } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { libbpfVerdict } from "../../../src/rules/libbpf/verdict.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../../judges/libbpf.ts";
import { answer } from "../../judges/run.ts";
import { PROGRAM_OBJECTS } from "./program-cases.ts";
import { programsDiffer, programsOfCalls, programsWeSend } from "./sent.ts";

describe.each([
  { name: "libbpf17", version: "1.7", judge: libbpf17() },
  { name: "libbpf11", version: "1.1", judge: libbpf11() },
] as const)("the programs that $name gives to the kernel", ({ name, version, judge }) => {
  judgeTest(judge)("are those that we say, with their code and records, or fail in the same words", () => {
    let [sent, failed] = [0, 0];
    for (const [number, bytes] of PROGRAM_OBJECTS.entries()) {
      const elf = parseElf(bytes);
      const { open, load, calls = [], log } = answer(runLibbpf(name, bytes, { wantCalls: true }));
      const ours = libbpfVerdict(elf, version, KERNEL_PROFILES["6.18"]);
      const label = `object ${number}: ${ours?.message}`;
      // What the kernel thinks of the records is another matter.
      if (ours?.rule?.startsWith("L") === true) {
        expect(open.ok ? load : open, label).toMatchObject({ ok: false, errno: ours.errno });
        expect(
          log.some(({ text }) => text.endsWith(ours.message)),
          label,
        ).toBe(true);
        failed++;
      } else {
        expect([open.ok, load?.ok], label).toEqual([true, true]);
        const programs = programsWeSend(elf, version);
        expect(programsDiffer(programs, programsOfCalls(elf, calls)), label).toBeUndefined();
        sent += programs.length;
      }
    }
    expect(sent).toBeGreaterThan(50);
    expect(failed).toBeGreaterThan(10);
  });
});
