import { type ElfView, type Section, SHF_EXECINSTR } from "../../elf/model.ts";
import { relocationsOf } from "../../elf/relocations.ts";
import { sectionNamed } from "../../elf/symbols.ts";

/** Bytes of one instruction slot. */
const INSN = 8;

/** `call` with src_reg BPF_PSEUDO_CALL, and `ld_imm64`, which takes the address of a callback (include/uapi/linux/bpf.h). */
const CALL = 0x85;
const PSEUDO_CALL = 1;
const LD_IMM64 = 0x18;

const reached = new WeakMap<ElfView, ReadonlySet<number>>();

/** What one section's code refers to: slot offset → offset in `.text`. */
function referencesToText(elf: ElfView, section: Section, text: Section): ReadonlyMap<number, number> {
  const { bytes, index } = section;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const targets = new Map<number, number>();
  const relocated = new Set<number>();
  for (const { offset, symbol } of relocationsOf(elf, index)) {
    relocated.add(offset);
    const target = elf.symbols[symbol];
    if (target?.section !== text.index || offset + INSN > bytes.length) continue;
    // Counted from the next slot for calls, in bytes for addresses (llvm R_BPF_64_32, R_BPF_64_64).
    const addend = view.getInt32(offset + 4, elf.littleEndian);
    targets.set(offset, target.value + (view.getUint8(offset) === CALL ? (addend + 1) * INSN : addend));
  }
  if (index !== text.index) return targets;
  // Calls within a section may be resolved by the assembler.
  for (let at = 0; at + INSN <= bytes.length; at += view.getUint8(at) === LD_IMM64 ? 2 * INSN : INSN) {
    const registers = view.getUint8(at + 1);
    const source = elf.littleEndian ? registers >> 4 : registers & 15;
    if (view.getUint8(at) !== CALL || source !== PSEUDO_CALL || relocated.has(at)) continue;
    targets.set(at, at + INSN + view.getInt32(at + 4, elf.littleEndian) * INSN);
  }
  return targets;
}

function reach(elf: ElfView, text: Section): ReadonlySet<number> {
  const starts = [...new Set(elf.symbols.filter(({ section }) => section === text.index).map(({ value }) => value))];
  starts.sort((a, b) => a - b);
  const inner = [...referencesToText(elf, text, text)].sort(([a], [b]) => a - b);
  const seen = new Set<number>();
  for (const section of elf.sections) {
    if (section.index === text.index || (section.flags & SHF_EXECINSTR) === 0) continue;
    for (const target of referencesToText(elf, section, text).values()) seen.add(target);
  }
  // A set grows while it is walked, and the walk sees what came in.
  for (const start of seen) {
    const end = starts.find((value) => value > start) ?? text.bytes.length;
    for (const [at, target] of inner) if (at >= start && at < end) seen.add(target);
  }
  return seen;
}

/**
 * Offsets in `.text` of the functions that programs call or pass as callbacks, themselves or through others. Loaders add no other function
 * to a program (libbpf `bpf_object__reloc_code`, cilium/ebpf `flattenInstructions`), so the kernel never sees the rest.
 */
export function reachedFunctions(elf: ElfView): ReadonlySet<number> {
  let offsets = reached.get(elf);
  if (offsets === undefined) {
    const text = sectionNamed(elf, ".text");
    offsets = text === undefined ? new Set<number>() : reach(elf, text);
    reached.set(elf, offsets);
  }
  return offsets;
}
