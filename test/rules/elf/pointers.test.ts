import { describe, expect, test } from "vitest";
import type { ObjectSection, ObjectSymbol } from "../../object.ts";
import type { CodeParts } from "../func/assembled.ts";
import { codeState } from "../func/described.ts";
import { type Told, told } from "./told.ts";

/** Data with pointers to data or code in it, and what is said of it by what programs do with the addresses. */

const WHICH = /^elf\/(?:data-pointers|constant-sections)$/;

/** The findings of both byte orders, which must be the same. */
function found(parts: CodeParts): readonly Told[] {
  const [little, big] = [true, false].map((littleEndian) => told(codeState({ ...parts, littleEndian }), WHICH));
  expect(big).toEqual(little);
  return little ?? [];
}

const pointers = (count: number, symbol: string): NonNullable<ObjectSection["relocations"]> =>
  Array.from({ length: count }, (_, index) => ({ offset: index * 8, type: 2, symbol }));
const data = (name: string, count: number, symbol = "target"): ObjectSection => ({
  name,
  bytes: new Uint8Array(64),
  relocations: pointers(count, symbol),
});
const variable = (name: string, section: string, value = 0, size = 8): ObjectSymbol => ({ name, section, value, size });

const MISREAD = [
  "libbpf misreads: elf: skipping relo section(…) … for section(…) …",
  "cilium/ebpf misreads (it fills no pointers into data either)",
];
const VALUES = "keep values in statics, not references, and match on an enum instead of calling through `dyn`";

describe("pointers in data", () => {
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
    return found({
      code,
      sections: [data(section, count), { name: ".rodata", bytes: new Uint8Array(64), flags: 2 }],
      symbols,
    });
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
    ["r6 = TABLE ll; code 0x8d 0x02; r0 = *(u64 *)(r6 + 0); exit", NONE],
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
      return found({ code, sections, symbols })[0]?.severity;
    };
    expect([toTable("f"), toTable("plain")]).toEqual(["error", "note"]);
  });

  test("are named by the variable at the place, where code names the section", () => {
    const symbols = [
      variable("target", ".rodata", 0),
      variable("B", ".data", 8),
      variable("A", ".data"),
      { name: "section", section: ".data", type: 3, binding: 0 },
    ];
    const of = (main: string, list = symbols) => {
      const sections = [data(".data", 3), { name: ".rodata", bytes: new Uint8Array(8) }];
      const [finding] = found({ code: { socket: { main } }, sections, symbols: list });
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
      return found({ code: { socket: { main } }, sections, symbols })[0]?.message.replace(/^.*them: /, "");
    };
    expect([of(4), of(5)]).toEqual(["A, B, C, D", "A, B, C, D, …"]);
  });

  test("are of data that is loaded, and read by code that programs run", () => {
    const read = "r1 = TABLE ll; r0 = *(u64 *)(r1 + 0); exit";
    const of = (section: ObjectSection, code: CodeParts["code"] = { socket: { main: read } }) => {
      const symbols = [variable("target", ".other"), variable("TABLE", section.name)];
      const [finding] = found({ code, sections: [section, { name: ".other", bytes: new Uint8Array(8) }], symbols });
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

const LICENSE: ObjectSection = { name: "license", bytes: new TextEncoder().encode("GPL\0") };
const CODE = { socket: { main: "r0 = 0; exit" } };

test("constants that lie in sections of their own", () => {
  const of = (...names: readonly string[]) =>
    found({ code: CODE, sections: [LICENSE, ...names.map((name) => ({ name, bytes: new Uint8Array(8), flags: 2 }))] });
  expect(of(".rodata.cst8", ".rodata", ".rodata.str1.1")).toEqual([
    {
      rule: "elf/constant-sections",
      severity: "note",
      message: "constants lie in .rodata.cst8, .rodata.str1.1: each becomes a map beside that of .rodata",
      target: { section: 3 },
      answers: ["libbpf accepts", "cilium/ebpf accepts"],
    },
  ]);
  expect(of(".rodata", "x.rodata.cst8", ".rodata.other")).toEqual([]);
  expect(found({ code: CODE, sections: [LICENSE, { name: ".rodata.cst8" }] })).toEqual([]);
});
