/** What aya sends of each program with BPF_PROG_LOAD (`get_func_and_line_info`, `FunctionLinker`, `bpf_load_program`). */
import { INSN_SIZE, LD_IMM64, PSEUDO_FUNC } from "../../elf/insn.ts";
import type { BtfBlob } from "../btf-blob.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import { type InfoRecords, type ProgramRecords, programInfoVerdict } from "../kernel/program-info.ts";
import type { JudgedProgram } from "../loader.ts";
import { type Linked, type LinkedProgram, linkedPrograms } from "./relocate.ts";
import type { AyaFunction, AyaObject } from "./sections.ts";

/** A program as BPF_PROG_LOAD is given it when its user loads it; no records where the kernel took no BTF. */
export interface AyaSentProgram {
  readonly name: string;
  readonly section: string;
  readonly sent: ProgramRecords;
}

/** Words of the records that aya knows; it writes these, and says that they are as long as those of the file. */
const FUNCTION_WORDS = 2;
const LINE_WORDS = 4;

/** Gathers records of one kind for one program, as words. */
class Gathered {
  private readonly object: AyaObject;
  private readonly kind: "funcInfo" | "lineInfo";
  private readonly words: number;
  private readonly found: number[] = [];
  /** Of those in the file. */
  private recordSize = 0;

  constructor(object: AyaObject, kind: "funcInfo" | "lineInfo", words: number) {
    this.object = object;
    this.kind = kind;
    this.words = words;
  }

  /** The records of a function for which `place` gives the instruction that they are sent of. */
  take(of: AyaFunction, place: (insn: number, first: number | undefined) => number | undefined): void {
    const { ext, elf } = this.object;
    if (ext === undefined) return;
    const { recordSize, lists } = ext[this.kind];
    const list = lists.get(elf.sections[of.section]?.name ?? "");
    if (list === undefined) return;
    this.recordSize = recordSize;
    const view = new DataView(ext.bytes.buffer, ext.bytes.byteOffset, ext.bytes.byteLength);
    let first: number | undefined;
    for (let index = 0; index < list.count; index++) {
      const at = list.at + index * recordSize;
      const insn = Math.floor(view.getUint32(at, elf.littleEndian) / INSN_SIZE);
      const placed = place(insn, first);
      if (placed === undefined) continue;
      first ??= insn;
      this.found.push(placed >>> 0);
      for (let word = 1; word < this.words; word++) this.found.push(view.getUint32(at + word * 4, elf.littleEndian));
    }
  }

  /** Undefined where there are none; "unknown" where they would be read as longer than they are. */
  records(): InfoRecords | undefined | "unknown" {
    const { found, recordSize } = this;
    if (found.length === 0) return undefined;
    if (recordSize !== this.words * 4) return "unknown";
    const records = new Uint8Array(found.length * 4);
    const view = new DataView(records.buffer);
    for (const [index, word] of found.entries()) view.setUint32(index * 4, word, this.object.elf.littleEndian);
    return { records, recordSize };
  }
}

function codeOf({ parts, references }: LinkedProgram, linked: Linked, littleEndian: boolean): Uint8Array {
  const insns = new Uint8Array(parts.reduce((length, part) => length + part.function.code.length, 0));
  for (const part of parts) insns.set(linked.codeOf(part.function), part.at * INSN_SIZE);
  const view = new DataView(insns.buffer);
  for (const { from, to } of references) {
    const at = from * INSN_SIZE;
    view.setInt32(at + 4, to - from - 1, littleEndian);
    if (view.getUint8(at) !== LD_IMM64) continue;
    const registers = view.getUint8(at + 1);
    view.setUint8(at + 1, littleEndian ? (registers & 15) | (PSEUDO_FUNC << 4) : (registers & 0xf0) | PSEUDO_FUNC);
  }
  return insns;
}

function sentProgram(object: AyaObject, linked: Linked, whole: LinkedProgram): AyaSentProgram | undefined {
  const functions = new Gathered(object, "funcInfo", FUNCTION_WORDS);
  const lines = new Gathered(object, "lineInfo", LINE_WORDS);
  for (const { function: one, at } of whole.parts) {
    const start = one.offset / INSN_SIZE;
    const end = start + one.code.length / INSN_SIZE;
    const isMain = at === 0;
    functions.take(one, (insn) => (insn === start ? at : undefined));
    lines.take(one, (insn, first) => {
      if (insn < start || insn >= end) return undefined;
      // Those of what is called are counted from the first, wherever that is.
      return at + insn - (isMain ? start : (first ?? insn));
    });
  }
  const [funcInfo, lineInfo] = [functions.records(), lines.records()];
  if (funcInfo === "unknown" || lineInfo === "unknown") return undefined;
  const insns = codeOf(whole, linked, object.elf.littleEndian);
  const { section, function: main } = whole.program;
  const sent = { insns, ...(funcInfo && { funcInfo }), ...(lineInfo && { lineInfo }) };
  return { name: main.name, section, sent };
}

/** The programs of an object, each as its user would load it; none where nobody can tell. Throws an `AyaRefusal`. */
export function* ayaSentPrograms(object: AyaObject): Generator<AyaSentProgram> {
  const linked = linkedPrograms(object);
  if (linked === undefined) return;
  for (const whole of linked.programs) {
    const sent = sentProgram(object, linked, whole);
    if (sent !== undefined) yield sent;
  }
}

/** What a kernel says of the records of each program that aya sends; `btf`: what it took with them. */
export function* judgedPrograms(
  object: AyaObject,
  btf: BtfBlob | undefined,
  kernel: KernelProfile,
): Generator<JudgedProgram> {
  for (const { name, sent } of ayaSentPrograms(object)) {
    const given = btf === undefined ? { insns: sent.insns } : sent;
    yield { name, info: programInfoVerdict(given, btf, kernel, object.elf.littleEndian) };
  }
}
