import type { KernelVerdict, Verdict, Verdicts } from "./api.ts";
import type { Btf } from "./btf/model.ts";
import { typesOfKind } from "./btf/of-kind.ts";
import { unplaced } from "./rules/datasec/placed.ts";
import type { Diagnostic, Judge, JudgeAnswer } from "./rules/rule.ts";

/** Kernels that the rules speak for. */
const KERNEL = "5.10+";

/** EINVAL, with which the kernel refuses BTF. */
const EINVAL = 22;

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

/** A refusal by BPF_BTF_LOAD. */
function refusedBtf(message: string | null, typeId: number | null): Verdict {
  return { version: KERNEL, accepted: false, stage: "BPF_BTF_LOAD", errno: EINVAL, message, typeId };
}

/** How refusals begin that the kernel gives once every type by itself is right (kernel/bpf/btf.c `btf_check_all_types`). */
const SECOND_PASS = ["Invalid arg#", "Invalid elem", "Invalid array of int", "Member is not"];

/** The refusal that the kernel comes to first: it walks the types in the order of their ids, twice. */
function firstRefusal(refusals: readonly Verdict[]): Verdict | undefined {
  const isLate = ({ message }: Verdict): boolean => SECOND_PASS.some((text) => message?.startsWith(text) === true);
  const first = refusals.filter((refusal) => !isLate(refusal));
  return (first.length > 0 ? first : [...refusals]).sort((a, b) => (a.typeId ?? 0) - (b.typeId ?? 0))[0];
}

/** BTF_FUNC_EXTERN, BTF_VAR_GLOBAL_EXTERN. */
const EXTERN = 2;

/** Externs are for the loader to resolve: no kernel takes a VAR or FUNC that still is one (`btf_var_check_meta`, `btf_func_check_meta`). */
function* refusedExterns(btf: Btf): Generator<Verdict> {
  for (const [typeId, type] of typesOfKind(btf, "var", "func")) {
    if (type.linkage !== EXTERN) continue;
    yield refusedBtf(type.kind === "var" ? "Linkage not supported" : "Invalid func linkage", typeId);
  }
}

/** The kernel refuses the raw `.BTF` of every compiler: DATASEC sizes and externs are the loader's work. */
function kernelVerdict(found: readonly Diagnostic[], btf: Btf): KernelVerdict {
  const sent = [...said("kernel", "drops the BTF", found)].map(({ entry, target }) =>
    refusedBtf(entry.text ?? null, target.typeId ?? null),
  );
  const empty = found.filter(({ rule, severity }) => rule === unplaced.id && severity === "note");
  const raw = empty.map(({ target }) => refusedBtf("size == 0", target.typeId ?? null));
  return {
    ...(firstRefusal([...raw, ...refusedExterns(btf), ...sent]) ?? open(KERNEL)),
    asSent: firstRefusal(sent) ?? open(KERNEL),
  };
}

/** What each judge says of `btf`, as far as the findings in it tell. */
export function verdictsOf(found: readonly Diagnostic[], btf: Btf): Verdicts {
  return {
    kernel: kernelVerdict(found, btf),
    libbpf: loaderVerdict({ ...LIBBPF, version: "1.7" }, found),
    "libbpf@1.1": loaderVerdict({ ...LIBBPF, version: "1.1" }, found),
    cilium: loaderVerdict(CILIUM, found),
    aya: loaderVerdict(AYA, found),
    bpftool: open("7.1"),
  };
}
