/** Strings and layout (`btf_parse_str_sec`, `btf_parse_layout_sec`), and the form of the type section. */
import { LAYOUT_HEADER } from "../../btf/header.ts";
import { hasLayout, type StatedHeader } from "./header.ts";
import { type KernelRule, kernelRule } from "./rule.ts";
import type { Subject } from "./subject.ts";

const parseStrings = "btf_parse_str_sec";
const parseLayout = "btf_parse_layout_sec";
const parseTypes = "btf_parse_type_sec";
const INVALID_STRINGS = "Invalid string section";

const KH_12 = kernelRule("KH-12", "The strings come last.", parseStrings, "String section is not at the end");
const KS_01 = kernelRule("KS-01", "There are strings.", parseStrings, INVALID_STRINGS);
const KS_02 = kernelRule("KS-02", "The strings take at most 16 MiB.", parseStrings, INVALID_STRINGS, {
  unreachable: "KA-01 refuses such a blob as a whole",
});
const KS_03 = kernelRule("KS-03", "The last string ends in NUL.", parseStrings, INVALID_STRINGS);
const KS_04 = kernelRule("KS-04", "The first string is empty.", parseStrings, INVALID_STRINGS);
const SINCE_LAYOUT = { since: "7.2" } as const;
const KL_01 = kernelRule("KL-01", "layout_off is a multiple of 4.", parseLayout, "Unaligned layout_off", SINCE_LAYOUT);
const KL_02 = kernelRule("KL-02", "A layout has an entry.", parseLayout, "Layout section is too small", SINCE_LAYOUT);
const KL_03 = kernelRule(
  "KL-03",
  "A layout is whole entries.",
  parseLayout,
  "layout_len is not multiple of 4",
  SINCE_LAYOUT,
);
const KL_04 = kernelRule("KL-04", "A layout ends within the blob.", parseLayout, "Layout section is too big", {
  ...SINCE_LAYOUT,
  unreachable: "KH-11 refuses such a header",
});
const KH_13 = kernelRule("KH-13", "type_off is a multiple of 4.", parseTypes, "Unaligned type_off");
const KH_14 = kernelRule("KH-14", "There is a type.", parseTypes, "No type found");

export const sectionRules: readonly KernelRule[] = [
  KH_12,
  KS_01,
  KS_02,
  KS_03,
  KS_04,
  KL_01,
  KL_02,
  KL_03,
  KL_04,
  KH_13,
  KH_14,
];

/** Checks the strings, the layout and the place of the types; from then on names can be read. */
export function checkSectionForms(subject: Subject, header: StatedHeader): void {
  checkStrings(subject, header);
  if (hasLayout(header)) subject.attempt(() => checkLayout(subject, header));
  subject.attempt(() => {
    if (header.typeOff % 4 !== 0) subject.refuse(KH_13, 0, "Unaligned type_off");
    if (header.typeLen === 0) subject.refuse(KH_14, 0, "No type found");
  });
}

function checkStrings(subject: Subject, { headerLength, strOff, strLen }: StatedHeader): void {
  const { bytes } = subject;
  const start = headerLength + strOff;
  if (headerLength < LAYOUT_HEADER || subject.fact("headerSize") < LAYOUT_HEADER) {
    subject.attempt(() => {
      if (start + strLen !== bytes.length) subject.refuse(KH_12, 0, "String section is not at the end");
    });
  }
  subject.stringsAt = start;
  subject.stringsLength = strLen;
  // Without strings no name is right: this ends every walk.
  if (strLen === 0) subject.refuse(KS_01, 0, INVALID_STRINGS);
  subject.attempt(() => {
    if (bytes[start + strLen - 1] !== 0) subject.refuse(KS_03, 0, INVALID_STRINGS);
    if (bytes[start] !== 0) subject.refuse(KS_04, 0, INVALID_STRINGS);
  });
}

function checkLayout(subject: Subject, { layoutOff, layoutLen }: StatedHeader): void {
  if (layoutOff % 4 !== 0) subject.refuse(KL_01, 0, "Unaligned layout_off");
  if (layoutLen < 4) subject.refuse(KL_02, 0, "Layout section is too small");
  if (layoutLen % 4 !== 0) subject.refuse(KL_03, 0, "layout_len is not multiple of 4");
}
