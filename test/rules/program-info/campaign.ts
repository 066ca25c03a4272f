import type { KernelProfile } from "../../../src/rules/kernel/profile.ts";
import {
  type ProgramInfoVerdict,
  programInfoRules,
  programInfoVerdict,
} from "../../../src/rules/kernel/program-info.ts";
import { hasRule } from "../../../src/rules/kernel/rule.ts";
import { kernelReading } from "../../../src/rules/kernel/verdict.ts";
import { kernelProgLoads, type ProgramAttributes, type ProgramLoadVerdict } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { logText } from "../kernel/campaign.ts";
import { Random } from "../kernel/random.ts";
import { BREAKS } from "./break.ts";
import { generate } from "./generate.ts";

/** Our verdict on a program, of which the kernel is told just the same. */
export function verdictOf(program: ProgramAttributes, profile: KernelProfile): ProgramInfoVerdict {
  const btf = program.btf === undefined ? undefined : kernelReading(program.btf, profile).held?.subject;
  return programInfoVerdict(program, btf, profile);
}

/** The line that begins a log; some have no end, and what the verifier counts at last stands behind them. */
function firstLine(log: string): string {
  return (/^([^\n]*?)(?:processed \d+ insns|\n|$)/.exec(log)?.[1] ?? "").trimEnd();
}

const lineOf = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\b[A-Z]\b/g, ".*")}$`);

/** Also said of an instruction that is not the last, by who looks at them all. */
const OF_INSNS = "KB-32";

const TEXTS: readonly RegExp[] = programInfoRules
  .filter(({ id }) => id !== OF_INSNS)
  .flatMap(({ text }) => text.map(lineOf));

/** Whether a line is one that our rules know. */
export function isOfRecords(line: string): boolean {
  return TEXTS.some((text) => text.test(line));
}

export type Difference = "verdict" | "errno" | "message" | "written";

/** What differs between verdict and answer; undefined if they agree, "later" if the kernel refuses for what instructions do. */
export function difference(verdict: ProgramInfoVerdict, said: ProgramLoadVerdict): Difference | "later" | undefined {
  const log = logText(said.log);
  const lines = log.split("\n").map(firstLine);
  if (verdict.accepted) {
    if (said.errno === 0) return undefined;
    const isLater = log !== "" && !/^processed 0 insns/.test(log) && !lines.some(isOfRecords);
    return isLater ? "later" : "verdict";
  }
  if (said.errno === 0) return "verdict";
  if (said.errno !== verdict.errno) return "errno";
  if (said.written !== (verdict.written ?? 0)) return "written";
  return hasMessage(verdict, lines) ? undefined : "message";
}

/** What a relocation tells of itself on its way. */
const CHATTER =
  /^(prog '': relo #\d+: (<\w+> \[|no matching|patched|substituting|(non-)?matching)|prog '': relo for \[|CO-RE relocating )/;

function hasMessage({ rule, message }: ProgramInfoVerdict, lines: readonly string[]): boolean {
  const [first = ""] = lines.filter((line) => !CHATTER.test(line));
  return rule === "KB-42" ? first.startsWith(`${message} -> `) : first === message.trimEnd();
}

/** One program on which the kernel and the verdict differ. */
export interface Disagreement {
  readonly what: Difference;
  readonly index: number;
  readonly program: ProgramAttributes;
  readonly verdict: ProgramInfoVerdict;
  readonly said: ProgramLoadVerdict;
}

/** What a campaign has seen. */
export interface Campaign {
  readonly seed: number;
  count: number;
  accepted: number;
  /** Of those: refused for what instructions do. */
  later: number;
  /** Agreed refusals by rule. */
  readonly hits: Map<string, number>;
  readonly disagreements: Disagreement[];
}

/** A program of the campaign: whole in three of ten cases, broken in one place in most of the others. */
export function sample(random: Random): ProgramAttributes {
  const generated = generate(random);
  const breaks = random.pick([0, 0, 0, 1, 1, 1, 1, 1, 1, 2]);
  for (let count = 0; count < breaks; count++) random.pick(BREAKS)(generated, random);
  // What the second relocation of an instruction finds there, the kernel's own types tell.
  const { coreRelo } = generated.draft;
  coreRelo.records = coreRelo.records.filter(([at], index, all) => all.findIndex(([other]) => other === at) === index);
  return generated.draft.program();
}

/** Samples from one seed. */
export function samples(seed: number, count: number): readonly ProgramAttributes[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => sample(random));
}

export function newCampaign(seed: number): Campaign {
  return { seed, count: 0, accepted: 0, later: 0, hits: new Map(), disagreements: [] };
}

/** Counts what one kernel said of programs. */
export function note(
  campaign: Campaign,
  programs: readonly ProgramAttributes[],
  answers: readonly ProgramLoadVerdict[],
  profile: KernelProfile,
): void {
  programs.forEach((program, at) => {
    const said = answers[at];
    if (said === undefined) throw new RangeError("an answer is missing");
    const verdict = verdictOf(program, profile);
    const what = difference(verdict, said);
    const index = campaign.count++;
    if (what !== undefined && what !== "later") {
      campaign.disagreements.push({ what, index, program, verdict, said });
    } else if (verdict.accepted) {
      campaign.accepted++;
      if (what === "later") campaign.later++;
    } else {
      const { rule = "" } = verdict;
      campaign.hits.set(rule, (campaign.hits.get(rule) ?? 0) + 1);
    }
  });
}

const BATCH = 2000;

/** Gives `count` programs to the profile and to the running kernel; stops after 20 disagreements. */
export function runCampaign(seed: number, count: number, profile: KernelProfile): Campaign {
  const campaign = newCampaign(seed);
  const random = new Random(seed);
  while (campaign.count < count && campaign.disagreements.length < 20) {
    const length = Math.min(BATCH, count - campaign.count);
    const programs = Array.from({ length }, () => sample(random));
    note(campaign, programs, answer(kernelProgLoads(programs, 120)), profile);
  }
  return campaign;
}

/** The figures of a campaign. */
export function programSummary({ seed, count, accepted, later, hits, disagreements }: Campaign): string {
  const rules = programInfoRules.map(({ id }) => `${id} ${hits.get(id) ?? 0}`);
  const share = (part: number): string => `${((100 * part) / Math.max(1, count)).toFixed(1)} %`;
  return [
    `seed ${seed}: ${count} programs, ${disagreements.length} disagreements`,
    `records taken of ${share(accepted)}, of which refused for their instructions ${share(later)}`,
    `first message by rule: ${rules.join(", ")}`,
  ].join("\n");
}

/** Rules of a release that a campaign hit less often than so many times. */
export function rareRules({ hits }: Campaign, { release }: KernelProfile, least: number): readonly string[] {
  return programInfoRules
    .filter((rule) => hasRule(release, rule) && rule.unreachable === undefined && (hits.get(rule.id) ?? 0) < least)
    .map(({ id }) => `${id} ${hits.get(id) ?? 0}`);
}
