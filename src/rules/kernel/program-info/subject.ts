import { codeView, INSN_SIZE, type Insn, insnAt } from "../../../elf/insn.ts";
import { type BtfBlob, MISSING } from "../../btf-blob.ts";
import type { KernelProfile } from "../profile.ts";
import { hasRule, type KernelRelease, type KernelRule } from "../rule.ts";

/** One array of records as BPF_PROG_LOAD is given it: instruction numbers in func_info and line_info, bytes in core_relo. */
export interface InfoRecords {
  readonly records: Uint8Array;
  readonly recordSize: number;
  /** How many the kernel is told of; as many as there are by default. */
  readonly count?: number;
}

/** What BPF_PROG_LOAD is given of a program; instructions of 8 bytes each, with calls and addresses resolved. */
export interface ProgramRecords {
  readonly insns: Uint8Array;
  readonly funcInfo?: InfoRecords;
  readonly lineInfo?: InfoRecords;
  readonly coreRelo?: InfoRecords;
}

/** What differs between releases other than which rules they have; what is absent they do not. Each was compared with a kernel of its release. */
export interface ProgramFeatures {
  /** Whether a callback's address makes a subprogram, and jumps have 32 bits (BPF_PSEUDO_FUNC, `gotol`). */
  readonly callbacks?: true;
  /** Whether jumps may go to a register (`gotox`). */
  readonly registerJumps?: true;
  /** Whether what a func_info record says is looked at before the layout of the program is known. */
  readonly functionsFirst?: true;
  /** Whether core_relo is looked at before the layout, and not after line_info. */
  readonly relocationsFirst?: true;
  /** Whether an instruction is looked at before it is spoilt for want of what it asks for, and all of what is wrong with it is told. */
  readonly formsFirst?: true;
}

const FUNCTIONS_FIRST: ProgramFeatures = { callbacks: true, functionsFirst: true };
const NEWEST: ProgramFeatures = { ...FUNCTIONS_FIRST, formsFirst: true, registerJumps: true };

/** As 6.1.192, 6.12.117 and 6.18.44 have it: the stable lines of the first two took over a later check, which the last lacks. */
export const PROGRAM_FEATURES: Readonly<Record<KernelRelease, ProgramFeatures>> = {
  "5.10": {},
  "6.1": { callbacks: true, formsFirst: true },
  "6.12": { ...FUNCTIONS_FIRST, formsFirst: true },
  "6.18": FUNCTIONS_FIRST,
  "7.2": NEWEST,
  "7.3": { ...NEWEST, relocationsFirst: true },
};

/** First failure of a program; thrown through the steps, and caught where the verdict is made. */
export class ProgramRefusal extends Error {
  override readonly name = "ProgramRefusal";
  readonly rule: KernelRule;
  /** Number of the record at fault, from 0. */
  readonly record: number | undefined;
  /** Size of a record that the kernel writes back to who called it. */
  readonly written: number | undefined;

  /** `line`: the kernel's, each byte a character; "" where it says nothing. */
  constructor(rule: KernelRule, line: string, record?: number, written?: number) {
    super(line);
    this.rule = rule;
    this.record = record;
    this.written = written;
  }
}

/** A subprogram as far as its layout tells. */
export interface Subprogram {
  /** Number of its first instruction. */
  readonly start: number;
  hasLdAbs: boolean;
  hasTailCall: boolean;
}

const NO_INSN: Insn = { opcode: 0, dst: 0, src: 0, offset: 0, immediate: 0 };

/** A program while the kernel looks at it. */
export class ProgramSubject {
  readonly program: ProgramRecords;
  /** Undefined where the kernel has none: nothing was sent, or it was refused. */
  readonly btf: BtfBlob | undefined;
  readonly profile: KernelProfile;
  readonly features: ProgramFeatures;
  readonly littleEndian: boolean;
  /** Instruction slots. */
  readonly length: number;
  /** In order of their starts; empty before the layout is known. */
  subprograms: readonly Subprogram[] = [];
  /** Whether the kernel's own types have a say, which nobody knows but the kernel. */
  undecided = false;
  private readonly code: DataView;

  constructor(program: ProgramRecords, btf: BtfBlob | undefined, profile: KernelProfile, littleEndian: boolean) {
    this.program = program;
    this.btf = btf;
    this.profile = profile;
    this.features = PROGRAM_FEATURES[profile.release];
    this.littleEndian = littleEndian;
    this.length = Math.floor(program.insns.length / INSN_SIZE);
    this.code = codeView(program.insns);
  }

  /** The instruction at a slot; one of zeros past the end. */
  insn(index: number): Insn {
    if (index < 0 || index >= this.length) return NO_INSN;
    return insnAt(this.code, index * INSN_SIZE, this.littleEndian);
  }

  /** Throws, unless the profile lacks the rule. */
  refuse(rule: KernelRule, line: string, record?: number, written?: number): void {
    const { release, without } = this.profile;
    if (without.has(rule.id) || !hasRule(release, rule)) return;
    throw new ProgramRefusal(rule, line, record, written);
  }

  /** Kind of a type of the program's BTF; MISSING where it has none of that id. */
  kind(id: number): number {
    return this.btf?.kind(id) ?? MISSING;
  }

  /** Whether a name may be read at this offset (`btf_name_by_offset`). */
  hasName(offset: number): boolean {
    return this.btf !== undefined && offset < this.btf.stringsLength;
  }
}

/** How many records the kernel is told of. */
export function recordCount({ records, recordSize, count }: InfoRecords): number {
  return count ?? (recordSize === 0 ? 0 : Math.floor(records.length / recordSize));
}

/** Whether the kernel is told of records. */
export function hasAny(info: InfoRecords | undefined): info is InfoRecords {
  return info !== undefined && recordCount(info) > 0;
}

/** Whether a record of this size is taken: a multiple of 4 from what is needed up to MAX_FUNCINFO_REC_SIZE. */
export function isRecordSize(size: number, smallest: number): boolean {
  return size >= smallest && size <= 252 && size % 4 === 0;
}

/** One record, of which the known words can be read. Bytes that the array lacks read as 0: the kernel would read what lies behind. */
export interface InfoRecord {
  readonly index: number;
  /** Whether a byte after the known ones is not 0. */
  readonly hasTail: boolean;
  word(index: number): number;
}

/** The records, `known` bytes of each of which the kernel knows. */
export function* recordsOf(info: InfoRecords, known: number, littleEndian: boolean): Generator<InfoRecord> {
  const { records, recordSize } = info;
  const copy = new DataView(new ArrayBuffer(known));
  const target = new Uint8Array(copy.buffer);
  const count = recordCount(info);
  for (let index = 0; index < count; index++) {
    const at = index * recordSize;
    target.fill(0);
    target.set(records.subarray(at, at + Math.min(known, recordSize)));
    const hasTail = records.subarray(at + known, at + recordSize).some((byte) => byte !== 0);
    yield { index, hasTail, word: (word) => copy.getUint32(word * 4, littleEndian) };
  }
}
