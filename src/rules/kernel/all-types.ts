/** Rules that hold for several kinds, with the lines in which the kernel breaks them to its caller. */
import { basicLine, typeLine } from "./log.ts";
import { type KernelRule, kernelRule } from "./rule.ts";
import type { Subject } from "./subject.ts";

const ofKind = "btf_kind_operations.check_meta";

export const KT_01: KernelRule = kernelRule(
  "KT-01",
  "Every record has its three base words.",
  "btf_check_meta",
  "meta_left:N meta_needed:12",
);
export const KT_02: KernelRule = kernelRule("KT-02", "The kind is known.", "btf_check_meta", "Invalid kind:N");
export const KT_03: KernelRule = kernelRule(
  "KT-03",
  "Reserved bits of info are 0.",
  "btf_check_meta",
  "Invalid btf_info:N",
  {
    until: "6.18",
  },
);
export const KT_04: KernelRule = kernelRule(
  "KT-04",
  "The name lies in the strings.",
  "btf_check_meta",
  "Invalid name_offset:N",
);
const KT_05 = kernelRule("KT-05", "A record ends within the types.", ofKind, "meta_left:N meta_needed:M");
const KT_06 = kernelRule(
  "KT-06",
  "kind_flag is set only where it means something.",
  ofKind,
  "Invalid btf_info kind_flag",
);
const KT_07 = kernelRule("KT-07", "Kinds without a list have vlen 0.", ofKind, "vlen != 0");
const KT_08 = kernelRule("KT-08", "Type ids are at most 0xfffff.", ofKind, [
  "Invalid type_id",
  "Invalid elem",
  "Invalid index",
]);
const KN_01 = kernelRule("KN-01", "The name is an identifier, where the kind needs one.", ofKind, "Invalid name");
const KN_02 = kernelRule("KN-02", "The name is absent, where the kind has none.", ofKind, "Invalid name");

export const allTypesRules: readonly KernelRule[] = [
  KT_01,
  KT_02,
  KT_03,
  KT_04,
  KT_05,
  KT_06,
  KT_07,
  KT_08,
  KN_01,
  KN_02,
];

/** BTF_MAX_TYPE. */
const MAX_TYPE = 0xf_ffff;

/** One record in the first pass. */
export interface Meta {
  readonly subject: Subject;
  readonly id: number;
  readonly at: number;
  /** Bytes of the type section after the base words. */
  readonly left: number;
}

/** KT-05; returns `needed`. */
export function checkRoom({ subject, id, at, left }: Meta, needed: number): number {
  if (left < needed) {
    subject.refuse(KT_05, id, basicLine(subject, id, at, `meta_left:${left} meta_needed:${needed}`));
  }
  return needed;
}

export function checkNoList({ subject, id, at }: Meta): void {
  if (subject.vlen(at) !== 0) subject.refuse(KT_07, id, typeLine(subject, id, at, "vlen != 0"));
}

export function checkKindFlag({ subject, id, at }: Meta): void {
  if (subject.kindFlag(at) && !subject.fact("kindFlags").has(subject.kindAt(at))) {
    subject.refuse(KT_06, id, typeLine(subject, id, at, "Invalid btf_info kind_flag"));
  }
}

export function checkTypeId({ subject, id, at }: Meta, type: number, text: string): void {
  if (type > MAX_TYPE) subject.refuse(KT_08, id, typeLine(subject, id, at, text));
}

/** Whether an id can be one at all; that it is one is for the second pass. */
export function isTypeId(type: number): boolean {
  return type <= MAX_TYPE;
}

export function checkName({ subject, id, at }: Meta, fits: (subject: Subject, nameOff: number) => boolean): void {
  if (!fits(subject, subject.nameOff(at))) subject.refuse(KN_01, id, typeLine(subject, id, at, "Invalid name"));
}

export function checkNameless({ subject, id, at }: Meta): void {
  if (subject.nameOff(at) !== 0) subject.refuse(KN_02, id, typeLine(subject, id, at, "Invalid name"));
}
