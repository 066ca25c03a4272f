import type { KernelVerdict, Verdict, Verdicts } from "./api.ts";
import { unplaced } from "./rules/datasec/placed.ts";
import type { Diagnostic, Judge } from "./rules/rule.ts";

/** errno of every refusal that the rules know so far. */
const EINVAL = 22;

function open(version: string): Verdict {
  return { version, accepted: null, stage: null, errno: null, message: null, typeId: null };
}

/** "refused, for this reason" where a rule says so; otherwise nobody can tell yet. */
function verdict(
  version: string,
  stage: string,
  judge: Judge,
  answer: "rejects" | "drops the BTF",
  found: readonly Diagnostic[],
): Verdict {
  for (const { severity, answers, target } of found) {
    const said =
      severity === "error" ? answers.find((entry) => entry.judge === judge && entry.answer === answer) : undefined;
    if (said === undefined) continue;
    return {
      version,
      accepted: false,
      stage,
      errno: EINVAL,
      message: said.text ?? null,
      typeId: target.typeId ?? null,
    };
  }
  return open(version);
}

/** The kernel refuses the raw `.BTF` of every compiler: DATASEC sizes are the loader's work. */
function kernelVerdict(found: readonly Diagnostic[]): KernelVerdict {
  const asSent = verdict("5.10+", "BPF_BTF_LOAD", "kernel", "drops the BTF", found);
  if (asSent.accepted === false) return { ...asSent, asSent };
  const empty = found.find(({ rule }) => rule === unplaced.id);
  if (empty === undefined) return { ...open("5.10+"), asSent };
  const raw = {
    accepted: false,
    stage: "BPF_BTF_LOAD",
    errno: EINVAL,
    message: "size == 0",
    typeId: empty.target.typeId ?? null,
  };
  return { version: "5.10+", ...raw, asSent };
}

/** What each judge says, as far as the findings tell. */
export function verdictsOf(found: readonly Diagnostic[]): Verdicts {
  return {
    kernel: kernelVerdict(found),
    libbpf: verdict("1.7", "bpf_object__open", "libbpf", "rejects", found),
    "libbpf@1.1": verdict("1.1", "bpf_object__open", "libbpf", "rejects", found),
    cilium: verdict("0.22", "NewCollection", "cilium/ebpf", "rejects", found),
    aya: verdict("aya-obj 0.3", "Object::parse", "aya", "rejects", found),
    bpftool: open("7.1"),
  };
}
