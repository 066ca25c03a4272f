/** The header, and where it puts the sections (`btf_parse_hdr`, `btf_check_sec_info`). */
import { BTF_MAGIC, LAYOUT_HEADER, MIN_HEADER } from "../../btf/header.ts";
import { E2BIG, ENOTSUPP, type KernelRule, kernelRule } from "./rule.ts";
import type { Subject } from "./subject.ts";

const MAX_SIZE = 16 << 20;

const parseHeader = "btf_parse_hdr";
const checkSections = "btf_check_sec_info";

const KA_01 = kernelRule("KA-01", "A blob is at most 16 MiB long.", "btf_parse", [], { errno: E2BIG });
const KH_01 = kernelRule("KH-01", "The header reaches hdr_len.", parseHeader, "hdr_len not found");
const KH_02 = kernelRule("KH-02", "The blob holds hdr_len bytes.", parseHeader, "btf_header not found");
const KH_03 = kernelRule(
  "KH-03",
  "Header bytes that the kernel does not know are 0.",
  parseHeader,
  "Unsupported btf_header",
  {
    errno: E2BIG,
  },
);
const KH_04 = kernelRule("KH-04", "The magic is 0xEB9F in the machine's byte order.", parseHeader, "Invalid magic");
const KH_05 = kernelRule("KH-05", "The version is 1.", parseHeader, "Unsupported version", { errno: ENOTSUPP });
const KH_06 = kernelRule("KH-06", "The flags are 0.", parseHeader, "Unsupported flags", { errno: ENOTSUPP });
const KH_07 = kernelRule("KH-07", "Something follows the header.", parseHeader, "No data");
const KH_08 = kernelRule("KH-08", "Sections start within the blob.", checkSections, "Invalid section offset");
const KH_09 = kernelRule("KH-09", "No byte lies outside the sections.", checkSections, "Unsupported section found");
const KH_10 = kernelRule("KH-10", "Sections do not overlap.", checkSections, "Section overlap found");
const KH_11 = kernelRule("KH-11", "Sections end within the blob.", checkSections, "Total section length too long");

export const headerRules: readonly KernelRule[] = [
  KA_01,
  KH_01,
  KH_02,
  KH_03,
  KH_04,
  KH_05,
  KH_06,
  KH_07,
  KH_08,
  KH_09,
  KH_10,
  KH_11,
];

/** Sections as a header states them: offsets from its end, in bytes. Fields that a short header lacks are 0. */
export interface StatedHeader {
  readonly headerLength: number;
  readonly typeOff: number;
  readonly typeLen: number;
  readonly strOff: number;
  readonly strLen: number;
  readonly layoutOff: number;
  readonly layoutLen: number;
}

/** Checks the header; what it returns lies within the blob. */
export function checkHeader(subject: Subject): StatedHeader {
  const { bytes } = subject;
  if (bytes.length > MAX_SIZE) subject.refuse(KA_01, 0, "");
  if (bytes.length < 8) subject.refuse(KH_01, 0, "hdr_len not found");
  const stated = subject.u32(4);
  if (bytes.length < stated) subject.refuse(KH_02, 0, "btf_header not found");
  // No release knows less than the first header had.
  const known = stated > MIN_HEADER ? subject.fact("headerSize") : MIN_HEADER;
  for (let at = known; at < stated; at++) {
    if (bytes[at] !== 0) subject.refuse(KH_03, 0, "Unsupported btf_header");
  }
  // The kernel reads on in a copy: of a header shorter than its own, the rest is 0, hdr_len included.
  const copy = new Uint8Array(LAYOUT_HEADER);
  copy.set(bytes.subarray(0, Math.min(stated, known)));
  const view = new DataView(copy.buffer);
  if (view.getUint16(0, subject.littleEndian) !== BTF_MAGIC) subject.refuse(KH_04, 0, "Invalid magic");
  if (copy[2] !== 1) subject.refuse(KH_05, 0, "Unsupported version");
  if (copy[3] !== 0) subject.refuse(KH_06, 0, "Unsupported flags");
  const word = (offset: number): number => view.getUint32(offset, subject.littleEndian);
  const header: StatedHeader = {
    headerLength: word(4),
    typeOff: word(8),
    typeLen: word(12),
    strOff: word(16),
    strLen: word(20),
    layoutOff: word(24),
    layoutLen: word(28),
  };
  if (bytes.length === header.headerLength) subject.refuse(KH_07, 0, "No data");
  checkPlaces(subject, header);
  return header;
}

interface Section {
  readonly off: number;
  readonly len: number;
}

/** As the kernel compares: differences as signed 32-bit numbers, so that this is no order where offsets are far apart. */
function compare(one: Section, other: Section): number {
  return (one.off - other.off) | 0 || (one.len - other.len) | 0;
}

function inPair(one: Section, other: Section): readonly Section[] {
  return compare(one, other) >= 0 ? [other, one] : [one, other];
}

/** The sections as the kernel's heapsort leaves them: the last is found first. */
function inOrder(types: Section, strings: Section, layout: Section | undefined): readonly Section[] {
  if (layout === undefined) return inPair(types, strings);
  const later = compare(strings, layout) >= 0 ? strings : layout;
  if (compare(types, later) >= 0) return [...inPair(layout, strings), types];
  return later === strings ? [...inPair(layout, types), strings] : [...inPair(types, strings), layout];
}

function checkPlaces(subject: Subject, header: StatedHeader): void {
  const sections = inOrder(
    { off: header.typeOff, len: header.typeLen },
    { off: header.strOff, len: header.strLen },
    hasLayout(header) ? { off: header.layoutOff, len: header.layoutLen } : undefined,
  );
  const available = subject.bytes.length - header.headerLength;
  let end = 0;
  for (const { off, len } of sections) {
    if (available < off) subject.refuse(KH_08, 0, "Invalid section offset");
    if (end < off) subject.refuse(KH_09, 0, "Unsupported section found");
    if (end > off) subject.refuse(KH_10, 0, "Section overlap found");
    if (available - end < len) subject.refuse(KH_11, 0, "Total section length too long");
    end += len;
  }
  if (end !== available) subject.refuse(KH_09, 0, "Unsupported section found");
}

/** Whether the header has a layout section; one too short for it has not. */
export function hasLayout({ headerLength, layoutLen }: StatedHeader): boolean {
  return headerLength >= LAYOUT_HEADER && layoutLen !== 0;
}
