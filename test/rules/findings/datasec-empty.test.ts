import { describe, expect } from "vitest";
import type { ObjectState } from "../../../src/rules/state.ts";
import { clang, compileC } from "../../judges/c-object.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { empty, named, noSize, SECTIONS, tryDatasecs } from "./datasec-rows.ts";
import { found, objectState } from "./state.ts";

const DEFINITIONS = [".maps", ".struct_ops", "?.struct_ops", ".struct_ops.link", "?.struct_ops.link", ".struct_ops."];
const OTHERS = [
  ".rodata.cst16",
  ".maps2",
  "x.maps",
  ".struct_opsx",
  "??.struct_ops",
  "x.struct_ops",
  "xmaps",
  ".struct_ops-link",
  "xstruct_ops",
];
const EMPTY = [
  ...DEFINITIONS.map((name) =>
    named(`${name} without an entry`, [[name, 8, []]], [], { sections: [...SECTIONS, [name, 8]] }),
  ),
  ...OTHERS.map((name) =>
    named(`${name} without an entry`, [[name, 8, []]], [empty(name)], { sections: [...SECTIONS, [name, 8]] }),
  ),
  named("without an entry, of a section that is there twice", [[".rodata", 8, []]], [], {
    sections: [...SECTIONS, [".rodata", 8]],
  }),
  named("without an entry, of a section of no bytes", [[".rodata", 0, []]], [empty(".rodata"), noSize(".rodata")], {
    sections: [
      [".data", 16],
      [".rodata", 0],
    ],
  }),
];

tryDatasecs({ empty: EMPTY });

/** Constants without names, and a function that 5.10 refuses to verify alone: with a null pointer it does what its caller never does. */
const withFunction = (called: "at" | "own"): Uint8Array =>
  compileC(`
    struct many { u32 of[6]; };
    __attribute__((noinline)) int at(const struct many *many, u32 i) { return many ? many->of[i & 3] : 0; }
    static __attribute__((noinline)) int own(const struct many *many, u32 i) { return many ? many->of[i & 1] : 0; }
    SEC("socket") int main_program(void *context) {
      struct many many = {{3, 141, 59, 26, 53, 58}};
      return ${called}(&many, 1) + (context != 0 && own(&many, 2));
    }`);

describe("bytes without names where a function would be verified alone", () => {
  const advice = (state: ObjectState): readonly unknown[] =>
    found(state).flatMap(({ rule, help }) => (rule === "datasec/empty" ? [help] : []));
  judgeTest(clang())("are left alone if 5.10 would refuse it", () => {
    expect(advice(objectState(withFunction("at")))).toEqual([
      "left as it is: with its BTF, 5.10 would verify global functions without their callers, and refuse one",
    ]);
  });
  judgeTest(clang())("are not where no global function is called", () => {
    expect(advice(objectState(withFunction("own")))).toEqual([undefined]);
  });
  judgeTest(clang())("are not where the function becomes static, since other kernels refuse the BTF too", () => {
    expect(advice({ ...objectState(withFunction("at")), refusedAsGiven: true })).toEqual([undefined]);
  });
});
