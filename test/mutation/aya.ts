import { createdMap } from "../../src/rules/aya/created.ts";
import type { AyaDefinition } from "../../src/rules/aya/definition.ts";
import type { AyaVersion } from "../../src/rules/aya/rule.ts";
import { ayaObject, ayaVerdict } from "../../src/rules/aya/verdict.ts";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import type { Comparison } from "../../tools/mutation/answers.ts";
import type { AyaReport } from "../judges/aya.ts";
import { difference, LACKING, lackingDiffers } from "../rules/aya/campaign.ts";
import { read } from "./read.ts";
import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";

/**
 * What aya-obj made of an object, the BTF that it would send in base64, to kernels that lack something (`LACKING`) where that is something
 * else, and the error of aya or the maps that it created ("M Hash [4, 4, 8, 0]"), if it was asked.
 */
export interface AyaAnswer {
  readonly report?: Omit<AyaReport, "btf">;
  readonly sent?: string;
  readonly lacking?: readonly ({ readonly fixUp: AyaReport["fixUp"]; readonly sent?: string } | null)[];
  readonly error?: string;
  readonly maps?: readonly string[];
  /** "count loads", "count: …", or "count needs more" (a hook). */
  readonly programs?: readonly string[];
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
  return difference(elf, known.name, { ...report, ...fromBase64(sent) });
}

/** Whether aya itself refuses what the rules refuse when it is loaded, in their words. */
function loaded({ version }: Known, bytes: Uint8Array, { error }: AyaAnswer): string | undefined {
  const elf = read(bytes);
  const verdict = elf && ayaVerdict(elf, version, KERNEL_PROFILES["6.18"]);
  if (verdict === undefined || error === undefined) return "not asked";
  // Its programs are loaded by their user, one by one.
  if (verdict.accepted || verdict.rule?.startsWith("KB-")) return error === "" ? undefined : error;
  return error !== "" && verdict.message.split("…").every((part) => error.includes(part.trim())) ? undefined : error;
}

const fromBase64 = (text: string | undefined): { btf?: Uint8Array } =>
  text === undefined ? {} : { btf: new Uint8Array(Buffer.from(text, "base64")) };

/** The BTF that kernels are sent which lack something. */
function lackingSent({ name }: Known, bytes: Uint8Array, { lacking = [] }: AyaAnswer): string | undefined {
  const elf = read(bytes);
  if (elf === undefined || lacking.length === 0) return "not asked";
  for (const [index, answer] of lacking.entries()) {
    if (answer === null) continue;
    const { fixUp, sent } = answer;
    const what = lackingDiffers(elf, name, LACKING[index] ?? [], { fixUp, ...fromBase64(sent) });
    if (what !== undefined) return what;
  }
  return undefined;
}

/** The sizes that the kernel holds of each map. */
function created({ version }: Known, bytes: Uint8Array, { maps }: AyaAnswer): string | undefined {
  const elf = read(bytes);
  const parsed = elf && ayaObject(elf, version);
  if (parsed === undefined || "verdict" in parsed || maps === undefined) return "not asked";
  const ours = [...parsed.value.maps].map(([name, map]) => createdText(name, map, version));
  const theirs = maps.map((line) => line.replace(/ \w+ \[/, " ["));
  return ours.sort().join() === theirs.sort().join() ? undefined : `${ours}, not ${theirs}`;
}

function createdText(name: string, map: AyaDefinition, version: AyaVersion): string {
  const { keySize, valueSize, maxEntries, mapFlags } = createdMap(name, map, version);
  return `${name} [${[keySize, valueSize, maxEntries, mapFlags].join(", ")}]`;
}

/** What the kernel makes of each program's records. */
function sorted({ version }: Known, bytes: Uint8Array, { programs }: AyaAnswer): string | undefined {
  const elf = read(bytes);
  if (elf === undefined || programs === undefined) return "not asked";
  const verdict = ayaVerdict(elf, version, KERNEL_PROFILES["6.18"]);
  const ours = verdict.programs ?? [];
  if (ours.length !== programs.length) return `${ours.length} programs, not ${programs.length}`;
  for (const { name, recordsTaken, message } of ours) {
    const line = programs.find((one) => one.startsWith(`${name}:`) || one.startsWith(`${name} `)) ?? "";
    if (line === `${name} needs more`) continue;
    const isSame = recordsTaken ? line === `${name} loads` : line.includes(`Verifier output: ${message}`);
    if (!isSame) return `${name}: ${message}, not ${line}`;
  }
  const first = ours.find(({ recordsTaken }) => !recordsTaken);
  return first?.name === verdict.program ? undefined : `${verdict.program}, not ${first?.name}`;
}

export function ayaComparisons(known: Known): readonly Comparison<AyaAnswer>[] {
  return Object.entries({ made, loaded, lacking: lackingSent, created, programs: sorted }).map(([name, differ]) => ({
    name,
    differ: (bytes, answer) => differ(known, bytes, answer),
  }));
}

export function replays(answersOf: AnswersOf): readonly Replay[] {
  return AYA_VERSIONS.flatMap((known) => replaysOf(`aya-${known.version}`, answersOf, ayaComparisons(known)));
}
