import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { unzlibSync as fflate } from "fflate";
import { expect, test } from "vitest";
import { unzlibSync } from "../../src/cli/inflate-node.ts";

/** What a call gives, or that it throws: the caller makes one error of everything thrown. */
function outcome(
  inflate: (packed: Uint8Array, options: { readonly out: Uint8Array }) => Uint8Array,
  packed: Uint8Array,
  size: number,
): Uint8Array | "throws" {
  try {
    return Uint8Array.from(inflate(packed, { out: new Uint8Array(size) }));
  } catch {
    return "throws";
  }
}

test("inflates as fflate does, whose place it takes in the program", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.nat(64), (bytes, slack) => {
      const packed = deflateSync(bytes);
      const size = bytes.length + slack;
      expect(outcome(unzlibSync, packed, size)).toEqual(bytes);
      expect(outcome(fflate, packed, size)).toEqual(bytes);
    }),
  );
});

test("a damaged or longer stream throws", () => {
  const packed = deflateSync(new Uint8Array(1000).map((_, i) => i * i));
  expect(outcome(unzlibSync, packed.subarray(0, 20), 1000)).toBe("throws");
  expect(outcome(unzlibSync, new Uint8Array([0x78, 0x9c, 0xff, 0xff]), 1000)).toBe("throws");
  expect(outcome(unzlibSync, packed, 999)).toBe("throws");
});
