import { CLASS, type Effect, effectOf, FRAME, INSN_SIZE, type Insn, insnAt, isCall, LD_IMM64 } from "../../elf/insn.ts";
import type { Callee, Code, CodePlace, CodeRange } from "./code.ts";

/**
 * What a register holds, as far as code tells: nothing yet, the program's context, a place in the frame, a number; what came from a
 * caller and may be any number ("given"); or anything, a pointer too.
 */
export type Value = "unset" | "context" | "frame" | "number" | "given" | "any";

/** r0 to r10. */
export type Registers = readonly Value[];

/** Registers r1 to r5 as given, all others as a function finds them. */
export function entryRegisters(args: readonly Value[]): Registers {
  const unset: Value[] = ["unset", "unset", "unset", "unset", "unset"];
  return ["unset", ...args, ...unset.slice(args.length), "unset", "unset", "unset", "unset", "frame"];
}

/** What holds on two ways to one place. */
export function join(a: Value, b: Value): Value {
  if (a === b) return a;
  return a === "given" || b === "given" ? "given" : "any";
}

/** What a walk tells of a function on its way. */
export interface FlowEvents {
  /** A call, with the registers before it; gives what is then in r0. */
  call(place: CodePlace, callee: Callee, registers: Registers): Value;
  /** Something given is used: at all, or as (part of) an address. */
  given(use: "read" | "address"): void;
  exit(result: Value): void;
  /** Whether the context may hold a pointer at this offset (bytes); it may, if nobody says otherwise. */
  isPointerField?(offset: number): boolean;
}

/** Instructions that all walks of one object look at; the verifier itself walks a million of one program. */
const MAX_STEPS = 4_000_000;

/** What is left of them. */
export interface FlowBudget {
  steps: number;
}

/** The budget of one object. */
export function flowBudget(): FlowBudget {
  return { steps: MAX_STEPS };
}

/** Bytes of a spilled register. */
const SLOT = 8;

const MOV64_REGISTER = 0xbf;
const [SIZE_MASK, DOUBLE_WORD] = [0x18, 0x18] as const;
const MODE_MEM = 0x60;

interface State {
  readonly registers: Value[];
  /** Spilled registers by their offset from r10. */
  readonly slots: Map<number, Value>;
  /** Whether something given may stand anywhere in the frame. */
  isGivenAway: boolean;
}

function copyOf({ registers, slots, isGivenAway }: State): State {
  return { registers: [...registers], slots: new Map(slots), isGivenAway };
}

/** Joins `next` into `state`; whether that changed it. */
function merge(state: State, next: State): boolean {
  let isChanged = false;
  for (const [register, value] of next.registers.entries()) {
    const joined = join(state.registers[register] ?? "unset", value);
    if (joined !== state.registers[register]) isChanged = true;
    state.registers[register] = joined;
  }
  for (const [slot, value] of state.slots) {
    const other = next.slots.get(slot);
    const joined = other === undefined ? undefined : join(value, other);
    if (joined === value) continue;
    isChanged = true;
    if (joined === undefined) {
      if (value === "given") state.isGivenAway = true;
      state.slots.delete(slot);
    } else state.slots.set(slot, joined);
  }
  const isGivenAway =
    next.isGivenAway || [...next.slots].some(([slot, value]) => value === "given" && !state.slots.has(slot));
  if (isGivenAway && !state.isGivenAway) {
    state.isGivenAway = true;
    isChanged = true;
  }
  return isChanged;
}

/** Forgets what was spilled, as after a write whose place is not known. */
function forget(state: State): void {
  for (const value of state.slots.values()) if (value === "given") state.isGivenAway = true;
  state.slots.clear();
}

function store(state: State, { opcode, dst, offset }: Insn, value: Value): void {
  const base = state.registers[dst] ?? "any";
  const isPlain = (opcode & 0xe0) === MODE_MEM;
  if (dst === FRAME && isPlain && (opcode & SIZE_MASK) === DOUBLE_WORD && offset % SLOT === 0) {
    state.slots.set(offset, value);
    return;
  }
  if (dst === FRAME) {
    const slot = Math.floor(offset / SLOT) * SLOT;
    state.slots.delete(slot);
    state.slots.delete(slot + SLOT);
  } else forget(state);
  if (value === "given" && base !== "context") state.isGivenAway = true;
}

function hasGiven({ slots, isGivenAway }: State): boolean {
  return isGivenAway || [...slots.values()].includes("given");
}

function loaded(state: State, { opcode, src, offset }: Insn, events: FlowEvents): Value {
  const base = state.registers[src] ?? "any";
  const isWide = (opcode & SIZE_MASK) === DOUBLE_WORD;
  const slot = src === FRAME && isWide ? state.slots.get(offset) : undefined;
  if (slot !== undefined) return slot;
  if (base !== "context" && hasGiven(state)) return "given";
  // Of a context even four bytes may be a pointer: that to the packet.
  if (base === "context") return (events.isPointerField?.(offset) ?? true) ? "any" : "number";
  return isWide ? "any" : "number";
}

function computed(state: State, insn: Insn, { reads }: Effect): Value {
  const { opcode, src } = insn;
  const operands = state.registers.filter((_, register) => (reads & (1 << register)) !== 0);
  if (opcode === MOV64_REGISTER && insn.offset === 0) return state.registers[src] ?? "any";
  if (operands.includes("given")) return "given";
  // So is what comes of no register at all.
  if (operands.every((value) => value === "number")) return "number";
  // 32-bit arithmetic is for numbers.
  if ((opcode & 7) === CLASS.alu) return "number";
  return operands.includes("frame") && !operands.includes("any") ? "frame" : "any";
}

/** Offsets that a jump of the range leads to, or goes on at: where ways meet. */
function leaders(view: DataView, { start, end }: CodeRange, littleEndian: boolean): ReadonlySet<number> {
  const found = new Set<number>();
  for (let at = start; at + INSN_SIZE <= end; at += view.getUint8(at) === LD_IMM64 ? 2 * INSN_SIZE : INSN_SIZE) {
    const { next } = effectOf(insnAt(view, at, littleEndian));
    if (next === undefined || (next.length === 1 && (next[0] === 1 || next[0] === 2))) continue;
    for (const slots of next) found.add(at + slots * INSN_SIZE);
  }
  return found;
}

/**
 * Walks a function from its start on every way until nothing new is learnt. False if the code is not understood: it goes on where only the
 * running program knows, or there is more than the budget allows.
 */
export function walkFlow(
  { code, budget }: { readonly code: Code; readonly budget: FlowBudget },
  range: CodeRange,
  entry: Registers,
  events: FlowEvents,
): boolean {
  const view = code.view(range.section);
  if (view === undefined) return false;
  const { littleEndian } = code.elf;
  const meetings = leaders(view, range, littleEndian);
  const relocated = code.relocated(range.section);
  const states = new Map<number, State>();
  const waiting: number[] = [];
  const arrive = (offset: number, state: State): void => {
    const known = states.get(offset);
    if (known === undefined) states.set(offset, copyOf(state));
    else if (!merge(known, state)) return;
    waiting.push(offset);
  };
  arrive(range.start, { registers: [...entry], slots: new Map(), isGivenAway: false });
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    const known = states.get(from);
    if (known === undefined) continue;
    const state = copyOf(known);
    for (let at = from; ; ) {
      if (--budget.steps < 0) return false;
      // The kernel takes no program that leaves a function otherwise than by `exit`: this way is never gone (a call that does not return).
      if (at < range.start || at + INSN_SIZE > range.end) break;
      const insn = insnAt(view, at, littleEndian);
      const effect = effectOf(insn);
      step(code, { section: range.section, offset: at }, insn, { effect, state, events, relocated });
      const { next } = effect;
      if (next === undefined) return false;
      const [only] = next;
      const target = at + (only ?? 0) * INSN_SIZE;
      if (next.length !== 1 || meetings.has(target)) {
        for (const slots of next) arrive(at + slots * INSN_SIZE, state);
        break;
      }
      at = target;
    }
  }
  return true;
}

/** What one instruction does to the state. */
function step(
  code: Code,
  place: CodePlace,
  insn: Insn,
  context: {
    readonly effect: Effect;
    readonly state: State;
    readonly events: FlowEvents;
    readonly relocated: ReadonlySet<number>;
  },
): void {
  const { effect, state, events, relocated } = context;
  const { registers } = state;
  const isGiven = (register: number): boolean => registers[register] === "given";
  const isExit = effect.next?.length === 0;
  if (!isExit && registers.some((_, register) => (effect.reads & (1 << register)) !== 0 && isGiven(register))) {
    events.given("read");
  }
  switch (insn.opcode & 7) {
    case CLASS.ldx: {
      if (isGiven(insn.src)) events.given("address");
      registers[insn.dst] = loaded(state, insn, events);
      return;
    }
    case CLASS.st:
    case CLASS.stx: {
      if (isGiven(insn.dst)) events.given("address");
      store(state, insn, (insn.opcode & 7) === CLASS.st ? "number" : (registers[insn.src] ?? "any"));
      // Atomic operations give back what was there.
      for (let register = 0; register < FRAME; register++) {
        if ((effect.writes & (1 << register)) !== 0) registers[register] = hasGiven(state) ? "given" : "any";
      }
      return;
    }
    case CLASS.ld: {
      if (insn.opcode === LD_IMM64) {
        registers[insn.dst] = insn.src === 0 && !relocated.has(place.offset) ? "number" : "any";
      } else {
        if (isGiven(insn.src)) events.given("address");
        lose(registers, "number");
      }
      return;
    }
    case CLASS.jmp:
    case CLASS.jmp32: {
      if (isExit) events.exit(registers[0] ?? "unset");
      if (!isCall(insn)) return;
      const result = events.call(place, code.callee(place), registers);
      // What is called may write wherever it is given a place in the frame.
      if (registers.slice(1, 6).some((value) => value === "frame" || value === "any")) forget(state);
      lose(registers, result);
      return;
    }
    default:
      registers[insn.dst] = computed(state, insn, effect);
  }
}

/** r1 to r5 are gone after a call. */
function lose(registers: Value[], result: Value): void {
  registers[0] = result;
  for (let register = 1; register <= 5; register++) registers[register] = "unset";
}
