/** The code that libbpf sends of each program: its own, and behind it what it calls (`bpf_object__reloc_code`). */
import {
  codeView,
  INSN_SIZE,
  type Insn,
  insnAt,
  LD_IMM64,
  PSEUDO_CALL,
  PSEUDO_FUNC,
  PSEUDO_KFUNC_CALL,
} from "../../elf/insn.ts";
import type { ElfView } from "../../elf/model.ts";
import { relocationEntries } from "../../elf/relocations.ts";
import { BtfFixError } from "../../errors.ts";
import type { LoaderRule } from "../loader.ts";
import type { Collected, CollectedProgram } from "./collect.ts";
import { programAt } from "./programs.ts";
import { isExtern, isSubprogram } from "./relocations.ts";
import { LibbpfRefusal, libbpfRule, RELOC } from "./rule.ts";
import type { LibbpfVersion } from "./sanitise.ts";

const source = "bpf_object__reloc_code";
const MORE = { stage: "load", errno: RELOC } as const;
const unexpected = libbpfRule(
  "LN-01",
  "A call, or the address of a function, is relocated to a function.",
  source,
  "prog 'P': unexpected relo for insn #N, type M",
  { ...MORE, unreachable: "LR-06 and LR-10 refuse such a relocation when the object is opened" },
);
const noRelocation = libbpfRule(
  "LN-02",
  "The address of a function has a relocation.",
  source,
  "prog 'P': missing subprog addr relo for insn #N",
  MORE,
);
const noFunction = libbpfRule(
  "LN-03",
  "What is called is a function of `.text`.",
  source,
  "prog 'P': no .text section found yet sub-program call exists",
  MORE,
);

export const programCodeRules: readonly LoaderRule[] = [unexpected, noRelocation, noFunction];

/** What is left of the work that an object may cost: many programs may share much code. */
export interface Budget {
  left: number;
}

/** Throws `LIMIT_EXCEEDED` where nothing is left. */
export function spend(budget: Budget, work: number): void {
  budget.left -= work;
  if (budget.left < 0) throw new BtfFixError("LIMIT_EXCEEDED", "the programs of the object share too much code");
}

type Target = { readonly to: "kernel" } | { readonly to: "function" | "address"; readonly offset: number };

/** Everything that the code of programs is put together by. */
export interface Code {
  readonly elf: ElfView;
  readonly collected: Collected;
  readonly targets: ReadonlyMap<CollectedProgram, ReadonlyMap<number, Target>>;
  readonly budget: Budget;
}

/** Follows the relocations of code once for all programs, each of which has those that libbpf finds it for. */
export function linkedCode(elf: ElfView, collected: Collected, version: LibbpfVersion, budget: Budget): Code {
  const targets = new Map<CollectedProgram, Map<number, Target>>();
  for (const section of elf.sections) {
    const code = elf.sections[section.info];
    if (collected.uses.get(section.index) !== "relocations" || code === undefined) continue;
    const view = codeView(code.bytes);
    for (const { offset, symbol: number } of relocationEntries(elf, section)) {
      const program = programAt(collected.programs, code.index, offset);
      const symbol = elf.symbols[number];
      if (program === undefined || symbol === undefined) continue;
      const { opcode } = insnAt(view, offset, elf.littleEndian);
      const isCall = opcode === CALL;
      let target: Target | undefined;
      if (isExtern(symbol)) target = isCall ? { to: "kernel" } : undefined;
      else if (isCall) target = { to: "function", offset: symbol.value };
      else if (isSubprogram(symbol, collected.text, version)) target = { to: "address", offset: symbol.value };
      if (target === undefined) continue;
      const own = targets.get(program) ?? new Map<number, Target>();
      targets.set(program, own.set(offset - program.offset, target));
    }
  }
  return { elf, collected, targets, budget };
}

const CALL = 0x85;
/** What the kernel takes; more is not put together. */
const MOST_SLOTS = 1_000_000;

/** A function within what is sent. */
interface Part {
  readonly program: CollectedProgram;
  /** Number of its first instruction. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Offset of the next instruction to look at. */
  next: number;
}

/**
 * What libbpf sends of a main program: its code, and behind it each function that it reaches, in the order of the first calls. `visit` is told
 * of each when libbpf comes to it. Throws a `LibbpfRefusal`, and `LIMIT_EXCEEDED`.
 */
export function programCode(
  code: Code,
  main: CollectedProgram,
  visit: (program: CollectedProgram, at: number) => void,
): Uint8Array {
  const parts = new Map<CollectedProgram, Part>();
  const walk: Part[] = [];
  let slots = 0;
  const enter = (program: CollectedProgram): void => {
    const bytes = code.elf.sections[program.section]?.bytes.slice(program.offset, program.offset + program.size);
    const copy = bytes ?? new Uint8Array();
    const part = { program, at: slots, bytes: copy, view: codeView(copy), next: 0 };
    slots += copy.length / INSN_SIZE;
    spend(code.budget, copy.length / INSN_SIZE);
    parts.set(program, part);
    walk.push(part);
    visit(program, part.at);
  };
  enter(main);
  for (let part = walk.at(-1); part !== undefined && slots <= MOST_SLOTS; part = walk.at(-1)) {
    const offset = part.next;
    if (offset >= part.bytes.length) {
      walk.pop();
      continue;
    }
    const insn = markedInsn(code, part, offset);
    const callee = insn && calledFunction(code, part, offset, insn);
    if (callee === undefined) {
      part.next += INSN_SIZE;
      continue;
    }
    const known = parts.get(callee);
    // What is called first is put behind the rest, and looked at before this goes on.
    if (known === undefined) {
      enter(callee);
      continue;
    }
    const { littleEndian } = code.elf;
    part.view.setInt32(offset + 4, known.at - (part.at + offset / INSN_SIZE) - 1, littleEndian);
    part.next += INSN_SIZE;
  }
  const all = new Uint8Array(slots * INSN_SIZE);
  for (const { at, bytes } of parts.values()) all.set(bytes, at * INSN_SIZE);
  return all;
}

/** The instruction, if it is a call of a function or the address of one; addresses are marked by their relocation. */
function markedInsn({ elf, targets }: Code, { program, view }: Part, offset: number): Insn | undefined {
  const insn = insnAt(view, offset, elf.littleEndian);
  const target = targets.get(program)?.get(offset);
  const setSource = (src: number): void => {
    view.setUint8(offset + 1, elf.littleEndian ? insn.dst | (src << 4) : (insn.dst << 4) | src);
  };
  if (insn.opcode === LD_IMM64) {
    if (target?.to !== "address") return insn.src === PSEUDO_FUNC ? insn : undefined;
    setSource(PSEUDO_FUNC);
    return { ...insn, src: PSEUDO_FUNC };
  }
  if (insn.opcode !== CALL || insn.src !== PSEUDO_CALL || insn.dst !== 0 || insn.offset !== 0) return undefined;
  if (target?.to !== "kernel") return insn;
  // Which function of the kernel it is, that knows alone; 0 is one that it lets pass.
  setSource(PSEUDO_KFUNC_CALL);
  view.setInt32(offset + 4, 0, elf.littleEndian);
  return undefined;
}

/** The function that a marked instruction goes to. */
function calledFunction(code: Code, part: Part, offset: number, insn: Insn): CollectedProgram {
  const { collected, targets } = code;
  const { program } = part;
  const fail = (rule: LoaderRule, text: string): never => {
    throw new LibbpfRefusal(rule, `prog '${program.name}': ${text}`, { program: program.name });
  };
  const target = targets.get(program)?.get(offset);
  const index = offset / INSN_SIZE;
  let slot: number;
  if (target?.to === "function") slot = Math.floor(target.offset / INSN_SIZE) + insn.immediate + 1;
  else if (target?.to === "address") slot = Math.floor((target.offset + insn.immediate) / INSN_SIZE);
  else if (insn.opcode === LD_IMM64) return fail(noRelocation, `missing subprog addr relo for insn #${index}`);
  else slot = program.offset / INSN_SIZE + index + insn.immediate + 1;
  const { text } = collected;
  const called = text === undefined ? undefined : programAt(collected.programs, text, slot * INSN_SIZE);
  return called ?? fail(noFunction, "no .text section found yet sub-program call exists");
}
