import type { KernelProfile } from "../../../src/rules/kernel/profile.ts";
import { type BtfLoadVerdict, kernelVerdict } from "../../../src/rules/kernel/verdict.ts";
import { type BtfLoadVerdict as Answer, kernelBtfLoad } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import type { Draft } from "./draft.ts";
import { type Sample, sample } from "./mutate.ts";
import { Random } from "./random.ts";
import { copyOf, realDrafts } from "./real.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The judge's log as the verdict's message is decoded: it writes bytes that are no UTF-8 as \xNN. */
export function logText(log: string): string {
  if (!log.includes("\\x")) return log;
  const bytes: number[] = [];
  const encoded = new TextEncoder().encode(log);
  for (let at = 0; at < encoded.length; at++) {
    const code = decoder.decode(encoded.subarray(at, at + 4));
    const escaped = /^\\x([0-9a-f]{2})$/.exec(code);
    bytes.push(escaped === null ? (encoded[at] ?? 0) : Number.parseInt(escaped[1] ?? "", 16));
    if (escaped !== null) at += 3;
  }
  return decoder.decode(Uint8Array.from(bytes));
}

/** Whether the kernel's log ends in this line; some lines have no end. */
function endsIn(log: string, line: string): boolean {
  return [line, `${line}\n`].some((end) => log === end || log.endsWith(`\n${end}`));
}

/** What differs between the verdict and the kernel's answer; undefined if they agree. */
export function disagreement(
  verdict: BtfLoadVerdict,
  { errno, log }: Answer,
): "verdict" | "errno" | "message" | undefined {
  if (verdict.accepted !== (errno === 0)) return "verdict";
  if (verdict.errno !== errno) return "errno";
  if (verdict.accepted || verdict.message === "") return undefined;
  return endsIn(logText(log), verdict.message) ? undefined : "message";
}

/** One blob on which the kernel and the verdict differ. */
export interface Disagreement {
  readonly what: "verdict" | "errno" | "message";
  readonly origin: string;
  readonly blob: Uint8Array;
  readonly verdict: BtfLoadVerdict;
  readonly answer: Answer;
}

/** What a campaign has seen. */
export interface Campaign {
  readonly seed: number;
  count: number;
  accepted: number;
  /** Refused by a KH rule, and by a KH or KS rule. */
  refusedAtHeader: number;
  refusedEarly: number;
  /** Accepted blobs that hold a kind. */
  readonly kinds: number[];
  /** Agreed refusals by rule. */
  readonly hits: Map<string, number>;
  readonly disagreements: Disagreement[];
}

function kindsOf(draft: Draft | undefined): ReadonlySet<number> {
  return new Set(draft?.records.map(({ kind }) => kind));
}

function note(campaign: Campaign, { blob, origin, draft }: Sample, verdict: BtfLoadVerdict, said: Answer): void {
  campaign.count++;
  const what = disagreement(verdict, said);
  if (what !== undefined) {
    campaign.disagreements.push({ what, origin, blob, verdict, answer: said });
    return;
  }
  if (verdict.accepted) {
    campaign.accepted++;
    for (const kind of kindsOf(draft)) campaign.kinds[kind] = (campaign.kinds[kind] ?? 0) + 1;
    return;
  }
  const { rule = "" } = verdict;
  if (rule.startsWith("KH")) campaign.refusedAtHeader++;
  if (/^K[HS]/.test(rule)) campaign.refusedEarly++;
  campaign.hits.set(rule, (campaign.hits.get(rule) ?? 0) + 1);
}

const BATCH = 4000;

/** What a campaign does besides counting. */
export interface Watch {
  /** Stops after so many disagreements, 20 by default. */
  readonly enough?: number;
  readonly onBatch?: (campaign: Campaign) => void;
}

/** Gives `count` blobs to the profile and to the running kernel. */
export function runCampaign(seed: number, count: number, profile: KernelProfile, watch: Watch = {}): Campaign {
  const campaign: Campaign = {
    seed,
    count: 0,
    accepted: 0,
    refusedAtHeader: 0,
    refusedEarly: 0,
    kinds: new Array<number>(20).fill(0),
    hits: new Map(),
    disagreements: [],
  };
  const random = new Random(seed);
  const real = realDrafts();
  while (campaign.count < count && campaign.disagreements.length < (watch.enough ?? 20)) {
    const length = Math.min(BATCH, count - campaign.count);
    const first = campaign.count;
    const samples = Array.from({ length }, (_, index) => sample(random, real, first + index));
    const answers = answer(
      kernelBtfLoad(
        samples.map(({ blob }) => blob),
        120,
      ),
    );
    samples.forEach((one, index) => {
      const said = answers[index];
      if (said === undefined) throw new RangeError("an answer is missing");
      note(campaign, one, kernelVerdict(one.blob, profile), said);
    });
    watch.onBatch?.(campaign);
  }
  return campaign;
}

/** The smallest draft found on which kernel and profile still differ: records become INTs, lists lose their ends. */
export function shrink(draft: Draft, profile: KernelProfile): Draft {
  const differs = (candidates: readonly Draft[]): Draft | undefined => {
    const blobs = candidates.map((candidate) => candidate.blob());
    const answers = answer(kernelBtfLoad(blobs));
    return candidates.find((_, index) => {
      const [blob, said] = [blobs[index], answers[index]];
      return blob !== undefined && said !== undefined && disagreement(kernelVerdict(blob, profile), said) !== undefined;
    });
  };
  let best = draft;
  for (;;) {
    const smaller = differs(smallerThan(best));
    if (smaller === undefined) return best;
    best = smaller;
  }
}

/** Drafts that are one step smaller. */
export function smallerThan(draft: Draft): Draft[] {
  const candidates: Draft[] = [];
  if (draft.records.length > 1) {
    const shorter = copyOf(draft);
    shorter.records.pop();
    candidates.push(shorter);
  }
  draft.records.forEach((record, index) => {
    const plain = { kind: 1, nameOff: 0, vlen: 0, kindFlag: false, sizeOrType: 4, words: [32] };
    if (record.kind !== 1 || record.nameOff !== 0) {
      const copy = copyOf(draft);
      copy.records[index] = plain;
      candidates.push(copy);
    }
    const stride = [4, 5, 15, 19].includes(record.kind) ? 3 : [6, 13].includes(record.kind) ? 2 : 0;
    if (stride > 0 && record.vlen > 0) {
      const copy = copyOf(draft);
      copy.records[index] = { ...record, vlen: record.vlen - 1, words: record.words.slice(0, -stride) };
      candidates.push(copy);
    }
  });
  return candidates;
}
