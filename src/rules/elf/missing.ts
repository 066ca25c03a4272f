import { sectionsNamed } from "../../elf/symbols.ts";
import { MAPS_SECTION } from "../../maps/sites.ts";
import { cannotOpen, EINVAL, ENOENT, rejects } from "../answers.ts";
import type { Diagnostic, JudgeAnswer, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { lostTypes } from "./build-step.ts";
import { externs } from "./extern.ts";

/** Objects that define maps by BTF or have externs are nothing without; others load, and nobody knows their types. */
function answers({ elf }: ObjectState, isMissing: boolean): readonly JudgeAnswer[] {
  const unread = isMissing ? [] : [rejects("cilium/ebpf", "load BTF: …", { at: "open" })];
  if (elf === undefined) return unread;
  const hasMaps = sectionsNamed(elf, MAPS_SECTION).length > 0;
  if (!hasMaps && externs(elf).length === 0) return unread;
  const libbpf = cannotOpen("BTF is required, but is missing or corrupted.", isMissing ? ENOENT : EINVAL);
  if (!isMissing) return [libbpf, ...unread];
  if (!hasMaps) return [libbpf];
  return [
    libbpf,
    rejects("cilium/ebpf", "load BTF maps: missing BTF", { at: "open" }),
    rejects("aya", "no BTF parsed for object", { at: "open" }),
  ];
}

export const btfMissing: Rule = {
  id: "elf/btf-missing",
  title: "An object with debug info has a `.BTF` that can be read.",
  covers: [],
  source: "libbpf bpf_object__init_btf, libbpf_needs_btf",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    const { unreadable, elf } = state;
    if (unreadable === undefined) return;
    const isMissing = unreadable.code === "BTF_MISSING";
    const lost = isMissing && elf !== undefined ? lostTypes(elf) : undefined;
    yield {
      rule: btfMissing.id,
      severity: "error",
      message: lost?.message ?? `section .BTF cannot be read: ${unreadable.message}`,
      target: {},
      answers: answers(state, isMissing),
      help: lost?.help ?? "btf-fix makes it anew from the debug info",
    };
  },
};
