import { expect, test } from "vitest";
import { changedWords, shrunk } from "./shrink.ts";

test("a change is set back where the disagreement does not need it", () => {
  const origin = new Uint8Array(400);
  const bytes = origin.map((_, at) => (at % 3 === 0 ? 1 : 0));
  const drawn = { family: "noise", seed: "zeros", bytes, origin };
  const needed = [48, 201];
  const small = shrunk(drawn, (tried) => needed.every((at) => tried[at] === 1));
  expect(changedWords(drawn).length).toBeGreaterThan(90);
  expect(changedWords(small)).toEqual([48, 200]);
  expect(changedWords(shrunk({ ...drawn, bytes: origin }, () => true))).toEqual([]);
});
