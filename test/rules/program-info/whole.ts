import { Draft, KIND } from "../kernel/draft.ts";
import { declareFunction, declareTypes, type Types } from "./generate.ts";
import { type Code, EXIT, MOVE, ProgramDraft, SET, WIDE, ZERO } from "./program.ts";

/** A program of main and two static functions that it calls, with a record for each in func_info and line_info. */
export interface Whole {
  readonly draft: ProgramDraft;
  readonly btf: Draft;
  readonly types: Types;
  readonly functions: readonly number[];
}

/** Where the functions of the program begin, and its number of slots. */
export const STARTS = [0, 8, 12, 16] as const;
export const LENGTH = STARTS[3];

export function whole(): Whole {
  const draft = new ProgramDraft();
  const btf = new Draft();
  draft.btf = btf;
  const types = declareTypes(btf);
  draft.functions.push(
    [MOVE(6, 1), { function: 1, kind: "call" }, MOVE(1, 6), { function: 2, kind: "call" }, ...WIDE(2, 7), ZERO, EXIT],
    [MOVE(6, 1), SET(3, 1), ZERO, EXIT],
    [MOVE(6, 1), SET(3, 1), ZERO, EXIT],
  );
  const functions = ["main", "one", "two"].map((name) => declareFunction(btf, name, types.int, name === "main"));
  const file = btf.name("a.c");
  functions.forEach((id, number) => {
    draft.funcInfo.records.push([STARTS[number] ?? 0, id]);
    draft.lineInfo.records.push([STARTS[number] ?? 0, file, btf.name("int x;"), 1024]);
  });
  return { draft, btf, types, functions };
}

/** How a rule is broken, and how the same program keeps it: each is put into a program of its own. */
export interface Case {
  readonly about: string;
  readonly broken: (program: Whole) => void;
  readonly kept: (program: Whole) => void;
  /** The message of the broken one, as the kernel's source has it and not as we compute it; "" if it is silent. */
  readonly message: string;
  /** Number of the record that `broken` changes, where the message does not name it. */
  readonly record?: number;
}

export function record(records: number[][], index: number): number[] {
  const found = records[index];
  if (found === undefined) throw new RangeError(`no record ${index}`);
  return found;
}

export function lengthened(name: "funcInfo" | "lineInfo", message: string): Case {
  const grow =
    (last: number) =>
    ({ draft }: Whole): void => {
      draft[name].recordSize += 8;
      record(draft[name].records, 1).push(0, last);
    };
  return { about: "a byte after the known ones", broken: grow(1 << 24), kept: grow(0), message, record: 1 };
}

export function sized(name: "funcInfo" | "lineInfo" | "coreRelo", size: number, kept: number, message: string): Case {
  const set =
    (recordSize: number) =>
    (program: Whole): void => {
      if (name === "coreRelo") relocate(program, 6, "0");
      program.draft[name].recordSize = recordSize;
    };
  return { about: `records of ${size} bytes`, broken: set(size), kept: set(kept), message };
}

export const wordOf =
  (name: "funcInfo" | "lineInfo", index: number, word: number, value: number | ((program: Whole) => number)) =>
  (program: Whole): void => {
    record(program.draft[name].records, index)[word] = typeof value === "number" ? value : value(program);
  };

export const nothing = (): void => undefined;

/** Relocates the constant of function one. */
export function relocate(
  { draft, btf, types }: Whole,
  kind: number,
  access: string,
  type = types.struct,
  at = 9,
): void {
  draft.coreRelo.records.push([at * 8, type, btf.name(access), kind]);
}

export const inMain =
  (...code: readonly Code[]) =>
  ({ draft }: Whole): void => {
    draft.functions[0]?.splice(-2, 2, ...code);
  };

export const inOne =
  (code: Code, returned: (types: Types) => number, isKnown = true) =>
  ({ draft, btf, types }: Whole): void => {
    draft.functions[1]?.splice(1, 1, code);
    const id = declareFunction(btf, "loads", returned(types));
    record(draft.funcInfo.records, 1)[1] = id;
    if (!isKnown) draft.funcInfo.records = [];
  };

/** A third function, the exception callback of main. */
export const callback =
  (tags: readonly string[], isGlobal: boolean, isListed: boolean) =>
  ({ draft, btf, types, functions: [main = 0] }: Whole): void => {
    const id = declareFunction(btf, "handler", types.int, isGlobal);
    for (const tag of tags)
      btf.add(KIND.declTag, { name: `exception_callback:${tag}`, word: main, words: [0xffff_ffff] });
    draft.functions.push([ZERO, EXIT]);
    draft.lineInfo.records = [];
    if (isListed) draft.funcInfo.records.push([LENGTH, id]);
    else draft.functions[0]?.splice(-2, 0, { function: 3, kind: "call" });
  };

export const many =
  (count: number) =>
  ({ draft }: Whole): void => {
    draft.funcInfo.records = [];
    draft.lineInfo.records = [];
    for (let number = 3; number < count; number++) {
      draft.functions[0]?.splice(-2, 0, { function: number, kind: "call" });
      draft.functions.push([ZERO, EXIT]);
    }
  };

export const alone =
  (...code: readonly Code[]) =>
  ({ draft }: Whole): void => {
    draft.functions.splice(0, 3, [...code]);
    draft.funcInfo.records = [];
    draft.lineInfo.records = [];
  };
