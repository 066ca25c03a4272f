import { CLASS, codeView, effectOf, INSN_SIZE, type Insn, insnAt, isCall, LD_IMM64, slotsOf } from "../../elf/insn.ts";
import { type ElfView, SHF_EXECINSTR } from "../../elf/model.ts";
import { relocationsOf } from "../../elf/relocations.ts";

/** How code uses an undefined symbol. */
export interface ExternUse {
  /** Called, or its address taken. */
  readonly called: boolean;
  /** Bytes that are read at once where the address leads; 0 where code does something else with it. */
  readonly widths: ReadonlySet<number>;
}

/** Instructions after `ld_imm64` in which its register is looked for. */
const MAX_INSNS = 64;

/** Bytes that a load reads, by bits 3 and 4 of its opcode (BPF_W, BPF_H, BPF_B, BPF_DW). */
const WIDTHS = [4, 2, 1, 8] as const;

/** Bytes that a load reads. */
export function loadWidth({ opcode }: Insn): number {
  return WIDTHS[(opcode >> 3) & 3] ?? 0;
}

/** What is read through the address that the `ld_imm64` at `at` loads, along the straight line of the code. */
function widthsRead(view: DataView, start: number, littleEndian: boolean): readonly number[] {
  const load = insnAt(view, start, littleEndian);
  const register = 1 << load.dst;
  const widths: number[] = [];
  let at = start + 2 * INSN_SIZE;
  for (let count = 0; count < MAX_INSNS && at + INSN_SIZE <= view.byteLength; count++) {
    const insn = insnAt(view, at, littleEndian);
    const { reads, writes, next } = effectOf(insn);
    const isLoad = (insn.opcode & 7) === CLASS.ldx && insn.src === load.dst && insn.offset === 0;
    if (isLoad) widths.push(loadWidth(insn));
    else if ((reads & register) !== 0) widths.push(0);
    if ((writes & register) !== 0 || isCall(insn) || next === undefined || next.length === 0) break;
    // Where the code branches, either way may read it; the straight one is followed.
    if (next.length === 1 && next[0] !== slotsOf(insn)) break;
    at += slotsOf(insn) * INSN_SIZE;
  }
  return widths;
}

/** How the code of an object uses each undefined symbol, by symbol index. */
export function externUses(elf: ElfView): ReadonlyMap<number, ExternUse> {
  const uses = new Map<number, { called: boolean; readonly widths: Set<number> }>();
  for (const section of elf.sections) {
    if ((section.flags & SHF_EXECINSTR) === 0) continue;
    const view = codeView(section.bytes);
    for (const { offset, symbol } of relocationsOf(elf, section.index)) {
      if (elf.symbols[symbol]?.section !== 0 || offset + INSN_SIZE > view.byteLength) continue;
      const use = uses.get(symbol) ?? { called: false, widths: new Set<number>() };
      uses.set(symbol, use);
      const insn = insnAt(view, offset, elf.littleEndian);
      if (isCall(insn)) use.called = true;
      else if (insn.opcode === LD_IMM64)
        for (const width of widthsRead(view, offset, elf.littleEndian)) use.widths.add(width);
    }
  }
  return uses;
}
