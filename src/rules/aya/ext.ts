import type { LoaderRule } from "../loader.ts";
import type { AyaBtf } from "./btf.ts";
import { AyaRefusal, ayaPanic, ayaRule, panic, refuseBtf } from "./rule.ts";

const START = 8;
const HEADER = 32;
/** Bytes of bpf_core_relo, and its highest kind that aya knows. */
const RELO = 16;
const MAX_RELO_KIND = 11;
const SECTION_HEADER = 8;

const parse = "BtfExt::parse";
const iter = "SecInfoIter::next";
const INFO = "invalid BTF info, offset: N len: M section_len: L";
const header = ayaRule("AE-01", ".BTF.ext has a header, as long as it says.", parse, "error parsing BTF header");
const inside = ayaRule(
  "AE-02",
  "A subsection lies within .BTF.ext, and begins with the size of its records.",
  parse,
  INFO,
);
const recordSize = ayaRule("AE-03", "Records have at least the known fields.", parse, INFO, { since: "0.6" });
const recordPanic = ayaPanic("AE-04", "Records have at least the known fields", "FuncSecInfo::parse", { until: "0.3" });
const sectionHeader = ayaRule("AE-05", "Records stand behind the name of their section and their number.", iter, INFO, {
  since: "0.6",
});
const recordCount = ayaRule("AE-06", "There are as many records as announced, and one at least.", iter, INFO, {
  since: "0.6",
});
const countPanic = ayaPanic("AE-07", "There are as many records as announced", iter, { until: "0.3" });
const namePanic = ayaPanic("AE-08", "The name of a section is a string of .BTF", parse, { until: "0.3" });
const relocation = ayaRule(
  "AE-09",
  "CO-RE relocations have their four fields.",
  "Relocation::parse",
  "invalid BTF relocation info segment",
  { until: "0.3" },
);
const relocationKind = ayaRule(
  "AE-10",
  "CO-RE relocations are of the kinds 0 to 11.",
  "Relocation::parse",
  "invalid BTF relocation kind `N`",
);

export const extRules: readonly LoaderRule[] = [
  header,
  inside,
  recordSize,
  recordPanic,
  sectionHeader,
  recordCount,
  countPanic,
  namePanic,
  relocation,
  relocationKind,
];

/** What the later steps need of a `.BTF.ext`. */
export interface AyaExt {
  /** Instructions at which a function begins, by section. */
  readonly functions: ReadonlyMap<string, ReadonlySet<number>>;
  readonly hasRelocations: boolean;
  readonly bytes: Uint8Array;
  readonly funcInfo: AyaTable;
  readonly lineInfo: AyaTable;
}

/** Records by the name of their section; of several sections of one name the last. */
export interface AyaTable {
  readonly recordSize: number;
  readonly lists: ReadonlyMap<string, { readonly at: number; readonly count: number }>;
}

interface Subsection {
  readonly offset: number;
  readonly length: number;
  readonly smallest: number;
}

interface Sized extends Subsection {
  readonly recordSize: number;
}

/** Records of one section: where they begin and how many there are. */
interface Records {
  readonly name: number;
  readonly at: number;
  readonly count: number;
}

class ExtReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly btf: AyaBtf;
  private readonly headerLength: number;
  private readonly parts: readonly [functions: Subsection, lines: Subsection, relocations: Subsection];

  constructor(bytes: Uint8Array, btf: AyaBtf) {
    this.btf = btf;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < START || bytes.length < this.word(4)) refuseBtf(header, "error parsing BTF header");
    // Fields that the header is too short for count as 0; so does a part of hdr_len itself.
    const known = new Uint8Array(HEADER);
    known.set(bytes.subarray(0, Math.min(this.word(4), HEADER)));
    const fields = new DataView(known.buffer);
    const field = (at: number): number => fields.getUint32(at, btf.littleEndian);
    this.headerLength = field(4);
    const part = (at: number, smallest: number): Subsection => ({ offset: field(at), length: field(at + 4), smallest });
    this.parts = [part(8, 8), part(16, 16), part(24, RELO)];
  }

  private get isOld(): boolean {
    return this.btf.version === "0.3";
  }

  private word(at: number): number {
    return this.view.getUint32(at, this.btf.littleEndian);
  }

  private invalid(
    rule: typeof inside,
    offset: number,
    length: number | bigint,
    whole: number = this.view.byteLength,
  ): never {
    return refuseBtf(rule, `invalid BTF info, offset: ${offset} len: ${length} section_len: ${whole}`);
  }

  private sized(part: Subsection): Sized {
    const offset = this.headerLength + part.offset;
    const { length, smallest } = part;
    if ((length > 0 && length < 4) || offset + length > this.view.byteLength) this.invalid(inside, offset, length);
    const size = length === 0 ? 0 : this.word(offset);
    if (!this.isOld && length > 0 && size < smallest) this.invalid(recordSize, offset, length);
    return { offset, length, smallest, recordSize: size };
  }

  /** Section after section; each name is read, and found. */
  private *sections({ offset, length, recordSize: size }: Sized): Generator<Records> {
    const end = offset + length;
    let at = length > 0 ? offset + 4 : offset;
    // The old reader leaves what is too short for a record.
    while (this.isOld ? at + SECTION_HEADER < end : at < end) {
      const left = end - at;
      if (left < SECTION_HEADER) this.invalid(sectionHeader, 0, SECTION_HEADER, left);
      const [name, count] = [this.word(at), this.word(at + 4)];
      const taken = size * count;
      if (this.isOld && taken > left - SECTION_HEADER) panic(countPanic);
      if (!this.isOld && (count === 0 || size === 0 || taken > left - SECTION_HEADER)) {
        this.invalid(recordCount, SECTION_HEADER, BigInt(size) * BigInt(count), left);
      }
      yield { name, at: at + SECTION_HEADER, count };
      at += SECTION_HEADER + taken;
    }
  }

  private nameOf(offset: number): string {
    try {
      return this.btf.string(offset);
    } catch (refusal) {
      if (this.isOld && refusal instanceof AyaRefusal) return panic(namePanic);
      throw refusal;
    }
  }

  /** Records too small for their fields are read past their ends; the size 0 divides nothing. */
  private checkSize({ recordSize: size, smallest }: Sized, count: number): void {
    if (size === 0 || (count > 0 && size < smallest)) panic(recordPanic);
  }

  private tableOf(part: Sized): AyaTable {
    const lists = new Map<string, { readonly at: number; readonly count: number }>();
    for (const { name, at, count } of this.sections(part)) {
      const section = this.nameOf(name);
      this.checkSize(part, count);
      lists.set(section, { at, count });
    }
    return { recordSize: part.recordSize, lists };
  }

  private functionsOf({ lists, recordSize }: AyaTable): Map<string, ReadonlySet<number>> {
    const found = new Map<string, ReadonlySet<number>>();
    for (const [section, { at, count }] of lists) {
      const starts = Array.from({ length: count }, (_, index) => Math.floor(this.word(at + index * recordSize) / 8));
      found.set(section, new Set(starts));
    }
    return found;
  }

  read(): AyaExt {
    const [functions, lines, relocations] = this.parts;
    const [functionPart, linePart, reloPart] = [this.sized(functions), this.sized(lines), this.sized(relocations)];
    const funcInfo = this.tableOf(functionPart);
    const lineInfo = this.tableOf(linePart);
    let hasRelocations = false;
    for (const { at, count } of this.sections(reloPart)) {
      hasRelocations = true;
      if (reloPart.recordSize === 0) panic(recordPanic);
      if (count > 0 && reloPart.recordSize < RELO) refuseBtf(relocation, "invalid BTF relocation info segment");
      for (let index = 0; index < count; index++) {
        const kind = this.word(at + index * reloPart.recordSize + 12);
        if (kind > MAX_RELO_KIND) refuseBtf(relocationKind, `invalid BTF relocation kind \`${kind}\``);
      }
    }
    return { functions: this.functionsOf(funcInfo), hasRelocations, bytes: this.bytes, funcInfo, lineInfo };
  }
}

/** Reads a `.BTF.ext` as aya-obj does. Throws an `AyaRefusal`. */
export function readExt(bytes: Uint8Array, btf: AyaBtf): AyaExt {
  return new ExtReader(bytes, btf).read();
}
