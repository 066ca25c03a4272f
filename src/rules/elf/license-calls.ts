import { INSN_SIZE, insnAt, isCall, slotsOf } from "../../elf/insn.ts";
import { type ElfSymbol, type ElfView, type Section, SHF_EXECINSTR, STB_LOCAL, STT_FUNC } from "../../elf/model.ts";
import { type CodePlace, codeOf } from "../func/code.ts";

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
  const code = codeOf(elf);
  const functions = functionsOf(elf);
  const sites = new Map<Callee, CallSite[]>();
  const callers = new Map<number, ElfSymbol[]>();
  const add = <K, V>(map: Map<K, V[]>, key: K, value: V): void => {
    const list = map.get(key);
    if (list === undefined) map.set(key, [value]);
    else list.push(value);
  };
  const at = ({ section, offset }: CodePlace): ElfSymbol | undefined =>
    functionAt(functions.get(section) ?? [], offset);
  for (const { from, to } of code.references) {
    const [caller, callee] = [at(from), at(to)];
    if (caller !== undefined && callee !== undefined) add(callers, callee.index, caller);
  }
  for (const section of elf.sections) {
    const view = code.view(section.index);
    if (view === undefined) continue;
    let size = INSN_SIZE;
    for (let offset = 0; offset + INSN_SIZE <= view.byteLength; offset += size) {
      const insn = insnAt(view, offset, elf.littleEndian);
      size = slotsOf(insn) * INSN_SIZE;
      if (!isCall(insn)) continue;
      const place = { section: section.index, offset };
      const [caller, callee] = [at(place), code.callee(place)];
      if (caller === undefined) continue;
      if (callee.to === "helper") add(sites, callee.helper, { section, offset, caller });
      if (callee.to === "extern" && callee.name !== "") add(sites, callee.name, { section, offset, caller });
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

/** Who calls what in an object; remembered per view.  */
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
