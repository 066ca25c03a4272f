import { CASES } from "../../test/rules/kernel/cases.ts";
import { cornerBlobs } from "../../test/rules/kernel/corner-cases.ts";
import { Draft, KIND } from "../../test/rules/kernel/draft.ts";
import { HEADER_CASES } from "../../test/rules/kernel/header-cases.ts";
import { Random } from "../../test/rules/kernel/random.ts";
import type { MatrixBlob } from "./blobs.ts";
import { specialBlobs } from "./special.ts";

/** Variants of each case, as a case picks among several ways to break its rule. */
const VARIANTS = 24;

/** Blobs with special fields. */
const SPECIAL = 1000;

/** One byte more than the kernel looks at. */
const TOO_LONG = (16 << 20) + 1;

/** Longer than 16 bits tell. */
const MANY = 0x1_0001;

/** Lists of more entries than `vlen` had room for up to 6.18, one of them cut off. */
function longLists(): readonly MatrixBlob[] {
  const makers: Readonly<Record<string, (draft: Draft, count: number) => void>> = {
    enum: (draft, count) => {
      draft.add(KIND.enum, {
        word: 4,
        vlen: count,
        words: Array.from({ length: count }, () => [draft.name("A"), 7]).flat(),
      });
    },
    union: (draft, count) => {
      draft.composite(
        KIND.union,
        "u",
        8,
        Array.from({ length: count }, () => ["", 1, 0] as const),
      );
    },
    prototype: (draft, count) => {
      draft.proto(
        0,
        Array.from({ length: count }, () => ["", 1] as const),
      );
    },
  };
  return Object.entries(makers).flatMap(([kind, make]) =>
    [0xffff, MANY].flatMap((count) => {
      const draft = new Draft();
      draft.int(8);
      make(draft, count);
      const cut = new Draft();
      cut.int(8);
      make(cut, 1);
      const last = cut.records.at(-1);
      if (last !== undefined) last.vlen = count;
      return [
        { origin: `${count} entries of a ${kind}`, blob: draft.blob() },
        { origin: `${count} missing entries of a ${kind}`, blob: cut.blob() },
      ];
    }),
  );
}

/** The vectors of every rule of the kernel, broken and kept, each alone in its blob, with structs and lists that go far. */
export function ruleVectors(): readonly MatrixBlob[] {
  const vectors = [true, false].flatMap((broken) => {
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
  const special = specialBlobs(new Random(7), SPECIAL);
  const corners = cornerBlobs().map(({ what, blob }) => ({ origin: what, blob }));
  return [
    ...vectors,
    ...corners,
    ...special,
    ...longLists(),
    { origin: "KA-01 broken", blob: new Uint8Array(TOO_LONG) },
  ];
}
