import { expect, test } from "vitest";
import { runIn } from "./double.ts";

const files = { fork: "raw", other: "raw too" };
const range = { section: ".BTF", offset: 24, length: 12 };
const engine = { diff: async () => [{ what: "type 3", before: "was", after: "is", range, typeId: 3 }] };

test("diff prints both sides by type, and 1 says that there are differences", async () => {
  const ran = await runIn(["diff", "fork", "other"], files, engine);
  expect(ran).toMatchObject({ exit: 1, stdout: "  type 3 .BTF+24, 12 bytes\n    - was\n    + is\n" });
  expect(await runIn(["diff", "fork", "fork"], files, { diff: async () => [] })).toMatchObject({ exit: 0, stdout: "" });
  expect((await runIn(["diff", "fork"], files, engine)).exit).toBe(2);
  expect((await runIn(["diff", "fork", "gone"], files, engine)).exit).toBe(5);
});
