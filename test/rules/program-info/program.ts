import { words } from "../../btf/assemble.ts";
import type { InfoArray, ProgramAttributes } from "../../judges/kernel.ts";
import { Draft } from "../kernel/draft.ts";

/** An instruction: opcode, target, source, offset, immediate. */
export type Code = readonly [opcode: number, dst?: number, src?: number, offset?: number, immediate?: number];

export const EXIT: Code = [0x95];
export const ZERO: Code = [0xb7, 0, 0, 0, 0];
export const MOVE = (dst: number, src: number): Code => [0xbf, dst, src];
export const SET = (dst: number, value: number): Code => [0xb7, dst, 0, 0, value];
/** `ld_imm64`, whose second half is a slot of its own. */
export const WIDE = (dst: number, value: number, src = 0): readonly Code[] => [
  [0x18, dst, src, 0, value],
  [0, 0, 0, 0, 0],
];
/** Loads a byte of the packet that r6 is of. */
export const LD_ABS: Code = [0x30, 0, 0, 0, 0];
export const TAIL_CALL: Code = [0x85, 0, 0, 0, 12];

/** A slot that goes to a function by its number; what it holds is known once all are laid out. */
export interface Reference {
  readonly function: number;
  /** BPF_PSEUDO_CALL, or BPF_PSEUDO_FUNC: the address of a callback. */
  readonly kind: "call" | "address";
}

export type Slot = Code | Reference;

/** Records as lists of words. */
export interface Info {
  recordSize: number;
  records: number[][];
  count?: number;
}

/** A program under construction, whose records can be broken before they are laid out. */
export class ProgramDraft {
  type = 1;
  readonly functions: Slot[][] = [];
  btf: Draft | undefined = new Draft();
  funcInfo: Info = { recordSize: 8, records: [] };
  lineInfo: Info = { recordSize: 16, records: [] };
  coreRelo: Info = { recordSize: 16, records: [] };

  /** Slots before each function, and at last the number of all. */
  starts(): number[] {
    const starts = [0];
    for (const slots of this.functions) {
      const width = slots.reduce((sum, slot) => sum + ("kind" in slot && slot.kind === "address" ? 2 : 1), 0);
      starts.push((starts.at(-1) ?? 0) + width);
    }
    return starts;
  }

  insns(): Uint8Array {
    const starts = this.starts();
    const code: Code[] = [];
    for (const slot of this.functions.flat()) {
      if (!("kind" in slot)) {
        code.push(slot);
        continue;
      }
      const away = (starts[slot.function] ?? 0) - code.length - 1;
      if (slot.kind === "call") code.push([0x85, 0, 1, 0, away]);
      else code.push(...WIDE(2, away, 4));
    }
    const view = new DataView(new ArrayBuffer(code.length * 8));
    code.forEach(([opcode, dst = 0, src = 0, offset = 0, immediate = 0], index) => {
      view.setUint8(index * 8, opcode);
      view.setUint8(index * 8 + 1, dst | (src << 4));
      view.setInt16(index * 8 + 2, offset, true);
      view.setInt32(index * 8 + 4, immediate, true);
    });
    return new Uint8Array(view.buffer);
  }

  program(): ProgramAttributes {
    return {
      type: this.type,
      insns: this.insns(),
      ...(this.btf === undefined ? {} : { btf: this.btf.blob() }),
      ...present("funcInfo", this.funcInfo),
      ...present("lineInfo", this.lineInfo),
      ...present("coreRelo", this.coreRelo),
    };
  }
}

function present(key: string, info: Info): { readonly [key: string]: InfoArray } {
  const { recordSize, records, count } = info;
  if (records.length === 0 && count === undefined) return {};
  const bytes = new Uint8Array(records.length * recordSize);
  records.forEach((record, index) => {
    bytes.set(words(record, true).subarray(0, recordSize), index * recordSize);
  });
  return { [key]: { records: bytes, recordSize, count: count ?? records.length } };
}
