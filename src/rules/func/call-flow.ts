import { type ElfView, SHF_EXECINSTR, STT_FUNC } from "../../elf/model.ts";
import { type Callee, type Code, type CodePlace, type CodeRange, codeOf } from "./code.ts";
import { entryRegisters, type FlowBudget, flowBudget, join, type Registers, type Value, walkFlow } from "./flow.ts";
import { SUBPROGRAMS } from "./sites.ts";

/** Functions and walks that are looked at before the flow of an object is given up. */
const MAX_WALKS = 4096;

/** Helpers that give a pointer, by number: lookups, reservations, sockets, storages, tasks (include/uapi/linux/bpf.h). */
const GIVES_POINTER: ReadonlySet<number> = new Set([
  1, 81, 84, 85, 95, 96, 98, 99, 107, 131, 136, 137, 138, 139, 140, 145, 153, 154, 156, 158, 175, 178, 194, 195, 203,
  210,
]);

/** How a program comes to a function. */
export interface Arrival {
  /** What r1 to r5 hold on every call that a program makes, joined. */
  readonly args: readonly Value[];
  /** Sections of the programs that call it, themselves or through others. */
  readonly programs: ReadonlySet<string>;
  /** The calls. */
  readonly calls: readonly CodePlace[];
}

/** What values flow through the calls of an object's programs. */
export interface CallFlow {
  readonly code: Code;
  /** What is left for walks that ask more. */
  readonly budget: FlowBudget;
  /** Undefined for a function that no program is seen to call. */
  arrival(place: CodePlace): Arrival | undefined;
}

interface Draft {
  readonly range: CodeRange;
  args: Value[];
  readonly programs: Set<string>;
  readonly calls: Map<number, CodePlace>;
}

/** A place as a key. */
export function keyOf({ section, offset }: CodePlace): number {
  return section * 0x1_0000_0000 + offset;
}

/** What a call leaves in r0, as far as who is called tells. */
export function resultOf(callee: Callee): Value {
  return callee.to === "helper" && !GIVES_POINTER.has(callee.helper) ? "number" : "any";
}

const ANYTHING: readonly Value[] = ["any", "any", "any", "any", "any"];
/** A program gets its context and nothing else. */
const PROGRAM: readonly Value[] = ["context", "unset", "unset", "unset", "unset"];

const flows = new WeakMap<ElfView, CallFlow | undefined>();

function build(elf: ElfView): CallFlow | undefined {
  const code = codeOf(elf);
  const budget = flowBudget();
  const drafts = new Map<number, Draft>();
  const waiting = new Set<number>();
  const reach = (place: CodePlace, args: readonly Value[], programs: Iterable<string>, call?: CodePlace): boolean => {
    const range = code.functionAt(place);
    if (range === undefined || range.start !== place.offset) return false;
    const key = keyOf(place);
    const known = drafts.get(key);
    const draft = known ?? { range, args: [...args], programs: new Set<string>(), calls: new Map<number, CodePlace>() };
    drafts.set(key, draft);
    const joined = draft.args.map((value, index) => join(value, args[index] ?? "unset"));
    let isChanged = known === undefined || joined.some((value, index) => value !== draft.args[index]);
    draft.args = joined;
    for (const program of programs) {
      if (draft.programs.has(program)) continue;
      draft.programs.add(program);
      isChanged = true;
    }
    if (call !== undefined) draft.calls.set(keyOf(call), call);
    if (isChanged) waiting.add(key);
    return true;
  };
  for (const { type, section, value } of elf.symbols) {
    const there = elf.sections[section];
    if (type !== STT_FUNC || there === undefined || (there.flags & SHF_EXECINSTR) === 0) continue;
    if (there.name !== SUBPROGRAMS) reach({ section, offset: value }, PROGRAM, [there.name]);
  }
  // What calls a callback is the kernel, with whatever the helper says.
  for (const { kind, to } of code.references) if (kind === "address") reach(to, ANYTHING, []);
  let walks = 0;
  // A set grows while it is walked, and the walk sees what came in.
  for (const key of waiting) {
    waiting.delete(key);
    const draft = drafts.get(key);
    if (draft === undefined) continue;
    if (++walks > MAX_WALKS) return undefined;
    const { range, args, programs } = draft;
    let isUnderstood = true;
    const call = (place: CodePlace, callee: Callee, registers: Registers): Value => {
      if (callee.to === "function" && !reach(callee.place, registers.slice(1, 6), programs, place))
        isUnderstood = false;
      return resultOf(callee);
    };
    isUnderstood =
      walkFlow({ code, budget }, range, entryRegisters(args), { call, given() {}, exit() {} }) && isUnderstood;
    if (!isUnderstood) return undefined;
  }
  return { code, budget, arrival: (place) => arrivalOf(drafts.get(keyOf(place))) };
}

function arrivalOf(draft: Draft | undefined): Arrival | undefined {
  if (draft === undefined) return undefined;
  return { args: draft.args, programs: draft.programs, calls: [...draft.calls.values()] };
}

/** The flow of values through an object's calls, found on first use; undefined where some code is not understood. */
export function callFlowOf(elf: ElfView): CallFlow | undefined {
  if (!flows.has(elf)) flows.set(elf, build(elf));
  return flows.get(elf);
}
