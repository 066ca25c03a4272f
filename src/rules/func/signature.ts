import { type Btf, LINKAGE_EXTERN } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { ARGUMENTS, CLASS, effectOf, INSN_SIZE, type Insn, insnAt, isCall, PSEUDO_CALL } from "../../elf/insn.ts";
import type { ElfView } from "../../elf/model.ts";
import { sectionNamed } from "../../elf/symbols.ts";
import type { ObjectState } from "../state.ts";
import { type Code, type CodePlace, type CodeRange, codeOf } from "./code.ts";
import { firstArguments, helperArguments, TAIL_CALL } from "./helper-arity.ts";
import { functionSites, protoOf } from "./sites.ts";

/** What the code of a function shows of its prototype. */
export interface Signature {
  /** Arguments up to the last register that is read before it is written. */
  readonly arity: number;
  readonly returnsValue: boolean;
}

/** Registers (masks) that a function finds set: those that it surely reads on some path, and those that it may. */
interface Reads {
  readonly certain: number;
  readonly possible: number;
}

const EVERYTHING: Reads = { certain: 0, possible: ARGUMENTS };

/** Frames of a program are at most 8 deep (MAX_CALL_FRAMES of the verifier); more than that is no program. */
const MAX_DEPTH = 32;

/** Reads code with the prototypes that the object has for what lies outside of it. */
export interface SignatureReader {
  /** The registers r1 to r5, as a mask, that the function at this place surely reads before it writes them. */
  argumentsRead(place: CodePlace): number;
  /** The registers, as a mask, that a call at this place may take arguments in. */
  argumentsPassed(call: CodePlace): number;
  /** The signature of a function, as its code and its callers' show it; undefined where they do not tell for certain. */
  signature(place: CodePlace): Signature | undefined;
}

/** Arity of the externs that `.BTF` describes, by name. */
function externArity(btf: Btf): ReadonlyMap<string, number> {
  const arity = new Map<string, number>();
  for (const [, type] of typesOfKind(btf, "func")) {
    if (type.linkage !== LINKAGE_EXTERN) continue;
    const proto = protoOf(btf, type);
    if (proto !== undefined) arity.set(nameText(btf, type.nameOff), Math.min(proto.params.length, 5));
  }
  return arity;
}

/** Arity of a function of the running kernel; kfuncs are such. */
function kernelArity(vmlinux: Btf, name: string): number | undefined {
  const [, func] = typesOfKind(vmlinux, "func").find(([, { nameOff }]) => nameText(vmlinux, nameOff) === name) ?? [];
  const proto = func === undefined ? undefined : protoOf(vmlinux, func);
  return proto === undefined ? undefined : Math.min(proto.params.length, 5);
}

function keyOf({ section, offset }: CodePlace): number {
  return section * 0x1_0000_0000 + offset;
}

/** Walks a function forward from one place as long as `visit` keeps registers (a mask) of interest; `leave` hears of the rest. */
function walk(
  code: Code,
  range: CodeRange,
  from: { readonly offset: number; readonly mask: number },
  visit: (insn: Insn, offset: number, mask: number) => number,
  leave: (mask: number) => void,
): void {
  const view = code.view(range.section);
  if (view === undefined) return;
  const seen = new Map<number, number>();
  const waiting: (readonly [number, number])[] = [[from.offset, from.mask]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [offset, mask] = next;
    const before = seen.get(offset) ?? 0;
    if (mask === 0 || (before | mask) === before) continue;
    seen.set(offset, before | mask);
    if (offset < range.start || offset + INSN_SIZE > range.end || offset + INSN_SIZE > view.byteLength) {
      leave(mask);
      continue;
    }
    const insn = insnAt(view, offset, code.elf.littleEndian);
    const after = visit(insn, offset, mask);
    const slots = effectOf(insn).next;
    if (slots === undefined) leave(mask);
    else for (const slot of slots) waiting.push([offset + slot * INSN_SIZE, after]);
  }
}

const readers = new WeakMap<ObjectState, SignatureReader>();

/** The reader over a state; what it found out it remembers. */
export function signatureReader(state: ObjectState): SignatureReader | undefined {
  const { elf } = state;
  if (elf === undefined) return undefined;
  const reader = readers.get(state) ?? readerOf(state, elf);
  readers.set(state, reader);
  return reader;
}

function readerOf(state: ObjectState, elf: ElfView): SignatureReader {
  const { btf, choices } = state;
  const code = codeOf(elf);
  const text = sectionNamed(elf, ".text")?.index;
  const memory = new Map<number, Reads>();
  const open = new Set<number>();
  let externs: ReadonlyMap<string, number> | undefined;

  const externReads = (name: string): Reads => {
    externs ??= externArity(btf);
    const vmlinux = externs.has(name) ? undefined : choices.vmlinux();
    const arity = externs.get(name) ?? (vmlinux === undefined ? undefined : kernelArity(vmlinux, name));
    if (arity === undefined) return EVERYTHING;
    const mask = firstArguments(arity);
    return { certain: mask, possible: mask };
  };
  const calleeReads = (place: CodePlace, depth: number): Reads => {
    const callee = code.callee(place);
    switch (callee.to) {
      case "function":
        return readsOf(callee.place, depth + 1);
      case "helper":
        return helperArguments(callee.helper) ?? EVERYTHING;
      case "extern":
        return externReads(callee.name);
      case "unknown":
        return EVERYTHING;
    }
  };
  const readsOf = (place: CodePlace, depth: number): Reads => {
    const key = keyOf(place);
    const before = memory.get(key);
    if (before !== undefined) return before;
    const range = code.functionAt(place);
    // The verifier takes no recursion.
    if (range === undefined || range.start !== place.offset || open.has(key) || depth > MAX_DEPTH) return EVERYTHING;
    open.add(key);
    let [certain, possible] = [0, 0];
    const visit = (insn: Insn, offset: number, mask: number): number => {
      const { reads, writes } = effectOf(insn);
      certain |= reads & mask;
      if (isCall(insn)) {
        const called = calleeReads({ section: range.section, offset }, depth);
        certain |= called.certain & mask;
        possible |= called.possible & mask;
      }
      return mask & ~writes;
    };
    walk(code, range, { offset: range.start, mask: ARGUMENTS }, visit, (mask) => {
      possible |= mask;
    });
    open.delete(key);
    const reads = { certain, possible: certain | possible };
    memory.set(key, reads);
    return reads;
  };

  /** Functions whose results are wanted, by key, as far as `.BTF` tells. */
  let described: ReadonlyMap<number, boolean> | undefined;
  const describedReturns = (): ReadonlyMap<number, boolean> => {
    described ??= new Map(
      functionSites(state).flatMap(({ symbol, offset, proto }) =>
        symbol === undefined || proto === undefined
          ? []
          : [[keyOf({ section: symbol.section, offset }), proto.returnType !== 0] as const],
      ),
    );
    return described;
  };

  const results = new Map<number, boolean>();
  const callers = new Map<number, CodePlace[]>();
  const addressed = new Set<number>();
  let areReferencesRead = false;
  const readReferences = (): void => {
    if (areReferencesRead) return;
    areReferencesRead = true;
    for (const { kind, from, to } of code.references) {
      const key = keyOf(to);
      if (kind === "address") addressed.add(key);
      else if (callers.get(key)?.push(from) === undefined) callers.set(key, [from]);
    }
    for (const place of code.fromData) addressed.add(keyOf(place));
  };

  /** Whether a caller looks at what a call left in r0. */
  const isResultRead = (from: CodePlace, visiting: ReadonlySet<number>): boolean => {
    const range = code.functionAt(from);
    if (range === undefined) return true;
    let isRead = false;
    const visit = (insn: Insn, _offset: number, mask: number): number => {
      const { reads, writes, next } = effectOf(insn);
      if ((reads & mask) !== 0) {
        const isExit = next?.length === 0;
        if (!isExit || returns({ section: range.section, offset: range.start }, visiting)) isRead = true;
      }
      return isRead ? 0 : mask & ~writes;
    };
    walk(code, range, { offset: from.offset + INSN_SIZE, mask: 1 }, visit, (mask) => {
      if (mask !== 0) isRead = true;
    });
    return isRead;
  };

  /** Tail calls and packet loads leave a function, and the kernel wants those to return an int. */
  const mayLeave = (range: CodeRange): boolean => {
    const view = code.view(range.section);
    if (view === undefined) return true;
    for (let at = range.start; at + INSN_SIZE <= range.end; at += INSN_SIZE) {
      const insn = insnAt(view, at, elf.littleEndian);
      if (isCall(insn) && insn.src !== PSEUDO_CALL) {
        const callee = code.callee({ section: range.section, offset: at });
        if (callee.to === "unknown" || (callee.to === "helper" && callee.helper === TAIL_CALL)) return true;
      } else if ((insn.opcode & 7) === CLASS.ld && effectOf(insn).writes === (ARGUMENTS | 1)) return true;
    }
    return false;
  };

  const returns = (place: CodePlace, visiting: ReadonlySet<number>): boolean => {
    const key = keyOf(place);
    const known = describedReturns().get(key) ?? results.get(key);
    if (known !== undefined) return known;
    const range = code.functionAt(place);
    // Programs return to the kernel.
    if (place.section !== text || range === undefined || visiting.size > MAX_DEPTH) return true;
    if (visiting.has(key)) return false;
    readReferences();
    const calls = callers.get(key) ?? [];
    if (addressed.has(key) || calls.length === 0 || mayLeave(range)) return true;
    const next = new Set([...visiting, key]);
    const isWanted = calls.some((from) => isResultRead(from, next));
    results.set(key, isWanted);
    return isWanted;
  };

  return {
    argumentsRead: (place) => readsOf(place, 0).certain,
    argumentsPassed: (call) => calleeReads(call, 0).possible,
    signature(place) {
      const { certain, possible } = readsOf(place, 0);
      const [arity, most] = [certain, possible].map((mask) => 31 - Math.clz32(mask | 1));
      if (arity === undefined || arity !== most) return undefined;
      return { arity, returnsValue: returns(place, new Set()) };
    },
  };
}
