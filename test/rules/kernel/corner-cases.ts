import { Draft, KIND } from "./draft.ts";
import { specialCorners } from "./special-corners.ts";

/** Where a rule begins and ends, and what one rule leaves to the next; found as mutants that no vector of a rule noticed. What the kernel says is for it to tell. */
export interface Corner {
  readonly what: string;
  readonly make: (draft: Draft) => void;
}

/** Modifiers of which each is about the one after it; the last is about `end`. */
function forward(draft: Draft, count: number, end: number, kind: number = KIND.const): void {
  const first = draft.records.length + 1;
  for (let index = 0; index < count; index++) {
    draft.add(kind, { word: index === count - 1 ? end : first + index + 1 });
  }
}

const LENGTHS = [30, 31, 32, 33, 34, 40];

const chains: readonly Corner[] = LENGTHS.flatMap((count): readonly Corner[] => [
  {
    what: `${count} CONSTs, each about the one before`,
    make(draft) {
      let id = draft.int();
      for (let index = 0; index < count; index++) id = draft.add(KIND.const, { word: id });
    },
  },
  { what: `${count} CONSTs, each about the one after`, make: (draft) => forward(draft, count, 1) },
  {
    what: `${count} VOLATILEs that end in a CONST before them`,
    make(draft) {
      const end = draft.add(KIND.const, { word: 1 });
      forward(draft, count, end, KIND.volatile);
    },
  },
  { what: `${count} TYPE_TAGs, each about the one after`, make: (draft) => forward(draft, count, 1, KIND.typeTag) },
]);

const tags: readonly Corner[] = [
  {
    what: "a TYPE_TAG about a CONST about a TYPE_TAG, all of them ahead",
    make(draft) {
      const first = draft.records.length + 1;
      draft.add(KIND.typeTag, { name: "a", word: first + 1 });
      draft.add(KIND.const, { word: first + 2 });
      draft.add(KIND.typeTag, { name: "b", word: 1 });
    },
  },
];

/** A modifier of a PTR that a struct has followed, but not the PTR: who follows it next finds a circle, or a long chain. */
const behindStructs: readonly Corner[] = (["ptr", "var", "typedef", "array", "proto"] as const).flatMap((kind) =>
  ["itself", "who asks", "a chain", "nothing"].flatMap((end) =>
    [1, 2].map(
      (modifiers): Corner => ({
        what: `a PTR behind ${modifiers} modifiers of a struct, asked for by a ${kind}, of ${end}`,
        make(draft) {
          const user = draft.records.length + 2;
          const modifier = user + 1;
          const pointer = modifier + modifiers;
          draft.struct("s", 8, [["m", modifier, 0]]);
          if (kind === "array") draft.add(KIND.array, { words: [modifier, 1, 1] });
          else if (kind === "proto") draft.proto(modifier, []);
          else if (kind === "ptr") draft.add(KIND.ptr, { word: modifier });
          else draft.add(KIND[kind], { name: "n", word: modifier, words: kind === "var" ? [0] : [] });
          for (let index = 0; index < modifiers; index++) draft.add(KIND.const, { word: modifier + index + 1 });
          const words = { itself: pointer + 1, "who asks": user, "a chain": pointer + 1, nothing: 0xf_fff0 };
          draft.add(KIND.ptr, { word: words[end as keyof typeof words] });
          if (end === "itself") draft.add(KIND.volatile, { word: pointer });
          if (end === "a chain")
            for (let index = 0; index < 31; index++)
              draft.add(index % 2 === 0 ? KIND.ptr : KIND.const, { word: pointer + index + 2 });
          if (end === "a chain") draft.int();
        },
      }),
    ),
  ),
);

/** The last id that a reference may have is none of the blob, and the one after it is no id at all. */
const lastIds: readonly Corner[] = [0xf_fffe, 0xf_ffff, 0x10_0000].flatMap((id): readonly Corner[] => [
  { what: `a PTR to ${id}`, make: (draft) => void draft.add(KIND.ptr, { word: id }) },
  { what: `a member of type ${id}`, make: (draft) => void draft.struct("s", 8, [["m", id, 0]]) },
  { what: `a parameter of type ${id}`, make: (draft) => void draft.proto(0, [["p", id]]) },
  { what: `an ARRAY of ${id}`, make: (draft) => void draft.add(KIND.array, { words: [id, 1, 1] }) },
  { what: `an ARRAY counted by ${id}`, make: (draft) => void draft.add(KIND.array, { words: [1, id, 1] }) },
  { what: `a VAR of type ${id}`, make: (draft) => void draft.add(KIND.var, { name: "v", word: id, words: [0] }) },
  {
    what: `an entry of type ${id}`,
    make: (draft) => void draft.add(KIND.datasec, { name: "d", word: 4, vlen: 1, words: [id, 0, 4] }),
  },
  { what: `a FUNC of type ${id}`, make: (draft) => void draft.add(KIND.func, { name: "f", word: id }) },
  {
    what: `a DECL_TAG of ${id}`,
    make: (draft) => void draft.add(KIND.declTag, { name: "t", word: id, words: [0xffff_ffff] }),
  },
]);

/** Each way to write an INT's encoding, of one that has more bits than bytes, so that it is told. */
const encodings: readonly Corner[] = Array.from({ length: 9 }, (_, encoding) => ({
  what: `an INT of 33 bits in 4 bytes, encoding ${encoding}`,
  make: (draft: Draft) => void draft.add(KIND.int, { name: "i", word: 4, words: [(encoding << 24) | 33] }),
}));

const CORNERS: readonly Corner[] = [...chains, ...tags, ...behindStructs, ...lastIds, ...encodings, ...specialCorners];

/** Each in a blob of its own, after an INT. */
export function cornerBlobs(): readonly { readonly what: string; readonly blob: Uint8Array }[] {
  return CORNERS.map(({ what, make }) => {
    const draft = new Draft();
    draft.int();
    make(draft);
    return { what, blob: draft.blob() };
  });
}
