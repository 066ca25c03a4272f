import type { Case } from "./cases.ts";
import { KIND, LAST_NUL, PAST_STRINGS } from "./draft.ts";
import { sampleName } from "./names.ts";

const MINUS_ONE = 0xffff_ffff;
/** One bit of width in the offset word of a member. */
const BITFIELD = 2 ** 24;

/** STRUCT, UNION and ARRAY: KM and KY. */
export const structCases: Readonly<Record<string, Case>> = {
  "KM-01": (draft, broken) => {
    const words = [broken ? PAST_STRINGS : LAST_NUL, draft.int(), 0];
    if (!broken) words[0] = draft.name("m");
    draft.add(KIND.struct, { word: 4, vlen: 1, words });
  },
  "KM-02": (draft, broken, random) => void draft.struct("s", 4, [[sampleName(broken, random), draft.int(), 0]]),
  "KM-03": (draft, broken, random) =>
    void draft.struct("s", 4, [["m", broken ? random.pick([0, 0x10_0000]) : draft.int(), 0]]),
  "KM-04": (draft, broken) => void draft.composite(KIND.union, "u", 8, [["m", draft.int(), broken ? 8 : 0]]),
  "KM-05": (draft, broken) => {
    const int = draft.int();
    draft.struct("s", 12, [
      ["a", int, 32],
      ["b", int, broken ? 31 : 32],
    ]);
  },
  "KM-06": (draft, broken) => {
    const empty = draft.struct("e", 0, []);
    draft.struct("s", 4, [["m", empty, broken ? 33 : 32]]);
  },
  "KM-07": (draft, broken, random) => {
    const fwd = draft.add(KIND.fwd, { name: "f" });
    const int = draft.int();
    const targets = [fwd, draft.add(KIND.typedef, { name: "t", word: fwd }), draft.proto(0, []), 0xf_fff0];
    targets.push(draft.add(KIND.const, { word: 0 }), draft.add(KIND.var, { name: "v", word: int, words: [0] }));
    draft.struct("s", 8, [["m", broken ? random.pick(targets) : int, 0]], random.chance(30));
  },
  "KM-08": (draft, broken, random) => {
    const next = draft.records.length + 1;
    const link = random.pick([KIND.const, KIND.typedef, KIND.typeTag]);
    if (random.chance(50)) draft.struct("s", 8, [["m", broken ? next + 1 : draft.records.length + 2, 0]]);
    else draft.composite(KIND.union, "s", 8, [["m", next + 1, 0]]);
    draft.add(link, { name: link === KIND.const ? "" : "l", word: broken ? next : next + 2 });
    if (!broken) draft.int();
  },
  "KM-09": (draft, broken, random) => {
    const int = draft.int();
    const types: readonly (readonly [number, number])[] = [
      [int, 4],
      [draft.add(KIND.ptr, { word: 0 }), 8],
      [draft.add(KIND.array, { words: [int, int, 3] }), 12],
      [draft.add(KIND.float, { word: 8 }), 8],
      [draft.add(KIND.enum, { word: 2 }), 2],
      [draft.add(KIND.const, { word: int }), 4],
    ];
    const [type, size] = random.pick(types);
    draft.struct("s", size - (broken ? 1 : 0), [["m", type, 0]], size > 2 && random.chance(40));
  },
  "KM-10": (draft, broken, random) => {
    const int = draft.int();
    const type = random.pick([
      draft.add(KIND.ptr, { word: int }),
      draft.add(KIND.array, { words: [int, int, 1] }),
      draft.struct("e", 0, []),
      draft.add(KIND.enum64, { word: 8 }),
    ]);
    draft.struct("s", 40, [["m", type, broken ? 4 : 8]]);
  },
  "KM-11": (draft, broken, random) => {
    const size = random.pick([2, 4, 8, 12, 16]);
    const aligned = Math.min(size, 8) * 8;
    draft.struct(
      "s",
      64,
      [["m", draft.add(KIND.float, { word: size }), broken ? aligned - 8 : aligned]],
      random.chance(50),
    );
  },
  "KM-12": (draft, broken) => {
    const late = draft.add(KIND.int, { word: 2, words: [0x8_0000 + 8] });
    draft.struct("s", MINUS_ONE, [["m", late, broken ? 0xffff_fff8 : 0xffff_fff7]]);
  },
  "KM-13": (draft, broken, random) => {
    const flag = random.chance(40);
    const wide = draft.add(KIND.int, { word: 16, words: [flag || broken ? 128 : 127] });
    draft.struct("s", 64, [["m", wide, flag ? BITFIELD * (broken ? 128 : 127) + 1 : 1]], flag);
  },
  "KM-14": (draft, broken) => {
    const narrow = draft.add(KIND.int, { word: 4, words: [broken ? 31 : 32] });
    draft.struct("s", 4, [["m", narrow, BITFIELD * 3]], true);
  },
  "KM-15": (draft, broken) => void draft.struct("s", 8, [["m", draft.int(), broken ? 1 : 8]], true),
  "KM-16": (draft, broken, random) => {
    const type = random.chance(50) ? draft.int() : draft.add(KIND.enum64, { word: 8 });
    draft.struct("s", 16, [["m", type, BITFIELD * (broken ? 33 : 32)]], true);
  },
  "KM-17": (draft, broken, random) => {
    const int = draft.int();
    const type = random.pick([
      draft.add(KIND.ptr, { word: int }),
      draft.add(KIND.array, { words: [int, int, 1] }),
      draft.composite(KIND.union, "u", 2, []),
      draft.add(KIND.float, { word: 4 }),
    ]);
    draft.struct("s", 16, [["m", type, broken ? BITFIELD : 0]], true);
  },
  "KM-18": (draft, broken, random) => {
    const small = draft.add(KIND.enum, { word: 1 });
    if (random.chance(50)) draft.struct("s", broken ? 3 : 4, [["m", small, 0]], true);
    else draft.struct("s", 16, [["m", small, broken ? 3 : 8]], true);
  },
  "KY-01": (draft, broken) => {
    const int = draft.int();
    draft.add(KIND.array, { word: broken ? 4 : 0, words: [int, int, 1] });
  },
  "KY-02": (draft, broken, random) => {
    const int = draft.int();
    const wrong = [
      0,
      draft.proto(0, []),
      draft.add(KIND.const, { word: 0 }),
      draft.add(KIND.fwd, { name: "f" }),
      0xf_fff1,
    ];
    draft.add(KIND.array, { words: [broken ? random.pick(wrong) : int, int, 3] });
  },
  "KY-03": (draft, broken, random) => {
    const int = draft.int();
    const wrong = [0, draft.add(KIND.ptr), draft.add(KIND.enum, { word: 4 }), 0xf_fff1, draft.proto(0, [])];
    wrong.push(draft.add(KIND.int, { word: 4, words: [31] }), draft.add(KIND.int, { word: 0, words: [0] }));
    draft.add(KIND.array, { words: [int, broken ? random.pick(wrong) : draft.add(KIND.const, { word: int }), 3] });
  },
  "KY-04": (draft, broken, random) => {
    const bits = broken ? random.pick([0, 7, 24, 31, 0x8_0008]) : 32;
    const element = draft.add(KIND.int, { word: 4, words: [bits] });
    draft.add(KIND.array, { words: [element, draft.int(), 2] });
  },
  "KY-05": (draft, broken) => {
    const int = draft.int();
    draft.add(KIND.array, { words: [int, int, broken ? 0x4000_0000 : 0x3fff_ffff] });
  },
};
