import { describe, expect, test } from "vitest";
import { verifiesAlike } from "../../../src/rules/func/alike.ts";
import { callFlowOf } from "../../../src/rules/func/call-flow.ts";
import type { Value } from "../../../src/rules/func/flow.ts";
import { signatureReader } from "../../../src/rules/func/signature.ts";
import type { CodeParts } from "./assembled.ts";
import { codeState, type Described } from "./described.ts";

/**
 * How values come to functions, and whether a function whose first two arguments may be any numbers verifies alone as from its callers: not
 * where an address, a helper's argument or the end of a loop depends on them, nor where that is so of its result in a caller.
 */

interface Arrived {
  readonly args: string;
  readonly programs: readonly string[];
  readonly calls: readonly string[];
}

function arrival(
  code: CodeParts["code"],
  name = "f",
  symbols: CodeParts["symbols"] = [],
): Arrived | "none" | "unknown" {
  const [little, big] = [true, false].map((littleEndian) => {
    const { elf } = codeState({ code, symbols, littleEndian });
    const flow = elf === undefined ? undefined : callFlowOf(elf);
    if (elf === undefined || flow === undefined) return "unknown";
    expect(callFlowOf(elf)).toBe(flow);
    const symbol = elf.symbols.find((one) => one.name === name);
    const found = flow.arrival({ section: symbol?.section ?? 0, offset: symbol?.value ?? 0 });
    if (found === undefined) return "none";
    const calls = found.calls.map(({ section, offset }) => `${elf.sections[section]?.name}+${offset}`);
    return { args: found.args.join(" "), programs: [...found.programs].sort(), calls };
  });
  expect(big).toEqual(little);
  return little ?? "unknown";
}

const F = { f: "r0 = 0; exit" };
const CONTEXT = "context unset unset unset unset";

describe("arrival", () => {
  test("programs get their context", () => {
    expect(arrival({ ".text": F, tc: { main: "r0 = 0; exit" } }, "main")).toEqual({
      args: CONTEXT,
      programs: ["tc"],
      calls: [],
    });
    expect(arrival({ ".text": F, tc: { main: "r0 = 0; exit" } })).toBe("none");
  });

  test.each([
    ["call f; exit", CONTEXT, ["tc+0"]],
    ["r1 = 5; r2 = r1; call f; exit", "number number unset unset unset", ["tc+16"]],
    ["r2 = r10; r3 = 7 ll; call f; exit", "context frame number unset unset", ["tc+24"]],
    ["call 5; r1 = r0; call f; exit", "number unset unset unset unset", ["tc+16"]],
    ["call 1; r1 = r0; call f; exit", "any unset unset unset unset", ["tc+16"]],
    ["call outside; r1 = r0; call f; exit", "any unset unset unset unset", ["tc+16"]],
    ["call f; r1 = r0; call f; exit", "any unset unset unset unset", ["tc+0", "tc+16"]],
    ["r6 = r1; call f; r1 = r6; call f; exit", CONTEXT, ["tc+8", "tc+24"]],
    ["r6 = r1; r1 = 3; call f; r1 = r6; r5 = 1; call f; exit", "any unset unset unset any", ["tc+16", "tc+40"]],
    ["if r1 > 3 goto +1; r2 = 0; call f; exit", "context any unset unset unset", ["tc+16"]],
    ["exit; call f; exit", "none", []],
  ] as const)("%s", (main, args, calls) => {
    const found = arrival({ ".text": F, tc: { main } }, "f", [{ name: "outside" }]);
    expect(found).toEqual(args === "none" ? "none" : { args, programs: ["tc"], calls });
  });

  test("joins what programs bring, themselves or through others", () => {
    const code = {
      ".text": { ...F, g: "r2 = r1; call f; exit", h: "r1 = 0; call f; exit" },
      tc: { first: "call g; exit" },
      xdp: { second: "r1 = 1; r2 = 1; call f; exit" },
    };
    const found = arrival(code);
    expect(found).toMatchObject({ args: "any any unset unset unset", programs: ["tc", "xdp"] });
    expect(found).toHaveProperty("calls.length", 2);
    expect(arrival(code, "g")).toEqual({ args: CONTEXT, programs: ["tc"], calls: ["tc+0"] });
    expect(arrival(code, "h")).toBe("none");
  });

  test("goes round until nothing new comes", () => {
    const code = { ".text": { f: "r2 = r1; r1 = 0; call f; exit" }, tc: { main: "r2 = 0; call f; exit" } };
    expect(arrival(code)).toEqual({ args: "any any unset unset unset", programs: ["tc"], calls: ["tc+8", ".text+16"] });
  });

  test("of a callback is anything", () => {
    const anything = "any any any any any";
    const code = { ".text": F, tc: { main: "r2 = f ll; exit" } };
    expect(arrival(code)).toEqual({ args: anything, programs: [], calls: [] });
    const called = { ".text": F, tc: { main: "r2 = f ll; r1 = 1; call f; exit" } };
    expect(arrival(called)).toEqual({ args: anything, programs: ["tc"], calls: ["tc+24"] });
  });

  test("is not known where some code is not understood", () => {
    expect(arrival({ ".text": F, tc: { main: "call f; code 0x8d 0x01; exit" } })).toBe("unknown");
    expect(arrival({ ".text": F, tc: { main: "call f; call -9; exit" } })).toBe("unknown");
    // What no program gets to may be what it likes.
    expect(arrival({ ".text": { ...F, g: "code 0x8d 0x01" }, tc: { main: "call f; exit" } })).toMatchObject({
      args: CONTEXT,
    });
    expect(arrival({ ".text": { ...F, g: "code 0x8d 0x01" }, tc: { main: "call g; call f; exit" } })).toBe("unknown");
  });

  test("a symbol that is no function, or not of code, is no program", () => {
    const symbols = [
      { name: "main", section: "tc", type: 0 },
      { name: "late", section: "tc", value: 16, type: 2 },
    ];
    const code = { ".text": F, tc: { main: "call f; exit; r1 = 1; call f; exit" } };
    expect(arrival(code, "f", symbols)).toMatchObject({ args: "number unset unset unset unset", calls: ["tc+24"] });
  });
});

interface Alike {
  readonly f: string;
  /** Other functions of `.text`. */
  readonly others?: Readonly<Record<string, string>>;
  /** What the program does; a call whose result it leaves. */
  readonly main?: string;
  readonly section?: string;
  readonly args?: readonly Value[];
  readonly described?: Described;
  readonly more?: CodeParts["code"];
}

function isAlike({
  f,
  others = {},
  main = "r1 = 1; r2 = 2; call f; r0 = 0; exit",
  section = "socket",
  ...rest
}: Alike): boolean {
  const { args = ["given", "given"], described = {}, more = {} } = rest;
  const state = codeState({ code: { ".text": { f, ...others }, [section]: { main }, ...more } }, described);
  const flow = state.elf === undefined ? undefined : callFlowOf(state.elf);
  const reader = signatureReader(state);
  if (flow === undefined || reader === undefined) throw new Error("not understood");
  return verifiesAlike(flow, reader, { section: 1, offset: 0 }, args);
}

/** A loop that ends by itself, and an endless one. */
const LOOP = "r3 = 4; r3 += -1; if r3 > 0 goto -2; ";
/** r0 = the byte of the frame that `register` says. */
const byteAt = (register: string): string => `r4 = r10; r4 += ${register}; r0 = *(u8 *)(r4 - 8); `;

describe("a function alone", () => {
  test.each<readonly [string, boolean]>([
    ["r0 = 1; exit", true],
    ["r0 = r1; exit", true],
    ["r0 = r1; r0 += r2; exit", true],
    ["r0 = 1; if r1 > 3 goto +1; r0 = r2; exit", true],
    ["*(u64 *)(r10 - 8) = r1; r0 = *(u64 *)(r10 - 8); exit", true],
    // An address.
    [`${byteAt("r1")}exit`, false],
    [`${byteAt("r2")}exit`, false],
    [`*(u64 *)(r10 - 8) = r1; r3 = *(u64 *)(r10 - 8); ${byteAt("r3")}exit`, false],
    ["r4 = r10; r4 += r1; *(u8 *)(r4 - 8) = 1; r0 = 0; exit", false],
    // A loop, if anything of it is read, and not only where it is.
    [`${LOOP}r0 = 1; exit`, true],
    [`${LOOP}r0 = r1; exit`, false],
    ["r0 = r1; r0 += -1; if r0 > 0 goto -2; exit", false],
    // An argument of a helper that takes one, but not what stands beside.
    ["call 5; exit", true],
    ["r1 = 0; call 14; exit", true],
    ["r2 = 0; r3 = 0; call 15; exit", true],
    ["r3 = 0; call 4; exit", false],
    ["r1 = 0; call 1; r0 = 0; exit", false],
    ["r2 = 0; call 1; r0 = 0; exit", false],
    ["r1 = 0; r2 = 0; call 1; r0 = 0; exit", true],
    ["r6 = r1; r1 = 0; r2 = 0; call 1; r0 = r6; exit", true],
    ["call 9999; r0 = 0; exit", false],
    ["code 0x85 0x20; r0 = 0; exit", false],
    // A number must come out.
    ["exit", false],
    ["r0 = r10; exit", false],
    ["r0 = *(u64 *)(r10 - 8); exit", false],
    ["r0 = *(u32 *)(r10 - 8); exit", true],
    ["r1 = 0; r2 = 0; call 1; exit", false],
    ["r0 = 1; if r1 > 3 goto +1; r0 = r10; exit", false],
    // Code that is not understood.
  ])("%s: %s", (f, wanted) => {
    expect(isAlike({ f })).toBe(wanted);
  });

  test("takes more than numbers", () => {
    expect(isAlike({ f: "r0 = *(u32 *)(r1 + 0); exit", args: ["context"] })).toBe(true);
    expect(isAlike({ f: "r0 = *(u32 *)(r1 + 0); exit", args: ["any"] })).toBe(true);
    expect(isAlike({ f: "r0 = r1; exit", args: ["context"] })).toBe(false);
    expect(isAlike({ f: "r0 = r1; exit", args: ["number"] })).toBe(true);
  });

  test("reads no pointer from the context of its programs", () => {
    const packet = { f: "r0 = *(u32 *)(r1 + 0); exit", main: "call f; r0 = 0; exit", args: ["context"] as const };
    const length = { ...packet, f: "r0 = *(u32 *)(r1 + 12); exit" };
    expect(isAlike({ ...packet, section: "xdp" })).toBe(false);
    expect(isAlike({ ...length, section: "xdp" })).toBe(true);
    expect(isAlike({ ...packet, section: "tc" })).toBe(true);
    expect(isAlike({ ...packet, f: "r0 = *(u32 *)(r1 + 76); exit", section: "tc" })).toBe(false);
    // Of a kind that nobody knows, and of two at once, any field may be one.
    expect(isAlike({ ...length, section: "freplace/x" })).toBe(false);
    expect(isAlike({ ...length, section: "xdp", more: { tc: { other: packet.main } } })).toBe(false);
    expect(isAlike({ ...length, section: "xdp", more: { "xdp/other": { other: packet.main } } })).toBe(true);
  });
});

describe("what it calls", () => {
  const of = (f: string, g: string, h = "r0 = 0; exit") => isAlike({ f, others: { g, h } });

  test("is looked at with what it is given", () => {
    expect(of("call g; exit", "r0 = r1; exit")).toBe(true);
    expect(of("call g; exit", `${byteAt("r1")}exit`)).toBe(false);
    expect(of("r1 = 1; r2 = 2; call g; exit", `${byteAt("r1")}exit`)).toBe(true);
    expect(of("r6 = r1; r1 = 1; r2 = 2; call g; r0 += r6; exit", `${byteAt("r1")}exit`)).toBe(true);
    expect(of("call g; exit", "call h; exit", `${byteAt("r2")}exit`)).toBe(false);
    expect(of("call g; exit", "call h; exit", "r0 = r2; exit")).toBe(true);
    // What comes back is given, whatever it is: no address.
    expect(of(`call g; r6 = r0; ${byteAt("r6")}exit`, "r0 = r1; exit")).toBe(false);
    expect(of("call g; exit", "r0 = *(u64 *)(r10 - 8); r0 += r1; exit")).toBe(true);
  });

  test("must not loop where something given is read", () => {
    expect(of("r6 = r1; r1 = 0; r2 = 0; call g; r0 = r6; exit", `${LOOP}r0 = 0; exit`)).toBe(false);
    expect(of("r6 = r1; r1 = 0; r2 = 0; call g; r0 = r6; exit", "call h; exit", `${LOOP}r0 = 0; exit`)).toBe(false);
    expect(of("r6 = r1; r1 = 0; r2 = 0; call g; r0 = r6; exit", "call h; r0 = 0; exit")).toBe(true);
    expect(of("r1 = 0; r2 = 0; call g; r0 = 0; exit", `${LOOP}r0 = 0; exit`)).toBe(true);
    expect(of("r6 = r1; r1 = 0; r2 = 0; call g; r0 = r6; exit", "r3 = 9 ll; if r3 > 1 goto +0; r0 = 0; exit")).toBe(
      true,
    );
    expect(of("r6 = r1; r1 = 0; r2 = 0; call g; r0 = r6; exit", "r0 = 0; goto +0; exit")).toBe(true);
    expect(of("r6 = r1; r1 = 0; r2 = 0; call g; r0 = r6; exit", "r0 = 0; if r0 > 1 goto -1; exit")).toBe(false);
  });

  test("gives a number, or who knows what", () => {
    const own = "r1 = 0; r2 = 0; call g; exit";
    expect(of(own, "r0 = 1; exit")).toBe(true);
    expect(of(own, "r0 = r10; exit")).toBe(false);
    expect(of(own, "r0 = *(u64 *)(r10 - 8); exit")).toBe(false);
    expect(of(own, "r0 = 1; if r0 > 2 goto +1; r0 = r10; exit")).toBe(false);
    expect(of(own, "if r1 > 2 goto +2; r0 = r10; exit; r0 = 1; exit")).toBe(false);
    expect(of(own, "if r1 > 2 goto +2; r0 = 1; exit; r0 = r10; exit")).toBe(false);
    expect(of(own, "if r1 > 2 goto +2; r0 = 1; exit; r0 = 2; exit")).toBe(true);
    expect(of(own, "r0 = r1; exit")).toBe(true);
    expect(of(own, "call h; exit", "r0 = 1; exit")).toBe(true);
    expect(of(own, "call h; exit", "r0 = r10; exit")).toBe(false);
    expect(of(own, "r1 = 0; call g; exit")).toBe(false);
    expect(of(own, "call 5; exit")).toBe(true);
    expect(of(own, "call 1; exit")).toBe(false);
  });

  test("at most eight calls within one another", () => {
    const chain = (length: number) =>
      Object.fromEntries(
        Array.from({ length }, (_, i) => [`g${i}`, i === length - 1 ? "r0 = r1; exit" : `call g${i + 1}; exit`]),
      );
    const within = (length: number) => isAlike({ f: "call g0; exit", others: chain(length) });
    expect([within(1), within(8), within(9)]).toEqual([true, true, false]);
    expect(isAlike({ f: "call f; exit" })).toBe(false);
  });
});

describe("its result", () => {
  const CALL = "r1 = 1; r2 = 2; call f; ";
  const of = (main: string, section = "socket", others: Readonly<Record<string, string>> = {}) =>
    isAlike({ f: "r0 = r1; exit", main, section, others });

  test("may be anything for who does not look", () => {
    expect(of(`${CALL}r0 = 0; exit`, "cgroup_skb/egress")).toBe(true);
    expect(of("r0 = 0; exit")).toBe(true);
    expect(of(`${LOOP}${CALL}r0 = 0; exit`)).toBe(true);
  });

  test("must not become an address, an argument or the end of a loop", () => {
    expect(of(`${CALL}r6 = r0; ${byteAt("r6")}r0 = 0; exit`)).toBe(false);
    expect(of(`${CALL}r6 = r0; ${byteAt("r2")}r0 = 0; exit`)).toBe(true);
    expect(of(`${CALL}r1 = r0; call 4; r0 = 0; exit`)).toBe(false);
    expect(of(`${CALL}r0 += 1; r0 = 0; exit`)).toBe(true);
    expect(of(`${LOOP}${CALL}r0 += 1; r0 = 0; exit`)).toBe(false);
  });

  test("goes to the kernel where the kernel takes any", () => {
    expect(of(`${CALL}exit`)).toBe(true);
    expect(of(`${CALL}exit`, "cgroup_skb/egress")).toBe(false);
    expect(of(`${CALL}exit`, "nobody/knows")).toBe(false);
    expect(of(`${CALL}if r0 > 1 goto +1; r0 = 0; exit`, "cgroup_skb/egress")).toBe(false);
  });

  test("goes on to the callers of callers", () => {
    const through = (main: string, section?: string) => of(main, section, { g: `${CALL}exit` });
    expect(through("call g; exit")).toBe(true);
    expect(through("call g; exit", "cgroup_skb/egress")).toBe(false);
    expect(through("call g; r0 = 0; exit", "cgroup_skb/egress")).toBe(true);
    expect(through(`call g; r6 = r0; ${byteAt("r6")}r0 = 0; exit`)).toBe(false);
    const stopped = (main: string) => of(main, "cgroup_skb/egress", { g: `${CALL}r0 = 0; exit` });
    expect(stopped("call g; exit")).toBe(true);
    // Round and round is no reason.
    expect(of("call g; exit", "socket", { g: `${CALL}if r0 > 1 goto +1; call g; exit` })).toBe(true);
    expect(of("call g; exit", "socket", { g: `${CALL}r6 = r0; call g; r0 = r6; exit` })).toBe(true);
  });

  test("is looked at in every caller", () => {
    const more = { "cgroup_skb/egress": { other: `${CALL}exit` } };
    expect(isAlike({ f: "r0 = r1; exit", main: `${CALL}exit` })).toBe(true);
    expect(isAlike({ f: "r0 = r1; exit", main: `${CALL}exit`, more })).toBe(false);
    expect(of(`${CALL}r6 = r0; ${CALL}r0 += r6; exit`)).toBe(true);
    expect(of(`${CALL}r0 = 0; ${CALL}r6 = r0; ${byteAt("r6")}r0 = 0; exit`)).toBe(false);
  });
});
