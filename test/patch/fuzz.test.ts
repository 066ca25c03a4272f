import fc from "fast-check";
import { expect, test } from "vitest";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { BtfFixError } from "../../src/errors.ts";
import { applyPlan } from "../../src/patch/apply.ts";
import { contentPlan } from "../../src/patch/plan.ts";
import { verifyPatched } from "../../src/patch/verify.ts";
import { mutate, mutation } from "../elf/mutation.ts";
import { corpusObject } from "../elf/objects.ts";

test.each(["shapes/s26_globals.bpfel.o", "shapes/s26_globals.bpfeb.o"])(
  "a mutated %s is patched or refused",
  (path) => {
    const original = corpusObject(path);
    let patched = 0;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.nat(4000), (mutations, length) => {
        try {
          const elf = parseElf(mutate(original, mutations));
          const names = [".BTF", ".BTF.ext", ".rel.BTF"].map((name) => sectionNamed(elf, name)?.index);
          const contents = names.flatMap((index, i) =>
            index === undefined ? [] : [[index, new Uint8Array(i === 2 ? 0 : length + i)] as const],
          );
          const plan = contentPlan(new Map(contents));
          const bytes = applyPlan(elf, plan);
          // What fits in no old place costs its length and an alignment each, nothing more.
          expect(bytes.length).toBeLessThanOrEqual(elf.bytes.length + 3 * (length + 0x1_0002));
          verifyPatched(elf, bytes, plan);
          patched++;
        } catch (error) {
          if (!(error instanceof BtfFixError)) throw error;
          expect(error.code).not.toBe("VERIFY_FAILED");
        }
      }),
      { numRuns: 1000 },
    );
    expect(patched).toBeGreaterThan(30);
  },
);
