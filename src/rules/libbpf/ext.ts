import type { LoaderRule } from "../loader.ts";
import { ENOTSUP, LibbpfRefusal, libbpfRule } from "./rule.ts";
import type { LibbpfVersion } from "./sanitise.ts";

const MAGIC = 0xeb9f;
const SWAPPED = 0x9feb;
/** Up to and with hdr_len, line_info_len, core_relo_len. */
const START = 8;
const WITH_LINES = 24;
const WITH_CORE = 32;

const parse = "btf_ext_parse";
const info = "btf_ext_parse_sec_info";
const tooShort = libbpfRule("LX-01", "The header begins with 8 bytes.", parse, [
  "BTF.ext header too short",
  "BTF.ext header not found",
]);
const magic = libbpfRule("LX-02", "The magic is 0xeb9f, from 1.7 on in either byte order.", parse, [
  "Invalid BTF.ext magic:X",
  "BTF.ext in non-native endianness is not supported",
]);
const version = libbpfRule(
  "LX-03",
  "The version is 1, and no flag is set.",
  parse,
  ["Unsupported BTF.ext version:N", "Unsupported BTF.ext flags:X"],
  { errno: ENOTSUP },
);
const content = libbpfRule("LX-04", "There is a header, and something after it.", parse, [
  "BTF.ext header not found",
  "BTF.ext has no data",
]);
const headerLines = libbpfRule(
  "LX-05",
  "The header says where func_info and line_info are.",
  parse,
  "BTF.ext header missing func_info, line_info",
);
const aligned = libbpfRule(
  "LX-06",
  "A subsection begins at a multiple of 4.",
  info,
  ".BTF.ext D section is not aligned to 4 bytes",
);
const inside = libbpfRule(
  "LX-07",
  "A subsection lies within the section.",
  info,
  "D section (off:N len:M) is beyond the end of the ELF section .BTF.ext",
);
const recordSize = libbpfRule(
  "LX-08",
  "A subsection begins with the size of its records.",
  info,
  ".BTF.ext D record size not found",
);
const recordLong = libbpfRule(
  "LX-09",
  "Records have at least the known fields, and a multiple of 4 bytes.",
  info,
  "D section in .BTF.ext has invalid record size N",
);
const records = libbpfRule("LX-10", "A subsection has records.", info, "D section in .BTF.ext has no records");
const sectionHeader = libbpfRule(
  "LX-11",
  "Records stand behind the name of their section and their number.",
  info,
  "D section header is not found in .BTF.ext",
);
const recordCount = libbpfRule(
  "LX-12",
  "There are as many records as announced, and one at least.",
  info,
  "D section has incorrect num_records in .BTF.ext",
);

export const extRules: readonly LoaderRule[] = [
  tooShort,
  magic,
  version,
  content,
  headerLines,
  aligned,
  inside,
  recordSize,
  recordLong,
  records,
  sectionHeader,
  recordCount,
];

interface Subsection {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly smallest: number;
}

function checkSubsection(
  view: DataView,
  littleEndian: boolean,
  native: boolean,
  hdrLen: number,
  part: Subsection,
): void {
  const { name, offset, length, smallest } = part;
  if (length === 0) return;
  if (offset % 4 !== 0) throw new LibbpfRefusal(aligned, `.BTF.ext ${name} section is not aligned to 4 bytes`);
  const start = hdrLen + offset;
  if (start + length > view.byteLength) {
    const line = `${name} section (off:${offset} len:${length}) is beyond the end of the ELF section .BTF.ext`;
    throw new LibbpfRefusal(inside, line);
  }
  if (length < 4) throw new LibbpfRefusal(recordSize, `.BTF.ext ${name} record size not found`);
  const size = view.getUint32(start, littleEndian);
  if (size < smallest || (!native && size !== smallest) || size % 4 !== 0) {
    throw new LibbpfRefusal(recordLong, `${name} section in .BTF.ext has invalid record size ${size}`);
  }
  let left = length - 4;
  if (left === 0) throw new LibbpfRefusal(records, `${name} section in .BTF.ext has no records`);
  for (let at = start + 4; left > 0; ) {
    if (left < 8) throw new LibbpfRefusal(sectionHeader, `${name} section header is not found in .BTF.ext`);
    const count = view.getUint32(at + 4, littleEndian);
    const taken = 8 + count * size;
    if (count === 0 || left < taken) {
      throw new LibbpfRefusal(recordCount, `${name} section has incorrect num_records in .BTF.ext`);
    }
    left -= taken;
    at += taken;
  }
}

/** What libbpf's `btf_ext__new` asks of a `.BTF.ext`. Throws a `LibbpfRefusal`. `littleEndian` is the byte order of the machine. */
export function checkExt(bytes: Uint8Array, littleEndian: boolean, release: LibbpfVersion): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < START) {
    throw new LibbpfRefusal(tooShort, release === "1.1" ? "BTF.ext header not found" : undefined);
  }
  if (release === "1.1" && bytes.length < view.getUint32(4, littleEndian)) {
    throw new LibbpfRefusal(content);
  }
  const found = view.getUint16(0, littleEndian);
  if (found !== MAGIC && found !== SWAPPED) {
    throw new LibbpfRefusal(magic, `Invalid BTF.ext magic:${found.toString(16)}`);
  }
  const native = found === MAGIC;
  if (!native && release === "1.1") throw new LibbpfRefusal(magic, magic.text[1], {}, ENOTSUP);
  const order = littleEndian === native;
  const hdrLen = view.getUint32(4, order);
  if (bytes[2] !== 1) throw new LibbpfRefusal(version, `Unsupported BTF.ext version:${bytes[2]}`);
  if (bytes[3] !== 0) throw new LibbpfRefusal(version, `Unsupported BTF.ext flags:${bytes[3]?.toString(16)}`);
  if (bytes.length < hdrLen) throw new LibbpfRefusal(content);
  if (bytes.length === hdrLen) throw new LibbpfRefusal(content, "BTF.ext has no data");
  if (hdrLen < WITH_LINES) throw new LibbpfRefusal(headerLines, release === "1.1" ? "" : undefined);
  const part = (name: string, at: number, smallest: number): Subsection => ({
    name,
    offset: view.getUint32(at, order),
    length: view.getUint32(at + 4, order),
    smallest,
  });
  checkSubsection(view, order, native, hdrLen, part("func_info", 8, 8));
  checkSubsection(view, order, native, hdrLen, part("line_info", 16, 16));
  if (hdrLen >= WITH_CORE) checkSubsection(view, order, native, hdrLen, part("core_relo", 24, 16));
}
