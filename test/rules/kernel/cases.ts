/**
 * One case per rule: records that break just that rule or, with `broken` false, their nearest neighbours that do not. Alone they are
 * the rule's vectors; appended to a random graph they are what the campaign feeds to the kernel.
 */
import { type Draft, KIND, LAST_NUL, PAST_STRINGS } from "./draft.ts";
import { sampleName } from "./names.ts";
import type { Random } from "./random.ts";
import { specialCases } from "./special-cases.ts";
import { structCases } from "./struct-cases.ts";

export type Case = (draft: Draft, broken: boolean, random: Random) => void;

const MINUS_ONE = 0xffff_ffff;

const meta: Readonly<Record<string, Case>> = {
  "KT-01": (draft, broken) => {
    draft.trailing = broken ? 4 : 0;
  },
  "KT-02": (draft, broken, random) => {
    const kind = broken ? random.pick([0, 20, 25, 31]) : KIND.fwd;
    draft.add(kind, { name: "n" });
  },
  "KT-03": (draft, broken, random) => {
    draft.add(KIND.fwd + (broken && random.chance(50) ? 0x20 : 0), { name: "n", vlen: broken ? 0x1_0000 : 0 });
  },
  "KT-04": (draft, broken, random) => {
    const offset = broken ? random.pick([PAST_STRINGS, 0x100_0000, MINUS_ONE]) : LAST_NUL;
    draft.add(KIND.int, { name: offset, word: 4, words: [32] });
  },
  "KT-05": (draft, broken, random) => {
    draft.ordered = true;
    const kinds = [
      KIND.int,
      KIND.array,
      KIND.struct,
      KIND.enum,
      KIND.enum64,
      KIND.proto,
      KIND.var,
      KIND.datasec,
      KIND.declTag,
    ];
    const kind = random.pick(kinds);
    if (broken) draft.add(kind, { name: "n", word: 4, vlen: 7, words: kind === KIND.datasec ? [1, 0] : [] });
    else draft.struct("n", 4, [["m", draft.int(), 0]]);
  },
  "KT-06": (draft, broken, random) => {
    const int = draft.int();
    const kind = random.pick([
      KIND.int,
      KIND.ptr,
      KIND.const,
      KIND.typedef,
      KIND.array,
      KIND.func,
      KIND.proto,
      KIND.var,
      KIND.float,
    ]);
    const words = kind === KIND.int ? [32] : kind === KIND.array ? [int, int, 2] : kind === KIND.var ? [0] : [];
    const named = [KIND.int, KIND.typedef, KIND.func, KIND.var].some((other) => other === kind);
    const proto = draft.proto(0, []);
    const word =
      kind === KIND.array ? 0 : kind === KIND.func ? proto : kind === KIND.int || kind === KIND.float ? 4 : int;
    draft.add(kind, { name: named ? "n" : "", word, words, flag: broken });
  },
  "KT-07": (draft, broken, random) => {
    const int = draft.int();
    const kind = random.pick([
      KIND.int,
      KIND.ptr,
      KIND.restrict,
      KIND.array,
      KIND.var,
      KIND.float,
      KIND.declTag,
      KIND.typeTag,
    ]);
    const words = kind === KIND.int ? [32] : kind === KIND.array ? [int, int, 2] : [0];
    const target = kind === KIND.declTag ? draft.struct("s", 4, [["m", int, 0]]) : int;
    const word = kind === KIND.array ? 0 : kind === KIND.int || kind === KIND.float ? 4 : target;
    const hasTail = [KIND.int, KIND.array, KIND.var, KIND.declTag].some((other) => other === kind);
    const named = [KIND.int, KIND.var, KIND.declTag, KIND.typeTag].some((other) => other === kind);
    draft.add(kind, { name: named ? "n" : "", word, words: hasTail ? words : [], vlen: broken ? 1 : 0 });
  },
  "KT-08": (draft, broken, random) => {
    const int = draft.int();
    const big = broken ? 0x10_0000 : int;
    const place = random.below(3);
    if (place < 2) draft.add(KIND.array, { words: place === 0 ? [big, int, 1] : [int, big, 1] });
    else draft.add(random.pick([KIND.ptr, KIND.volatile]), { word: big });
  },
  "KN-01": (draft, broken, random) => {
    const text = sampleName(broken, random);
    const int = draft.int();
    const kind = random.pick([
      KIND.struct,
      KIND.union,
      KIND.enum,
      KIND.enum64,
      KIND.fwd,
      KIND.typedef,
      KIND.func,
      KIND.var,
    ]);
    if (kind === KIND.func) draft.add(kind, { name: text, word: draft.proto(0, []) });
    else if (kind === KIND.typedef) draft.add(kind, { name: text, word: int });
    else if (kind === KIND.var) draft.add(kind, { name: text, word: int, words: [0] });
    else draft.add(kind, { name: text, word: kind === KIND.fwd ? 0 : 4 });
  },
  "KN-02": (draft, broken, random) => {
    const int = draft.int();
    const parts = { name: broken ? "n" : "", word: int };
    if (random.chance(25)) draft.add(KIND.array, { ...parts, word: 0, words: [int, int, 1] });
    else draft.add(random.pick([KIND.ptr, KIND.volatile, KIND.const, KIND.restrict, KIND.proto]), parts);
  },
  "KN-03": (draft, broken, random) => {
    const text = random.pick(broken ? ["", "a\x09", "\x80", "s".repeat(513)] : ["?x", "a b", "s".repeat(512)]);
    draft.add(KIND.datasec, { name: text, word: 4 });
  },
};

const scalars: Readonly<Record<string, Case>> = {
  "KI-01": (draft, broken) => void draft.add(KIND.int, { word: 4, words: [(broken ? 0x1000_0000 : 0) + 32] }),
  "KI-02": (draft, broken) => void draft.add(KIND.int, { word: 32, words: [0x10_0000 + (broken ? 113 : 112)] }),
  "KI-03": (draft, broken) => void draft.add(KIND.int, { word: 4, words: [broken ? 33 : 32] }),
  "KI-04": (draft, broken, random) =>
    void draft.add(KIND.int, { word: 4, words: [random.pick(broken ? [3, 5, 8, 15] : [0, 1, 2, 4]) * 2 ** 24 + 32] }),
  "KX-01": (draft, broken, random) =>
    void draft.add(KIND.float, { word: random.pick(broken ? [0, 1, 3, 6, 10, 32, MINUS_ONE] : [2, 4, 8, 12, 16]) }),
  "KE-01": (draft, broken, random) =>
    void draft.add(random.pick([KIND.enum, KIND.enum64]), {
      word: random.pick(broken ? [0, 3, 5, 16, 0x8000_0000] : [1, 2, 4, 8]),
    }),
  "KE-02": (draft, broken, random) => {
    const words = [broken ? PAST_STRINGS : draft.name("A"), 1];
    if (random.chance(50)) draft.add(KIND.enum, { word: 4, vlen: 1, words });
    else draft.add(KIND.enum64, { word: 8, vlen: 1, words: [...words, 0] });
  },
  "KE-03": (draft, broken, random) => {
    const words = [draft.name("A"), 1, draft.name(broken && random.chance(40) ? "" : sampleName(broken, random)), 2];
    draft.add(KIND.enum, { word: 4, vlen: 2, words, flag: random.chance(50) });
  },
  "KW-01": (draft, broken) => void draft.add(KIND.fwd, { name: "n", word: broken ? 1 : 0 }),
  "KG-01": (draft, broken) =>
    void draft.add(KIND.declTag, { name: "t", word: draft.struct("s", 0, []), words: [MINUS_ONE - (broken ? 1 : 0)] }),
  "KG-05": (draft, broken) =>
    void draft.add(KIND.declTag, { name: broken ? LAST_NUL : "t", word: draft.struct("s", 0, []), words: [MINUS_ONE] }),
  "KG-06": (draft, broken) => void draft.add(KIND.typeTag, { name: broken ? LAST_NUL : "t", word: draft.int() }),
  "KF-01": (draft, broken) => void draft.add(KIND.func, { name: "f", word: draft.proto(0, []), vlen: broken ? 2 : 1 }),
  "KV-01": (draft, broken, random) =>
    void draft.add(KIND.var, { name: "v", word: broken ? random.pick([0, 0x10_0000]) : draft.int(), words: [1] }),
  "KV-02": (draft, broken, random) =>
    void draft.add(KIND.var, { name: "v", word: draft.int(), words: [broken ? random.pick([2, MINUS_ONE]) : 1] }),
};

const references: Readonly<Record<string, Case>> = {
  "KR-01": (draft, broken, random) => {
    const int = draft.int();
    const wrong = [
      0xf_ffff,
      draft.add(KIND.var, { name: "v", word: int, words: [0] }),
      draft.add(KIND.datasec, { name: "d", word: 1 }),
    ];
    draft.add(random.pick([KIND.ptr, KIND.const, KIND.restrict]), { word: broken ? random.pick(wrong) : int });
  },
  "KR-02": (draft, broken, random) => {
    // Only a FUNC that was looked at before may be pointed to.
    draft.ordered = true;
    const id = draft.records.length + 1;
    const wrap = random.chance(50);
    if (broken) draft.add(KIND.ptr, { word: wrap ? id + 1 : id + 2 });
    if (broken && wrap) draft.add(KIND.const, { word: id + 2 });
    else if (broken) draft.int();
    const func = draft.add(KIND.func, { name: "f", word: draft.records.length + 2 });
    draft.proto(0, []);
    if (!broken) draft.add(KIND.ptr, { word: func });
  },
  "KR-03": (draft, broken, random) => {
    const id = draft.records.length + 1;
    const kind = random.pick([KIND.ptr, KIND.const, KIND.volatile]);
    draft.add(kind, { word: id + 1 });
    draft.add(KIND.restrict, { word: broken ? id : 0 });
  },
  "KR-04": (draft, broken, random) => {
    draft.ordered = true;
    const pointers = random.chance(50);
    const id = draft.records.length + 1;
    for (let index = 0; index < (broken ? 33 : 32); index++) {
      draft.add(pointers && index % 2 === 0 ? KIND.ptr : KIND.const, { word: id + index + 1 });
    }
    draft.int();
  },
  "KR-05": (draft, broken) => {
    draft.ordered = true;
    const length = broken ? 33 : 32;
    const first = draft.records.length + 2;
    const members = Array.from({ length }, (_, index): [string, number, number] => ["", first + length - 1 - index, 0]);
    draft.struct("s", 4, members);
    for (let index = 0; index < length; index++) draft.add(KIND.const, { word: first + index + 1 });
    draft.int();
  },
  "KR-06": (draft, broken, random) => {
    const int = draft.int();
    const other = random.pick([KIND.const, KIND.volatile, KIND.typedef]);
    const tag = (word: number): number => draft.add(KIND.typeTag, { name: "t", word });
    const modifier = (word: number): number => draft.add(other, { name: other === KIND.typedef ? "d" : "", word });
    if (broken) modifier(tag(int));
    else tag(modifier(int));
  },
  "KV-03": (draft, broken, random) => {
    const wrong = [draft.add(KIND.fwd, { name: "f" }), draft.proto(0, []), draft.add(KIND.const), 0xf_fff2];
    draft.add(KIND.var, { name: "v", word: broken ? random.pick(wrong) : draft.int(), words: [1] });
  },
};

const functions: Readonly<Record<string, Case>> = {
  "KP-01": (draft, broken, random) => {
    const fwd = draft.add(KIND.fwd, { name: "f" });
    const wrong = [fwd, 0xf_fff3, draft.add(KIND.const), draft.add(KIND.typedef, { name: "t", word: fwd })];
    draft.proto(broken ? random.pick(wrong) : draft.int(), []);
  },
  "KP-02": (draft, broken) =>
    void draft.proto(0, [
      ["a", draft.int()],
      [broken ? "b" : "", 0],
    ]),
  "KP-03": (draft, broken) => {
    const int = draft.int();
    draft.proto(
      0,
      broken
        ? [
            ["", 0],
            ["a", int],
          ]
        : [
            ["a", int],
            ["", 0],
          ],
    );
  },
  "KP-04": (draft, broken, random) => {
    const wrong = [draft.add(KIND.fwd, { name: "f" }), 0xf_fff3, draft.add(KIND.const)];
    draft.proto(0, [["a", broken ? random.pick(wrong) : draft.int()]]);
  },
  "KP-05": (draft, broken, random) =>
    void draft.proto(0, [
      ["a", draft.int()],
      [sampleName(broken, random), draft.int()],
    ]),
  "KF-02": (draft, broken) => {
    const proto = draft.proto(0, []);
    draft.add(KIND.func, { name: "f", word: broken ? draft.int() : proto });
  },
  "KF-03": (draft, broken) => {
    const int = draft.int();
    draft.add(KIND.func, {
      name: "f",
      word: draft.proto(int, [
        ["a", int],
        [broken ? "" : "b", int],
      ]),
    });
  },
  "KG-02": (draft, broken) => {
    const int = draft.int();
    draft.add(KIND.declTag, { name: "t", word: broken ? int : draft.struct("s", 0, []), words: [MINUS_ONE] });
  },
  "KG-03": (draft, broken, random) => {
    const int = draft.int();
    const target = random.chance(50)
      ? draft.add(KIND.var, { name: "v", word: int, words: [0] })
      : draft.add(KIND.typedef, { name: "t", word: int });
    draft.add(KIND.declTag, { name: "t", word: target, words: [broken ? 0 : MINUS_ONE] });
  },
  "KG-04": (draft, broken, random) => {
    const int = draft.int();
    const target = random.chance(50)
      ? draft.struct("s", 4, [["m", int, 0]])
      : draft.add(KIND.func, { name: "f", word: draft.proto(0, [["a", int]]) });
    draft.add(KIND.declTag, { name: "t", word: target, words: [broken ? 1 : 0] });
  },
};

function section(draft: Draft, size: number, entries: readonly (readonly [number, number, number])[]): void {
  draft.ordered = true;
  draft.add(KIND.datasec, { name: ".data", word: size, vlen: entries.length, words: entries.flat() });
}

function variable(draft: Draft): number {
  return draft.add(KIND.var, { name: "v", word: draft.int(), words: [0] });
}

const datasecs: Readonly<Record<string, Case>> = {
  "KD-01": (draft, broken) => section(draft, broken ? 0 : 1, []),
  "KD-03": (draft, broken, random) =>
    section(draft, 8, [[broken ? random.pick([0, 0x10_0000]) : variable(draft), 0, 4]]),
  "KD-04": (draft, broken, random) => {
    const [a, b] = [variable(draft), variable(draft)];
    if (random.chance(30)) section(draft, 8, [[a, broken ? 8 : 4, 4]]);
    else
      section(draft, 16, [
        [a, 0, 8],
        [b, broken ? 7 : 8, 4],
      ]);
  },
  "KD-05": (draft, broken, random) => section(draft, 8, [[variable(draft), 0, broken ? random.pick([0, 9]) : 8]]),
  "KD-06": (draft, broken) => section(draft, 8, [[variable(draft), broken ? 5 : 4, 4]]),
  "KD-07": (draft, broken) => {
    const [a, b] = [variable(draft), variable(draft)];
    section(draft, MINUS_ONE, [
      [a, 0xffff_ff00, 0x200],
      [b, 0x100, broken ? 0xffff_fe00 : 0xffff_fdff],
    ]);
  },
  "KD-08": (draft, broken) => section(draft, 8, [[broken ? draft.int() : variable(draft), 0, 4]]),
  "KD-10": (draft, broken) => section(draft, 8, [[variable(draft), 0, broken ? 3 : 4]]),
};

/** By rule id. */
export const CASES: Readonly<Record<string, Case>> = {
  ...meta,
  ...scalars,
  ...structCases,
  ...references,
  ...functions,
  ...datasecs,
  ...specialCases,
};
