import { effectOf, INSN_SIZE, insnAt, isCall, LD_IMM64 } from "../../elf/insn.ts";
import { type CallFlow, keyOf, resultOf } from "./call-flow.ts";
import type { Callee, Code, CodePlace, CodeRange } from "./code.ts";
import { entryRegisters, join, type Registers, type Value, walkFlow } from "./flow.ts";
import { contextOf, mayBePointer, programKind } from "./program-kinds.ts";
import type { SignatureReader } from "./signature.ts";
import { SUBPROGRAMS } from "./sites.ts";

/** Calls within calls that are followed; the kernel allows 8 frames. */
const MAX_DEPTH = 8;
/** Functions whose results are asked for; each may call the next. */
const MAX_RESULTS = 256;

/**
 * Whether the verifier must come to the same when it looks at a function alone, where its numbers may be any, as when it comes from the
 * callers, which it does without BTF. So it is where nothing that depends on them is an address, is given to a helper or decides about a
 * loop, and nothing that its callers do with its result is either. Rather no than yes.
 */
export function verifiesAlike(
  flow: CallFlow,
  reader: SignatureReader,
  place: CodePlace,
  args: readonly Value[],
): boolean {
  return new Comparison(flow, reader).function(place, args);
}

/** Whether a function, or one that it calls, can come to the same instruction twice; by section and start. */
const loops = new WeakMap<Code, Map<number, boolean>>();

function mayLoop(code: Code, place: CodePlace): boolean {
  const known = loops.get(code) ?? new Map<number, boolean>();
  loops.set(code, known);
  const before = known.get(keyOf(place));
  if (before !== undefined) return before;
  const seen = new Set<number>();
  const waiting = [place];
  let found = false;
  for (let next = waiting.pop(); next !== undefined && !found; next = waiting.pop()) {
    const range = code.functionAt(next);
    if (range === undefined || seen.has(keyOf(next))) continue;
    seen.add(keyOf(next));
    found = known.get(keyOf(next)) ?? goesBack(code, range);
    waiting.push(...calledBy(code, range));
  }
  known.set(keyOf(place), found);
  return found;
}

function* instructions(code: Code, { section, start, end }: CodeRange) {
  const view = code.view(section);
  if (view === undefined) return;
  for (let at = start; at + INSN_SIZE <= end; at += view.getUint8(at) === LD_IMM64 ? 2 * INSN_SIZE : INSN_SIZE) {
    yield { at, insn: insnAt(view, at, code.elf.littleEndian) };
  }
}

function goesBack(code: Code, range: CodeRange): boolean {
  for (const { insn } of instructions(code, range)) {
    if (effectOf(insn).next?.some((slots) => slots <= 0) ?? true) return true;
  }
  return false;
}

function* calledBy(code: Code, range: CodeRange): Generator<CodePlace> {
  for (const { at, insn } of instructions(code, range)) {
    const callee = isCall(insn) ? code.callee({ section: range.section, offset: at }) : undefined;
    if (callee?.to === "function") yield callee.place;
  }
}

/** One question, with what it has asked already. */
class Comparison {
  private readonly flow: CallFlow;
  private readonly reader: SignatureReader;
  private readonly results = new Set<number>();
  private readonly exits = new Map<number, Value>();

  constructor(flow: CallFlow, reader: SignatureReader) {
    this.flow = flow;
    this.reader = reader;
  }

  function(place: CodePlace, args: readonly Value[]): boolean {
    return this.body(place, entryRegisters(args), 0) && this.result(place);
  }

  /** A function that finds these values; a number must come out of it. */
  private body(place: CodePlace, entry: Registers, depth: number): boolean {
    let isNumber = true;
    const isAlike = this.walk(place, entry, depth, {
      resultAt: () => undefined,
      exit: (result) => {
        if (result !== "number" && result !== "given") isNumber = false;
      },
    });
    return isAlike && (isNumber || depth > 0);
  }

  /** What the callers of a function do with its result, if it may be any number. */
  private result(place: CodePlace): boolean {
    const { code } = this.flow;
    if (this.results.has(keyOf(place))) return true;
    this.results.add(keyOf(place));
    const arrival = this.flow.arrival(place);
    if (arrival === undefined) return true;
    for (const call of arrival.calls) {
      const range = code.functionAt(call);
      if (range === undefined) return false;
      const caller = { section: range.section, offset: range.start };
      const args = this.flow.arrival(caller)?.args;
      if (args === undefined) return false;
      let isPassedOn = false;
      const isAlike = this.walk(caller, entryRegisters(args), 0, {
        resultAt: (at) => (keyOf(at) === keyOf(call) ? "given" : undefined),
        exit: (value) => {
          if (value === "given") isPassedOn = true;
        },
      });
      if (!isAlike) return false;
      if (!isPassedOn) continue;
      const section = code.elf.sections[range.section]?.name ?? "";
      if (section === SUBPROGRAMS ? !this.result(caller) : programKind(section)?.anyResult !== true) return false;
    }
    return true;
  }

  /** What is in r0 after a call that passes on nothing given. */
  private resultOf(callee: Callee): Value {
    if (callee.to !== "function") return resultOf(callee);
    const key = keyOf(callee.place);
    const known = this.exits.get(key);
    if (known !== undefined) return known;
    // Found on the way again, it calls itself, which the verifier refuses.
    this.exits.set(key, "any");
    const range = this.flow.code.functionAt(callee.place);
    const args = this.flow.arrival(callee.place)?.args;
    if (range === undefined || args === undefined || this.exits.size > MAX_RESULTS) return "any";
    let result: Value | undefined;
    const isUnderstood = walkFlow(this.flow, range, entryRegisters(args), {
      call: (_place, inner) => this.resultOf(inner),
      given() {},
      exit: (value) => {
        result = result === undefined ? value : join(result, value);
      },
    });
    const found = isUnderstood && result === "number" ? "number" : "any";
    this.exits.set(key, found);
    return found;
  }

  /** Walks one function; false where something given is used so that it matters what it is. */
  private walk(
    place: CodePlace,
    entry: Registers,
    depth: number,
    events: { resultAt(place: CodePlace): Value | undefined; exit(result: Value): void },
  ): boolean {
    const { code } = this.flow;
    const range = code.functionAt(place);
    if (range === undefined || depth > MAX_DEPTH) return false;
    let [isAlike, isRead] = [true, false];
    const call = (at: CodePlace, callee: Callee, registers: Registers): Value => {
      const passed = this.reader.argumentsPassed(at);
      const isGiven = registers.some((value, register) => value === "given" && (passed & (1 << register)) !== 0);
      if (!isGiven) return events.resultAt(at) ?? this.resultOf(callee);
      if (callee.to !== "function" || !this.body(callee.place, entryRegisters(registers.slice(1, 6)), depth + 1)) {
        isAlike = false;
      }
      return "given";
    };
    const given = (use: "read" | "address"): void => {
      isRead = true;
      if (use === "address") isAlike = false;
    };
    const context = contextOf(this.flow.arrival(place)?.programs ?? new Set());
    const isPointerField = (offset: number): boolean => mayBePointer(context, offset);
    const isUnderstood = walkFlow(this.flow, range, entry, { call, given, exit: events.exit, isPointerField });
    return isUnderstood && isAlike && !(isRead && mayLoop(code, place));
  }
}
