import { describe, expect, test } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { BtfFixError } from "../../../src/errors.ts";
import { lostTypes } from "../../../src/rules/elf/build-step.ts";
import { externUses } from "../../../src/rules/elf/extern-uses.ts";
import type { ObjectState } from "../../../src/rules/state.ts";
import type { ObjectSection } from "../../object.ts";
import { assembledView, type CodeParts } from "../func/assembled.ts";
import { codeState, describedObject } from "../func/described.ts";
import { type Told, told } from "./told.ts";

/** What is said of objects whose BTF is gone or broken, whose relocations lead astray, and how code uses what they lack. */

const LICENSE: ObjectSection = { name: "license", bytes: new TextEncoder().encode("GPL\0") };
const CODE = { socket: { main: "r0 = 0; exit" } };
const pointer = (offset: number, symbol: string) => ({ offset, type: 2, symbol });

describe("the step of a build that lost the types", () => {
  const DEBUG = (name: string, symbol?: string): ObjectSection => ({
    name,
    bytes: new Uint8Array(16),
    flags: 0,
    ...(symbol === undefined ? {} : { relocations: [pointer(0, symbol)] }),
  });
  const lost = (sections: readonly ObjectSection[], code: CodeParts["code"] = CODE) =>
    lostTypes(
      assembledView({ code, sections: [LICENSE, ...sections], symbols: [{ name: "LICENSE", section: "license" }] }),
    );
  const NO_CODE = {
    message: "the debug info is about no code of the object, and there is no section .BTF",
    help: "build with `debug = 2` in this profile too: without it only libraries have debug info",
  };
  const NO_BTF = {
    message: "the object has debug info but no section .BTF",
    help: "btf-fix makes it from the debug info; bpf-linker writes it with `--btf`",
  };
  const NO_DEBUG = {
    message: "the object has neither debug info nor a section .BTF",
    help: "link with `--btf`, or bpf-linker drops all debug info, and build with `debug = 2`; clang wants `-g`",
  };

  test("by its sections", () => {
    expect(lost([])).toEqual(NO_DEBUG);
    expect(lost([{ name: ".debug_info", flags: 0 }])).toEqual(NO_DEBUG);
    expect(lost([DEBUG(".debug_info")])).toEqual(NO_CODE);
    expect(lost([DEBUG(".debug_info", "LICENSE")])).toEqual(NO_CODE);
    expect(lost([DEBUG(".debug_info", "main")])).toEqual(NO_BTF);
    for (const name of [".debug_addr", ".debug_line"]) {
      expect(lost([DEBUG(".debug_info"), DEBUG(name, "main")])).toEqual(NO_BTF);
    }
    expect(lost([DEBUG(".debug_info"), DEBUG(".debug_ranges", "main")])).toEqual(NO_CODE);
    // An object without code has nothing to describe.
    expect(lost([DEBUG(".debug_info")], { ".text": {} })).toEqual(NO_BTF);
  });

  test("by its symbols", () => {
    const elf = { ...assembledView({ code: CODE, sections: [DEBUG(".debug_info")] }), symtab: undefined };
    expect(lostTypes(elf)).toEqual({
      message: "the object is stripped: it has no symbols, no debug info and no section .BTF",
      help: "leave out what strips it; `llvm-strip -g` takes the debug info and leaves symbols and .BTF",
    });
  });
});

describe("BTF that is missing or cannot be read", () => {
  const MISSING = new BtfFixError("BTF_MISSING", "there is none");
  const BROKEN = new BtfFixError("BTF_MALFORMED", "its header lies");
  const of = (unreadable: BtfFixError, parts: Partial<CodeParts>, isObject = true): readonly Told[] => {
    const state = codeState({ code: CODE, ...parts });
    const changed: ObjectState = { ...state, unreadable, ...(isObject ? {} : { elf: undefined }) };
    return told(changed, /^elf\/btf-missing/);
  };
  const MAPS = { sections: [{ name: ".maps", bytes: new Uint8Array(8) }] };
  const EXTERN = { symbols: [{ name: "outside" }] };
  const required = (errno: number) =>
    `libbpf rejects at open, errno ${errno}: BTF is required, but is missing or corrupted.`;
  const UNREAD = "cilium/ebpf rejects at open: load BTF: …";

  test("whole", () => {
    expect(of(MISSING, MAPS)).toEqual([
      {
        rule: "elf/btf-missing",
        severity: "error",
        message: "the object has neither debug info nor a section .BTF",
        target: {},
        answers: [
          required(2),
          "cilium/ebpf rejects at open: load BTF maps: missing BTF",
          "aya rejects at open: no BTF parsed for object",
        ],
        help: expect.stringContaining("link with `--btf`"),
      },
    ]);
    expect(of(BROKEN, MAPS)).toEqual([
      {
        rule: "elf/btf-missing",
        severity: "error",
        message: "section .BTF cannot be read: its header lies",
        target: {},
        answers: [required(22), UNREAD],
        help: "btf-fix makes it anew from the debug info",
      },
    ]);
    expect(told(codeState({ code: CODE, ...MAPS }), /^elf\/btf-missing/)).toEqual([]);
  });

  test("by who needs it", () => {
    const answers = (error: BtfFixError, parts: Partial<CodeParts>, isObject = true) =>
      of(error, parts, isObject).flatMap((finding) => finding.answers);
    expect(answers(MISSING, {})).toEqual([]);
    expect(answers(BROKEN, {})).toEqual([UNREAD]);
    expect(answers(MISSING, EXTERN)).toEqual([required(2)]);
    expect(answers(BROKEN, EXTERN)).toEqual([required(22), UNREAD]);
    expect(answers(BROKEN, {}, false)).toEqual([UNREAD]);
    expect(answers(MISSING, {}, false)).toEqual([]);
  });
});

describe("uses of externs", () => {
  const uses = (main: string): unknown => {
    const [little, big] = [true, false].map((littleEndian) => {
      const elf = assembledView({
        littleEndian,
        code: { ".text": { f: "r0 = 0; exit" }, socket: { main } },
        symbols: [{ name: "outside" }, { name: "datum", section: "license" }],
        sections: [LICENSE],
      });
      return [...externUses(elf)].map(([symbol, use]) => {
        return `${elf.symbols[symbol]?.name} ${use.called ? "called " : ""}${[...use.widths].join(",")}`;
      });
    });
    expect(big).toEqual(little);
    return little?.join("; ");
  };

  test.each([
    ["call outside; exit", "outside called "],
    ["r1 = outside ll; r0 = *(u8 *)(r1 + 0); exit", "outside 1"],
    ["r1 = outside ll; r0 = *(u16 *)(r1 + 0); exit", "outside 2"],
    ["r1 = outside ll; r0 = *(u32 *)(r1 + 0); exit", "outside 4"],
    ["r1 = outside ll; r0 = *(u64 *)(r1 + 0); exit", "outside 8"],
    ["r1 = outside ll; r0 = *(u8 *)(r1 + 0); r0 = *(u16 *)(r1 + 0); exit", "outside 1,2"],
    ["r1 = outside ll; r0 = *(u8 *)(r1 + 4); exit", "outside 0"],
    ["r1 = outside ll; r0 = r1; exit", "outside 0"],
    ["r1 = outside ll; r0 = *(u8 *)(r2 + 0); exit", "outside "],
    ["r1 = outside ll; r1 = *(u8 *)(r1 + 0); r0 = *(u64 *)(r1 + 0); exit", "outside 1"],
    ["r1 = outside ll; call 5; r0 = *(u64 *)(r1 + 0); exit", "outside "],
    ["r6 = outside ll; call 5; r0 = *(u64 *)(r6 + 0); exit", "outside "],
    ["r1 = outside ll; exit; r0 = *(u64 *)(r1 + 0); exit", "outside "],
    ["r1 = outside ll; code 0x8d 0x02; r0 = *(u64 *)(r1 + 0); exit", "outside "],
    ["r6 = outside ll; code 0x8d 0x02; r0 = *(u64 *)(r6 + 0); exit", "outside "],
    ["r1 = outside ll; goto +1; r0 = *(u64 *)(r1 + 0); exit", "outside "],
    ["r1 = outside ll; goto +0; r0 = *(u64 *)(r1 + 0); exit", "outside 8"],
    ["r1 = outside ll; if r2 > 3 goto +1; r3 = 0; r0 = *(u64 *)(r1 + 0); exit", "outside 8"],
    ["r1 = outside ll; r3 = 7 ll; r0 = *(u64 *)(r1 + 0); exit", "outside 8"],
    [`r1 = outside ll; ${"r3 = 0; ".repeat(63)}r0 = *(u8 *)(r1 + 0); exit`, "outside 1"],
    [`r1 = outside ll; ${"r3 = 0; ".repeat(64)}r0 = *(u8 *)(r1 + 0); exit`, "outside "],
    ["r1 = outside ll; r0 = *(u8 *)(r1 + 0)", "outside 1"],
    ["r1 = outside ll", "outside "],
    ["exit; call outside", "outside called "],
    ["call outside; r1 = outside ll; r0 = *(u8 *)(r1 + 0); exit", "outside called 1"],
    ["call f; r1 = datum ll; exit", ""],
  ])("%s: %s", (main, wanted) => {
    expect(uses(main)).toBe(wanted);
  });
});

describe("common symbols", () => {
  const COMMON = 0xfff2;
  const of = (main: string) => {
    const before = codeState({
      code: { socket: { main } },
      sections: [LICENSE],
      symbols: [{ name: "seen" }, { name: "idle" }],
    });
    const { elf } = before;
    if (elf === undefined) throw new Error("no object");
    const symbols = elf.symbols.map((symbol) =>
      symbol.name === "main" || symbol.index === 0 ? symbol : { ...symbol, section: COMMON },
    );
    return told({ ...before, elf: { ...elf, symbols } }, /^elf\/common/);
  };

  test("that code uses", () => {
    expect(of("r1 = seen ll; r0 = 0; exit")).toEqual([
      {
        rule: "elf/common-symbol",
        severity: "error",
        message: "variable seen is a common symbol, which lies in no section",
        target: { symbol: 2 },
        answers: [
          "libbpf rejects at open, errno 4001: corrupted symbol #2 pointing to invalid section #65522",
          'cilium/ebpf rejects at open: reference to "seen" in section SHN_COMMON: not supported',
          "bpftool rejects: failed to find BTF info for global/extern symbol 'seen'",
        ],
        help: "compile with -fno-common, or initialise it",
      },
    ]);
    expect(of("r0 = 0; exit")).toEqual([]);
  });
});

describe("relocation sections that lead astray", () => {
  const CODE_OF_TWO = { socket: { main: "call missing; exit" }, xdp: { second: "call missing; exit" } };
  const state = (
    change: (section: { readonly name: string; readonly info: number; readonly link: number }) => object,
  ): ObjectState => {
    const before = codeState({ code: CODE_OF_TWO, sections: [LICENSE], symbols: [{ name: "missing" }] });
    const { elf } = before;
    if (elf === undefined) throw new Error("no object");
    return {
      ...before,
      elf: { ...elf, sections: elf.sections.map((section) => ({ ...section, ...change(section) })) },
    };
  };
  const of = (name: string, change: object) =>
    told(
      state((section) => (section.name === name ? change : {})),
      /^elf\/dangling/,
    );
  const HELP = "llvm-objcopy --update-section writes it so; GNU objcopy does not";
  const sections = parseElf(
    describedObject({ code: CODE_OF_TWO, sections: [LICENSE], symbols: [{ name: "missing" }] }),
  ).sections;
  const index = (name: string): number => sections.findIndex((section) => section.name === name);

  test("to no section, to the null section, and to another", () => {
    const rel = index(".relsocket");
    const finding = (info: number, where: string, answers: readonly string[]) => ({
      rule: "elf/dangling-info",
      severity: "error",
      message: `.relsocket relocates section ${info}, which ${where}`,
      target: { section: rel },
      answers,
      help: HELP,
    });
    const none = [
      "libbpf rejects at open, errno 4001 (without a word)",
      "aya rejects at open: error parsing ELF data",
      `bpftool rejects: ELF relo section #${rel} points to missing section`,
    ];
    expect(of(".relsocket", { info: 999 })).toEqual([finding(999, "does not exist", none)]);
    expect(of(".relsocket", { info: sections.length })).toEqual([finding(sections.length, "does not exist", none)]);
    expect(of(".relsocket", { info: 0 })).toEqual([finding(0, "does not exist", none.slice(2))]);
    const name = [`bpftool rejects: ELF relo section #${rel} name has invalid name`];
    const license = index("license");
    expect(of(".relsocket", { info: license })).toEqual([finding(license, "is license", name)]);
    expect(of(".relsocket", {})).toEqual([]);
  });

  test("where two or none are of the name", () => {
    // A name that is nobody's, and one that another section relocates.
    expect(of(".relsocket", { name: ".relother" })).toEqual([]);
    expect(of(".relsocket", { name: "socket.rel" })).toEqual([]);
    expect(of(".relsocket", { name: ".relxdp" })).toEqual([]);
    expect(of(".relsocket", { name: ".relother", info: 999 })).toHaveLength(1);
    expect(of(".relsocket", { name: ".relasocket", type: 4 })).toEqual([]);
    expect(of(".relsocket", { name: ".relasocket" })).toEqual([]);
    expect(of(".relsocket", { name: ".relsocket", type: 4 })).toEqual([]);
  });

  test("of debug info, which loaders leave out", () => {
    // By the whole names of BTF's sections, and the first letters of those of debug info (libbpf ignore_elf_section).
    for (const [name, count] of [
      [".debug_str", 2],
      [".BTF", 2],
      [".BTF.ext", 2],
      [".BTF.other", 3],
      [".BTFx", 3],
      [".debugger", 3],
      ["x.debug_str", 3],
      ["x.BTF", 3],
    ] as const) {
      const [finding] = of(".relsocket", { name: `.rel${name}`, info: 999 });
      expect([name, finding?.answers.length]).toEqual([name, count]);
    }
    expect(of(".relsocket", { name: "socket.rel", info: 999 })[0]?.answers).toHaveLength(3);
  });

  test("to no symbol table", () => {
    const rel = index(".relsocket");
    expect(of(".relsocket", { link: 1 })).toEqual([
      {
        rule: "elf/dangling-link",
        severity: "error",
        message: ".relsocket counts in section 1, which is no symbol table",
        target: { section: rel },
        answers: [
          `bpftool rejects: ELF relo section #${rel} points to invalid SYMTAB section #1`,
          "aya misreads (it leaves the relocations out)",
        ],
      },
    ]);
    expect(of(".relsocket", { link: 1, size: 0 })).toEqual([]);
    const { elf, ...others } = state(({ name }) => (name === ".relsocket" ? { link: 1 } : {}));
    if (elf === undefined) throw new Error("no object");
    expect(told({ ...others, elf: { ...elf, symtab: undefined } }, /^elf\/dangling-link/)).toEqual([]);
  });
});
