import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../../src/btf/encode.ts";
import { parseBtf } from "../../../src/btf/parse.ts";
import { signatureReader } from "../../../src/rules/func/signature.ts";
import { Graph } from "../../graph.ts";
import type { CodeParts } from "./assembled.ts";
import { codeState, type Described } from "./described.ts";

/**
 * What code shows of a prototype: the registers that it reads before it writes them, and whether anybody looks at r0 after its calls. The
 * expectations follow from the ISA and from the helpers' prototypes (include/uapi/linux/bpf.h).
 */

/** "2 int" for two arguments and a result, "0 void" for none; "?" where the code does not tell. */
function signatures(parts: CodeParts, name: string, described: Described = {}): string {
  const [little, big] = [true, false].map((littleEndian) => {
    const state = codeState({ ...parts, littleEndian }, described);
    const symbol = state.elf?.symbols.find((one) => one.name === name);
    const place = { section: symbol?.section ?? 0, offset: symbol?.value ?? 0 };
    const found = signatureReader(state)?.signature(place);
    return found === undefined ? "?" : `${found.arity} ${found.returnsValue ? "int" : "void"}`;
  });
  expect(big).toBe(little);
  return little ?? "";
}

/** f, with g (one argument) and k (three) behind it, called by a program that returns what it gives. */
function ofCode(f: string, described: Described = {}): string {
  const parts: CodeParts = {
    code: {
      ".text": { f, g: "r0 = r1; exit", k: "r0 = r3; exit", self: "call self; exit" },
      socket: { main: "call f; exit" },
    },
    symbols: [{ name: "outside" }, { name: "datum", section: "license" }],
    sections: [{ name: "license", bytes: new Uint8Array(8) }],
  };
  return signatures(parts, "f", described).replace(/ int$/, "");
}

describe("arguments", () => {
  test.each([
    ["r0 = 1; exit", "0"],
    ["r0 = r1; exit", "1"],
    ["r0 = r3; exit", "3"],
    ["r0 = r5; exit", "5"],
    ["r0 = r6; exit", "0"],
    ["r0 = r10; exit", "0"],
    ["r0 = r2; r0 += r1; exit", "2"],
    ["r2 = 0; r0 = r2; exit", "0"],
    ["r0 = r2; r2 = 0; exit", "2"],
    ["w3 = 1; w0 = w3; exit", "0"],
    ["r3 += 1; r0 = 0; exit", "3"],
    ["*(u64 *)(r10 - 8) = r4; r0 = 0; exit", "4"],
    ["r0 = *(u8 *)(r2 + 0); exit", "2"],
    ["*(u64 *)(r2 + 0) = 1; r0 = 0; exit", "2"],
    ["r2 = datum ll; r0 = r2; exit", "0"],
    // On one way or the other, and round about.
    ["r0 = 0; if r2 > 1 goto +1; r0 = r3; exit", "3"],
    ["r0 = 0; r3 = 0; if r2 > 1 goto +1; r0 = r3; exit", "2"],
    ["r0 = 0; r0 += r4; r4 = 1; if r0 < 9 goto -3; exit", "4"],
    ["r0 = 0; goto +1; r0 = r5; exit", "0"],
    ["r0 = 0; if r0 > 1 goto +2; r2 = 0; goto +0; r0 += r2; exit", "2"],
    // Behind a call r1 to r5 are gone.
    ["call 5; r0 = r2; exit", "0"],
    ["call 1; exit", "2"],
    ["call 2; exit", "4"],
    ["call 14; exit", "0"],
    ["call 9; exit", "5"],
    ["r1 = 0; call 1; exit", "2"],
    ["r1 = 0; r2 = 0; call 1; exit", "0"],
    // bpf_trace_printk takes two to five.
    ["call 6; exit", "?"],
    ["r0 = r5; call 6; exit", "5"],
    ["r3 = 0; r4 = 0; r5 = 0; call 6; exit", "2"],
    ["r4 = 0; r5 = 0; call 6; exit", "?"],
    // Whatever a helper that nobody knows takes.
    ["call 9999; exit", "?"],
    ["call 9999; r0 = 1; exit", "?"],
    ["call outside; exit", "?"],
    ["code 0x85 0x20; exit", "?"],
    ["r0 = r5; call outside; exit", "5"],
    ["call g; exit", "1"],
    ["call k; exit", "3"],
    ["r3 = 0; call k; exit", "0"],
    ["call k; r0 = r5; exit", "3"],
    ["call k+1; exit", "0"],
    ["call self; exit", "?"],
    ["call -1; exit", "?"],
    // A way that nobody knows, or out of the function.
    ["code 0x8d 0x01; exit", "?"],
    ["r0 = r5; code 0x8d 0x01; exit", "5"],
    ["goto -9; exit", "?"],
    ["r0 = r5; goto +90; exit", "5"],
    ["r0 = 1", "?"],
  ])("%s: %s", (f, arity) => {
    expect(ofCode(f)).toBe(arity);
  });

  test("of a call inside a function that begins there", () => {
    // k+1 is the exit of k: whoever is called there starts a function.
    expect(ofCode("r3 = 0; call k; exit")).toBe("0");
  });

  const outside = (count: number) => (graph: Graph) => {
    const u32 = graph.int("u32", 4);
    return {
      outside: graph.proto(
        u32,
        Array.from({ length: count }, (_, i) => [`a${i}`, u32] as const),
      ),
    };
  };

  test("of an extern are those that BTF says", () => {
    const linkage = { outside: 2 };
    expect(ofCode("call outside; exit", { protos: outside(2), linkage })).toBe("2");
    expect(ofCode("call outside; exit", { protos: outside(0), linkage })).toBe("0");
    expect(ofCode("call outside; exit", { protos: outside(7), linkage })).toBe("5");
    // One that is no extern says nothing.
    expect(ofCode("call outside; exit", { protos: outside(2) })).toBe("?");
  });

  test("of an extern that BTF does not describe are those of the kernel's types", () => {
    const types = (count: number) => {
      const graph = new Graph();
      for (const [name, proto] of Object.entries(outside(count)(graph))) graph.func(name, proto);
      graph.func("broken", graph.int("long", 8));
      return parseBtf(encodeBtf(graph.finish()));
    };
    expect(ofCode("call outside; exit", { choices: { vmlinux: () => types(3) } })).toBe("3");
    expect(ofCode("call outside; exit", { choices: { vmlinux: () => types(9) } })).toBe("5");
    expect(ofCode("call outside; exit", { choices: { vmlinux: () => undefined } })).toBe("?");
    const lacking = new Graph();
    lacking.func("other", lacking.proto(lacking.int("u32", 4), []));
    const without = parseBtf(encodeBtf(lacking.finish()));
    expect(ofCode("call outside; exit", { choices: { vmlinux: () => without } })).toBe("?");
    const protos = outside(2);
    expect(
      ofCode("call outside; exit", { protos, linkage: { outside: 2 }, choices: { vmlinux: () => types(3) } }),
    ).toBe("2");
  });
});

describe("results", () => {
  /** Whether f returns something, by the code around it. */
  function returns(code: CodeParts["code"], others: Partial<CodeParts> = {}, described: Described = {}): string {
    return signatures({ code, ...others }, "f", described).replace(/^0 /, "");
  }
  const F = { f: "r0 = 1; exit" };

  test.each([
    ["call f; exit", "int"],
    ["call f; r0 = 0; exit", "void"],
    ["call f; r1 = 0; r0 = 0; exit", "void"],
    ["call f; r1 = r0; r0 = 0; exit", "int"],
    ["call f; r0 += 1; exit", "int"],
    ["call f; if r0 > 1 goto +0; r0 = 0; exit", "int"],
    ["call f; call 5; exit", "void"],
    ["call f; if r1 > 1 goto +1; r0 = 1; exit", "int"],
    ["call f; r0 = 0; call f; exit", "int"],
    ["call f; goto +99; exit", "int"],
    // Where only the running program knows how it goes on, r0 may be looked at.
    ["call f; code 0x8d 0x01; exit", "int"],
    ["call f; r0 = 0; goto +99; exit", "void"],
    // Its address is who knows whose.
    ["call f; r2 = f ll; r0 = 0; exit", "int"],
    ["r0 = 0; exit", "int"],
  ])("a program that does %s", (main, wanted) => {
    expect(returns({ ".text": F, socket: { main } })).toBe(wanted);
  });

  test.each([
    ["call f; exit", "call g; exit", "int"],
    ["call f; exit", "call g; r0 = 0; exit", "void"],
    ["call f; r0 = 0; exit", "call g; exit", "void"],
    // Nobody calls it, or it calls itself.
    ["call f; exit", "r0 = 0; exit", "int"],
    ["call f; if r1 > 1 goto +1; call g; exit", "call g; r0 = 0; exit", "void"],
  ])("a function that does %s for a program that does %s", (g, main, wanted) => {
    expect(returns({ ".text": { ...F, g }, socket: { main } })).toBe(wanted);
  });

  test("a call within it may end it: tail calls and packet loads want an int", () => {
    const unused = { main: "call f; r0 = 0; exit" };
    const of = (f: string) => signatures({ code: { ".text": { f, g: "exit" }, socket: unused } }, "f");
    const zeroed = "r1 = 0; r2 = 0; r3 = 0; ";
    expect(of(`${zeroed}call 12; exit`)).toBe("0 int");
    expect(of(`${zeroed}call 13; exit`)).toBe("0 void");
    expect(of("r6 = 0; r0 = *(u8 *)skb[4]; exit")).toBe("0 int");
    expect(of("r6 = 0; r3 = 0; r0 = *(u8 *)skb[r3]; exit")).toBe("0 int");
    expect(of("r0 = 7 ll; exit")).toBe("0 void");
    expect(of("call g; exit")).toBe("0 void");
    expect(of("call +1; exit; exit")).toBe("0 void");
    expect(of(`${zeroed}r4 = 0; r5 = 0; code 0x85 0x20; exit`)).toBe("0 int");
  });

  test("what data points to, and what is no function of .text, gives something", () => {
    const unused = { main: "call f; r0 = 0; exit" };
    const held = { name: ".data", bytes: new Uint8Array(8), relocations: [{ offset: 0, type: 2, symbol: "f" }] };
    expect(returns({ ".text": F, socket: unused }, { sections: [held] })).toBe("int");
    expect(returns({ ".text": F, socket: unused }, { sections: [{ ...held, relocations: [] }] })).toBe("void");
    expect(returns({ tc: F, socket: unused })).toBe("int");
  });

  test("what BTF says of a caller, or of it, counts", () => {
    const code = { ".text": { ...F, g: "call f; exit" }, socket: { main: "call g; r0 = 0; exit" } };
    const described = (name: string, isVoid: boolean): Described => ({
      protos: (graph) => ({ [name]: graph.proto(isVoid ? 0 : graph.int("u32", 4), []) }),
    });
    expect(returns(code)).toBe("void");
    expect(returns(code, {}, described("g", false))).toBe("int");
    expect(returns(code, {}, described("g", true))).toBe("void");
    expect(returns(code, {}, described("f", false))).toBe("int");
    const used = { ...code, socket: { main: "call g; exit" } };
    expect(returns(used, {}, described("g", true))).toBe("void");
  });
});

test("registers that a call may take, and that a function surely reads", () => {
  const state = codeState({
    code: { ".text": { f: "call 6; call g; exit", g: "r0 = r1; r0 += r3; exit" } },
    symbols: [{ name: "outside" }],
  });
  const reader = signatureReader(state);
  expect(signatureReader(state)).toBe(reader);
  expect([0, 8].map((offset) => reader?.argumentsPassed({ section: 1, offset }))).toEqual([0b111110, 0b1010]);
  expect([0, 24].map((offset) => reader?.argumentsRead({ section: 1, offset }))).toEqual([0b110, 0b1010]);
  expect(reader?.argumentsRead({ section: 1, offset: 8 })).toBe(0);
  expect(signatureReader({ ...state, elf: undefined })).toBeUndefined();
});

test("a chain of calls is followed, but not without end", () => {
  const chain = (length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, i) => [`f${i}`, i === length - 1 ? "r0 = r4; exit" : `call f${i + 1}; exit`]),
    );
  const of = (length: number) =>
    signatures({ code: { ".text": chain(length), socket: { main: "call f0; exit" } } }, "f0");
  expect([of(2), of(8), of(33)]).toEqual(["4 int", "4 int", "4 int"]);
  expect(of(40)).toBe("?");
});
