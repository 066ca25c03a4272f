import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../../src/btf/encode.ts";
import type { Diagnostic, JudgeAnswer } from "../../../src/rules/rule.ts";
import { Graph } from "../../graph.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel, kernelMapCreate } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { define, u32 } from "../../maps/define.ts";
import { buildObject, EXIT, type Insn, move } from "../../object.ts";
import { found, objectState } from "./state.ts";

/** Values that hold what the kernel takes for more than a struct: in maps of every kind, used by programs of every kind. */

const RULE = /^map\/special-field-barred$/;

/** A field by name and bytes; others than these are what their members are. */
const FIELDS = [
  ["bpf_spin_lock", 4],
  ["bpf_res_spin_lock", 4],
  ["bpf_timer", 16],
  ["bpf_wq", 16],
  ["bpf_list_head", 16],
  ["bpf_rb_root", 16],
] as const;

type Make = (g: Graph) => number;
const field =
  (name: string, size: number): Make =>
  (g) =>
    g.struct(name, size, []);
/** A record that holds it. */
const value =
  (make: Make): Make =>
  (g) =>
    g.struct("Value", 32, [
      ["plain", u32(g), 0],
      ["special", make(g), 64],
    ]);

interface Draft {
  /** Sections of code, and whether each uses the map. */
  readonly code: readonly (readonly [section: string, usesMap: boolean])[];
  readonly value: Make;
  readonly type?: number;
  /** Flags of those sections: SHF_ALLOC alone where they are no code. */
  readonly flags?: number;
}

const LOAD: readonly Insn[] = [[0x18, 1, 0, 0], [0, 0, 0, 0], move(0, 0), EXIT];
const R_BPF_64_64 = 1;

/** MAP of this value, another map that every section uses, and two that nothing uses. */
function stateOf({ code, value: make, type = 1, flags = 6 }: Draft): ReturnType<typeof objectState> {
  const graph = new Graph();
  const fields = (of: Make) =>
    [
      ["type", type],
      ["key", u32],
      ["value", of],
      ["max_entries", 4],
    ] as const;
  const entries = [
    graph.variable("OTHER", define(graph, fields(u32))),
    graph.variable("MAP", define(graph, fields(make))),
    // Without a type of a value, and no map at all.
    graph.variable(
      "SIZED",
      define(graph, [
        ["type", type],
        ["key_size", 4],
        ["value_size", 4],
        ["max_entries", 4],
      ]),
    ),
    graph.variable("NUMBER", u32(graph)),
  ];
  graph.datasec(
    ".maps",
    128,
    entries.map((id, index) => [id, index * 32, 32] as const),
  );
  const load = (symbol: string, index: number) => ({ offset: index * 32, type: R_BPF_64_64, symbol });
  const sections = code.map(([name, usesMap]) => ({
    name,
    flags,
    insns: [...LOAD, ...LOAD],
    relocations: [load("OTHER", 0), ...(usesMap ? [load("MAP", 1)] : [])],
  }));
  const symbols = [
    { name: "OTHER", section: ".maps", size: 32 },
    { name: "MAP", section: ".maps", value: 32, size: 32 },
  ];
  const object = buildObject({
    sections: [...sections, { name: ".maps", bytes: new Uint8Array(128) }],
    symbols,
    btf: graph.finish(),
  });
  return { ...objectState(object), refusedAsGiven: true };
}

const HELP = "rename the struct, or use the map as the kernel wants it";
const barred = (fact: string, answers: readonly JudgeAnswer[]): Omit<Diagnostic, "target"> => ({
  rule: "map/special-field-barred",
  severity: "error",
  message: `map MAP: its value holds a ${fact}`,
  subject: "static MAP: Def",
  answers,
  help: HELP,
});
const inProgram = (fact: string, text: string): Omit<Diagnostic, "target"> =>
  barred(fact, [
    { judge: "kernel", answer: "rejects", text },
    { judge: "libbpf", answer: "rejects", text, at: "load", errno: 22 },
  ]);
const traced = (name: string, section: string): Omit<Diagnostic, "target"> =>
  inProgram(`${name}, and ${section} is a tracing program`, `tracing progs cannot use ${name} yet`);
const filtered = (name: string, section: string): Omit<Diagnostic, "target"> =>
  inProgram(`${name}, and ${section} is a socket filter`, "socket filter progs cannot use bpf_spin_lock yet");
const REFUSED: readonly JudgeAnswer[] = (["kernel", "aya"] as const).map((judge) => ({
  judge,
  answer: "rejects",
  text: "BPF_MAP_CREATE: EOPNOTSUPP",
}));
const inKind = (name: string, kind: string): Omit<Diagnostic, "target"> =>
  barred(`${name}, which the kernel takes in no ${kind} map with types`, REFUSED);

/** What is found, without the ids that the graph gives. */
const told = (draft: Draft): readonly Omit<Diagnostic, "target">[] =>
  found(stateOf(draft), RULE).map(({ target: _, ...rest }) => rest);

const TIMER = value(field("bpf_timer", 16));
const LOCK = value(field("bpf_spin_lock", 4));
const XDP = [["xdp", true]] as const;
const KPROBE = [["kprobe/f", true]] as const;

describe("what is taken for more than a struct", () => {
  test.each(FIELDS)("%s", (name, size) => {
    expect(told({ code: KPROBE, value: value(field(name, size)) })).toStrictEqual([traced(name, "kprobe/f")]);
    expect(told({ code: KPROBE, value: value(field(name, size + 4)) })).toEqual([]);
  });

  test.each<[string, Make, boolean]>([
    ["the value itself", field("bpf_timer", 16), true],
    ["in an array", (g) => g.array(g.ref("const", field("bpf_timer", 16)(g)), u32(g), 2), true],
    [
      "in a union of a typedef",
      (g) =>
        g.union("u", 16, [
          ["a", u32(g), 0],
          ["b", g.ref("typedef", TIMER(g), "t"), 0],
        ]),
      true,
    ],
    [
      "before others",
      (g) =>
        g.struct("v", 32, [
          ["t", field("bpf_timer", 16)(g), 0],
          ["a", u32(g), 128],
        ]),
      true,
    ],
    ["behind a pointer", value((g) => g.ptr(field("bpf_timer", 16)(g))), false],
    ["a union of that name", value((g) => g.union("bpf_timer", 16, [])), false],
    ["a number of that name", value((g) => g.int("bpf_timer", 16)), false],
    ["another name", value(field("bpf_timers", 16)), false],
    ["a record that holds itself", (g) => g.struct("v", 16, [["a", g.builder.nextId, 0]]), false],
    ["nothing", value(() => 0), false],
  ])("%s", (_about, make, isFound) => {
    expect(told({ code: KPROBE, value: make })).toStrictEqual(isFound ? [traced("bpf_timer", "kprobe/f")] : []);
  });

  test("is nobody's business where the kernel takes the BTF as it is", () => {
    expect(found({ ...stateOf({ code: KPROBE, value: TIMER }), refusedAsGiven: false }, RULE)).toEqual([]);
    expect(found({ ...stateOf({ code: KPROBE, value: TIMER }), elf: undefined }, RULE)).toEqual([]);
  });

  test("is told of the map that has it", () => {
    const [finding] = found(stateOf({ code: KPROBE, value: TIMER }), RULE);
    expect(finding?.target.symbol).toBe(2);
  });
});

const TRACING = [
  "kprobe/f",
  "kretprobe/f",
  "uprobe/f",
  "uretprobe/f",
  "ksyscall/f",
  "kretsyscall/f",
  "usdt/f",
  "tracepoint/f",
  "tp/f",
  "perf_event",
  "raw_tp/f",
  "raw_tracepoint/f",
  "?kprobe/f",
  "kprobe.multi/f",
  "raw_tp.w/f",
];
const OTHERS = ["xdp", "kprobes", "xkprobe", "??kprobe", "fentry/f", "tc", "classifier", "tps", "uprobed", "lsm/f"];
const FILTERS = ["socket", "socket/f", "?socket"];
const NO_FILTERS = ["sockets", "xsocket", "??socket", "sockops"];

describe("programs that may not use it", () => {
  test.each(TRACING)("%s is a tracing program", (section) => {
    expect(told({ code: [[section, true]], value: TIMER })).toStrictEqual([traced("bpf_timer", section)]);
    expect(told({ code: [[section, true]], value: LOCK })).toStrictEqual([traced("bpf_spin_lock", section)]);
  });
  test.each([...OTHERS, ...NO_FILTERS])("%s is neither", (section) => {
    expect(told({ code: [[section, true]], value: TIMER })).toEqual([]);
    expect(told({ code: [[section, true]], value: LOCK })).toEqual([]);
  });
  test.each(FILTERS)("%s is a socket filter", (section) => {
    expect(told({ code: [[section, true]], value: LOCK })).toStrictEqual([filtered("bpf_spin_lock", section)]);
    expect(told({ code: [[section, true]], value: value(field("bpf_res_spin_lock", 4)) })).toStrictEqual([
      filtered("bpf_res_spin_lock", section),
    ]);
    expect(told({ code: [[section, true]], value: TIMER })).toEqual([]);
  });
  test.each<[string, Draft["code"], string | undefined]>([
    ["one that does not use the map", [["kprobe/f", false]], undefined],
    [
      "one beside another that uses the map",
      [
        ["kprobe/f", false],
        ["xdp", true],
      ],
      undefined,
    ],
    [
      "the second of two",
      [
        ["kprobe/f", false],
        ["kprobe/g", true],
      ],
      "kprobe/g",
    ],
    [
      "one that calls a function which uses the map",
      [
        ["xdp", true],
        ["kprobe/f", false],
        [".text", true],
      ],
      "kprobe/f",
    ],
    [
      "one beside a function that does not",
      [
        ["kprobe/f", false],
        [".text", false],
      ],
      undefined,
    ],
    ["a function alone", [[".text", true]], undefined],
  ])("%s", (_about, code, section) => {
    expect(told({ code, value: TIMER })).toStrictEqual(section === undefined ? [] : [traced("bpf_timer", section)]);
  });
  test("sections that are no code use nothing", () => {
    expect(told({ code: KPROBE, value: TIMER, flags: 2 })).toEqual([]);
  });
});

/** Kinds by number and name (include/uapi/linux/bpf.h), and what else the kernel wants of such a map: flags, entries. */
const KINDS = [
  [1, "hash", 0, 4],
  [2, "array", 0, 4],
  [5, "percpu_hash", 0, 4],
  [6, "percpu_array", 0, 4],
  [9, "lru_hash", 0, 4],
  [10, "lru_percpu_hash", 0, 4],
  [24, "sk_storage", 1, 0],
  [28, "inode_storage", 1, 0],
  [29, "task_storage", 1, 0],
  [32, "cgrp_storage", 1, 0],
] as const;

judgeTest(kernel())("kinds that may hold it are those in which the kernel makes such a map", () => {
  // A list and a tree want more than their names; of two locks one is like the other.
  for (const [name, size] of FIELDS.slice(0, 4)) {
    const graph = new Graph();
    const key = graph.int("int", 4, 1);
    const record = graph.struct("value", 24, [
      ["n", key, 0],
      ["special", graph.struct(name, size, []), 64],
    ]);
    const made = answer(
      kernelMapCreate(
        encodeBtf(graph.finish()),
        KINDS.map(([type, , mapFlags, maxEntries]) => ({
          type,
          mapFlags,
          maxEntries,
          keySize: 4,
          valueSize: 24,
          keyTypeId: key,
          valueTypeId: record,
        })),
      ),
    );
    for (const [index, [type, kind]] of KINDS.entries()) {
      const refused = told({ code: XDP, value: value(field(name, size)), type });
      expect(refused, `${name} in ${kind}: ${JSON.stringify(made[index])}`).toStrictEqual(
        made[index]?.withIds === 0 ? [] : [inKind(name, kind)],
      );
    }
  }
});

test("other kinds that the kernel here may not have", () => {
  for (const [name, size] of FIELDS) {
    const isLock = name.endsWith("lock");
    const kinds = [19, 35, 11, 30].map(
      (type) => told({ code: XDP, value: value(field(name, size)), type }).length === 0,
    );
    expect(kinds, name).toEqual([isLock, true, false, false]);
  }
});
