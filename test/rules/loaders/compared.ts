import { libbpfVerdict } from "../../../src/rules/libbpf/verdict.ts";
import { type LibbpfName, runLibbpf } from "../../judges/libbpf.ts";
import type { Compared, Opened } from "./campaign.ts";

function openedByLibbpf(name: LibbpfName, bytes: Uint8Array): Opened {
  const run = runLibbpf(name, bytes, { until: "open", seconds: 5 });
  if (run.outcome !== "answer") return { accepted: false, errno: 0, said: [], fell: run.outcome };
  const { open, log } = run.value;
  return { accepted: open.ok, errno: open.errno, said: log.map(({ text }) => text.replace(/^libbpf: /, "")) };
}

/** The loaders whose rules are known, by the name of their judge. */
export const COMPARED: Readonly<Record<string, Compared>> = {
  libbpf17: {
    name: "libbpf 1.7",
    ours: (elf, kernel) => libbpfVerdict(elf, "1.7", kernel),
    theirs: (bytes) => openedByLibbpf("libbpf17", bytes),
    words: true,
    falls: ({ rule }) => rule?.startsWith("LC-") === true,
  },
  libbpf11: {
    name: "libbpf 1.1",
    ours: (elf, kernel) => libbpfVerdict(elf, "1.1", kernel),
    theirs: (bytes) => openedByLibbpf("libbpf11", bytes),
    words: true,
    falls: ({ rule }) => rule?.startsWith("LC-") === true,
  },
};
