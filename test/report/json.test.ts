import { expect, test } from "vitest";
import { BtfFixError } from "../../src/errors.ts";
import { errorText } from "../../src/report/error.ts";
import { failedFile, jsonLine } from "../../src/report/json.ts";
import { paint } from "../../src/report/paint.ts";

test("64-bit values that JSON readers would round are written as strings", () => {
  expect(jsonLine({ small: 5n, large: 0xffff_ffff_ffff_ffffn, negative: -(2n ** 60n) })).toBe(
    '{"small":5,"large":"18446744073709551615","negative":"-1152921504606846976"}\n',
  );
});

test.each([
  [undefined, "f: error[ELF_TRUNCATED]: ends\n", { section: null, offset: null }],
  [
    { section: undefined, offset: 64, length: 8 },
    "f: error[ELF_TRUNCATED]: ends (offset 0x40)\n",
    { section: null, offset: 64 },
  ],
  [
    { section: ".BTF", offset: 0, length: 8 },
    "f: error[ELF_TRUNCATED]: ends (section .BTF, offset 0x0)\n",
    { section: ".BTF", offset: 0 },
  ],
])("an error with span %j as text and as JSON", (span, text, fields) => {
  const error = new BtfFixError("ELF_TRUNCATED", "ends", span);
  expect(errorText("f", error, paint(false))).toBe(text);
  expect(failedFile("f", error)).toEqual({
    file: "f",
    error: { code: "ELF_TRUNCATED", message: "ends", ...fields },
    verdicts: { kernel: { accepted: false } },
  });
});
