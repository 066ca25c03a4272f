/** Programs that chance seldom draws: what each kernel says of them is all that is expected. */
import { KIND } from "../kernel/draft.ts";
import { accesses } from "./access-corners.ts";
import { declareFunction } from "./generate.ts";
import { doings, jumps } from "./layout-corners.ts";
import { type Code, EXIT, TAIL_CALL, ZERO } from "./program.ts";
import { forms, LONG, odd, ofKernel } from "./relocation-corners.ts";
import { relocate, type Whole } from "./whole.ts";

type Change = (program: Whole) => void;

/** Records of each size, and tails in each byte. */
function sizes(): readonly Change[] {
  const names = ["funcInfo", "lineInfo", "coreRelo"] as const;
  return names.flatMap((name) => [
    ...[0, 4, 7, 8, 9, 11, 12, 15, 16, 17, 20, 248, 251, 252, 253, 254, 256, 260].map(
      (size): Change =>
        (program) => {
          relocate(program, 6, "0");
          program.draft[name].recordSize = size;
        },
    ),
    ...[0, 1, 2].flatMap((index) =>
      [1, 2, 3, 4].map(
        (more): Change =>
          (program) => {
            for (const at of [9, 13]) relocate(program, 6, "0", program.types.struct, at);
            const info = program.draft[name];
            const known = info.recordSize / 4;
            info.recordSize += 16;
            const record = info.records[index];
            if (record === undefined) return;
            record.length = known;
            record.push(...[1, 2, 3, 4].map((place) => (place === more ? 1 << 24 : 0)));
          },
      ),
    ),
    (program) => {
      // None of them is told of.
      relocate(program, 6, "0");
      program.draft[name].count = 0;
    },
  ]);
}

const exception =
  (name: string, change: Change = () => undefined): Change =>
  (program) => {
    const { draft, btf, types, functions } = program;
    const id = declareFunction(btf, "handler", types.int, true);
    btf.add(KIND.declTag, { name: `exception_callback:${name}`, word: functions[0] ?? 0, words: [0xffff_ffff] });
    draft.functions.push([ZERO, EXIT]);
    draft.lineInfo.records = [];
    draft.funcInfo.records.push([16, id]);
    change(program);
  };

/** Exception callbacks with names of all kinds, and tags that are none. */
const callbacks: readonly Change[] = [
  ...["handler", "", "handlerx", "handle", "one", "int", "nowhere_i", "é", "x".repeat(900), "x".repeat(LONG)].map(
    (name) => exception(name),
  ),
  exception("handler", ({ btf, functions }) => {
    btf.add(KIND.declTag, { name: "exception_callback", word: functions[0] ?? 0, words: [0xffff_ffff] });
  }),
  exception("handler", ({ btf, functions }) => {
    btf.add(KIND.declTag, { name: "exception_callback:one", word: functions[1] ?? 0, words: [0xffff_ffff] });
  }),
  exception(
    "handler",
    ({ btf }) => void btf.add(KIND.declTag, { name: "exception_callback:one", word: 1, words: [0xffff_ffff] }),
  ),
  // The first FUNC of a name counts, and the last record of a FUNC.
  exception("handler", ({ btf, types }) => void declareFunction(btf, "handler", types.int, false)),
  exception("handler", ({ draft }) => {
    draft.functions.push([ZERO, EXIT]);
    draft.funcInfo.records.push([18, draft.funcInfo.records[3]?.[1] ?? 0]);
  }),
  exception("handler", ({ draft }) => {
    draft.funcInfo.records = [];
  }),
  exception("handler", ({ draft }) => {
    draft.funcInfo.count = 0;
  }),
  // A tag of a parameter is none of the function.
  (program) => {
    const { draft, btf, types } = program;
    const main = btf.add(KIND.func, { name: "main2", word: btf.proto(types.int, [["a", types.int]]), vlen: 1 });
    btf.add(KIND.declTag, { name: "exception_callback:absent", word: main, words: [0] });
    const [first] = draft.funcInfo.records;
    if (first !== undefined) first[1] = main;
  },
  exception("handler", ({ draft }) => {
    draft.funcInfo.recordSize = 7;
  }),
  exception("handler", ({ draft }) => {
    draft.btf = undefined;
  }),
];

/** What functions return that load packets or call on, by their types. */
function returns(): readonly Change[] {
  const made: readonly ((program: Whole) => number)[] = [
    ({ btf }) => btf.add(KIND.int, { name: "i8", word: 8, words: [64] }),
    ({ btf }) => btf.add(KIND.int, { name: "i16", word: 16, words: [128] }),
    ({ btf, types }) => btf.add(KIND.volatile, { word: btf.add(KIND.restrict, { word: types.int }) }),
    ({ btf }) => btf.add(KIND.const, { word: 0 }),
    ({ btf }) => btf.add(KIND.enum64, { name: "e64", word: 8, words: [btf.name("B"), 1, 0], vlen: 1 }),
    ({ btf }) => btf.add(KIND.float, { name: "f8", word: 8 }),
    ({ btf, types }) => btf.add(KIND.const, { word: btf.add(KIND.ptr, { word: types.int }) }),
  ];
  return made.flatMap((type) =>
    [TAIL_CALL, [0x30, 0, 0, 0, 0] as Code, [0x50, 0, 0, 0, 0] as Code].flatMap((code) =>
      [1, 2].map(
        (number): Change =>
          (program) => {
            const { draft, btf } = program;
            draft.functions[number]?.splice(1, 1, code);
            const record = draft.funcInfo.records[number];
            if (record !== undefined) record[1] = declareFunction(btf, "returns", type(program));
          },
      ),
    ),
  );
}

/** Words of records at their edges. */
function edges(): readonly Change[] {
  const set =
    (name: "funcInfo" | "lineInfo", index: number, word: number, value: number): Change =>
    ({ draft }) => {
      const record = draft[name].records[index];
      if (record !== undefined) record[word] = value;
    };
  const numbers = [0, 1, 7, 8, 9, 11, 12, 13, 15, 16, 17, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
  return [
    ...[0, 1, 2].flatMap((index) =>
      numbers.flatMap((value) => [set("funcInfo", index, 0, value), set("lineInfo", index, 0, value)]),
    ),
    ...[0, 1, 2].flatMap((index) =>
      [1, 2].flatMap((word) =>
        [0, 1, 0x00ff_ffff, 0x0100_0000, 0xffff_ffff].map((value) => set("lineInfo", index, word, value)),
      ),
    ),
    ...[0, 1, 2].flatMap((index) =>
      [0, 1, 17, 18, 40, 0xf_ffff, 0x8000_0000].map((value) => set("funcInfo", index, 1, value)),
    ),
    ...[3, 6, 9, 14].map(
      (at): Change =>
        ({ draft }) => {
          const { records } = draft.lineInfo;
          records.push([at, 1, 1, 0]);
          records.sort(([a = 0], [b = 0]) => a - b);
        },
    ),
    ...[0, 1, 2].map(
      (index): Change =>
        ({ draft }) =>
          void draft.funcInfo.records.splice(index, 1),
    ),
    ...[0, 1, 2].map(
      (index): Change =>
        ({ draft }) =>
          void draft.lineInfo.records.splice(index, 1),
    ),
    ...[0, 1].map(
      (index): Change =>
        ({ draft }) =>
          void draft.lineInfo.records.splice(index, 2),
    ),
    ({ draft }) => {
      draft.funcInfo.records.push([14, draft.funcInfo.records[2]?.[1] ?? 0]);
    },
    ({ draft }) => {
      draft.lineInfo.records = [];
    },
    ({ draft }) => {
      draft.btf = undefined;
      draft.funcInfo.records = [];
    },
    ({ draft }) => {
      draft.btf = undefined;
      draft.lineInfo.records = [];
    },
    (program) => {
      relocate(program, 6, "0");
      program.draft.funcInfo.records = [];
      program.draft.lineInfo.records = [];
    },
    (program) => {
      relocate(program, 6, "0");
      program.draft.btf = undefined;
      program.draft.funcInfo.records = [];
      program.draft.lineInfo.records = [];
    },
    ...[0, 1, 4, 8, 71, 72, 76, 80, 120, 127, 128, 136].map(
      (at): Change =>
        ({ draft, btf, types }) => {
          draft.coreRelo.records.push([at, types.struct, btf.name("0"), 6]);
        },
    ),
  ];
}

/** Every corner. */
export const CORNERS: readonly Change[] = [
  ...accesses(),
  ...odd,
  ...forms(),
  ...jumps(),
  ...doings,
  ...sizes(),
  ...callbacks,
  ...returns(),
  ...edges(),
  ...ofKernel,
];
