import { expect, test } from "vitest";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { kernelVerdict } from "../../../src/rules/kernel/verdict.ts";
import { Draft, KIND } from "./draft.ts";

/** A struct with an array of `count` structs of 8 bytes, in each of which all `pointers` kernel pointers lie at 0. */
function repeatedPointers(pointers: number, count: number): Uint8Array {
  const draft = new Draft();
  const int = draft.int();
  const target = draft.struct("t", 4, [["x", int, 0]]);
  const tag = draft.add(KIND.typeTag, { name: "kptr_untrusted", word: target });
  const pointer = draft.add(KIND.ptr, { word: tag });
  // A struct is looked through for the sake of a member of a special type, and of these fields no two may overlap.
  const one = draft.add(KIND.array, { words: [pointer, int, 1] });
  const members = Array.from({ length: pointers }, (_, index) => [`p${index}`, one, 0] as const);
  const inner = draft.struct("inner", 8, members);
  const array = draft.add(KIND.array, { words: [inner, int, count] });
  draft.struct("outer", 8 + 8 * count, [
    ["first", pointer, 0],
    ["rest", array, 64],
  ]);
  return draft.blob();
}

/** Counts whose product with the fields wraps to few in 32 bits: kernel 7.2 refuses them, others write past their memory. */
test.each(["6.12", "6.18", "7.2", "7.3"] as const)("fields that overflow a count are refused, %s", (release) => {
  const verdict = kernelVerdict(repeatedPointers(10, 0x1999_999a), KERNEL_PROFILES[release]);
  expect(verdict).toMatchObject({ accepted: false, errno: 7, rule: "KZ-01" });
});
