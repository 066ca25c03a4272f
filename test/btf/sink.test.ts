import { expect, test } from "vitest";
import { ByteSink } from "../../src/btf/render/sink.ts";

test("a text without measure ends in an error", () => {
  const sink = new ByteSink();
  const name = new Uint8Array(8 << 20).fill(0x61);
  for (let mebibytes = 8; mebibytes <= 256; mebibytes += 8) sink.bytes(name);
  expect(() => sink.byte(0x0a)).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
});
