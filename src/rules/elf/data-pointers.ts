import { CLASS, codeView, effectOf, INSN_SIZE, insnAt, isCall, LD_IMM64, slotsOf } from "../../elf/insn.ts";
import {
  type ElfRelocation,
  type ElfView,
  type Section,
  SHF_ALLOC,
  SHF_EXECINSTR,
  STT_SECTION,
} from "../../elf/model.ts";
import { relocationsOf } from "../../elf/relocations.ts";
import { definedSymbols } from "../../elf/symbols.ts";
import type { Diagnostic, JudgeAnswer, Rule, Severity } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { loadWidth } from "./extern-uses.ts";
import { callGraph } from "./license-calls.ts";

/** Sections that loaders make a map of, with the bytes as they stand in the file (libbpf bpf_object__elf_collect). */
const DATA = /^\.(data|rodata)(\.|$)/;

/** Instructions after `ld_imm64` in which its register is looked for. */
const MAX_INSNS = 64;
/** Bytes of a pointer. */
const POINTER = 8;
/** Names that one message lists. */
const MAX_NAMES = 4;

function isData({ name, flags }: Section): boolean {
  return DATA.test(name) && (flags & SHF_ALLOC) !== 0 && (flags & SHF_EXECINSTR) === 0;
}

/** What code reads through an address: bytes from there, or who knows what. */
type Read = { readonly offset: number; readonly width: number } | "unknown";

/**
 * What the code reads through the address that the `ld_imm64` at `start` loads. To hand the address to a function is not to read: panicking
 * code hands on places in the source, with pointers in them, which nobody reads.
 */
function readsThrough(view: DataView, start: number, littleEndian: boolean): readonly Read[] {
  const { dst } = insnAt(view, start, littleEndian);
  const found: Read[] = [];
  let at = start + 2 * INSN_SIZE;
  for (let count = 0; count < MAX_INSNS && at + INSN_SIZE <= view.byteLength; count++) {
    const insn = insnAt(view, at, littleEndian);
    const { reads, writes, next } = effectOf(insn);
    if ((insn.opcode & 7) === CLASS.ldx && insn.src === dst) {
      found.push({ offset: insn.offset, width: loadWidth(insn) });
    } else if ((reads & (1 << dst)) !== 0) found.push("unknown");
    if ((writes & (1 << dst)) !== 0 || isCall(insn) || next === undefined || next.length === 0) break;
    // Where the code branches, the straight way is followed.
    if (next.length === 1 && next[0] !== slotsOf(insn)) break;
    at += slotsOf(insn) * INSN_SIZE;
  }
  return found;
}

/** A variable of a data section that holds pointers, which code reads. */
interface Use {
  readonly variable: string;
  /** Whether some pointer of the variable is to code, as in a vtable. */
  readonly toCode: boolean;
}

/** Position of the first item of an ascending list that lies behind `offset`. */
function firstAbove<T>(sorted: readonly T[], offset: number, of: (item: T) => number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = sorted[middle];
    if (item !== undefined && of(item) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isToCode(elf: ElfView, { symbol }: ElfRelocation): boolean {
  return ((elf.sections[elf.symbols[symbol]?.section ?? 0]?.flags ?? 0) & SHF_EXECINSTR) !== 0;
}

function* usesOf(elf: ElfView, data: Section, pointers: readonly ElfRelocation[]): Generator<Use> {
  const graph = callGraph(elf);
  const variables = definedSymbols(elf, data.index).toSorted((a, b) => a.value - b.value);
  const vtables = pointers.some((pointer) => isToCode(elf, pointer));
  for (const section of elf.sections) {
    if ((section.flags & SHF_EXECINSTR) === 0) continue;
    const view = codeView(section.bytes);
    for (const { offset, symbol } of relocationsOf(elf, section.index)) {
      const target = elf.symbols[symbol];
      if (target?.section !== data.index || offset + INSN_SIZE > view.byteLength) continue;
      const insn = insnAt(view, offset, elf.littleEndian);
      const reads = insn.opcode === LD_IMM64 ? readsThrough(view, offset, elf.littleEndian) : [];
      if (reads.length === 0) continue;
      const at = target.value + insn.immediate;
      // Code may name a local variable by its section.
      const variable = target.type === STT_SECTION ? variables[firstAbove(variables, at, (v) => v.value) - 1] : target;
      const [start, end] = variable === undefined ? [at, at + 1] : [variable.value, variable.value + variable.size];
      const first = firstAbove(pointers, start - 1, (pointer) => pointer.offset);
      const held = pointers.slice(
        first,
        firstAbove(pointers, end - 1, (pointer) => pointer.offset),
      );
      const read = held.some((pointer) =>
        reads.some((one) => {
          if (one === "unknown") return true;
          const from = at + one.offset;
          return pointer.offset < from + one.width && pointer.offset + POINTER > from;
        }),
      );
      if (!read) continue;
      const caller = graph.functionAt(section.index, offset);
      if (caller === undefined || !graph.reached.has(caller.index)) continue;
      // `&dyn` leads to a vtable of this section, and that to functions.
      const toCode = held.some(
        (pointer) => isToCode(elf, pointer) || (vtables && elf.symbols[pointer.symbol]?.section === data.index),
      );
      yield { variable: variable?.name ?? `${data.name} + ${at}`, toCode };
    }
  }
}

const ANSWERS: readonly JudgeAnswer[] = [
  { judge: "libbpf", answer: "misreads", text: "elf: skipping relo section(…) … for section(…) …" },
  { judge: "cilium/ebpf", answer: "misreads", how: "it fills no pointers into data either" },
];

export const dataPointers: Rule = {
  id: "elf/data-pointers",
  title:
    "Data holds no pointers (references, vtables of `dyn`): no loader knows where in the kernel the data will lie.",
  covers: ["V8"],
  source: "libbpf bpf_object__elf_collect",
  fixable: false,
  *check({ elf }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined) return;
    for (const data of elf.sections.filter(isData)) {
      const pointers = relocationsOf(elf, data.index).toSorted((a, b) => a.offset - b.offset);
      if (pointers.length === 0) continue;
      const uses = [...usesOf(elf, data, pointers)];
      const names = [...new Set(uses.map(({ variable }) => variable))];
      const shown = names.slice(0, MAX_NAMES).join(", ") + (names.length > MAX_NAMES ? ", …" : "");
      const fact = `${data.name} holds ${counted(pointers.length)}, which no loader fills in`;
      yield {
        rule: dataPointers.id,
        severity: severityOf(data, uses),
        message:
          uses.length > 0 ? `${fact}, and programs read them: ${shown}` : `${fact}; no program was seen to read them`,
        target: { section: data.index },
        answers: ANSWERS,
        ...(uses.length > 0
          ? { help: "keep values in statics, not references, and match on an enum instead of calling through `dyn`" }
          : {}),
      };
    }
  },
};

function counted(pointers: number): string {
  return pointers === 1 ? "a pointer" : `${pointers} pointers`;
}

/**
 * Rust puts what is constant but for its pointers into `.data.rel.ro`; bpf-linker and clang put it elsewhere, where a pointer may be no more
 * than a text for people. Calls through pointers no verifier takes.
 */
function severityOf({ name }: Section, uses: readonly Use[]): Severity {
  if (uses.length === 0) return "note";
  return name.startsWith(".data.rel.ro") || uses.some(({ toCode }) => toCode) ? "error" : "note";
}

/** Sections of constants that the linker may merge: `.rodata.cst8`, `.rodata.str1.1`. */
const MERGED = /^\.rodata\.(cst|str)/;

export const constantSections: Rule = {
  id: "elf/constant-sections",
  title: "Constants lie in `.rodata`: each further section becomes a map.",
  covers: ["V8"],
  source: "libbpf bpf_object__init_global_data_maps; cilium/ebpf loadDataSections",
  fixable: false,
  *check({ elf }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined) return;
    const merged = elf.sections.filter(({ name, size }) => MERGED.test(name) && size > 0);
    const [first] = merged;
    if (first === undefined) return;
    yield {
      rule: constantSections.id,
      severity: "note",
      message: `constants lie in ${merged.map(({ name }) => name).join(", ")}: each becomes a map beside that of .rodata`,
      target: { section: first.index },
      answers: [
        { judge: "libbpf", answer: "accepts" },
        { judge: "cilium/ebpf", answer: "accepts" },
      ],
    };
  },
};
