import { codeView, INSN_SIZE, LD_IMM64, PSEUDO_CALL, PSEUDO_FUNC } from "../../elf/insn.ts";
import {
  type ElfSymbol,
  type ElfView,
  type Section,
  SHF_EXECINSTR,
  SHN_UNDEF,
  STB_LOCAL,
  STT_FUNC,
} from "../../elf/model.ts";
import { relocationsOf } from "../../elf/relocations.ts";

const CALL = 0x85;
/** The source register of a call of a helper; the immediate is its number. */
const HELPER = 0;

/** Functions of this section are added to the programs that call them; those of other sections are programs. */
const SUBPROGRAMS = ".text";

/** A place in the code. */
export interface CallSite {
  readonly section: Section;
  /** Bytes from the section's start. */
  readonly offset: number;
  /** The function that the place is in. */
  readonly caller: ElfSymbol;
}

/** What is called from outside the object: a helper of the kernel by number, or a function by name. */
export type Callee = number | string;

/** All functions of an object and what they call. */
export interface CallGraph {
  readonly programs: readonly ElfSymbol[];
  /** Where each helper and each undefined function is called, in the order of the code. */
  readonly sites: ReadonlyMap<Callee, readonly CallSite[]>;
  /** Functions that call a function or take its address, by the callee's symbol index. */
  readonly callers: ReadonlyMap<number, readonly ElfSymbol[]>;
  /** Symbol indices of the functions that programs are made of: themselves, and all that they call or pass on. */
  readonly reached: ReadonlySet<number>;
  /** The function that a place of a section is in. */
  functionAt(section: number, offset: number): ElfSymbol | undefined;
}

const graphs = new WeakMap<ElfView, CallGraph>();

/** The functions of a section by their start, the first of several symbols for one place. */
function functionsOf(elf: ElfView): ReadonlyMap<number, readonly ElfSymbol[]> {
  const bySection = new Map<number, Map<number, ElfSymbol>>();
  for (const symbol of elf.symbols) {
    const code = elf.sections[symbol.section];
    if (symbol.type !== STT_FUNC || code === undefined || (code.flags & SHF_EXECINSTR) === 0) continue;
    const starts = bySection.get(symbol.section) ?? new Map<number, ElfSymbol>();
    bySection.set(symbol.section, starts);
    const there = starts.get(symbol.value);
    if (there === undefined || there.binding === STB_LOCAL) starts.set(symbol.value, symbol);
  }
  return new Map(
    [...bySection].map(([section, starts]) => [section, [...starts.values()].sort((a, b) => a.value - b.value)]),
  );
}

/** The last of the sorted functions that starts at or before the offset. */
function functionAt(sorted: readonly ElfSymbol[], offset: number): ElfSymbol | undefined {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.value ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1];
}

function reachedBy(
  programs: readonly ElfSymbol[],
  callers: ReadonlyMap<number, readonly ElfSymbol[]>,
): ReadonlySet<number> {
  const callees = new Map<number, number[]>();
  for (const [callee, list] of callers) {
    for (const { index } of list) {
      const known = callees.get(index);
      if (known === undefined) callees.set(index, [callee]);
      else known.push(callee);
    }
  }
  const reached = new Set(programs.map(({ index }) => index));
  // A set grows while it is walked, and the walk sees what came in.
  for (const index of reached) for (const callee of callees.get(index) ?? []) reached.add(callee);
  return reached;
}

function build(elf: ElfView): CallGraph {
  const functions = functionsOf(elf);
  const sites = new Map<Callee, CallSite[]>();
  const callers = new Map<number, ElfSymbol[]>();
  const add = <K, V>(map: Map<K, V[]>, key: K, value: V): void => {
    const list = map.get(key);
    if (list === undefined) map.set(key, [value]);
    else list.push(value);
  };
  for (const [index, sorted] of functions) {
    const section = elf.sections[index];
    if (section === undefined) continue;
    const view = codeView(section.bytes);
    const symbolAt = new Map(relocationsOf(elf, index).map(({ offset, symbol }) => [offset, elf.symbols[symbol]]));
    for (
      let at = 0;
      at + INSN_SIZE <= view.byteLength;
      at += view.getUint8(at) === LD_IMM64 ? 2 * INSN_SIZE : INSN_SIZE
    ) {
      const opcode = view.getUint8(at);
      const caller = opcode === CALL || opcode === LD_IMM64 ? functionAt(sorted, at) : undefined;
      if (caller === undefined) continue;
      const registers = view.getUint8(at + 1);
      const source = elf.littleEndian ? registers >> 4 : registers & 15;
      const immediate = view.getInt32(at + 4, elf.littleEndian);
      const symbol = symbolAt.get(at);
      if (symbol === undefined) {
        if (opcode === CALL && source === HELPER) add(sites, immediate, { section, offset: at, caller });
        // Within a section the assembler may have resolved calls, and addresses of callbacks, which it then counts like calls.
        if (source !== (opcode === CALL ? PSEUDO_CALL : PSEUDO_FUNC)) continue;
        const target = functionAt(sorted, at + INSN_SIZE + immediate * INSN_SIZE);
        if (target !== undefined) add(callers, target.index, caller);
      } else if (symbol.section === SHN_UNDEF) {
        if (opcode === CALL && symbol.name !== "") add(sites, symbol.name, { section, offset: at, caller });
      } else {
        // Counted from the next slot for calls, in bytes for addresses (llvm R_BPF_64_32, R_BPF_64_64).
        const target = functionAt(
          functions.get(symbol.section) ?? [],
          symbol.value + (opcode === CALL ? (immediate + 1) * INSN_SIZE : immediate),
        );
        if (target !== undefined) add(callers, target.index, caller);
      }
    }
  }
  const programs = [...functions].flatMap(([section, sorted]) =>
    elf.sections[section]?.name === SUBPROGRAMS ? [] : sorted,
  );
  return {
    programs,
    sites,
    callers,
    reached: reachedBy(programs, callers),
    functionAt: (section, offset) => functionAt(functions.get(section) ?? [], offset),
  };
}

/** Who calls what in an object; remembered per view. Instructions are read as the assembler left them, relocations count. */
export function callGraph(elf: ElfView): CallGraph {
  let graph = graphs.get(elf);
  if (graph === undefined) {
    graph = build(elf);
    graphs.set(elf, graph);
  }
  return graph;
}

/** The programs from which one of the places is reached, by calls or by callbacks, each with the first such place. */
export function reachedFrom(graph: CallGraph, places: readonly CallSite[]): ReadonlyMap<ElfSymbol, CallSite> {
  const found = new Map<number, CallSite>();
  const order: ElfSymbol[] = [];
  for (const place of places) {
    if (found.has(place.caller.index)) continue;
    found.set(place.caller.index, place);
    order.push(place.caller);
  }
  // A list grows while it is walked, and the walk sees what came in.
  for (const reached of order) {
    const place = found.get(reached.index);
    if (place === undefined) continue;
    for (const caller of graph.callers.get(reached.index) ?? []) {
      if (found.has(caller.index)) continue;
      found.set(caller.index, place);
      order.push(caller);
    }
  }
  return new Map(
    graph.programs.flatMap((program) => {
      const place = found.get(program.index);
      return place === undefined ? [] : [[program, place] as const];
    }),
  );
}
