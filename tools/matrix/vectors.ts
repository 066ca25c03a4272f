import { CASES } from "../../test/rules/kernel/cases.ts";
import { Draft } from "../../test/rules/kernel/draft.ts";
import { HEADER_CASES } from "../../test/rules/kernel/header-cases.ts";
import { Random } from "../../test/rules/kernel/random.ts";
import type { MatrixBlob } from "./blobs.ts";

/** Variants of each case, as a case picks among several ways to break its rule. */
const VARIANTS = 24;

/** The vectors of every rule of the kernel, broken and kept, each alone in its blob. */
export function ruleVectors(): readonly MatrixBlob[] {
  return [true, false].flatMap((broken) => {
    const word = broken ? "broken" : "kept";
    const headers = Object.entries(HEADER_CASES).flatMap(([rule, make]) => {
      const random = new Random(7);
      return Array.from({ length: VARIANTS }, () => ({ origin: `${rule} ${word}`, blob: make(broken, random) }));
    });
    const types = Object.entries(CASES).flatMap(([rule, make]) => {
      const random = new Random(7);
      return Array.from({ length: VARIANTS }, () => {
        const draft = new Draft();
        draft.int(8);
        make(draft, broken, random);
        return { origin: `${rule} ${word}`, blob: draft.blob() };
      });
    });
    return [...headers, ...types];
  });
}
