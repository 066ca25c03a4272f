import type { ObjectVerdict, Verdict, Verdicts } from "./api.ts";
import { type JudgedBtf, releaseVerdicts, togetherOf } from "./kernel-verdicts.ts";
import type { KernelTarget } from "./rules/kernel/target.ts";
import type { LoaderVerdict } from "./rules/loader.ts";
import { LOADERS, type Loader, type LoaderKey, type LoaderTarget } from "./rules/loaders.ts";
import type { Diagnostic, Judge, JudgeAnswer } from "./rules/rule.ts";
import type { Simulate } from "./rules/simulators.ts";

/** Version of the program whose findings rules tell; there is no verdict of it. */
const BPFTOOL = "7.1";

/** The judges that are asked. */
export interface Judges {
  readonly kernels: KernelTarget;
  readonly loaders: LoaderTarget;
  /** How loaders are asked. */
  readonly simulate: Simulate;
}

function open(version: string): Verdict {
  return { version, accepted: null, stage: null, errno: null, message: null, typeId: null };
}

/** A loader of which nobody can tell. */
function unknown({ version }: Loader): ObjectVerdict {
  return { ...open(version), opens: null };
}

/** What a judge answers to the errors among the findings, if it is this. */
function* said(judge: Judge, answer: JudgeAnswer["answer"], found: readonly Diagnostic[]) {
  for (const { severity, answers, target } of found) {
    if (severity !== "error") continue;
    for (const entry of answers) if (entry.judge === judge && entry.answer === answer) yield { entry, target };
  }
}

/** "refused, for this reason" where a rule says so; otherwise nobody can tell. What stops the opening comes first. */
function verdictByFindings(loader: Loader, found: readonly Diagnostic[]): ObjectVerdict {
  const { judge, version, stages } = loader;
  const refusals = [...said(judge, "rejects", found)];
  const first = refusals.find(({ entry }) => entry.at === "open") ?? refusals[0];
  if (first === undefined) return unknown(loader);
  const { at, errno, text, how } = first.entry;
  return {
    version,
    accepted: false,
    opens: at === undefined ? null : at === "load",
    stage: at === undefined ? null : stages[at],
    errno: errno ?? null,
    message: text ?? how ?? null,
    typeId: first.target.typeId ?? null,
  };
}

/** The loader's own answer in the form of the report. */
function verdictBySimulator({ version, stages }: Loader, verdict: LoaderVerdict): ObjectVerdict {
  const { accepted, stage, errno, message, rule, typeId, map, program, maps, programs = [] } = verdict;
  const of = { ...(map === undefined ? {} : { map }), ...(program === undefined ? {} : { program }) };
  return {
    version,
    accepted: accepted ? null : false,
    opens: stage !== "open",
    stage: stage === undefined ? null : stages[stage],
    errno: errno === 0 ? null : errno,
    message: message === "" ? null : message.trim(),
    typeId: typeId ?? null,
    ...(rule === undefined ? {} : { rule }),
    ...of,
    ...(maps.length === 0 ? {} : { maps }),
    ...(programs.length === 0 ? {} : { programs }),
  };
}

function loaderVerdict(
  loader: Loader,
  found: readonly Diagnostic[],
  { elf }: JudgedBtf,
  { kernels: { profiles, isEvery }, simulate }: Judges,
): ObjectVerdict {
  const told = verdictByFindings(loader, found);
  // Of two releases between which the kernel stands, what either refuses counts.
  const asked = isEvery ? profiles.slice(-1) : profiles.toReversed();
  let taken: ObjectVerdict | undefined;
  for (const profile of elf === undefined ? [] : asked) {
    const verdict = elf && simulate(loader.key, elf, profile);
    if (verdict === undefined) return told;
    if (!verdict.accepted) return verdictBySimulator(loader, verdict);
    taken ??= verdictBySimulator(loader, verdict);
  }
  if (taken === undefined) return told;
  // What is seen when maps and programs are loaded, rules may know that go beyond BTF.
  if (told.accepted === false && told.stage !== loader.stages.open) return { ...taken, ...told, opens: true };
  return taken;
}

/** What each judge says of the object. Loaders stand on the newest kernel that was asked about. */
export function verdictsOf(found: readonly Diagnostic[], judged: JudgedBtf, judges: Judges): Verdicts {
  const { kernels, loaders } = judges;
  const releases = releaseVerdicts(judged, kernels);
  const asked = new Set(loaders.loaders.map(({ key }) => key));
  const answers = LOADERS.map((loader) => {
    const verdict = asked.has(loader.key) ? loaderVerdict(loader, found, judged, judges) : unknown(loader);
    return [loader.key, verdict] as const;
  });
  return {
    kernel: togetherOf(releases, kernels),
    ...Object.fromEntries(releases.map(({ release, verdict }) => [`kernel@${release}` as const, verdict])),
    ...(Object.fromEntries(answers) as Record<LoaderKey, ObjectVerdict>),
    bpftool: open(BPFTOOL),
  };
}
