import type { LoaderRule } from "../loader.ts";
import type { AyaRelocation, AyaSymbol } from "./elf.ts";
import { ayaPanic, ayaRule, panic, refuse } from "./rule.ts";
import type { AyaFunction, AyaMap, AyaObject, AyaProgram } from "./sections.ts";

const INSTRUCTION = 8;
/** BPF_JMP | BPF_CALL. */
const CALL = 0x85;
const BPF_PSEUDO_CALL = 1;
const BPF_PSEUDO_MAP_FD = 1;
const BPF_PSEUDO_MAP_VALUE = 2;
const BPF_PSEUDO_KFUNC_CALL = 2;
/** A descriptor that no address is near. */
const DESCRIPTOR = 1 << 30;
/** Instructions and relocations that are looked at: functions may overlap, and every program has copies of those that it calls. */
const ENOUGH = 1 << 22;

const at = { stage: "load" } as const;
const aligned = ayaRule(
  "AR-01",
  "A relocation of code applies to the beginning of an instruction.",
  "relocate_maps",
  "error relocating `F`: invalid offset `N` applying relocation #M",
  at,
);
const symbolExists = ayaRule(
  "AR-02",
  "The symbol of a relocation of code exists.",
  "relocate_maps",
  "error relocating `F`: unknown symbol, index `N`",
  at,
);
const isMap = ayaRule(
  "AR-03",
  "Code refers to maps, functions and sections of data, and to no other section.",
  "relocate_maps",
  "error relocating `F`: section `N` not found, referenced by symbol `S` #M",
  at,
);
const wide = ayaPanic("AR-04", "A reference to data is not the last instruction", "relocate_maps", at);
const externKnown = ayaRule(
  "AR-05",
  "A symbol that the object lacks is an entry of .ksyms, if the object has BTF.",
  "patch_extern_relocations",
  "error relocating `F`: extern `S` not found",
  { ...at, since: "0.6" },
);
const callable = ayaPanic(
  "AR-06",
  "A relocation against code is one of a function, or of a section by type 1 or 10",
  "FunctionLinker::relocate",
  at,
);
const defined = ayaPanic("AR-07", "A function that is called is defined", "FunctionLinker::relocate", at);
const functionThere = ayaRule(
  "AR-08",
  "A call goes to where a function begins.",
  "FunctionLinker::relocate",
  "error relocating `P`: function A not found while relocating `F`",
  at,
);
const infoAlike = ayaRule(
  "AR-09",
  "A program and the functions that it calls all have func_info, or none has.",
  "FunctionLinker::link_function",
  "error relocating `P`: BTF function info for `F` does not match the program",
  { ...at, since: "0.6" },
);

export const relocationRules: readonly LoaderRule[] = [
  aligned,
  symbolExists,
  isMap,
  wide,
  externKnown,
  callable,
  defined,
  functionThere,
  infoAlike,
];

interface Insn {
  readonly code: number;
  readonly source: number;
  readonly destination: number;
  readonly offset: number;
  readonly imm: number;
}

function isCall({ code, source, destination, offset }: Insn): boolean {
  return code === CALL && source === BPF_PSEUDO_CALL && destination === 0 && offset === 0;
}

/** What relocation changed of an instruction. */
type Change = Partial<Pick<Insn, "source" | "imm">>;

/** A function whose instructions are gone through, and how far; `at` is where it stands in the program. */
interface Frame {
  readonly function: AyaFunction;
  readonly at: number;
  next: number;
}

/** A program with what it calls: functions in the order in which they follow each other, and references by slots of the whole. */
export interface LinkedProgram {
  readonly program: AyaProgram;
  readonly parts: readonly { readonly function: AyaFunction; readonly at: number }[];
  readonly references: readonly { readonly from: number; readonly to: number }[];
}

type Growing<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

const keyOf = (section: number, address: number): string => `${section}:${address}`;

class Relocator {
  private readonly object: AyaObject;
  private readonly symbols: ReadonlyMap<number, AyaSymbol>;
  private readonly code: ReadonlySet<number>;
  /** By section and offset; of several at one place the last. */
  private readonly relocations = new Map<number, ReadonlyMap<number, AyaRelocation>>();
  private readonly sorted = new Map<number, readonly AyaRelocation[]>();
  private readonly changes = new Map<AyaFunction, Map<number, Change>>();
  private left = ENOUGH;
  /** Whether a program is called: aya may have linked it already, and links the result once more. */
  orderMatters = false;

  constructor(object: AyaObject) {
    this.object = object;
    this.symbols = new Map(object.symbols.map((symbol) => [symbol.index, symbol]));
    this.code = new Set([...object.functions.values()].map(({ section }) => section));
    for (const [section, list] of object.relocations) {
      const byOffset = new Map(list.map((relocation) => [relocation.offset, relocation]));
      this.relocations.set(section, byOffset);
      this.sorted.set(
        section,
        [...byOffset.values()].sort((a, b) => a.offset - b.offset),
      );
    }
  }

  private insn(of: AyaFunction, index: number): Insn {
    const { code } = of;
    const { littleEndian } = this.object.elf;
    const view = new DataView(code.buffer, code.byteOffset + index * INSTRUCTION, INSTRUCTION);
    const registers = view.getUint8(1);
    const [low, high] = [registers & 15, registers >> 4];
    return {
      code: view.getUint8(0),
      source: littleEndian ? high : low,
      destination: littleEndian ? low : high,
      offset: view.getInt16(2, littleEndian),
      imm: view.getInt32(4, littleEndian),
      ...this.changes.get(of)?.get(index),
    };
  }

  private change(of: AyaFunction, index: number, change: Change): void {
    const known = this.changes.get(of) ?? new Map<number, Change>();
    this.changes.set(of, known);
    known.set(index, { ...known.get(index), ...change });
  }

  /** The relocations within a function, in order. */
  private *within({ section, offset, code }: AyaFunction): Generator<AyaRelocation> {
    const list = this.sorted.get(section) ?? [];
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle]?.offset ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    for (let index = low; index < list.length && this.left-- > 0; index++) {
      const relocation = list[index];
      if (relocation === undefined || relocation.offset >= offset + code.length) return;
      yield relocation;
    }
  }

  private functions(): AyaFunction[] {
    return [...this.object.functions.values()].sort((a, b) => a.section - b.section || a.address - b.address);
  }

  maps(): void {
    const bySection = new Map<number, AyaMap>();
    const bySymbol = new Map<number, AyaMap>();
    for (const map of this.object.maps.values()) {
      bySection.set(map.section, map);
      if (map.symbol !== undefined) bySymbol.set(map.symbol, map);
    }
    for (const one of this.functions()) {
      for (const { offset, symbol: number } of this.within(one)) {
        const { program, index, symbol } = this.place(one, offset, number);
        if (symbol.section === undefined) continue;
        if (isCall(this.insn(one, index)) || this.code.has(symbol.section)) continue;
        const map = bySymbol.get(number) ?? bySection.get(symbol.section);
        if (map === undefined) {
          const what = `section \`${symbol.section}\` not found, referenced by symbol \`${symbol.name}\` #${number}`;
          refuse(isMap, `error relocating \`${program}\`: ${what}`, { program });
        }
        this.bind(one, index, symbol, map);
      }
    }
  }

  private place(
    { name: program, offset: start }: AyaFunction,
    offset: number,
    number: number,
  ): { readonly program: string; readonly index: number; readonly symbol: AyaSymbol } {
    if ((offset - start) % INSTRUCTION !== 0) {
      const what = `invalid offset \`${offset}\` applying relocation #…`;
      refuse(aligned, `error relocating \`${program}\`: ${what}`, { program });
    }
    const symbol = this.symbols.get(number);
    if (symbol === undefined) {
      refuse(symbolExists, `error relocating \`${program}\`: unknown symbol, index \`${number}\``, { program });
    }
    return { program, index: (offset - start) / INSTRUCTION, symbol };
  }

  private bind(one: AyaFunction, index: number, { address }: AyaSymbol, { hasData }: AyaMap): void {
    if (hasData) {
      if ((index + 1) * INSTRUCTION >= one.code.length) panic(wide, { program: one.name });
      this.change(one, index + 1, { imm: (this.insn(one, index).imm + address) | 0 });
    }
    this.change(one, index, { source: hasData ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_FD, imm: DESCRIPTOR });
  }

  /** Symbols that the object lacks. Whether the kernel has those of `.ksyms` is not asked. */
  externs(): void {
    const { version, btf, externs } = this.object;
    if (version === "0.3" || btf === undefined) return;
    for (const one of this.functions()) {
      for (const { offset, symbol: number } of this.within(one)) {
        const { program, index, symbol } = this.place(one, offset, number);
        if (!symbol.isExtern) continue;
        if (externs?.names.has(symbol.name) !== true) {
          refuse(externKnown, `error relocating \`${program}\`: extern \`${symbol.name}\` not found`, { program });
        }
        // It is no call of a function of the object any more.
        this.change(one, index, { source: BPF_PSEUDO_KFUNC_CALL });
      }
    }
  }

  calls(): readonly LinkedProgram[] {
    const programs = new Set([...this.object.programs.values()].map((program) => program.function));
    const all: LinkedProgram[] = [];
    for (const entry of this.object.programs.values()) {
      const { function: program } = entry;
      const whole: Growing<LinkedProgram> = { program: entry, parts: [{ function: program, at: 0 }], references: [] };
      all.push(whole);
      let length = program.code.length / INSTRUCTION;
      const linked = new Map<string | number, number>();
      const stack: Frame[] = [{ function: program, at: 0, next: 0 }];
      for (let frame = stack.at(-1); frame !== undefined && this.left > 0; frame = stack.at(-1)) {
        const callee = this.nextCallee(program, frame);
        if (callee === undefined) {
          stack.pop();
          continue;
        }
        this.orderMatters ||= programs.has(callee);
        if (this.object.version !== "0.3" && callee.hasInfo !== program.hasInfo) {
          const what = `BTF function info for \`${callee.name}\` does not match the program`;
          refuse(infoAlike, `error relocating \`${program.name}\`: ${what}`, { program: program.name });
        }
        // The older linker takes functions of two sections at one address for one.
        const key = this.object.version === "0.3" ? callee.address : keyOf(callee.section, callee.address);
        const from = frame.at + frame.next - 1;
        const known = linked.get(key);
        whole.references.push({ from, to: known ?? length });
        if (known !== undefined) continue;
        linked.set(key, length);
        whole.parts.push({ function: callee, at: length });
        stack.push({ function: callee, at: length, next: 0 });
        length += callee.code.length / INSTRUCTION;
      }
    }
    return all;
  }

  /** The function's code as it is once its maps and symbols of the kernel are bound. */
  boundCode(of: AyaFunction): Uint8Array {
    const code = of.code.slice();
    const view = new DataView(code.buffer);
    const { littleEndian } = this.object.elf;
    for (const [index, { source, imm }] of this.changes.get(of) ?? []) {
      const at = index * INSTRUCTION;
      const registers = view.getUint8(at + 1);
      if (source !== undefined) {
        view.setUint8(at + 1, littleEndian ? (registers & 15) | (source << 4) : (registers & 0xf0) | source);
      }
      if (imm !== undefined) view.setInt32(at + 4, imm, littleEndian);
    }
    return code;
  }

  /** Whether all was looked at. */
  get isWhole(): boolean {
    return this.left > 0;
  }

  /** The function that the next call or reference goes to; undefined at the end. */
  private nextCallee(program: AyaFunction, frame: Frame): AyaFunction | undefined {
    const { function: one } = frame;
    const relocations = this.relocations.get(one.section);
    for (; frame.next * INSTRUCTION < one.code.length && this.left-- > 0; frame.next++) {
      const relocation = relocations?.get(one.offset + frame.next * INSTRUCTION);
      const symbol = relocation && this.symbols.get(relocation.symbol);
      const refersToCode =
        symbol !== undefined &&
        !(symbol.isExtern && this.object.version !== "0.3") &&
        (symbol.kind === "text" || (symbol.section !== undefined && this.code.has(symbol.section)));
      // Asked of every instruction of every program: few are taken apart.
      if (!refersToCode && one.code[frame.next * INSTRUCTION] !== CALL) continue;
      const insn = this.insn(one, frame.next);
      if (!refersToCode && !isCall(insn)) continue;
      const [section, address] = refersToCode
        ? this.target(one, symbol, relocation?.size ?? 0, insn.imm)
        : [one.section, one.offset + (frame.next + 1 + insn.imm) * INSTRUCTION];
      const callee = this.object.functions.get(keyOf(section, address));
      if (callee === undefined) {
        const place = address < 0 ? "…" : `0x${address.toString(16)}`;
        const what = `function ${place} not found while relocating \`${one.name}\``;
        refuse(functionThere, `error relocating \`${program.name}\`: ${what}`, { program: program.name });
      }
      frame.next++;
      return callee;
    }
    return undefined;
  }

  private target(
    { name }: AyaFunction,
    { kind, section, address }: AyaSymbol,
    size: number,
    imm: number,
  ): readonly [section: number, address: number] {
    if (kind !== "text" && (kind !== "section" || size === 0)) panic(callable, { program: name });
    if (section === undefined) panic(defined, { program: name });
    if (kind === "text") return [section, address];
    return [section, address + (size === 32 ? (imm + 1) * INSTRUCTION : imm)];
  }
}

/** The programs of an object as aya links them. */
export interface Linked {
  readonly programs: readonly LinkedProgram[];
  /** Code of a function with maps and symbols of the kernel bound. */
  readonly codeOf: (of: AyaFunction) => Uint8Array;
}

/** The object's programs, linked; undefined where that differs from run to run, or is too much. Throws an `AyaRefusal`. */
export function linkedPrograms(object: AyaObject): Linked | undefined {
  const relocator = new Relocator(object);
  relocator.maps();
  relocator.externs();
  const programs = relocator.calls();
  if (relocator.orderMatters || !relocator.isWhole) return undefined;
  return { programs, codeOf: (of) => relocator.boundCode(of) };
}

/**
 * Binds the references of an object's code as aya does once its maps are there: to maps, to kernel symbols, to functions. Throws an
 * `AyaRefusal`. Objects in which more than some million instructions are to be linked are believed.
 *
 * True if a program calls another: aya links programs in an order that differs from run to run, and then may refuse what it took before.
 */
export function checkRelocations(object: AyaObject): boolean {
  const relocator = new Relocator(object);
  relocator.maps();
  relocator.externs();
  relocator.calls();
  return relocator.orderMatters;
}
