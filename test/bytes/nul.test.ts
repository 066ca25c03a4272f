import fc from "fast-check";
import { expect, test } from "vitest";
import { nulFrom } from "../../src/bytes/nul.ts";

test("finds what a plain search finds, near and far", () => {
  const table = fc.array(fc.constantFrom(1, 1, 1, 0), { maxLength: 40 }).chain((bytes) =>
    fc.record({
      // Stretched, so that strings are longer than what is looked at byte by byte.
      bytes: fc
        .integer({ min: 1, max: 60 })
        .map((by) => Uint8Array.from(bytes.flatMap((b) => Array(b === 0 ? 1 : by).fill(b)))),
      from: fc.nat(2500),
    }),
  );
  fc.assert(
    fc.property(table, ({ bytes, from }) => {
      expect(nulFrom(bytes, from)).toBe(from > bytes.length ? -1 : bytes.indexOf(0, from));
    }),
  );
});
