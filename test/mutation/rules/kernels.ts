import type { CheckResult } from "../../../src/api.ts";
import { checkObject } from "../../../src/check.ts";
import { KERNEL_RELEASES, type KernelRelease } from "../../../src/rules/kernel/rule.ts";
import type { Diagnostic, JudgeAnswer } from "../../../src/rules/rule.ts";
import type { Comparison } from "../../../tools/mutation/answers.ts";
import type { BtfLoadVerdict } from "../../judges/kernel.ts";
import { isSilent, lastLine, placeOf } from "../../rules/kernel/said.ts";
import { comparisons, rowText } from "./told.ts";

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
export const kernelsComparisons: readonly Comparison<KernelAnswers>[] = comparisons({
  all: ofAllKernels,
  one: ofOneKernel,
});
