import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { encodeBtf } from "../../../src/btf/encode.ts";
import { parseBtf } from "../../../src/btf/parse.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { sectionNamed } from "../../../src/elf/symbols.ts";
import { fixObject } from "../../../src/fix.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { btfAsSent } from "../../../src/rules/libbpf/as-sent.ts";
import { corpusObjects } from "../../../tools/scoreboard/objects.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { type LibbpfName, libbpf11, libbpf17, runLibbpf } from "../../judges/libbpf.ts";

/** What we say that libbpf sends to the running kernel; undefined where we say that it sends nothing. */
function ours(bytes: Uint8Array, version: "1.1" | "1.7"): Uint8Array | undefined {
  const elf = parseElf(bytes);
  const section = sectionNamed(elf, ".BTF");
  const sent = section && btfAsSent(parseBtf(section.bytes), elf, KERNEL_PROFILES["6.18"], version);
  return sent && encodeBtf(sent);
}

describe.each<[LibbpfName, "1.1" | "1.7"]>([
  ["libbpf17", "1.7"],
  ["libbpf11", "1.1"],
])("what %s sends to the kernel", (name, version) => {
  const judge = name === "libbpf17" ? libbpf17() : libbpf11();
  judgeTest(judge)("is what we say, byte for byte, of every object of the corpus, raw and repaired", async () => {
    let sent = 0;
    for (const { path, name: label } of corpusObjects()) {
      const raw = readFileSync(path);
      const elf = parseElf(raw);
      if (!elf.littleEndian || sectionNamed(elf, ".BTF") === undefined) continue;
      const fixed = await fixObject(raw).then(
        ({ bytes }) => bytes,
        () => undefined,
      );
      for (const bytes of fixed === undefined ? [raw] : [raw, fixed]) {
        const run = runLibbpf(name, bytes, { until: "maps", wantBtf: true });
        const theirs = run.outcome === "answer" ? run.value.btf : undefined;
        if (theirs === undefined) continue;
        sent++;
        expect(ours(bytes, version), label).toEqual(theirs);
      }
    }
    expect(sent).toBeGreaterThan(300);
  });
});
