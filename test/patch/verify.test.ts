import fc from "fast-check";
import { expect, test } from "vitest";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { applyPlan } from "../../src/patch/apply.ts";
import { contentPlan } from "../../src/patch/plan.ts";
import { verifyPatched } from "../../src/patch/verify.ts";
import { corpusObject } from "../elf/objects.ts";
import { refusal } from "../elf/refusal.ts";

const original = corpusObject("aya/fork.bpfel.release.o");
const elf = parseElf(original);
const btf = sectionNamed(elf, ".BTF");
const plan = contentPlan(new Map([[btf?.index ?? 0, new Uint8Array((btf?.size ?? 0) + 100).fill(7)]]));
const patched = applyPlan(elf, plan);

const sameSize = contentPlan(new Map([[btf?.index ?? 0, new Uint8Array(btf?.size ?? 0).fill(7)]]));

test.each([
  ["in place", sameSize],
  ["moved to the end", plan],
])("any byte changed is found, .BTF %s", (_, good) => {
  const file = applyPlan(elf, good);
  verifyPatched(elf, file, good);
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const bad = new Uint8Array(file);
      bad[at] = (bad[at] ?? 0) ^ mask;
      expect(refusal(() => verifyPatched(elf, bad, good)).code).toBe("VERIFY_FAILED");
    }),
    { numRuns: 500 },
  );
});

test("changed instructions are called that", () => {
  const code = elf.sections.find((section) => (section.flags & 4) !== 0 && section.size > 0);
  const bad = new Uint8Array(patched);
  bad[code?.offset ?? 0] = 0xff;
  expect(refusal(() => verifyPatched(elf, bad, plan)).message).toBe(
    `the patched file failed its check (${code?.name}): instructions changed`,
  );
  const codePlan = contentPlan(new Map([[code?.index ?? 0, new Uint8Array(code?.size ?? 0)]]));
  expect(refusal(() => applyPlan(elf, codePlan)).message).toBe(
    `section ${code?.index} (${code?.name}) holds instructions, which never change`,
  );
});

test("a file that cannot be read again is refused with the reader's reason", () => {
  const error = refusal(() => verifyPatched(elf, patched.subarray(0, original.length - 1), plan));
  expect(error.code).toBe("VERIFY_FAILED");
  expect(error.message).toMatch(/^the patched file is unreadable: /);
  expect(error.cause).toBeDefined();
});

test("content that is not the planned one is refused", () => {
  const other = contentPlan(new Map([[btf?.index ?? 0, new Uint8Array(3)]]));
  expect(refusal(() => verifyPatched(elf, patched, other)).message).toBe(
    "the patched file failed its check (.BTF): its content is not the planned one",
  );
});
