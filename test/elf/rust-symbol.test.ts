import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseElf } from "../../src/elf/parse.ts";
import { rustSymbol } from "../../src/elf/rust-symbol.ts";
import { findProgram } from "../../tools/judges/toolchain.ts";
import { corpusObjects } from "../../tools/scoreboard/objects.ts";
import { type Judge, once } from "../judges/judge.ts";
import { judgeTest } from "../judges/judge-test.ts";

/** LLVM's demangler knows both schemes. */
const cxxfilt: () => Judge = once(() => {
  const usable = findProgram("llvm-cxxfilt-22") !== undefined;
  return { name: "llvm-cxxfilt", version: "22", usable, why: usable ? "" : "llvm-cxxfilt-22 is not installed" };
});

const CASES: readonly (readonly [symbol: string, crate: string, path: string])[] = [
  ["_RNvNtCs1NpfdXmxSul_4core9panicking18panic_bounds_check", "core", "core::panicking::panic_bounds_check"],
  ["_ZN3dep3mix17h8d9eb159e3c752d8E", "dep", "dep::mix"],
  [
    "_ZN4core3fmt3num3imp52_$LT$impl$u20$core..fmt..Display$u20$for$u20$u32$GT$3fmt17h0123456789abcdefE",
    "core",
    "core::fmt::num::imp::<impl core::fmt::Display for u32>::fmt",
  ],
  ["_RNvXs_CsaVlb_3fooNtB4_3BarNtCs_4core5Clone5clone", "foo", "<foo::Bar as core::Clone>::clone"],
  ["_RINvNtCsbmNqQUJIY6D_4core3mem4swapjEB2_", "core", "core::mem::swap"],
  ["_RNCNvCs1234_7mycrate3foo0B3_", "mycrate", "mycrate::foo::{closure}"],
];

test.each(CASES)("%s", (symbol, crate, path) => {
  expect(rustSymbol(symbol)).toEqual({ crate, path });
});

test.each(["main", "_R", "_ZN", "_ZN3fooE", "_RC", "_RNvB_", "_ZN99999foo17h0123456789abcdefE", "memset"])(
  "%s is no symbol of Rust",
  (symbol) => {
    expect(rustSymbol(symbol)).toBeUndefined();
  },
);

test("no text makes it fail or hang", () => {
  const letters = fc.constantFrom(..."RNvtCsMXYIBKLTAQFDEp_0123456789abhuZ$.");
  fc.assert(
    fc.property(fc.constantFrom("_R", "_ZN"), fc.array(letters, { maxLength: 60 }), (prefix, rest) => {
      const found = rustSymbol(prefix + rest.join(""));
      if (found !== undefined) expect(found.path.length).toBeLessThan(100_000);
    }),
    { numRuns: 20_000 },
  );
  // Back references that double what they refer to, level by level.
  const bomb = `_RINvC1a1b${"TB0_B0_E".repeat(20)}E`;
  expect(() => rustSymbol(bomb)).not.toThrow();
});

judgeTest(cxxfilt())("symbols of the corpus are called what LLVM calls them", () => {
  const names = new Set<string>();
  for (const { path } of corpusObjects()) {
    for (const { name } of parseElf(readFileSync(path)).symbols) if (/^_(?:ZN|R[A-Z])/.test(name)) names.add(name);
  }
  const list = [...names];
  const text = execFileSync(findProgram("llvm-cxxfilt-22") ?? "", { input: list.join("\n"), encoding: "utf8" });
  const theirs = text.trimEnd().split("\n");
  let compared = 0;
  for (const [index, name] of list.entries()) {
    const their = theirs[index] ?? "";
    // LLVM prints a legacy hash and keeps suffixes, and generic arguments, which ours leaves out.
    const plain = their.replace(/::h[0-9a-f]{16}$/, "");
    const ours = rustSymbol(name);
    if (/<|\{|\(|\./.test(plain) || ours === undefined) continue;
    expect([name, ours.path]).toEqual([name, plain]);
    expect(plain.startsWith(`${ours.crate}::`)).toBe(true);
    compared++;
  }
  expect(compared).toBeGreaterThan(5);
});
