import { describe, expect, test } from "vitest";
import type { Graph } from "../../graph.ts";
import type { ObjectSection, ObjectSymbol } from "../../object.ts";
import type { CodeParts } from "../func/assembled.ts";
import { codeState, type Described } from "../func/described.ts";
import { type Told, told } from "./told.ts";

/**
 * Objects with one thing wrong with their sections, symbols or relocations, put there by the test, and every word that is said of it. The
 * judges' words are the judges' own: test/rules/elf/judged.test.ts asks them.
 */

const LICENSE: ObjectSection = { name: "license", bytes: new TextEncoder().encode("GPL\0") };

/** A program that does nothing wrong, in an object that loads. */
const PLAIN: CodeParts = { code: { socket: { main: "r0 = 0; exit" } }, sections: [LICENSE] };

/** The index of a section in an object of code: the null section first, then code, then data. */
const at = ({ code, sections = [] }: CodeParts, name: string): number =>
  1 + [...Object.keys(code), ...sections.map((section) => section.name)].indexOf(name);

interface Row {
  readonly about: string;
  readonly parts: CodeParts;
  readonly described?: Described;
  readonly told: readonly Partial<Told>[];
}

/** The findings of both byte orders, which must be the same. */
function found(parts: CodeParts, described: Described = {}, which?: RegExp): readonly Told[] {
  const [little, big] = [true, false].map((littleEndian) =>
    told(codeState({ ...parts, littleEndian }, described), which),
  );
  expect(big).toEqual(little);
  return little ?? [];
}

const EXTERN_HELP = "give btf-fix the kernel's BTF that it is of: `--vmlinux FILE`";
const described = (make: (graph: Graph) => unknown): Described => ({
  protos(graph) {
    make(graph);
    return {};
  },
});

const STATIC: CodeParts = { ...PLAIN, symbols: [{ name: "main", section: "socket", size: 16, binding: 0 }] };
const COLD: CodeParts = {
  ...PLAIN,
  code: { ".text.unlikely.": { cold: "r0 = 0; exit" }, ...PLAIN.code },
  symbols: [{ name: "cold", section: ".text.unlikely.", size: 16, binding: 0 }],
};

const EXTERN: CodeParts = {
  ...PLAIN,
  code: { socket: { main: "call missing; exit" } },
  symbols: [{ name: "missing" }],
};

const ROWS: readonly Row[] = [
  { about: "nothing wrong", parts: PLAIN, told: [] },
  {
    about: "a program that is local",
    parts: STATIC,
    told: [
      {
        rule: "elf/static-program",
        severity: "error",
        message: "function main is local to the object, but lies in socket, where only programs may",
        target: { symbol: 1 },
        answers: ["libbpf rejects at open, errno 95: sec 'socket': program 'main' is static and not supported"],
        help: "export it",
      },
    ],
  },
  {
    about: "a cold function",
    parts: COLD,
    told: [
      {
        rule: "elf/static-program",
        severity: "error",
        message: "function cold is local to the object, but lies in .text.unlikely., where only programs may",
        target: { symbol: 1 },
        answers: [
          "libbpf rejects at open, errno 95: sec '.text.unlikely.': program 'cold' is static and not supported",
        ],
        help: "build without #[cold] functions, with overflow-checks = false and opt-level = 3",
      },
    ],
  },
  {
    about: "a local function of .text, local data, and a local symbol that is no function",
    parts: {
      ...PLAIN,
      code: { ".text": { f: "r0 = 0; exit" }, ...PLAIN.code },
      symbols: [
        { name: "f", section: ".text", size: 16, binding: 0 },
        { name: "label", section: "socket", binding: 0, type: 0 },
        { name: "LICENSE", section: "license", size: 4, binding: 0, type: 2 },
      ],
    },
    told: [],
  },
  {
    about: "an extern that BTF does not describe",
    parts: EXTERN,
    told: [
      {
        rule: "elf/extern-without-btf",
        severity: "error",
        message: "extern missing is not described by BTF",
        target: { symbol: 2 },
        answers: ["libbpf rejects at open, errno 2: failed to find BTF for extern 'missing'"],
        help: EXTERN_HELP,
      },
    ],
  },
  {
    about: "an extern of no section",
    parts: EXTERN,
    described: described((graph) => graph.func("missing", graph.proto(0, []), 2)),
    told: [
      {
        rule: "elf/extern-without-section",
        severity: "error",
        message: "FUNC missing [2] is an extern of no section",
        target: { typeId: 2 },
        answers: ["libbpf rejects at open, errno 2: failed to find BTF for extern 'missing' [2] section: -2"],
        help: "compile it with BTF, which alone says whether it is of .ksyms or .kconfig, or link it with what defines it",
      },
    ],
  },
  {
    about: "an extern that is described in a section, as a function or a variable",
    parts: EXTERN,
    described: described((graph) => {
      graph.datasec(".ksyms", 0, [[graph.func("missing", graph.proto(0, []), 2), 0, 0]]);
    }),
    told: [],
  },
  {
    about: "an extern that is described as global: no finding of these rules",
    parts: EXTERN,
    described: described((graph) => graph.variable("missing", graph.int("int", 4), 1)),
    told: [],
  },
  {
    about: "undefined symbols that are no externs: local, typed, or nameless",
    parts: {
      ...PLAIN,
      symbols: [
        { name: "local", binding: 0 },
        { name: "typed", type: 2 },
        { name: "", type: 0 },
      ],
    },
    told: [],
  },
];

describe("sections, symbols and relocations", () => {
  test.each(ROWS)("$about", ({ parts, described: types, told: wanted }) => {
    // An extern that is called may be the kernel's, which is another finding.
    const which = /^elf\/(?!license)/;
    expect(found(parts, types ?? {}, which)).toEqual(wanted);
  });
});

const without = (parts: CodeParts): CodeParts => ({
  ...parts,
  sections: (parts.sections ?? []).filter(({ name }) => name !== "license"),
});
const licensed = (text: string, parts: CodeParts): CodeParts => ({
  ...parts,
  sections: [{ name: "license", bytes: new TextEncoder().encode(text) }],
});

const DECLARE =
  'declare it: #[unsafe(no_mangle)] #[link_section = "license"] static LICENSE: [u8; 4] = *b"GPL\\0"; or give btf-fix `--license GPL`';
const BARRED_HELPER = "cannot call GPL-restricted function from non-GPL compatible program";
const BARRED_FUNCTION = "cannot call kernel function from non-GPL compatible program";

/** What kernel and loaders say of a program without license, or with one that is no such. */
const refusals = (text: string, isMissing: boolean): readonly string[] => [
  `kernel rejects: ${text}`,
  `libbpf rejects at load, errno 22: ${text}`,
  `cilium/ebpf rejects at load: ${text}`,
  isMissing ? 'aya accepts (it gives the kernel "GPL" where an object says nothing)' : `aya rejects at load: ${text}`,
];

const TRACING: CodeParts = {
  code: {
    ".text": { inner: "call 35; exit" },
    "kprobe/a": { direct: "call 6; exit", through: "call inner; exit", none: "call 5; exit" },
  },
  sections: [LICENSE],
};

describe("licenses", () => {
  const which = /^elf\/license/;

  test("of programs that need none, and of no program", () => {
    const note = {
      rule: "elf/license-missing",
      severity: "note",
      message: "the object has no license section, and uses nothing that needs one",
      target: {},
      answers: ["libbpf accepts (with an empty license)", 'aya accepts (as "GPL")'],
    };
    expect(found(without(PLAIN), {}, which)).toEqual([note]);
    expect(found(PLAIN, {}, which)).toEqual([]);
    expect(found(licensed("MIT\0", PLAIN), {}, which)).toEqual([]);
    expect(found({ code: { ".text": { f: "call 6; exit" } } }, {}, which)).toEqual([]);
    expect(found(licensed("MIT\0", { code: { ".text": { f: "call 6; exit" } } }), {}, which)).toEqual([]);
  });

  test.each([
    ["no license", undefined, "elf/license-missing", "the object has no license section"],
    ["another license", "Proprietary\0GPL\0", "elf/license-incompatible", 'the license is "Proprietary"'],
    ["a license without end", "Proprietary", "elf/license-incompatible", 'the license is "Proprietary"'],
  ] as const)("of programs that call such helpers: %s", (_, text, rule, why) => {
    const parts = text === undefined ? without(TRACING) : licensed(text, TRACING);
    const wanted = (symbol: number, message: string) => ({
      rule,
      severity: "error",
      message: `program ${message}, which the kernel keeps for GPL-compatible programs; ${why}`,
      target: { symbol },
      answers: refusals(BARRED_HELPER, text === undefined),
      help: DECLARE,
    });
    expect(found(parts, {}, which)).toEqual([
      wanted(2, "direct calls bpf_trace_printk (helper 6)"),
      wanted(3, "through calls bpf_get_current_task (helper 35) in inner"),
    ]);
  });

  test("of programs that call the kernel's functions", () => {
    const found0 = found(licensed("MIT\0", EXTERN), {}, which);
    expect(found0).toMatchObject([
      {
        message:
          'program main calls missing of the kernel, which the kernel keeps for GPL-compatible programs; the license is "MIT"',
        answers: refusals(BARRED_FUNCTION, false),
      },
    ]);
    const linked = described((graph) => graph.func("missing", graph.proto(0, []), 2));
    expect(found(licensed("MIT\0", EXTERN), linked, which)).toEqual([]);
  });

  test.each([
    ["lsm/x", "is an LSM program", "LSM programs must have a GPL compatible license"],
    ["lsm.s/x", "is an LSM program", "LSM programs must have a GPL compatible license"],
    ["lsm_cgroup/x", "is an LSM program", "LSM programs must have a GPL compatible license"],
    ["struct_ops", "is a struct_ops program", "struct ops programs must have a GPL compatible license"],
    ["struct_ops/x", "is a struct_ops program", "struct ops programs must have a GPL compatible license"],
    ["struct_ops.s/x", "is a struct_ops program", "struct ops programs must have a GPL compatible license"],
    ["lsm", undefined, ""],
    ["lsmx/x", undefined, ""],
    ["a/lsm/x", undefined, ""],
    ["struct_opsx/x", undefined, ""],
    ["a/struct_ops/x", undefined, ""],
    ["fentry/x", undefined, ""],
  ])("of the type of a program: %s", (section, fact, text) => {
    const parts = without({ code: { [section]: { p: "r0 = 0; exit" } } });
    const [first, ...others] = found(parts, {}, which);
    expect(others).toEqual([]);
    if (fact === undefined) expect(first?.severity).toBe("note");
    else {
      expect(first).toMatchObject({
        severity: "error",
        message: `program p ${fact}, which the kernel keeps for GPL-compatible programs; the object has no license section`,
        answers: refusals(text, true),
      });
    }
  });

  test.each([
    ["perf_event", 0],
    ["perf_event/x", 0],
    ["perf_events", 1],
    ["a/perf_event", 1],
    ["kprobe/x", 1],
  ])("of a helper that perf_event programs may call: %s", (section, count) => {
    const errors = found(without({ code: { [section]: { p: "call 27; exit" } } }), {}, which).filter(
      ({ severity }) => severity === "error",
    );
    expect(errors).toHaveLength(count);
    // Others they may not.
    expect(found(without({ code: { [section]: { p: "call 6; exit" } } }), {}, which)).toMatchObject([
      { severity: "error" },
    ]);
  });

  test("are not written over", () => {
    const kept = {
      rule: "elf/license-kept",
      severity: "note",
      message: 'the object says that its license is "MIT"; "GPL" is not written over it',
      target: {},
      answers: [],
    };
    const asked = { choices: { license: "GPL" } };
    expect(found(licensed("MIT\0", PLAIN), asked, which)).toEqual([kept]);
    expect(found(licensed("GPL\0", PLAIN), asked, which)).toEqual([]);
    expect(found(licensed("MIT\0", PLAIN), {}, which)).toEqual([]);
    expect(found(without(PLAIN), asked, which)).toMatchObject([{ rule: "elf/license-missing" }]);
  });
});

const POINTERS = (count: number, symbol: string): ObjectSection["relocations"] =>
  Array.from({ length: count }, (_, index) => ({ offset: index * 8, type: 2, symbol }));
const data = (name: string, count: number, symbol = "target"): ObjectSection => ({
  name,
  bytes: new Uint8Array(64),
  relocations: POINTERS(count, symbol),
});
const variable = (name: string, section: string, value = 0, size = 8): ObjectSymbol => ({ name, section, value, size });

const MISREAD = [
  "libbpf misreads: elf: skipping relo section(…) … for section(…) …",
  "cilium/ebpf misreads (it fills no pointers into data either)",
];
const VALUES = "keep values in statics, not references, and match on an enum instead of calling through `dyn`";

describe("pointers in data", () => {
  const which = /^elf\/(?:data-pointers|constant-sections)$/;

  /** A program that does something with `TABLE`, whose first eight bytes point to `target`. */
  function ofUse(
    main: string,
    {
      section = ".data",
      target = ".rodata",
      count = 1,
      table = variable("TABLE", section),
    }: {
      readonly section?: string;
      readonly target?: string;
      readonly count?: number;
      readonly table?: ObjectSymbol;
    } = {},
  ): readonly Told[] {
    const symbols = [variable("target", target, 8), table];
    const code = { ".text": { f: "r0 = 0; exit", g: "r0 = 1; exit" }, socket: { main } };
    return found(
      { code, sections: [data(section, count), { name: ".rodata", bytes: new Uint8Array(64), flags: 2 }], symbols },
      {},
      which,
    );
  }
  const seen = (main: string, options: Parameters<typeof ofUse>[1] = {}): string => {
    const [finding] = ofUse(main, options);
    return `${finding?.severity} ${finding?.message.replace(/^.*, which no loader fills in/, "")}`;
  };
  const NONE = "note ; no program was seen to read them";

  test("that programs read, whole", () => {
    expect(ofUse("r1 = TABLE ll; r0 = *(u64 *)(r1 + 0); exit")).toEqual([
      {
        rule: "elf/data-pointers",
        severity: "note",
        message: ".data holds a pointer, which no loader fills in, and programs read them: TABLE",
        target: { section: 3 },
        answers: MISREAD,
        help: VALUES,
      },
    ]);
    expect(ofUse("r0 = 0; exit", { count: 3 })).toEqual([
      {
        rule: "elf/data-pointers",
        severity: "note",
        message: ".data holds 3 pointers, which no loader fills in; no program was seen to read them",
        target: { section: 3 },
        answers: MISREAD,
      },
    ]);
    expect(ofUse("r0 = 0; exit", { count: 0 })).toEqual([]);
  });

  const READS = "note , and programs read them: TABLE";
  test.each([
    ["r1 = TABLE ll; r0 = *(u64 *)(r1 + 0); exit", READS],
    ["r1 = TABLE ll; r0 = *(u8 *)(r1 + 7); exit", READS],
    ["r1 = TABLE ll; r0 = *(u64 *)(r1 - 4); exit", READS],
    ["r1 = TABLE ll; r0 = *(u8 *)(r1 + 8); exit", NONE],
    ["r1 = TABLE ll; r0 = *(u64 *)(r1 - 8); exit", NONE],
    ["r1 = TABLE+8 ll; r0 = *(u8 *)(r1 - 1); exit", READS],
    // A new value, an address that goes elsewhere, or a function that it is given to.
    ["r1 = TABLE ll; r1 = 0; r0 = *(u64 *)(r1 + 0); exit", NONE],
    ["r1 = TABLE ll; r0 = *(u64 *)(r2 + 0); exit", NONE],
    ["r1 = TABLE ll; call 5; r0 = *(u64 *)(r1 + 0); exit", NONE],
    ["r1 = TABLE ll; r0 = 0; exit", NONE],
    // Computed with, who knows what is read.
    ["r1 = TABLE ll; r0 = r1; exit", READS],
    ["r1 = TABLE ll; r1 += r2; exit", READS],
    ["r1 = TABLE ll; *(u64 *)(r10 - 8) = r1; exit", READS],
    ["r1 = TABLE ll; if r1 > 3 goto +0; exit", READS],
    // The straight way is followed, other loads and wide ones too, up to its end.
    ["r1 = TABLE ll; if r2 > 3 goto +1; r3 = 0; r0 = *(u64 *)(r1 + 0); exit", READS],
    ["r1 = TABLE ll; r3 = 7 ll; r0 = *(u64 *)(r1 + 0); exit", READS],
    ["r1 = TABLE ll; goto +0; r0 = *(u64 *)(r1 + 0); exit", READS],
    ["r1 = TABLE ll; goto +1; r0 = *(u64 *)(r1 + 0); exit", NONE],
    ["r1 = TABLE ll; exit; r0 = *(u64 *)(r1 + 0); exit", NONE],
    ["r1 = TABLE ll; code 0x8d 0x02; r0 = *(u64 *)(r1 + 0); exit", NONE],
    [`r1 = TABLE ll; ${"r3 = 0; ".repeat(63)}r0 = *(u64 *)(r1 + 0); exit`, READS],
    [`r1 = TABLE ll; ${"r3 = 0; ".repeat(64)}r0 = *(u64 *)(r1 + 0); exit`, NONE],
    ["r1 = TABLE ll; r0 = *(u64 *)(r1 + 0)", READS],
    ["r1 = TABLE ll", NONE],
    // No address of data, and code that no program runs.
    ["call TABLE; exit", NONE],
    ["r1 = target ll; r0 = *(u64 *)(r1 + 0); exit", NONE],
  ])("%s: %s", (main, wanted) => {
    expect(seen(main)).toBe(wanted);
  });

  test("are those of the variable that is read", () => {
    const read = "r1 = TABLE ll; r0 = *(u64 *)(r1 + 16); exit";
    // Three pointers, and a variable of three, two or one of them.
    expect(seen(read, { count: 3, table: variable("TABLE", ".data", 0, 24) })).toBe(READS);
    expect(seen(read, { count: 3, table: variable("TABLE", ".data", 0, 16) })).toBe(NONE);
    expect(seen(read, { count: 2, table: variable("TABLE", ".data", 0, 24) })).toBe(NONE);
    expect(seen("r1 = TABLE ll; r0 = r1; exit", { count: 3, table: variable("TABLE", ".data", 24, 8) })).toBe(NONE);
    expect(seen("r1 = TABLE ll; r0 = r1; exit", { count: 3, table: variable("TABLE", ".data", 16, 8) })).toBe(READS);
  });

  test("are errors where they are to code, and in what Rust keeps for them", () => {
    const read = "r1 = TABLE ll; r0 = *(u64 *)(r1 + 0); exit";
    expect(seen(read, { target: ".text" })).toBe("error , and programs read them: TABLE");
    expect(seen(read, { section: ".data.rel.ro" })).toBe("error , and programs read them: TABLE");
    expect(seen(read, { section: ".data.rel.ro.x" })).toBe("error , and programs read them: TABLE");
    expect(seen(read, { section: ".rodata.x" })).toBe(READS);
    expect(seen("r0 = 0; exit", { section: ".data.rel.ro", target: ".text" })).toBe(NONE);
  });

  test("are errors where they lead to a table of functions", () => {
    const toTable = (vtable: "f" | "plain"): string | undefined => {
      const relocations = [
        { offset: 0, type: 2, symbol: "VTABLE" },
        { offset: 16, type: 2, symbol: vtable },
      ];
      const symbols = [variable("OBJECT", ".data"), variable("VTABLE", ".data", 16), variable("plain", ".rodata")];
      const code = { ".text": { f: "r0 = 0; exit" }, socket: { main: "r1 = OBJECT ll; r0 = *(u64 *)(r1 + 0); exit" } };
      const sections = [
        { name: ".data", bytes: new Uint8Array(32), relocations },
        { name: ".rodata", bytes: new Uint8Array(8) },
      ];
      return found({ code, sections, symbols }, {}, which)[0]?.severity;
    };
    expect([toTable("f"), toTable("plain")]).toEqual(["error", "note"]);
  });

  test("are named by the variable at the place, where code names the section", () => {
    const symbols = [
      variable("target", ".rodata", 0),
      variable("A", ".data"),
      variable("B", ".data", 8),
      { name: "section", section: ".data", type: 3, binding: 0 },
    ];
    const of = (main: string, list = symbols) => {
      const sections = [data(".data", 3), { name: ".rodata", bytes: new Uint8Array(8) }];
      const [finding] = found({ code: { socket: { main } }, sections, symbols: list }, {}, which);
      return finding?.message.replace(/^.*read them: /, "");
    };
    expect(of("r1 = section ll; r0 = *(u64 *)(r1 + 0); exit")).toBe("A");
    expect(of("r1 = section+8 ll; r0 = *(u64 *)(r1 + 0); exit")).toBe("B");
    expect(of("r1 = section+12 ll; r0 = *(u8 *)(r1 + 0); exit")).toBe("B");
    // Two of them, told once each in the order of the code.
    expect(of("r1 = B ll; r0 = *(u8 *)(r1 + 0); r1 = A ll; r0 = r1; r1 = B ll; r0 = r1; exit")).toBe("B, A");
    const nameless = symbols.filter(({ name }) => name === "target" || name === "section");
    expect(of("r1 = section+8 ll; r0 = *(u64 *)(r1 + 0); exit", nameless)).toBe(".data + 8");
  });

  test("of many variables name four", () => {
    const names = ["A", "B", "C", "D", "E"];
    const of = (count: number) => {
      const main = `${names
        .slice(0, count)
        .map((name) => `r1 = ${name} ll; r0 = r1; `)
        .join("")}exit`;
      const symbols = [
        variable("target", ".rodata"),
        ...names.map((name, index) => variable(name, ".data", index * 8)),
      ];
      const sections = [data(".data", 5), { name: ".rodata", bytes: new Uint8Array(8) }];
      return found({ code: { socket: { main } }, sections, symbols }, {}, which)[0]?.message.replace(/^.*them: /, "");
    };
    expect([of(4), of(5)]).toEqual(["A, B, C, D", "A, B, C, D, …"]);
  });

  test("are of data that is loaded, and read by code that programs run", () => {
    const read = "r1 = TABLE ll; r0 = *(u64 *)(r1 + 0); exit";
    const of = (section: ObjectSection, code: CodeParts["code"] = { socket: { main: read } }) => {
      const symbols = [variable("target", ".other"), variable("TABLE", section.name)];
      const [finding] = found(
        { code, sections: [section, { name: ".other", bytes: new Uint8Array(8) }], symbols },
        {},
        which,
      );
      return finding?.message.replace(/^.*which no loader fills in/, "");
    };
    expect(of(data(".data", 1))).toBe(", and programs read them: TABLE");
    expect(of(data(".data.x", 1))).toBe(", and programs read them: TABLE");
    expect(of(data(".rodata", 1))).toBe(", and programs read them: TABLE");
    expect(of(data(".database", 1))).toBeUndefined();
    expect(of(data("x.data", 1))).toBeUndefined();
    expect(of({ ...data(".data", 1), flags: 0 })).toBeUndefined();
    expect(of({ ...data(".data", 1), flags: 6 })).toBeUndefined();
    const idle = { ".text": { f: read }, socket: { main: "r0 = 0; exit" } };
    expect(of(data(".data", 1), idle)).toBe("; no program was seen to read them");
    expect(of(data(".data", 1), { ".text": { f: read }, socket: { main: "call f; exit" } })).toBe(
      ", and programs read them: TABLE",
    );
  });
});

test("constants that lie in sections of their own", () => {
  const of = (...names: readonly string[]) =>
    found(
      { ...PLAIN, sections: [LICENSE, ...names.map((name) => ({ name, bytes: new Uint8Array(8), flags: 2 }))] },
      {},
      /constant-sections/,
    );
  expect(of(".rodata.cst8", ".rodata", ".rodata.str1.1")).toEqual([
    {
      rule: "elf/constant-sections",
      severity: "note",
      message: "constants lie in .rodata.cst8, .rodata.str1.1: each becomes a map beside that of .rodata",
      target: { section: at(PLAIN, "license") + 1 },
      answers: ["libbpf accepts", "cilium/ebpf accepts"],
    },
  ]);
  expect(of(".rodata", "x.rodata.cst8", ".rodata.other")).toEqual([]);
  expect(found({ ...PLAIN, sections: [LICENSE, { name: ".rodata.cst8" }] }, {}, /constant-sections/)).toEqual([]);
});
