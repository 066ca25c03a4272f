import { codeView, INSN_SIZE, LD_IMM64, PSEUDO_CALL, PSEUDO_FUNC } from "../../elf/insn.ts";
import { type ElfView, type Section, SHF_EXECINSTR, SHN_UNDEF, STT_FUNC } from "../../elf/model.ts";
import { relocationsOf } from "../../elf/relocations.ts";

/** A place in the code: section index and offset in bytes. */
export interface CodePlace {
  readonly section: number;
  readonly offset: number;
}

/** A function as code: from its start to the next function of the section, in bytes. */
export interface CodeRange {
  readonly section: number;
  readonly start: number;
  readonly end: number;
}

/** A call of a function of the object, or its address taken for a callback. */
export interface CodeReference {
  readonly kind: "call" | "address";
  /** Where the instruction stands, and the function that it names. */
  readonly from: CodePlace;
  readonly to: CodePlace;
}

/** Who is called: a function of the object, a helper of the kernel by number, an undefined symbol, or who knows. */
export type Callee =
  | { readonly to: "function"; readonly place: CodePlace }
  | { readonly to: "helper"; readonly helper: number }
  | { readonly to: "extern"; readonly name: string }
  | { readonly to: "unknown" };

/** What the code of an object refers to, found on first use and dropped with the view. */
export interface Code {
  readonly elf: ElfView;
  /** Every reference of code to a function, section by section, each in order of its place. */
  readonly references: readonly CodeReference[];
  /** References to functions from data (`values` of a program array, vtables). */
  readonly fromData: readonly CodePlace[];
  view(section: number): DataView | undefined;
  /** The function that a place lies in; undefined before the first one of a section and outside of code. */
  functionAt(place: CodePlace): CodeRange | undefined;
  /** Who the call at this place goes to. */
  callee(place: CodePlace): Callee;
  /** Offsets of a section that have relocations. */
  relocated(section: number): ReadonlySet<number>;
}

const CALL = 0x85;

const known = new WeakMap<ElfView, Code>();

function isCode(section: Section | undefined): boolean {
  return section !== undefined && (section.flags & SHF_EXECINSTR) !== 0;
}

/** A place as a key: offsets stay far below 2^32. */
function keyOf({ section, offset }: CodePlace): number {
  return section * 0x1_0000_0000 + offset;
}

interface Found {
  readonly references: CodeReference[];
  readonly externs: Map<number, string>;
}

function collect(elf: ElfView, section: Section, found: Found): void {
  const { littleEndian } = elf;
  const view = codeView(section.bytes);
  const relocated = new Set<number>();
  const here: CodeReference[] = [];
  for (const { offset, symbol } of relocationsOf(elf, section.index)) {
    relocated.add(offset);
    const target = elf.symbols[symbol];
    if (target === undefined || offset + INSN_SIZE > view.byteLength) continue;
    const from = { section: section.index, offset };
    const isCall = view.getUint8(offset) === CALL;
    if (target.section === SHN_UNDEF && isCall) found.externs.set(keyOf(from), target.name);
    if (!isCode(elf.sections[target.section])) continue;
    // Counted from the next slot for calls, in bytes for addresses (llvm R_BPF_64_32, R_BPF_64_64).
    const addend = view.getInt32(offset + 4, littleEndian);
    const to = { section: target.section, offset: target.value + (isCall ? (addend + 1) * INSN_SIZE : addend) };
    here.push({ kind: isCall ? "call" : "address", from, to });
  }
  // Within a section the assembler may have resolved calls, and addresses of callbacks, which it then counts like calls.
  for (
    let at = 0;
    at + INSN_SIZE <= view.byteLength;
    at += view.getUint8(at) === LD_IMM64 ? 2 * INSN_SIZE : INSN_SIZE
  ) {
    const opcode = view.getUint8(at);
    if ((opcode !== CALL && opcode !== LD_IMM64) || relocated.has(at)) continue;
    const registers = view.getUint8(at + 1);
    const pseudo = littleEndian ? registers >> 4 : registers & 15;
    if (pseudo !== (opcode === CALL ? PSEUDO_CALL : PSEUDO_FUNC)) continue;
    const to = { section: section.index, offset: at + INSN_SIZE + view.getInt32(at + 4, littleEndian) * INSN_SIZE };
    here.push({ kind: opcode === CALL ? "call" : "address", from: { section: section.index, offset: at }, to });
  }
  for (const reference of here.sort((a, b) => a.from.offset - b.from.offset)) found.references.push(reference);
}

function referencesFromData(elf: ElfView): readonly CodePlace[] {
  return elf.sections
    .filter(
      (section) => section.index !== 0 && !isCode(section) && !/^\.(?:debug_|BTF|rel|eh_frame)/.test(section.name),
    )
    .flatMap(({ index, bytes }) => {
      const view = codeView(bytes);
      return relocationsOf(elf, index).flatMap(({ symbol, offset }) => {
        const target = elf.symbols[symbol];
        if (target === undefined || !isCode(elf.sections[target.section])) return [];
        const addend = offset + 4 <= view.byteLength ? view.getUint32(offset, elf.littleEndian) : 0;
        return [{ section: target.section, offset: target.value + addend }];
      });
    });
}

function build(elf: ElfView): Code {
  const found: Found = { references: [], externs: new Map() };
  const sections = elf.sections.filter(isCode);
  for (const section of sections) collect(elf, section, found);
  const { references, externs } = found;
  const targets = new Map(references.map(({ from, to }) => [keyOf(from), to]));
  const starts = new Map<number, Set<number>>(sections.map(({ index }) => [index, new Set()]));
  for (const { type, section, value } of elf.symbols) if (type === STT_FUNC) starts.get(section)?.add(value);
  for (const { to } of references) starts.get(to.section)?.add(to.offset);
  const sorted = new Map(
    [...starts].map(([section, set]) => {
      // Symbols and jumps of a hostile object lead anywhere.
      const length = elf.sections[section]?.bytes.length ?? 0;
      return [section, [...set].filter((start) => start >= 0 && start < length).sort((a, b) => a - b)] as const;
    }),
  );
  const views = new Map<number, DataView>();
  const relocated = new Map<number, ReadonlySet<number>>();
  let fromData: readonly CodePlace[] | undefined;
  return {
    elf,
    references,
    get fromData(): readonly CodePlace[] {
      fromData ??= referencesFromData(elf);
      return fromData;
    },
    view(index) {
      const section = elf.sections[index];
      const view = views.get(index) ?? (section !== undefined && isCode(section) ? codeView(section.bytes) : undefined);
      if (view !== undefined) views.set(index, view);
      return view;
    },
    relocated(section) {
      const offsets = relocated.get(section) ?? new Set(relocationsOf(elf, section).map(({ offset }) => offset));
      relocated.set(section, offsets);
      return offsets;
    },
    functionAt({ section, offset }) {
      const list = sorted.get(section) ?? [];
      const next = firstAbove(list, offset);
      const start = list[next - 1];
      if (start === undefined) return undefined;
      return { section, start, end: list[next] ?? elf.sections[section]?.bytes.length ?? start };
    },
    callee(place) {
      const key = keyOf(place);
      const target = targets.get(key);
      if (target !== undefined) return { to: "function", place: target };
      const name = externs.get(key);
      if (name !== undefined) return { to: "extern", name };
      const view = this.view(place.section);
      if (view === undefined || place.offset + INSN_SIZE > view.byteLength) return { to: "unknown" };
      const registers = view.getUint8(place.offset + 1);
      const pseudo = elf.littleEndian ? registers >> 4 : registers & 15;
      if (pseudo !== 0) return { to: "unknown" };
      return { to: "helper", helper: view.getInt32(place.offset + 4, elf.littleEndian) };
    },
  };
}

/** Position of the first number of an ascending list that is larger. */
function firstAbove(list: readonly number[], value: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The code of an object, joined by relocations and by what the assembler resolved itself. */
export function codeOf(elf: ElfView): Code {
  let code = known.get(elf);
  if (code === undefined) {
    code = build(elf);
    known.set(elf, code);
  }
  return code;
}
