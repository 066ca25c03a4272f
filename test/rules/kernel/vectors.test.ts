import { describe, expect, test } from "vitest";
import { kernelRules } from "../../../src/rules/kernel/index.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { hasRule } from "../../../src/rules/kernel/rule.ts";
import { kernelVerdict } from "../../../src/rules/kernel/verdict.ts";
import { concat, words } from "../../btf/assemble.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { disagreement } from "./campaign.ts";
import { CASES } from "./cases.ts";
import { Draft } from "./draft.ts";
import { HEADER_CASES } from "./header-cases.ts";
import { Random } from "./random.ts";
import { specialStruct } from "./special-cases.ts";
import { runningRelease } from "./summary.ts";

const PROFILE = KERNEL_PROFILES["6.18"];

/** The variants of a rule's case, each alone in its blob. */
function vectors(rule: string, broken: boolean): Uint8Array[] {
  const random = new Random(7);
  return Array.from({ length: 24 }, () => {
    const header = HEADER_CASES[rule];
    if (header !== undefined) return header(broken, random);
    const draft = new Draft();
    draft.int(8);
    CASES[rule]?.(draft, broken, random);
    return draft.blob();
  });
}

const tooLong = new Uint8Array((16 << 20) + 1);

const RULES = [...Object.keys(HEADER_CASES), ...Object.keys(CASES)];

test("ids are unique, and every rule that 6.18 can show has its vectors", () => {
  const ids = kernelRules.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const shown = kernelRules.filter((rule) => hasRule("6.18", rule) && rule.unreachable === undefined);
  expect([...RULES, "KA-01"].sort()).toEqual(shown.map(({ id }) => id).sort());
});

describe.each(RULES)("%s", (rule) => {
  test("is broken by its failing vectors, in words of its own", () => {
    const data = kernelRules.find(({ id }) => id === rule);
    const texts = (data?.text ?? []).map((text) => text.replace(/\b[NM]\b/g, "").split(/(?<=#|:)/)[0] ?? text);
    for (const blob of vectors(rule, true)) {
      const verdict = kernelVerdict(blob, PROFILE);
      expect(verdict).toMatchObject({ accepted: false, rule });
      if (texts.length === 0) expect(verdict.message).toBe("");
      else expect(texts.some((text) => verdict.message.includes(text))).toBe(true);
    }
  });

  test("is kept by their neighbours", () => {
    for (const blob of vectors(rule, false)) expect(kernelVerdict(blob, PROFILE)).toMatchObject({ accepted: true });
  });
});

test("a blob may be any bytes", () => {
  const random = new Random(1);
  for (let count = 0; count < 5000; count++) {
    const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
    if (random.chance(80)) bytes.set([0x9f, 0xeb, 1, 0, 24, 0, 0, 0].slice(0, bytes.length));
    expect(kernelVerdict(bytes, PROFILE).accepted).toBe(false);
  }
  expect(kernelVerdict(tooLong, PROFILE)).toMatchObject({ errno: 7, rule: "KA-01", message: "" });
});

test("a machine takes its own byte order, and says the same in it", () => {
  const types = [0, 0x0100_0000, 4, 32, 0, 0x0100_0000, 4, 33];
  for (const littleEndian of [true, false]) {
    const word = words(types, littleEndian);
    const head = [0xeb9f_0100, 24, 0, word.length, word.length, 1].map((value, index) =>
      littleEndian && index === 0 ? 0x0001_eb9f : value,
    );
    const blob = concat([words(head, littleEndian), word, new Uint8Array(1)]);
    const message = "[2] INT (anon) size=4 bits_offset=0 nr_bits=33 encoding=(none) nr_bits exceeds type_size";
    expect(kernelVerdict(blob, PROFILE, littleEndian)).toMatchObject({ rule: "KI-03", typeId: 2, message });
    expect(kernelVerdict(blob, PROFILE, !littleEndian).accepted).toBe(false);
  }
});

test("a message is the last line of the log, with the description of its type or member", () => {
  const draft = new Draft();
  const int = draft.int();
  draft.struct("pair", 8, [
    ["a", int, 32],
    ["b", int, 0],
  ]);
  expect(kernelVerdict(draft.blob(), PROFILE)).toEqual({
    accepted: false,
    errno: 22,
    message: "\tb type_id=1 bits_offset=0 Invalid member bits_offset",
    rule: "KM-05",
    typeId: 2,
  });
  const other = new Draft();
  other.struct("A<u32>", 0, []);
  expect(kernelVerdict(other.blob(), PROFILE).message).toBe("[1] STRUCT A<u32> size=0 vlen=0 Invalid name");
});

interface Difference {
  readonly what: string;
  readonly make: (draft: Draft) => void;
  /** Rule broken in 5.10, 6.1, 6.12, 6.18 and 7.2; "" if accepted. */
  readonly rules: readonly [string, string, string, string, string];
}

const DIFFERENCES: readonly Difference[] = [
  {
    what: "a name of 200 bytes",
    make: (draft) => void draft.struct("n".repeat(200), 0, []),
    rules: ["KN-01", "", "", "", ""],
  },
  { what: "an ENUM64", make: (draft) => void draft.add(19, { word: 8 }), rules: ["KT-03", "", "", "", ""] },
  {
    what: "kind_flag of a TYPE_TAG",
    make: (draft) => void draft.add(18, { name: "t", word: draft.int(), flag: true }),
    rules: ["KT-03", "KT-06", "KT-06", "", ""],
  },
  {
    what: "a TYPE_TAG behind a CONST",
    make: (draft) => void draft.add(10, { word: draft.add(18, { name: "t", word: draft.int() }) }),
    rules: ["KT-03", "KR-06", "KR-06", "KR-06", ""],
  },
  {
    what: "a DATASEC without entries",
    make: (draft) => void draft.add(15, { name: "d", word: 1 }),
    rules: ["KD-02", "", "", "", ""],
  },
  {
    what: "a DATASEC called ?d",
    make: (draft) => void draft.add(15, { name: "?d", word: 1 }),
    rules: ["KD-02", "KN-03", "", "", ""],
  },
  {
    what: "a vlen of 17 bits",
    make: (draft) => void draft.add(4, { vlen: 0x1_0000, word: 4 }),
    rules: ["KT-03", "KT-03", "KT-03", "KT-03", "KT-05"],
  },
  {
    what: "a function that returns a section",
    make: (draft) => {
      const variable = draft.add(14, { name: "v", word: draft.int(), words: [1] });
      draft.proto(draft.add(15, { name: "d", word: 4, vlen: 1, words: [variable, 0, 4] }), []);
    },
    rules: ["", "KP-01", "KP-01", "KP-01", "KP-01"],
  },
  {
    what: "a lock beside a struct with a lock",
    make: (draft) => {
      const lock = specialStruct(draft, "bpf_spin_lock", 4);
      const inner = draft.struct("inner", 8, [["l", lock, 0]]);
      draft.struct("outer", 16, [
        ["i", inner, 0],
        ["l", lock, 64],
      ]);
    },
    rules: ["", "", "KZ-01", "", "KZ-01"],
  },
  {
    what: "two refcounts",
    make: (draft) => {
      const count = specialStruct(draft, "bpf_refcount", 4);
      draft.struct("s", 8, [
        ["a", count, 0],
        ["b", count, 32],
      ]);
    },
    rules: ["", "", "KZ-01", "", "KZ-01"],
  },
  {
    what: "a pointer to user memory in a struct with a lock",
    make: (draft) => {
      const lock = specialStruct(draft, "bpf_spin_lock", 4);
      const pointer = draft.add(2, { word: draft.add(18, { name: "uptr", word: lock }) });
      draft.struct("s", 16, [
        ["l", lock, 0],
        ["p", pointer, 64],
      ]);
    },
    rules: ["KT-03", "", "KZ-07", "", ""],
  },
  {
    what: "an unknown tag of a pointer in a struct with a lock",
    make: (draft) => {
      const lock = specialStruct(draft, "bpf_spin_lock", 4);
      const pointer = draft.add(2, { word: draft.add(18, { name: "odd", word: lock }) });
      draft.struct("s", 16, [
        ["l", lock, 0],
        ["p", pointer, 64],
      ]);
    },
    rules: ["KT-03", "", "KZ-07", "KZ-07", ""],
  },
];

test.each(DIFFERENCES)("releases differ on $what", ({ make, rules }) => {
  const draft = new Draft();
  make(draft);
  const releases = ["5.10", "6.1", "6.12", "6.18", "7.2"] as const;
  const broken = releases.map((release) => kernelVerdict(draft.blob(), KERNEL_PROFILES[release]).rule ?? "");
  expect(broken).toEqual(rules);
});

judgeTest(kernel())("the running kernel says of every vector what its profile says", () => {
  const blobs = RULES.flatMap((rule) => [...vectors(rule, true), ...vectors(rule, false)]);
  blobs.push(tooLong);
  const answers = answer(kernelBtfLoad(blobs));
  const profile = KERNEL_PROFILES[runningRelease()];
  const wrong = blobs.flatMap((blob, index) => {
    const said = answers[index];
    const verdict = kernelVerdict(blob, profile);
    return said === undefined || disagreement(verdict, said) !== undefined ? [{ verdict, said }] : [];
  });
  expect(wrong).toEqual([]);
});
