import { Draft, KIND } from "../kernel/draft.ts";
import type { Random } from "../kernel/random.ts";
import { type Code, EXIT, LD_ABS, MOVE, ProgramDraft, SET, type Slot, TAIL_CALL, WIDE, ZERO } from "./program.ts";

/** Ids of what every BTF of a generated program has. */
export interface Types {
  readonly int: number;
  readonly returns: readonly number[];
  readonly wrongReturns: readonly number[];
  /** A struct of members "a" (int), "b" (array of 4), an unnamed union of "c", and "d" (array without length). No kernel has it. */
  readonly struct: number;
  readonly enum: number;
}

export const SOURCE_LINES = ["int x;", "return 0;", "", "main()"] as const;

/** Declares types; names are such that no kernel has them. */
export function declareTypes(btf: Draft): Types {
  const int = btf.add(KIND.int, { name: "nowhere_i", word: 4, words: [32] });
  const long = btf.add(KIND.int, { name: "nowhere_l", word: 8, words: [64] });
  const wide = btf.add(KIND.int, { name: "wide", word: 16, words: [128] });
  const enumeration = btf.add(KIND.enum, { name: "nowhere_e", word: 4, words: [btf.name("A"), 1], vlen: 1 });
  const alias = btf.add(KIND.typedef, { name: "nowhere_t", word: btf.add(KIND.const, { word: long }) });
  const array = btf.add(KIND.array, { words: [int, int, 4] });
  const endless = btf.add(KIND.array, { words: [int, int, 0] });
  const union = btf.composite(KIND.union, "", 4, [["c", int, 0]]);
  const struct = btf.struct("nowhere_s", 24, [
    ["a", int, 0],
    ["b", array, 32],
    ["", union, 160],
    ["d", endless, 192],
  ]);
  const pointer = btf.add(KIND.ptr, { word: struct });
  return {
    int,
    returns: [int, long, enumeration, alias],
    wrongReturns: [0, wide, struct, pointer],
    struct,
    enum: enumeration,
  };
}

/** A FUNC without parameters. */
export function declareFunction(btf: Draft, name: string, returned: number, isGlobal = false): number {
  return btf.add(KIND.func, { name, word: btf.proto(returned, []), vlen: isGlobal ? 1 : 0 });
}

/** What a function may do that is refused of none. */
function filler(random: Random): readonly Code[] {
  switch (random.below(6)) {
    case 0:
      return WIDE(2, random.next() | 0);
    case 1:
      return [[0x05, 0, 0, 0]];
    case 2:
      return [[0x15, 0, 0, 1, 0], SET(3, 1)];
    case 3:
      return [
        [0xbf, 2, 10],
        [0x7a, 2, 0, -8, 0],
      ];
    default:
      return [SET(3, random.below(100))];
  }
}

/** What the draft was made of, for who breaks it. */
export interface Generated {
  readonly draft: ProgramDraft;
  readonly types: Types;
  readonly functions: readonly number[];
}

/** A program that a kernel takes, but for what a function returns or is verified by: main calls each of up to four others. */
export function generate(random: Random): Generated {
  const draft = new ProgramDraft();
  const btf = new Draft();
  draft.btf = btf;
  const types = declareTypes(btf);
  const count = random.pick([1, 1, 2, 3, 4, 5]);
  const loads = random.chance(25);
  const slots: Slot[][] = [[MOVE(6, 1), ZERO]];
  for (let number = 1; number < count; number++) {
    const isLoading = loads && random.chance(50);
    const body: Slot[] = [MOVE(6, 1), ZERO, ...Array.from({ length: random.below(3) }, () => filler(random)).flat()];
    if (isLoading) body.push(LD_ABS);
    if (loads && random.chance(5)) body.push(TAIL_CALL);
    slots.push([...body, ZERO, EXIT]);
  }
  const main = slots[0] ?? [];
  for (let number = 1; number < count; number++) {
    if (random.chance(50)) main.push(...filler(random));
    main.push(MOVE(1, 6), { function: number, kind: "call" });
    if (random.chance(8)) main.push({ function: number, kind: "address" });
  }
  for (let fillers = random.below(4); fillers > 0; fillers--) main.push(...filler(random));
  if (random.chance(10)) main.push([0x06, 0, 0, 0, 0]);
  main.push(ZERO, EXIT);
  draft.functions.push(...slots);
  const functions = slots.map((_, number) => {
    const returned = random.chance(loads ? 15 : 5) ? random.pick(types.wrongReturns) : random.pick(types.returns);
    return declareFunction(btf, `f${number}`, returned, number === 0 || random.chance(10));
  });
  if (!random.chance(10)) addFunctions(draft, functions, random);
  if (!random.chance(20)) addLines(draft, btf, random);
  if (random.chance(35)) addRelocations(draft, btf, types, random);
  return { draft, types, functions };
}

function addFunctions(draft: ProgramDraft, functions: readonly number[], random: Random): void {
  const starts = draft.starts();
  draft.funcInfo.recordSize = random.chance(85) ? 8 : random.pick([12, 16, 64, 252]);
  draft.funcInfo.records = functions.map((id, number) => [starts[number] ?? 0, id]);
}

/** Instruction numbers of a program, less the second halves of wide ones. */
export function wholeInsns(draft: ProgramDraft): number[] {
  const bytes = draft.insns();
  return Array.from({ length: bytes.length / 8 }, (_, index) => index).filter((index) => bytes[index * 8] !== 0);
}

function addLines(draft: ProgramDraft, btf: Draft, random: Random): void {
  const starts = new Set(draft.starts().slice(0, -1));
  const file = btf.name("a.c");
  draft.lineInfo.recordSize = random.chance(85) ? 16 : random.pick([20, 32, 252]);
  draft.lineInfo.records = wholeInsns(draft)
    .filter((index) => starts.has(index) || random.chance(40))
    .map((index) => [index, file, btf.name(random.pick(SOURCE_LINES)), random.next()]);
}

function addRelocations(draft: ProgramDraft, btf: Draft, types: Types, random: Random): void {
  const bytes = draft.insns();
  const places = wholeInsns(draft).filter((index) => bytes[index * 8] === 0xb7 && bytes[index * 8 + 1] === 3);
  const accesses: readonly (readonly [number, number, string])[] = [
    [types.int, 6, "0"],
    [types.struct, 6, "0"],
    [0, 6, "0"],
    [types.struct, 2, "0:0"],
    [types.struct, 2, "0:1:3"],
    [types.struct, 2, "0:2:0"],
    [types.struct, 2, "0:3:9"],
    [types.struct, 7, "0"],
  ];
  draft.coreRelo.recordSize = random.chance(85) ? 16 : random.pick([20, 252]);
  for (const index of places) {
    const [type, kind, access] = random.pick(accesses);
    draft.coreRelo.records.push([index * 8, type, btf.name(access), kind]);
    // What exists is held against what the compiler wrote.
    if (kind === 2) setConstant(draft, index, 1);
  }
}

/** Changes the constant of the instruction at a slot. */
function setConstant(draft: ProgramDraft, wanted: number, value: number): void {
  let at = 0;
  for (const slots of draft.functions) {
    for (const [index, slot] of slots.entries()) {
      if (at === wanted && !("kind" in slot)) {
        const [opcode, dst = 0, src = 0, offset = 0] = slot;
        slots[index] = [opcode, dst, src, offset, value];
      }
      at += "kind" in slot && slot.kind === "address" ? 2 : 1;
    }
  }
}
