import { expect, test } from "vitest";
import { runIn } from "./double.ts";

test("explain prints each rule that is named, and knows no other", async () => {
  const rule = { id: "map/x", title: "It holds.", covers: [], source: "somewhere", fixable: false };
  const explain = async () => ({ rules: [rule], judges: [] });
  const text = "map/x: It holds.\n  = from somewhere\n  = there is no repair: the finding says what to do\n";
  expect(await runIn(["explain", "map/x"], {}, { explain })).toMatchObject({ exit: 0, stdout: text });
  expect((await runIn(["explain", "map/x", "map/x"], {}, { explain })).stdout).toBe(`${text}\n${text}`);
  expect((await runIn(["explain"], {}, { explain })).exit).toBe(2);
});
