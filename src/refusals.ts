import type { KernelVerdict, Verdict, Verdicts } from "./api.ts";
import { type Btf, typeById } from "./btf/model.ts";
import { references } from "./btf/walk.ts";
import type { Correspondence } from "./join/model.ts";
import { type LaterDefects, NO_DEFECTS } from "./kernel-verdicts.ts";
import type { LoweredBtf } from "./lower/model.ts";
import { isMapRule, isOfMap, mapRefusals } from "./map-refusals.ts";
import type { Refusal } from "./refusal.ts";
import { allRules, isChosen } from "./rules/index.ts";
import { KERNEL_RELEASES } from "./rules/kernel/rule.ts";
import type { KernelTarget } from "./rules/kernel/target.ts";
import { label, placeOf } from "./rules/label.ts";
import { LOADERS, type Loader, type LoaderTarget } from "./rules/loaders.ts";
import { refusalRule } from "./rules/refusals.ts";
import type { Diagnostic, Judge, JudgeAnswer, Rule, Severity } from "./rules/rule.ts";
import type { Judges } from "./verdicts.ts";

/** What each rule covers, by its id. */
const COVERED: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  allRules.map(({ id, covers }) => [id, new Set(covers)]),
);

/** Whether a finding tells of this refusal already: it covers the judge's rule, quotes its words, or says that the type costs the BTF. */
function tells({ rule, answers, target, message: told }: Diagnostic, { judge, verdict, at }: Refusal): boolean {
  const { rule: id = "", typeId, message, map } = verdict;
  // The same may be wrong with several maps.
  if (isMapRule(id) && map !== undefined && !told.includes(map)) return false;
  const isOfType = target.typeId === undefined || typeId === null || target.typeId === typeId;
  if (isOfType && COVERED.get(rule)?.has(id) === true) return true;
  return answers.some((entry) => {
    if (entry.judge !== judge) return isOfKernel(entry, message);
    if (judge === "kernel" && entry.answer !== "drops the BTF") return false;
    if (judge !== "kernel" && entry.answer !== "rejects") return false;
    if (typeId !== null && target.typeId === typeId) return true;
    // A judge without words is told of by when it refuses.
    if (message === null) return entry.text === undefined && entry.at === at;
    return entry.text !== undefined && quotes(message, entry.text);
  });
}

/** Whether a loader passes on what the kernel says of the BTF. */
function isOfKernel({ judge, answer, text }: JudgeAnswer, message: string | null): boolean {
  return judge === "kernel" && answer === "drops the BTF" && text !== undefined && message?.endsWith(text) === true;
}

/** Whether a judge's line ends in a text, in which `…` stands for what nobody knows before. */
function quotes(message: string, text: string): boolean {
  if (message.endsWith(text)) return true;
  let at = 0;
  for (const part of text.split("…")) {
    const found = message.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return true;
}

/** Refusals of old kernels say little of a raw blob, which nobody gives to another kernel: the running kernel's own is one. */
function kernelRefusals(
  verdicts: Verdicts,
  { profiles, isEvery }: KernelTarget,
  isObject: boolean,
): readonly Refusal[] {
  const newest = profiles.at(-1)?.release;
  return KERNEL_RELEASES.flatMap((release): readonly Refusal[] => {
    const verdict: KernelVerdict | undefined = verdicts[`kernel@${release}`];
    if (verdict?.asSent.accepted !== false) return [];
    const severity = !isEvery || release === newest ? "error" : isObject ? "warning" : "note";
    return [{ judge: "kernel", version: release, verdict: verdict.asSent, severity }];
  });
}

function stageOf({ stages }: Loader, { stage }: Verdict): Pick<Refusal, "at"> {
  return stage === stages.open ? { at: "open" } : stage === stages.load ? { at: "load" } : {};
}

/**
 * What a refusal of a loader is worth: an error if somebody named it, or of libbpf; a warning of those that load what is written in Rust, if the
 * object is. They refuse much that C programs are made of, and older versions what newer ones have learnt.
 */
function severityOf({ key, isNewest }: Loader, areNamed: boolean, isRust: boolean): Severity {
  if (areNamed || key === "libbpf") return "error";
  return isNewest && isRust ? "warning" : "note";
}

/** The rule of aya's that a map fails by when the kernel took no BTF. */
const NEEDS_BTF = "AL-06";

function loaderRefusals(verdicts: Verdicts, { loaders, areNamed }: LoaderTarget, isRust: boolean): readonly Refusal[] {
  const isBtfRefused = verdicts.kernel.asSent.accepted === false;
  return loaders.flatMap((loader): readonly Refusal[] => {
    const verdict = verdicts[loader.key];
    const severity = severityOf(loader, areNamed, isRust);
    const ofMaps = mapRefusals(loader, verdict, severity, { isBtfRefused, isRust });
    // Without a rule it is what other findings say already; and without BTF in the kernel a map cannot have types of it.
    if (verdict.accepted !== false || verdict.rule === undefined || isOfMap(verdict)) return ofMaps;
    if (isBtfRefused && verdict.rule === NEEDS_BTF) return ofMaps;
    return [
      ...ofMaps,
      { judge: loader.judge, version: loader.version, verdict, severity, ...stageOf(loader, verdict) },
    ];
  });
}

/** "6.12", "5.10 and 6.1", "5.10 to 6.12". */
function releasesText(releases: readonly string[]): string {
  return releases.length > 2 ? `${releases[0]} to ${releases.at(-1)}` : releases.join(" and ");
}

/** The refusals by judge. */
function byJudge(refusals: readonly Refusal[]): ReadonlyMap<Judge, readonly Refusal[]> {
  const judges = new Map<Judge, Refusal[]>();
  for (const refusal of refusals) judges.set(refusal.judge, [...(judges.get(refusal.judge) ?? []), refusal]);
  return judges;
}

/** "kernels 6.1 and 6.12", "libbpf 1.7 and 1.1, cilium/ebpf 0.22". */
function whoText(refusals: readonly Refusal[]): string {
  const names = [...byJudge(refusals)].map(([judge, own]) => {
    const versions = versionsText(own);
    if (judge === "kernel" && own.length > 1) return `kernels ${versions}`;
    return versions.startsWith(judge) ? versions : `${judge} ${versions}`;
  });
  return names.join(", ");
}

function versionsText(refusals: readonly Refusal[]): string {
  return releasesText(refusals.map(({ version }) => version));
}

/** What a finding can name: types by their labels and places. */
export interface Named {
  readonly btf: Btf;
  readonly join: Correspondence | undefined;
  readonly isObject: boolean;
  /** Whether some of it was written in Rust, as debug info says. */
  readonly isRust: boolean;
}

const RUST = 0x1c;

/** Whether debug info names Rust (DW_LANG_Rust) as the language of a part. */
export function isOfRust(lowered: LoweredBtf | undefined): boolean {
  return lowered?.dwarf.units.some(({ language }) => language === RUST) ?? false;
}

function subjectText({ typeId, map, program }: Refusal["verdict"], { btf }: Named, judge: Judge): string {
  if (map !== undefined && map !== "") return `map ${map}`;
  if (program !== undefined) return `program ${program}`;
  if (typeId !== null && typeId !== 0) return label(btf, typeId);
  return judge === "kernel" ? "the BTF" : "the object";
}

/** What each judge says, the first of its versions for all. */
function answersOf(refusals: readonly Refusal[]): readonly JudgeAnswer[] {
  return [...byJudge(refusals)].flatMap(([judge, own]): readonly JudgeAnswer[] => {
    const [first] = own;
    if (first === undefined) return [];
    const { message, errno } = first.verdict;
    return [
      {
        judge,
        answer: first.answer ?? (judge === "kernel" ? "drops the BTF" : "rejects"),
        ...(message === null ? {} : { text: message }),
        versions: versionsText(own),
        ...(first.at === undefined ? {} : { at: first.at }),
        ...(errno === null ? {} : { errno }),
      },
    ];
  });
}

const WEIGHT: Readonly<Record<Severity, number>> = { error: 2, warning: 1, note: 0 };

const NO_REPAIR = "no repair is known; please report the object";

const NO_SUCH_MAP = "no repair is known: kernels make no such map";

/** What is said with the last defect that a kernel finds, where it need not be the last that there is. */
const END_TEXT: Readonly<Record<LaterDefects["end"], string>> = {
  all: "",
  unreadable: "; nothing behind it can be judged",
  more: "; more types are at fault behind it",
};

function helpOf(rule: string, severity: Severity, judge: Judge, end: LaterDefects["end"]): string {
  if (isMapRule(rule))
    return severity === "error" ? NO_SUCH_MAP : "user space may yet change it, before it loads the object";
  if (severity === "error") return NO_REPAIR + END_TEXT[end];
  if (judge === "kernel") return "newer kernels take it; `--kernel X.Y` names the one that counts";
  return "`--loader NAME` names the loaders that count";
}

/** "libbpf 1.7 and 1.1"; for what is the kernel's own rule, about a map or a program that a loader gives it, "the kernel, as loaded by …". */
function ruleOwner(id: string, refusals: readonly Refusal[]): string {
  const who = whoText(refusals);
  const isPassedOn = id.startsWith("kernel/") && refusals.every(({ judge }) => judge !== "kernel");
  return isPassedOn ? `the kernel, as loaded by ${who}` : who;
}

function diagnosticOf(
  rule: string,
  refusals: readonly Refusal[],
  named: Named,
  end: LaterDefects["end"],
): Diagnostic | undefined {
  const [first] = refusals;
  if (first === undefined) return undefined;
  const { id, title } = refusalRule(rule) ?? {
    id: `${first.judge.split("/")[0]}/refuses`,
    title: "It takes the object.",
  };
  const { typeId } = first.verdict;
  const severity = refusals.reduce((most, each) =>
    WEIGHT[each.severity] > WEIGHT[most.severity] ? each : most,
  ).severity;
  return {
    rule: id,
    severity,
    message: `${subjectText(first.verdict, named, first.judge)} breaks a rule of ${ruleOwner(id, refusals)}: ${title}`,
    target: typeId === null ? {} : { typeId },
    ...(typeId === null ? {} : placeOf(named.join, typeId)),
    answers: answersOf(refusals),
    help: helpOf(rule, severity, first.judge, end),
  };
}

/**
 * Whether a finding tells of what the newest kernel says behind its first failure: one about the type, about one that it refers to, or about
 * none. There can be many of both.
 */
function tellerOfLater(found: readonly Diagnostic[], btf: Btf): (refusal: Refusal) => boolean {
  const whole: Diagnostic[] = [];
  const ofTypes = new Map<number, Diagnostic[]>();
  for (const finding of found) {
    const { severity, target } = finding;
    if (severity !== "error") continue;
    if (target.typeId === undefined) whole.push(finding);
    else if (!ofTypes.get(target.typeId)?.push(finding)) ofTypes.set(target.typeId, [finding]);
  }
  const about = (typeId: number): readonly Diagnostic[] => ofTypes.get(typeId) ?? [];
  return (refusal) => {
    const { typeId, rule = "" } = refusal.verdict;
    const type = typeId === null ? undefined : typeById(btf, typeId);
    const covers = (finding: Diagnostic): boolean => COVERED.get(finding.rule)?.has(rule) === true;
    if (type !== undefined && ofTypes.size > 0 && references(type).some((id) => about(id).some(covers))) return true;
    return [...about(typeId ?? 0), ...whole].some((finding) => tells(finding, refusal));
  };
}

/**
 * Findings for what a judge refuses and no other finding tells of, so that no object passes that loses its types or does not load. An error
 * if a judge refuses that was named, the newest kernel or the newest libbpf; else a warning or a note. `rules`: those that were chosen.
 * `later`: what the newest kernel would say next, of which a finding about the same type tells, or about none.
 */
export function untoldRefusals(
  found: readonly Diagnostic[],
  verdicts: Verdicts,
  rules: readonly Rule[],
  named: Named,
  { kernels, loaders }: Judges,
  later: LaterDefects = NO_DEFECTS,
): readonly Diagnostic[] {
  const groups = new Map<string, Refusal[]>();
  const isTold = (refusal: Refusal): boolean => {
    // What decides is not told by a finding that does not.
    const counts = (finding: Diagnostic): boolean => WEIGHT[finding.severity] >= WEIGHT[refusal.severity];
    return found.some((finding) => counts(finding) && tells(finding, refusal));
  };
  const add = (refusal: Refusal): void => {
    const { rule, typeId, map, program } = refusal.verdict;
    const key = `${rule} ${typeId} ${map} ${program}`;
    groups.set(key, [...(groups.get(key) ?? []), refusal]);
  };
  const ofKernels = kernelRefusals(verdicts, kernels, named.isObject).filter((refusal) => !isTold(refusal));
  const behind = later.verdicts.map(
    (verdict): Refusal => ({ judge: "kernel", version: verdict.version, verdict, severity: "error" }),
  );
  const isLaterTold = tellerOfLater(found, named.btf);
  const ofLoaders = loaderRefusals(verdicts, loaders, named.isRust).filter((refusal) => !isTold(refusal));
  for (const refusal of [...ofKernels, ...behind.filter((each) => !isLaterTold(each)), ...ofLoaders]) add(refusal);
  const newest = KERNEL_RELEASES.find((release) => release === kernels.profiles.at(-1)?.release);
  const last = later.verdicts.at(-1) ?? (newest && verdicts[`kernel@${newest}`]?.asSent);
  const told = [...groups.values()].flatMap((refusals) => {
    const end = refusals.some(({ verdict }) => verdict === last) ? later.end : "all";
    const diagnostic = diagnosticOf(refusals[0]?.verdict.rule ?? "", refusals, named, end);
    return diagnostic === undefined || !isChosen(rules, diagnostic.rule) ? [] : [diagnostic];
  });
  return told.sort((a, b) => WEIGHT[b.severity] - WEIGHT[a.severity]);
}

/** The judges of a finding that make it an error, by the names that users give them. */
const REFUSING: readonly JudgeAnswer["answer"][] = ["rejects", "drops the BTF", "drops the map's types", "misreads"];

/**
 * The findings as those loaders see them that were asked about: an error that only others make of it is but a note.
 */
export function weighed(found: readonly Diagnostic[], { loaders, areNamed }: LoaderTarget): readonly Diagnostic[] {
  if (!areNamed) return found;
  const counting = new Set<Judge>(["kernel", ...loaders.map(({ judge }) => judge)]);
  const known = new Set<Judge>(["bpftool", ...LOADERS.map(({ judge }) => judge)]);
  return found.map((finding) => {
    if (finding.severity === "note") return finding;
    const refusing = finding.answers.filter(({ answer }) => REFUSING.includes(answer));
    const isOfOthers = refusing.length > 0 && refusing.every(({ judge }) => known.has(judge) && !counting.has(judge));
    return isOfOthers ? { ...finding, severity: "note" } : finding;
  });
}
