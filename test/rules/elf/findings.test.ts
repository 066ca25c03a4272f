import { describe, expect, test } from "vitest";
import type { Graph } from "../../graph.ts";
import type { ObjectSection } from "../../object.ts";
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
