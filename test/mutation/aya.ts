import { ayaVerdict } from "../../src/rules/aya/verdict.ts";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import type { Comparison } from "../../tools/mutation/answers.ts";
import type { AyaReport } from "../judges/aya.ts";
import { difference } from "../rules/aya/campaign.ts";
import { read } from "./read.ts";
import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";

/** What aya-obj made of an object, the BTF that it would send in base64, and the error of aya, if it was asked. */
export interface AyaAnswer {
  readonly report?: Omit<AyaReport, "btf">;
  readonly sent?: string;
  readonly error?: string;
}

export const AYA_VERSIONS = [
  { version: "0.6", name: "aya06", loader: "aya16" },
  { version: "0.3", name: "aya03", loader: "aya14" },
] as const;

type Known = (typeof AYA_VERSIONS)[number];

function made(known: Known, bytes: Uint8Array, { report, sent }: AyaAnswer): string | undefined {
  const elf = read(bytes);
  if (elf === undefined || report === undefined) return "not read by us";
  // The campaign lets rules be silent, which aya never is.
  const { accepted, message } = ayaVerdict(elf, known.version, KERNEL_PROFILES["6.18"]);
  if (!accepted && message === "") return "no words";
  const btf = sent === undefined ? {} : { btf: new Uint8Array(Buffer.from(sent, "base64")) };
  return difference(elf, known.name, { ...report, ...btf });
}

/** Whether aya itself refuses what the rules refuse when it is loaded, in their words. */
function loaded({ version }: Known, bytes: Uint8Array, { error }: AyaAnswer): string | undefined {
  const elf = read(bytes);
  const verdict = elf && ayaVerdict(elf, version, KERNEL_PROFILES["6.18"]);
  if (verdict === undefined || error === undefined) return "not asked";
  if (verdict.accepted) return error === "" ? undefined : error;
  return error !== "" && verdict.message.split("…").every((part) => error.includes(part.trim())) ? undefined : error;
}

export function ayaComparisons(known: Known): readonly Comparison<AyaAnswer>[] {
  return Object.entries({ made, loaded }).map(([name, differ]) => ({
    name,
    differ: (bytes, answer) => differ(known, bytes, answer),
  }));
}

export function replays(answersOf: AnswersOf): readonly Replay[] {
  return AYA_VERSIONS.flatMap((known) => replaysOf(`aya-${known.version}`, answersOf, ayaComparisons(known)));
}
