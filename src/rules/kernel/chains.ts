/** Chains of modifiers, after every type was followed (`btf_check_type_tags`). */
import { KIND_NUMBER } from "../../btf/model.ts";
import { isModifier } from "./resolution.ts";
import { ELOOP, type KernelRule, kernelRule } from "./rule.ts";
import type { Subject } from "./subject.ts";

const TOO_LONG = "Max chain length or cycle detected";
const TAG_BEHIND = "Type tags don't precede modifiers";

const KR_05 = kernelRule("KR-05", "At most 32 modifiers follow each other.", "btf_check_type_tags", TOO_LONG, {
  errno: ELOOP,
  since: "6.1",
});
const KR_06 = kernelRule("KR-06", "TYPE_TAGs come before other modifiers.", "btf_check_type_tags", TAG_BEHIND, {
  since: "6.1",
  until: "6.18",
});

export const chainRules: readonly KernelRule[] = [KR_05, KR_06];

const MAX_CHAIN = 32;

/** Follows each modifier as far as no earlier one was followed. */
export function checkChains(subject: Subject): void {
  let good = 0;
  for (let id = 1; id < subject.count; id++) {
    if (!isModifier(subject.kind(id))) continue;
    try {
      checkChain(subject, id, good);
    } catch (thrown) {
      if (!subject.isTold(id)) subject.keep(thrown);
      // The rest of the chain would be told of for the same reason.
      setChainUnknown(subject, id);
    }
    good = id;
  }
}

function setChainUnknown(subject: Subject, start: number): void {
  let id = start;
  for (let left = MAX_CHAIN; left > 0 && isModifier(subject.kind(id)); left--) {
    subject.setUnknown(id);
    id = subject.word(subject.at(id));
  }
}

function checkChain(subject: Subject, start: number, good: number): void {
  let id = start;
  let inTags = subject.kind(start) === KIND_NUMBER.typeTag;
  for (let left = MAX_CHAIN; isModifier(subject.kind(id)) && !subject.isUnknown(id); left--) {
    if (left === 0) {
      subject.refuse(KR_05, start, TOO_LONG);
      return;
    }
    const isTag = subject.kind(id) === KIND_NUMBER.typeTag;
    if (isTag && !inTags) subject.refuse(KR_06, start, TAG_BEHIND);
    if (!isTag) inTags = false;
    if (id <= good) return;
    id = subject.word(subject.at(id));
  }
}
