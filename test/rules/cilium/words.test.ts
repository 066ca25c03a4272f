import { expect, test } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { ciliumRules, ciliumVerdict } from "../../../src/rules/cilium/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { CASES } from "./cases.ts";

const BROKEN = Object.entries(CASES).map(([id, { broken }]) => ({ id, broken }));

/** Text with holes: single letters and "…" stand for what is known only when the library speaks. */
function withHoles(text: string): RegExp {
  const parts = text
    .split(/(?<=\b0x|\b)[A-Z]\b|…|the kernel's words$/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  // Where a section is not empty, but too short, its end is unexpected.
  return new RegExp(`${parts.join(".*").replace(/(?:unexpected )?EOF/g, "(?:unexpected )?EOF")}$`, "s");
}

test("a refusal is in the words that its rule gives, behind what was being done", () => {
  const other = BROKEN.flatMap(({ id, broken }) =>
    broken.flatMap((bytes) => {
      const { message = "" } = ciliumVerdict(parseElf(bytes), KERNEL_PROFILES["6.18"]) ?? {};
      const texts = ciliumRules.find((rule) => rule.id === id)?.text ?? [];
      // What we do not know may be long.
      if (message.includes("…")) return [];
      const isIn = texts.some((text) => text !== "" && withHoles(text).test(message));
      return isIn ? [] : [`${id}: ${message}, not ${texts.join(" or ")}`];
    }),
  );
  expect(other).toEqual([]);
});
