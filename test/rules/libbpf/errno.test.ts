import { describe, expect } from "vitest";
import { errnoText } from "../../../src/rules/libbpf/errno.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../../judges/libbpf.ts";
import { answer } from "../../judges/run.ts";
import { drawObject } from "./draft.ts";

/** All that BPF_BTF_LOAD, BPF_MAP_CREATE and BPF_PROG_LOAD are known to return, and one that nobody knows. */
const ERRNOS = [1, 2, 7, 12, 13, 14, 17, 22, 28, 40, 95, 524, 600] as const;

describe.each([
  { name: "libbpf17", version: "1.7", judge: libbpf17() },
  { name: "libbpf11", version: "1.1", judge: libbpf11() },
] as const)("the errnos of the kernel", ({ name, version, judge }) => {
  judgeTest(judge)(`are told as ${name} does`, () => {
    const object = drawObject();
    for (const errno of ERRNOS) {
      const { log } = answer(runLibbpf(name, object, { until: "maps", mapErrno: errno }));
      const [before = "", after = ""] = `map 'M': failed to create: ${errnoText(errno, version)}`.split("…");
      const lines = log.map(({ text }) => text.replace(/^libbpf: /, ""));
      expect(lines.filter((line) => line.startsWith(before) && line.endsWith(after))).not.toEqual([]);
    }
  });
});
