import type { CheckResult } from "../../src/api.ts";
import { checkObject } from "../../src/check.ts";
import { KERNEL_RELEASES, type KernelRelease } from "../../src/rules/kernel/rule.ts";
import type { Diagnostic, JudgeAnswer } from "../../src/rules/rule.ts";
import type { Comparison } from "../../tools/mutation/answers.ts";
import type { BtfLoadVerdict } from "../judges/kernel.ts";
import { isSilent, lastLine, placeOf } from "../rules/kernel/said.ts";
import type { MadeMap } from "../rules/loaders/campaign.ts";
import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";

/*
 * What `checkObject` tells of the judges, beside what they said: that each refusal is a finding, of the versions that refuse, in their words, and
 * as bad as it is for whoever asks.
 */

/** What each release said of one blob. */
export type KernelAnswers = Readonly<Record<KernelRelease, BtfLoadVerdict>>;

const OLDEST = KERNEL_RELEASES[0];
const NEWEST = "7.3";
const RELEASES: readonly (string | undefined)[] = KERNEL_RELEASES;
const position = (release: string | undefined): number => RELEASES.indexOf(release);

/** "5.10 and 6.1", "5.10 to 6.12", "6.12": the releases that are meant. */
function releasesOf(text: string): readonly KernelRelease[] {
  const [first = "", last = first] = text.split(" to ");
  if (first !== last) return KERNEL_RELEASES.slice(position(first), position(last) + 1);
  return KERNEL_RELEASES.filter((release) => text.split(" and ").includes(release));
}

/** A row of releases, as it would be told of them. */
function rowText(releases: readonly string[]): string {
  const [first = "", second = ""] = releases;
  if (releases.length < 2) return first;
  return releases.length === 2 ? `${first} and ${second}` : `${first} to ${releases.at(-1)}`;
}

const isRefusedBy = (answers: KernelAnswers, release: KernelRelease): boolean => answers[release].errno !== 0;

const kernelAnswer = ({ answers }: Diagnostic): JudgeAnswer | undefined =>
  answers.find(({ judge, answer }) => judge === "kernel" && answer === "drops the BTF");

/** What differs between a finding that the kernel refuses, and the kernels that it names. */
function toldWrongly(finding: Diagnostic): string | undefined {
  const said = kernelAnswer(finding);
  const [only] = finding.answers;
  const releases = releasesOf(said?.versions ?? "");
  if (said === undefined || said !== only || finding.answers.length > 1 || releases.length === 0) return "who says it?";
  const isOfNewest = releases.includes(NEWEST);
  const severity = isOfNewest ? "error" : "note";
  if (finding.severity !== severity) return `${finding.severity}, not ${severity}`;
  const who = `${releases.length > 1 ? "kernels" : "kernel"} ${rowText(releases)}`;
  if (said.versions !== rowText(releases) || !finding.message.includes(` breaks a rule of ${who}: `)) {
    return `${finding.message}, not ${who}`;
  }
  const about = finding.help?.startsWith("no repair is known; please report the object") === true;
  if (about !== isOfNewest) return `help: ${finding.help}`;
  if (!isOfNewest && finding.help !== "newer kernels take it; `--kernel X.Y` names the one that counts") return "help";
  const { typeId } = finding.target;
  if (typeId !== undefined && typeId > 0 && !finding.message.includes(` [${typeId}] breaks`)) return finding.message;
  if (typeId === undefined && !finding.message.startsWith("the BTF breaks")) return finding.message;
  return undefined;
}

/** Whether a finding is what this release said. */
function isOfRelease(finding: Diagnostic, said: BtfLoadVerdict): boolean {
  const own = kernelAnswer(finding);
  const line = lastLine(said);
  if (own === undefined || own.errno !== said.errno) return false;
  if (own.text === undefined ? !isSilent(said) : !line.endsWith(own.text)) return false;
  const place = placeOf(said);
  return place === undefined || place === (finding.target.typeId ?? 0);
}

/** Of a blob, which all kernels were asked about. */
function refusalsDiffer({ diagnostics, verdicts }: CheckResult, answers: KernelAnswers): string | undefined {
  const untold = diagnostics.filter(({ rule }) => rule.startsWith("kernel/"));
  for (const release of KERNEL_RELEASES) {
    const said = answers[release];
    if ((verdicts[`kernel@${release}`]?.accepted === true) !== (said.errno === 0)) return `verdict of ${release}`;
    const named = untold.filter((finding) => releasesOf(kernelAnswer(finding)?.versions ?? "").includes(release));
    if (said.errno === 0) {
      if (named.length > 0) return `${release} takes it, but ${named[0]?.message}`;
      continue;
    }
    // The newest is asked what it would say next.
    const ofRelease = named.filter((finding) => isOfRelease(finding, said));
    if (named.length > 0 && (ofRelease.length !== 1 || (release !== NEWEST && named.length > 1))) {
      return `${release}: ${named.map(({ message }) => message).join("; ")}`;
    }
    const isTold = diagnostics.some((finding) => !untold.includes(finding) && kernelAnswer(finding) !== undefined);
    if (named.length === 0 && !isTold) return `${release} refuses it, which nothing tells: ${lastLine(said)}`;
  }
  const wrong = untold.map((finding) => toldWrongly(finding)).find((what) => what !== undefined);
  if (wrong !== undefined) return wrong;
  return weightsDiffer(diagnostics, untold);
}

const WEIGHTS = ["note", "warning", "error"];

/** What is worse comes first, of what judges say; and our own findings before that. */
function weightsDiffer(diagnostics: readonly Diagnostic[], untold: readonly Diagnostic[]): string | undefined {
  const weights = untold.map(({ severity }) => WEIGHTS.indexOf(severity));
  const isSorted = weights.every((weight, index) => index === 0 || weight <= (weights[index - 1] ?? 0));
  const isBehind = diagnostics.slice(diagnostics.length - untold.length).every((finding) => untold.includes(finding));
  return isSorted && isBehind ? undefined : "in another order";
}

async function ofAllKernels(blob: Uint8Array, answers: KernelAnswers): Promise<string | undefined> {
  const result = await checkObject(blob);
  const { kernel } = result.verdicts;
  const isTaken = !isRefusedBy(answers, NEWEST);
  if (kernel.accepted !== isTaken) return `taken ${kernel.accepted}`;
  // From which release on all say the same.
  const other = KERNEL_RELEASES.findLast((release) => isRefusedBy(answers, release) === isTaken);
  const since = other === undefined ? OLDEST : KERNEL_RELEASES[position(other) + 1];
  if (kernel.version !== `${since}+`) return `${kernel.version}, not ${since}+`;
  return refusalsDiffer(result, answers);
}

/** Releases that somebody names, and whose rules hold: their own, or of the two around them what either refuses. */
const NAMED: readonly (readonly [name: string, known: readonly KernelRelease[]])[] = [
  ["5.10", ["5.10"]],
  ["5.15", ["5.10", "6.1"]],
  ["6.6", ["6.1", "6.12"]],
  ["6.12.90", ["6.12"]],
  ["7.0", ["6.18", "7.2"]],
];

async function ofOneKernel(blob: Uint8Array, answers: KernelAnswers): Promise<string | undefined> {
  for (const [name, known] of NAMED) {
    const { diagnostics, verdicts } = await checkObject(blob, { kernel: name });
    const refusing = known.filter((release) => isRefusedBy(answers, release));
    if (verdicts.kernel.accepted !== (refusing.length === 0)) return `${name}: ${verdicts.kernel.accepted}`;
    if (known.length > 1 && !verdicts.kernel.version.includes(known.join(" and "))) return verdicts.kernel.version;
    const errors = diagnostics.filter(({ severity }) => severity === "error").map(kernelAnswer);
    const told = errors.filter((one) => one !== undefined);
    if (told.length > 0 !== refusing.length > 0) return `${name}: ${told.length} errors`;
    for (const finding of diagnostics.filter(({ rule }) => rule.startsWith("kernel/"))) {
      const own = kernelAnswer(finding);
      const named = releasesOf(own?.versions ?? "");
      if (finding.severity !== "error" || named.length === 0) return `${name}: ${finding.severity}`;
      if (named.some((release) => !refusing.includes(release))) return `${name}: of ${own?.versions}`;
    }
  }
  return undefined;
}

type Differ<Answer> = (bytes: Uint8Array, answer: Answer) => Promise<string | undefined>;

function comparisons<Answer>(all: Readonly<Record<string, Differ<Answer>>>): readonly Comparison<Answer>[] {
  return Object.entries(all).map(([name, differ]) => ({
    name,
    differ: (bytes, answer) => differ(bytes, answer).catch((error: unknown) => `threw ${String(error)}`),
  }));
}

export const kernelsComparisons: readonly Comparison<KernelAnswers>[] = comparisons({
  all: ofAllKernels,
  one: ofOneKernel,
});

/** What a loader did with an object; `loads` is absent where that was not tried. */
export interface LoaderSaid {
  readonly opens: boolean;
  readonly loads?: boolean;
  /** Positive, where the loader has such. */
  readonly errno?: number;
  readonly said: readonly string[];
  readonly maps?: readonly MadeMap[];
}

export const LOADER_NAMES = ["libbpf", "libbpf@1.1", "cilium", "aya", "aya@0.3"] as const;
type LoaderName = (typeof LOADER_NAMES)[number];

/** What loaders did with one object, and whether it was written in Rust. */
export interface LoaderAnswers {
  readonly isRust: boolean;
  readonly answers: Partial<Readonly<Record<LoaderName, LoaderSaid>>>;
}

const JUDGE = {
  libbpf: "libbpf",
  "libbpf@1.1": "libbpf",
  cilium: "cilium/ebpf",
  aya: "aya",
  "aya@0.3": "aya",
} as const;
const isNewest = (name: LoaderName): boolean => name !== "libbpf@1.1" && name !== "aya@0.3";

function rejectionBy(name: LoaderName, { answers }: Diagnostic): JudgeAnswer | undefined {
  return answers.find(({ judge, answer }) => judge === JUDGE[name] && answer === "rejects");
}

/** Whether a text with holes stands in what was said. */
function isQuoted(text: string, said: readonly string[]): boolean {
  return said.some((line) => text.split("…").every((part) => line.includes(part.trim())));
}

/** Of an object that is for this loader alone: it is an error if the loader refuses it, then, with its number and in its words. */
async function ofOneLoader(bytes: Uint8Array, { answers }: LoaderAnswers): Promise<string | undefined> {
  for (const name of LOADER_NAMES) {
    const said = answers[name];
    if (said === undefined) continue;
    const { diagnostics, verdicts } = await checkObject(bytes, { loaders: [name] });
    const isRefused = !said.opens || said.loads === false;
    if (verdicts[name].opens !== said.opens) return `${name}: opens ${verdicts[name].opens}`;
    const other = LOADER_NAMES.find((one) => one !== name && verdicts[one].accepted !== null);
    if (other !== undefined) return `${other} was not asked`;
    const own = diagnostics.filter((finding) => rejectionBy(name, finding) !== undefined);
    const errors = own.filter(({ severity }) => severity === "error");
    if (errors.length > 0 !== isRefused) return `${name}: ${errors.length} errors`;
    const at = said.opens ? "load" : "open";
    const isTold = errors.some((finding) => {
      const told = rejectionBy(name, finding);
      const isSame = told?.errno === undefined || said.errno === undefined || told.errno === said.errno;
      return told?.at === at && isSame && isQuoted(told.text ?? "", said.said);
    });
    if (isRefused && !isTold) return `${name}: ${own.map(({ message }) => message).join("; ")}`;
    for (const { rule, message, help, severity } of own) {
      if (!rule.startsWith(`${name.split("@")[0]}/`)) continue;
      if (severity !== "error" || help !== "no repair is known; please report the object") return `${name}: ${help}`;
      if (!message.includes(` breaks a rule of ${ownerText([name])}: `)) return message;
    }
  }
  return undefined;
}

const VERSION = { libbpf: "1.7", "libbpf@1.1": "1.1", cilium: "0.22", aya: "aya-obj 0.6", "aya@0.3": "aya-obj 0.3" };

/** Those that refuse, as they are named. */
function ownerText(names: readonly LoaderName[]): string {
  const judges = [...new Set(names.map((name) => JUDGE[name]))];
  return judges
    .map((judge) => {
      const versions = rowText(names.filter((name) => JUDGE[name] === judge).map((name) => VERSION[name]));
      return judge === "aya" ? versions : `${judge} ${versions}`;
    })
    .join(", ");
}

/** Of an object that is for nobody in particular. */
async function ofAllLoaders(bytes: Uint8Array, { answers, isRust }: LoaderAnswers): Promise<string | undefined> {
  const { diagnostics } = await checkObject(bytes);
  for (const name of LOADER_NAMES) {
    const said = answers[name];
    if (said === undefined || said.loads === undefined) continue;
    const isRefused = !said.opens || !said.loads;
    const own = diagnostics.filter((finding) => rejectionBy(name, finding) !== undefined);
    if (isRefused && own.length === 0) return `${name} refuses it, which nothing tells`;
  }
  for (const { rule, severity, message } of diagnostics) {
    const family = /^(libbpf|cilium|aya)\//.exec(rule)?.[1];
    const isAsked = LOADER_NAMES.every((name) => !name.startsWith(family ?? "") || answers[name] !== undefined);
    if (family === undefined || !isAsked) continue;
    const names = LOADER_NAMES.filter(
      (name) => answers[name] && (!answers[name].opens || answers[name].loads === false),
    );
    const ofFamily = names.filter((name) => name.startsWith(family));
    // One rule of a family is the same of both of its versions, or of one.
    const row = [ofFamily, ...ofFamily.map((name) => [name])].find((some) =>
      message.includes(` breaks a rule of ${ownerText(some)}: `),
    );
    if (row === undefined || row.length === 0) return message;
    const newest = row.some(isNewest);
    const wanted = family === "libbpf" ? (newest ? "error" : "note") : newest && isRust ? "warning" : "note";
    if (severity !== wanted) return `${message}: ${severity}, not ${wanted}`;
  }
  return undefined;
}

/** Maps that the kernel does not create, or not with their types: each is one finding, in the words of the version that was named. */
async function ofMaps(bytes: Uint8Array, all: LoaderAnswers): Promise<string | undefined> {
  const asked = (["libbpf", "libbpf@1.1"] as const).filter((name) => all.answers[name]?.maps !== undefined);
  if (asked.length === 0) return "not asked";
  for (const name of asked) {
    const what = await mapsDiffer(bytes, all, name);
    if (what !== undefined) return what;
  }
  return undefined;
}

async function mapsDiffer(
  bytes: Uint8Array,
  { answers, isRust }: LoaderAnswers,
  loader: "libbpf" | "libbpf@1.1",
): Promise<string | undefined> {
  const { maps = [], said = [], opens } = answers[loader] ?? {};
  if (opens !== true) return "not opened";
  const { diagnostics } = await checkObject(bytes, { loaders: [loader] });
  const found = diagnostics.filter(({ rule }) => rule.startsWith("kernel/kc-"));
  const who = `breaks a rule of the kernel, as loaded by libbpf ${VERSION[loader]}: `;
  for (const { name, created, withIds } of maps) {
    const own = found.filter(({ message }) => message.startsWith(`map ${name} ${who}`));
    const answer = created ? "drops the map's types" : "rejects";
    const isOne = own.length === 1 && own[0]?.answers[0]?.answer === answer;
    if (!created && !isOne) return `${name}: ${own.length} findings`;
    if (created && withIds && own.length > 0) return `${name}: ${own[0]?.message}`;
    for (const { severity, answers: told, help } of own) {
      const mayBeSet = /kc-(13|22)$/.test(own[0]?.rule ?? "");
      const wanted = !created && isRust && !mayBeSet ? "error" : "warning";
      if (severity !== wanted) return `${name}: ${severity}`;
      const isSet = help === "user space may yet change it, before it loads the object";
      if (isSet === (wanted === "error") || told[0]?.at !== "load") return `${name}: ${help}`;
      const text = told[0].text?.replace(/\n$/, "");
      if (text !== undefined && !isQuoted(text, said)) return `${name}: ${text}`;
      if (created && text === undefined) return `${name}: no words`;
    }
  }
  const names = new Set(maps.map(({ name }) => name));
  return found.find(({ message }) => !names.has(/^map (\S+) /.exec(message)?.[1] ?? ""))?.message;
}

export const loadersComparisons: readonly Comparison<LoaderAnswers>[] = comparisons({
  one: ofOneLoader,
  all: ofAllLoaders,
  maps: ofMaps,
});

export function replays(answersOf: AnswersOf): readonly Replay[] {
  return [
    ...replaysOf("rules-kernels", answersOf, kernelsComparisons),
    ...replaysOf("rules-loaders", answersOf, loadersComparisons),
  ];
}
