import { describe, expect, test } from "vitest";
import { codeOf } from "../../../src/rules/func/code.ts";
import { entryRegisters, flowBudget, join, type Value, walkFlow } from "../../../src/rules/func/flow.ts";
import { assembledView } from "./assembled.ts";

/**
 * What registers hold where a function ends, by the meaning of its instructions (RFC 9669). It finds in r1 what its callers gave it, in r2 a
 * number, in r3 the context, in r4 what may be anything, and in r5 a place in its caller's frame.
 */
const ENTRY: readonly Value[] = ["given", "number", "context", "any", "frame"];

interface Walked {
  readonly isUnderstood: boolean;
  /** What r0 holds at its exits, joined; undefined where it has none. */
  readonly result: Value | undefined;
  /** How what was given is used. */
  readonly given: readonly string[];
  /** Who is called, and r0 to r5 then. */
  readonly calls: readonly string[];
  readonly steps: number;
}

interface Options {
  readonly littleEndian?: boolean;
  readonly steps?: number;
  /** Offsets of the context that hold pointers. */
  readonly pointers?: readonly number[];
}

function walked(text: string, { littleEndian = true, steps, pointers }: Options = {}): Walked {
  const elf = assembledView({
    littleEndian,
    code: { ".text": { f: text, g: "r0 = 0; exit" } },
    symbols: [{ name: "datum", section: ".data" }],
    sections: [{ name: ".data", bytes: new Uint8Array(8) }],
  });
  const code = codeOf(elf);
  const range = code.functionAt({ section: 1, offset: 0 });
  if (range === undefined) throw new Error("no function");
  let result: Value | undefined;
  const given = new Set<string>();
  const calls: string[] = [];
  const budget = steps === undefined ? flowBudget() : { steps };
  const before = budget.steps;
  const isUnderstood = walkFlow({ code, budget }, range, entryRegisters(ENTRY), {
    call(place, callee, registers) {
      const who = callee.to === "helper" ? callee.helper : callee.to;
      calls.push(`${place.offset}: ${who}(${registers.slice(0, 6).join(" ")})`);
      return callee.to === "helper" && callee.helper !== 1 ? "number" : "any";
    },
    given: (use) => given.add(use),
    exit(value) {
      result = result === undefined ? value : join(result, value);
    },
    ...(pointers === undefined ? {} : { isPointerField: (offset: number) => pointers.includes(offset) }),
  });
  return { isUnderstood, result, given: [...given].sort(), calls, steps: before - budget.steps };
}

/** What is in r0 in the end, and how what was given is used on the way: "" for not at all. */
type Row = readonly [text: string, result: Value | undefined, given?: "" | "read" | "address read", options?: Options];

/** Eight bytes of the frame, and other eight. */
const [SLOT, OTHER] = ["*(u64 *)(r10 - 8)", "*(u64 *)(r10 - 16)"];

const MOVES: readonly Row[] = [
  ["", "unset"],
  ["r0 = 1", "number"],
  ["w0 = 1", "number"],
  ["r0 = 7 ll", "number"],
  ["r0 = datum ll", "any"],
  ["r0 = code+2 ll", "any"],
  ["r0 = r1", "given", "read"],
  ["r0 = r2", "number"],
  ["r0 = r3", "context"],
  ["r0 = r4", "any"],
  ["r0 = r5", "frame"],
  ["r0 = r10", "frame"],
  ["r0 = r6", "unset"],
  ["r0 = r9", "unset"],
  ["w0 = w1", "given", "read"],
  ["w0 = w2", "number"],
  // Half an address is a number.
  ["w0 = w4", "number"],
  ["w0 = w3", "number"],
  ["r0 = (s8)r1", "given", "read"],
  ["r0 = (s8)r2", "number"],
  ["r0 = (s8)r3", "any"],
  // The registers of a hostile object.
  ["code 0xbf 0xb0", "any"],
  ["code 0x79 0xb0", "any"],
];

const ARITHMETIC: readonly Row[] = [
  ["r0 = r2; r0 += 1", "number"],
  ["r0 = r2; r0 += r2", "number"],
  ["r0 = r2; r0 = -r0", "number"],
  ["r0 = r2; r0 += r1", "given", "read"],
  ["r0 = r1; r0 += 1", "given", "read"],
  ["r0 = r4; r0 += r1", "given", "read"],
  ["r0 = r2; r0 += r4", "any"],
  ["r0 = r2; w0 += w4", "number"],
  ["r0 = r2; w0 += w1", "given", "read"],
  ["r0 = r3; r0 += 4", "any"],
  ["r0 = r10; r0 += -8", "frame"],
  ["r0 = r10; r0 += r2", "frame"],
  ["r0 = r10; r0 += r4", "any"],
  // A value that is written over is not used.
  ["r1 = 5; r0 = r1", "number"],
];

const LOADS: readonly Row[] = [
  ["r0 = *(u64 *)(r4 + 0)", "any"],
  ["r0 = *(u32 *)(r4 + 0)", "number"],
  ["r0 = *(u8 *)(r4 + 0)", "number"],
  ["r0 = *(u64 *)(r5 + 0)", "any"],
  ["r0 = *(u64 *)(r1 + 0)", "any", "address read"],
  ["r0 = *(u32 *)(r1 + 0)", "number", "address read"],
  ["r0 = *(u64 *)(r3 + 0)", "any"],
  ["r0 = *(u32 *)(r3 + 0)", "any"],
  ["r0 = *(u32 *)(r3 + 4)", "any", "", { pointers: [4] }],
  ["r0 = *(u32 *)(r3 + 8)", "number", "", { pointers: [4] }],
  ["r0 = *(u64 *)(r3 + 8)", "number", "", { pointers: [4] }],
  // Who reads elsewhere does not ask about the context.
  ["r0 = *(u64 *)(r4 + 8)", "any", "", { pointers: [4] }],
  ["r0 = *(u8 *)skb[4]", "number"],
  ["r0 = *(u8 *)skb[r2]", "number"],
  ["r0 = *(u8 *)skb[r1]", "number", "address read"],
  ["r0 = *(u8 *)skb[4]; r0 = r2", "unset"],
  ["r6 = r4; r0 = *(u8 *)skb[4]; r0 = r6", "any"],
];

const STORES: readonly Row[] = [
  [`${SLOT} = r1; r0 = ${SLOT}`, "given", "read"],
  [`${SLOT} = r2; r0 = ${SLOT}`, "number"],
  [`${SLOT} = r3; r0 = ${SLOT}`, "context"],
  [`${SLOT} = r10; r0 = ${SLOT}`, "frame"],
  [`${SLOT} = 5; r0 = ${SLOT}`, "number"],
  [`${SLOT} = r2; r0 = ${OTHER}`, "any"],
  [`${SLOT} = r2; ${SLOT} = r3; r0 = ${SLOT}`, "context"],
  [`${SLOT} = r1; ${SLOT} = r2; r0 = ${SLOT}`, "number", "read"],
  [`${SLOT} = r1; ${SLOT} = r2; r0 = ${OTHER}`, "any", "read"],
  // Half of what was spilled, and halves put together.
  [`${SLOT} = r3; r0 = *(u32 *)(r10 - 8)`, "number"],
  [`${SLOT} = r1; r0 = *(u32 *)(r10 - 8)`, "given", "read"],
  ["*(u32 *)(r10 - 8) = r1; r0 = *(u32 *)(r10 - 8)", "given", "read"],
  [`*(u32 *)(r10 - 8) = r2; r0 = ${SLOT}`, "any"],
  [`${SLOT} = r2; *(u32 *)(r10 - 4) = r2; r0 = ${SLOT}`, "any"],
  [`${SLOT} = r2; *(u64 *)(r10 - 12) = r2; r0 = ${SLOT}`, "any"],
  [`${OTHER} = r2; *(u64 *)(r10 - 12) = r2; r0 = ${OTHER}`, "any"],
  [`*(u64 *)(r10 - 24) = r2; *(u64 *)(r10 - 12) = r2; r0 = *(u64 *)(r10 - 24)`, "number"],
  [`*(u64 *)(r10 - 4) = r1; r0 = *(u8 *)(r10 - 1)`, "given", "read"],
  // Who knows where a pointer leads.
  [`${SLOT} = r2; *(u64 *)(r4 + 0) = r2; r0 = ${SLOT}`, "any"],
  [`${SLOT} = r2; *(u8 *)(r5 + 0) = 1; r0 = ${SLOT}`, "any"],
  [`${SLOT} = r1; *(u64 *)(r4 + 0) = r2; r0 = ${SLOT}`, "given", "read"],
  ["*(u64 *)(r4 + 0) = r1; r0 = *(u64 *)(r4 + 8)", "given", "read"],
  ["*(u64 *)(r4 + 0) = r2; r0 = *(u64 *)(r4 + 8)", "any"],
  ["*(u64 *)(r4 + 0) = 1; r0 = *(u64 *)(r4 + 8)", "any"],
  // The context is read as it was, and keeps nothing that others read.
  ["*(u32 *)(r3 + 0) = r1; r0 = *(u64 *)(r4 + 0)", "any", "read"],
  [`${SLOT} = r1; r0 = *(u32 *)(r3 + 0)`, "any", "read"],
  [`${SLOT} = r1; r0 = *(u64 *)(r4 + 0)`, "given", "read"],
  ["*(u64 *)(r1 + 0) = r2; r0 = 1", "number", "address read"],
  ["*(u64 *)(r1 + 0) = 5; r0 = 1", "number", "address read"],
];

const ATOMICS: readonly Row[] = [
  [`${SLOT} = r2; lock ${SLOT} += r2; r0 = ${SLOT}`, "any"],
  [`${SLOT} = r2; lock ${SLOT} += r1; r0 = ${SLOT}`, "given", "read"],
  [`${SLOT} = r2; lock ${SLOT} += r2; r0 = r2`, "number"],
  [`r2 = fetch ${SLOT}; r0 = r2`, "any"],
  [`${OTHER} = r1; r2 = fetch ${SLOT}; r0 = r2`, "given", "read"],
  [`${OTHER} = r1; r2 = fetch ${SLOT}; r0 = r10`, "frame", "read"],
  ["lock *(u64 *)(r1 + 0) += r2; r0 = 1", "number", "address read"],
];

const CALLS: readonly Row[] = [
  ["call 5", "number"],
  ["call 1", "any"],
  ["call 5; r0 = r1", "unset"],
  ["call 5; r0 = r2", "unset"],
  ["call 5; r0 = r5", "unset"],
  ["r6 = r2; call 5; r0 = r6", "number"],
  // What is called writes where it is told to.
  [`${SLOT} = r2; call 5; r0 = ${SLOT}`, "any"],
  [`${SLOT} = r2; r4 = 0; call 5; r0 = ${SLOT}`, "any"],
  [`${SLOT} = r2; r5 = 0; call 5; r0 = ${SLOT}`, "any"],
  [`${SLOT} = r2; r4 = 0; r5 = 0; call 5; r0 = ${SLOT}`, "number"],
  [`${SLOT} = r2; r1 = r10; r4 = 0; r5 = 0; call 5; r0 = ${SLOT}`, "any"],
  [`${SLOT} = r2; r0 = r4; r6 = r4; r4 = 0; r5 = 0; call 5; r0 = ${SLOT}`, "number"],
  [`${SLOT} = r1; call 5; r0 = ${SLOT}`, "given", "read"],
  // A jump is no call.
  [`${SLOT} = r2; if r2 > 3 goto +0; r0 = ${SLOT}`, "number"],
];

const BRANCHES: readonly Row[] = [
  ["r0 = 1; if r2 > 3 goto +1; r0 = 2", "number"],
  ["r0 = 1; if r2 > 3 goto +1; r0 = r4", "any"],
  ["r0 = 1; if r2 > 3 goto +1; r0 = r1", "given", "read"],
  ["r0 = 1; if r1 > 3 goto +1; r0 = 2", "number", "read"],
  ["r0 = 1; if w1 == 3 goto +1; r0 = 2", "number", "read"],
  ["r0 = 1; if r2 > r1 goto +1; r0 = 2", "number", "read"],
  ["r0 = 1; goto +1; r0 = r1", "number"],
  ["r0 = 1; goto +0", "number"],
  // Spilled on one way only, or something else on each.
  [`${SLOT} = r2; if r2 > 3 goto +1; ${SLOT} = r3; r0 = ${SLOT}`, "any"],
  [`if r2 > 3 goto +1; ${SLOT} = r2; r0 = ${SLOT}`, "any"],
  [`${SLOT} = r2; if r2 > 3 goto +1; *(u32 *)(r10 - 8) = 1; r0 = ${SLOT}`, "any"],
  [`*(u32 *)(r10 - 8) = 1; if r2 > 3 goto +1; ${SLOT} = r1; r0 = *(u32 *)(r10 - 8)`, "given", "read"],
  [`${SLOT} = r1; if r2 > 3 goto +1; *(u32 *)(r10 - 8) = 1; r0 = *(u32 *)(r10 - 8)`, "given", "read"],
  [`${SLOT} = r1; if r2 > 3 goto +1; ${SLOT} = r2; r0 = ${SLOT}`, "given", "read"],
  [`${SLOT} = r2; if r2 > 3 goto +1; ${SLOT} = r1; r0 = ${SLOT}`, "given", "read"],
  ["if r2 > 3 goto +1; *(u32 *)(r4 + 0) = r1; r0 = *(u8 *)(r4 + 0)", "given", "read"],
  ["if r2 > 3 goto +2; *(u32 *)(r4 + 0) = r1; goto +0; r0 = *(u8 *)(r4 + 0)", "given", "read"],
  [`${SLOT} = r1; *(u64 *)(r4 + 0) = 1; if r2 > 3 goto +0; r0 = *(u8 *)(r4 + 0)`, "given", "read"],
  // Loops, with what comes round.
  ["r0 = 0; r0 += 1; if r0 < 10 goto -2", "number"],
  ["r6 = 1; r0 = r6; r6 = r4; if r2 > 3 goto -3", "any"],
  ["r6 = 1; r0 = r6; r6 = r1; if r2 > 3 goto -3", "given", "read"],
  ["r0 = 1; if r2 > 3 goto +3; r1 = 7 ll; r0 = r1", "number"],
  // Ways that leave the function are never gone.
  ["r0 = 1; goto +9", undefined],
  ["r0 = 1; if r2 > 3 goto +90; r0 = r4", "any"],
  ["r0 = 1; if r2 > 3 goto -90; r0 = r4", "any"],
];

const TABLES = { MOVES, ARITHMETIC, LOADS, STORES, ATOMICS, CALLS, BRANCHES };

for (const [name, rows] of Object.entries(TABLES)) {
  describe(name.toLowerCase(), () => {
    test.each(rows.map((row) => [row[0], row] as const))("%s", (_, [text, result, given = "", options = {}]) => {
      for (const littleEndian of [true, false]) {
        const { isUnderstood, ...found } = walked(`${text}${text === "" ? "" : "; "}exit`, {
          ...options,
          littleEndian,
        });
        expect({ isUnderstood, result: found.result, given: found.given.join(" ") }).toEqual({
          isUnderstood: true,
          result,
          given,
        });
      }
    });
  });
}

test("what is the same on both ways is that, and what was given once is given", () => {
  const values: readonly Value[] = ["unset", "context", "frame", "number", "given", "any"];
  for (const a of values) {
    for (const b of values) {
      const wanted = a === b ? a : a === "given" || b === "given" ? "given" : "any";
      expect([a, b, join(a, b)]).toEqual([a, b, wanted]);
    }
  }
});

test("a function finds its arguments and its frame", () => {
  expect(entryRegisters(["given", "number"]).join(" ")).toBe(
    "unset given number unset unset unset unset unset unset unset frame",
  );
});

test("calls are told with their place and registers, and those behind a jump once for each way", () => {
  expect(walked("r0 = 1; call 7; call g; exit").calls).toEqual([
    "8: 7(number given number context any frame)",
    "16: function(number unset unset unset unset unset)",
  ]);
  expect(walked("r3 = datum ll; call 1; exit").calls).toEqual(["16: 1(unset given number any any frame)"]);
});

test("what goes on where only the running program knows is not understood", () => {
  expect(walked("r0 = 1; exit")).toMatchObject({ isUnderstood: true, steps: 2 });
  // callx r1; and an instruction of no class of its own.
  expect(walked("code 0x8d 0x01; exit").isUnderstood).toBe(false);
  expect(walked("if r2 > 3 goto +1; code 0x8d 0x01; exit").isUnderstood).toBe(false);
  expect(walked("code 0x00 0x00; exit").isUnderstood).toBe(false);
});

test("a walk ends with its budget", () => {
  expect(walked("r0 = 1; r0 = 2; exit", { steps: 3 }).isUnderstood).toBe(true);
  expect(walked("r0 = 1; r0 = 2; exit", { steps: 2 }).isUnderstood).toBe(false);
  expect(walked("goto -1; exit").steps).toBe(1);
});

test("no code, no walk", () => {
  const elf = assembledView({ code: { ".text": { f: "exit" } }, sections: [{ name: ".data" }] });
  const events = { call: (): Value => "any", given() {}, exit() {} };
  const code = codeOf(elf);
  const walk = (section: number) =>
    walkFlow({ code, budget: flowBudget() }, { section, start: 0, end: 8 }, entryRegisters([]), events);
  expect([walk(1), walk(2), walk(99)]).toEqual([true, false, false]);
});
