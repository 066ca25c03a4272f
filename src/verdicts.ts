import type { Verdict, Verdicts } from "./api.ts";
import { type JudgedBtf, releaseVerdicts, togetherOf } from "./kernel-verdicts.ts";
import { ALL_KERNELS, type KernelTarget } from "./rules/kernel/target.ts";
import type { Diagnostic, Judge, JudgeAnswer } from "./rules/rule.ts";

/** A loader with its version and the names of its two stages. */
interface Loader {
  readonly judge: Judge;
  readonly version: string;
  readonly stages: { readonly open: string; readonly load: string };
}

const LIBBPF: Omit<Loader, "version"> = {
  judge: "libbpf",
  stages: { open: "bpf_object__open", load: "bpf_object__load" },
};
const CILIUM: Loader = {
  judge: "cilium/ebpf",
  version: "0.22",
  stages: { open: "LoadCollectionSpec", load: "NewCollection" },
};
const AYA: Loader = { judge: "aya", version: "aya-obj 0.3", stages: { open: "Object::parse", load: "Ebpf::load" } };

function open(version: string): Verdict {
  return { version, accepted: null, stage: null, errno: null, message: null, typeId: null };
}

/** What a judge answers to the errors among the findings, if it is this. */
function* said(judge: Judge, answer: JudgeAnswer["answer"], found: readonly Diagnostic[]) {
  for (const { severity, answers, target } of found) {
    if (severity !== "error") continue;
    for (const entry of answers) if (entry.judge === judge && entry.answer === answer) yield { entry, target };
  }
}

/** "refused, for this reason" where a rule says so; otherwise nobody can tell yet. What stops the opening comes first. */
function loaderVerdict({ judge, version, stages }: Loader, found: readonly Diagnostic[]): Verdict {
  const refusals = [...said(judge, "rejects", found)];
  const first = refusals.find(({ entry }) => entry.at === "open") ?? refusals[0];
  if (first === undefined) return open(version);
  const { at, errno, text, how } = first.entry;
  return {
    version,
    accepted: false,
    stage: at === undefined ? null : stages[at],
    errno: errno ?? null,
    message: text ?? how ?? null,
    typeId: first.target.typeId ?? null,
  };
}

/** What each judge says of the BTF: the kernels by the rules of each release, the others as far as the findings tell. */
export function verdictsOf(
  found: readonly Diagnostic[],
  judged: JudgedBtf,
  target: KernelTarget = ALL_KERNELS,
): Verdicts {
  const releases = releaseVerdicts(judged, target);
  return {
    kernel: togetherOf(releases, target),
    ...Object.fromEntries(releases.map(({ release, verdict }) => [`kernel@${release}` as const, verdict])),
    libbpf: loaderVerdict({ ...LIBBPF, version: "1.7" }, found),
    "libbpf@1.1": loaderVerdict({ ...LIBBPF, version: "1.1" }, found),
    cilium: loaderVerdict(CILIUM, found),
    aya: loaderVerdict(AYA, found),
    bpftool: open("7.1"),
  };
}
