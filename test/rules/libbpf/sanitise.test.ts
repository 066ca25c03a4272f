import { describe, expect } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../../judges/libbpf.ts";
import { answer } from "../../judges/run.ts";
import { SANITISE_OBJECTS } from "./sanitise-cases.ts";
import { btfOfCalls, btfWeSend, KINDS_KNOWN, pretended } from "./sent.ts";

describe.each([
  { name: "libbpf17", version: "1.7", judge: libbpf17() },
  { name: "libbpf11", version: "1.1", judge: libbpf11() },
] as const)("the BTF that $name sends to a kernel that lacks kinds", ({ name, version, judge }) => {
  judgeTest(judge)("is what we say, byte for byte", () => {
    const differing = SANITISE_OBJECTS.flatMap((bytes, number) => {
      const elf = parseElf(bytes);
      return KINDS_KNOWN.filter((maxKind) => {
        const { calls = [] } = answer(runLibbpf(name, bytes, { until: "maps", wantCalls: true, maxKind }));
        const sent = btfOfCalls(elf, calls);
        expect(sent, `object ${number} is not sent`).toBeDefined();
        return Buffer.from(sent ?? []).compare(btfWeSend(elf, pretended(maxKind), version) ?? new Uint8Array()) !== 0;
      }).map((maxKind) => `object ${number} to a kernel of kinds up to ${maxKind}`);
    });
    expect(differing).toEqual([]);
  });
});
