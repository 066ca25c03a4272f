import type { KernelVerdict, Verdict, Verdicts } from "./api.ts";
import { allRules } from "./rules/index.ts";
import { kernelRules } from "./rules/kernel/index.ts";
import { refusalId } from "./rules/kernel/refusals.ts";
import { KERNEL_RELEASES } from "./rules/kernel/rule.ts";
import { ALL_KERNELS, type KernelTarget } from "./rules/kernel/target.ts";
import type { Diagnostic, Rule } from "./rules/rule.ts";

/** Whether a finding tells of this refusal already: it names the kernel's rule, quotes its words, or says that the type costs the BTF. */
function tells({ rule, answers, target }: Diagnostic, { rule: id = "", typeId, message }: Verdict): boolean {
  const isOfType = target.typeId === undefined || typeId === null || target.typeId === typeId;
  if (isOfType && allRules.find((each) => each.id === rule)?.covers.includes(id) === true) return true;
  return answers.some(({ judge, answer, text }) => {
    if (judge !== "kernel" || answer !== "drops the BTF") return false;
    return (typeId !== null && target.typeId === typeId) || (text !== undefined && message?.endsWith(text) === true);
  });
}

/** One refusal, and the releases that give it. */
interface Refusal {
  readonly verdict: Verdict;
  readonly releases: string[];
}

function refusalsOf(verdicts: Verdicts): readonly Refusal[] {
  const found = new Map<string, Refusal>();
  for (const release of KERNEL_RELEASES) {
    const verdict: KernelVerdict | undefined = verdicts[`kernel@${release}`];
    if (verdict === undefined || verdict.asSent.accepted !== false) continue;
    const { rule, typeId } = verdict.asSent;
    const key = `${rule} ${typeId}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { verdict: verdict.asSent, releases: [release] });
    else known.releases.push(release);
  }
  return [...found.values()];
}

/** "6.12", "5.10 and 6.1", "5.10 to 6.12". */
function releasesText(releases: readonly string[]): string {
  const [first = "", second = ""] = releases;
  if (releases.length <= 2) return releases.length === 2 ? `${first} and ${second}` : first;
  return `${first} to ${releases.at(-1)}`;
}

function diagnosticOf({ verdict, releases }: Refusal, target: KernelTarget): Diagnostic {
  const newest = target.profiles.at(-1)?.release ?? "";
  const severity = target.isEvery && !releases.includes(newest) ? "note" : "error";
  const { rule = "", typeId, message, errno } = verdict;
  const broken = kernelRules.find(({ id }) => id === rule);
  const who = releases.length === 1 ? "kernel" : "kernels";
  return {
    rule: refusalId(rule),
    severity,
    message: `${who} ${releasesText(releases)}: ${broken?.title ?? "the BTF is refused"}`,
    target: typeId === null ? {} : { typeId },
    answers: [
      {
        judge: "kernel",
        answer: "drops the BTF",
        ...(message === null ? {} : { text: message }),
        ...(errno === null ? {} : { errno }),
      },
    ],
    help: "no repair is known; please report the object",
  };
}

/**
 * Findings for what the kernel refuses and no other finding tells of, so that no object passes that loses its types. An error if a
 * kernel refuses that was named, or the newest one; else a note, for the outcome says from which kernel on the BTF is accepted. `rules`: those that were chosen.
 */
export function untoldRefusals(
  found: readonly Diagnostic[],
  verdicts: Verdicts,
  rules: readonly Rule[],
  target: KernelTarget = ALL_KERNELS,
): readonly Diagnostic[] {
  const chosen = new Set(rules.map(({ id }) => id));
  return refusalsOf(verdicts)
    .filter(({ verdict }) => !found.some((finding) => tells(finding, verdict)))
    .map((refusal) => diagnosticOf(refusal, target))
    .filter(({ rule }) => chosen.has(rule));
}
