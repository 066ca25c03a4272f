import { Draft, KIND } from "./draft.ts";

/** As many characters as one call to the kernel's log prints, and as an older one and a newer one take for a name. */
const LENGTHS = [
  126,
  127,
  128,
  129,
  255,
  256,
  510,
  511,
  512,
  513,
  999,
  ...Array.from({ length: 34 }, (_, more) => 994 + more),
];

/** Names of which no kernel takes one, each where it is then told. */
const NAMED: Readonly<Record<string, (draft: Draft, name: string) => unknown>> = {
  "an INT with a bit too many": (draft, name) => draft.add(KIND.int, { name, word: 4, words: [33] }),
  "an INT with a reserved bit": (draft, name) => draft.add(KIND.int, { name, word: 4, words: [0x1000_0020] }),
  "a STRUCT": (draft, name) => draft.struct(name, 4, [["m", 1, 0]]),
  "an ENUM": (draft, name) => draft.add(KIND.enum, { name, word: 4 }),
  "an ENUM64": (draft, name) => draft.add(KIND.enum64, { name, word: 4 }),
  "a FWD": (draft, name) => draft.add(KIND.fwd, { name }),
  "a TYPEDEF": (draft, name) => draft.add(KIND.typedef, { name, word: 1 }),
  "a FUNC": (draft, name) => draft.add(KIND.func, { name, word: draft.proto(0, []) }),
  "a VAR": (draft, name) => draft.add(KIND.var, { name, word: 1, words: [0] }),
  "a DATASEC": (draft, name) => {
    const variable = draft.add(KIND.var, { name: "v", word: 1, words: [0] });
    draft.add(KIND.datasec, { name, word: 4, vlen: 1, words: [variable, 0, 4] });
  },
  "a FLOAT of 3 bytes": (draft, name) => draft.add(KIND.float, { name, word: 3 }),
  "a DECL_TAG with too many components": (draft, name) =>
    draft.add(KIND.declTag, { name, word: draft.struct("s", 4, []), words: [0] }),
  "a TYPE_TAG of what is not there": (draft, name) => draft.add(KIND.typeTag, { name, word: 99 }),
  "a member": (draft, name) => draft.struct("s", 4, [[name, 1, 0]]),
  "a member at bit 1": (draft, name) => draft.struct("s", 8, [[name, draft.add(KIND.ptr), 1]]),
  "a bitfield of 33 bits": (draft, name) => draft.struct("s", 8, [[name, 1, 33 * 2 ** 24]], true),
  "an enumerator": (draft, name) => draft.add(KIND.enum, { name: "e", word: 4, vlen: 1, words: [draft.name(name), 1] }),
  "a parameter": (draft, name) => draft.proto(1, [[name, 1]]),
  "a parameter before one without a size": (draft, name) =>
    draft.proto(1, [
      [name, 1],
      ["b", draft.add(KIND.fwd, { name: "f" })],
    ]),
};

const named = Object.entries(NAMED);

/** Characters of each sort beside their neighbours, alone and behind a letter. */
const TEXTS = Array.from({ length: 255 }, (_, code) => String.fromCharCode(code + 1)).flatMap((char) => [
  char,
  `a${char}`,
  `${char}a`,
]);

/** Lists of parameters, whose words are told with any fault of the list. */
const PARAMS: readonly (readonly (readonly [string, number])[])[] = [
  [["", 0]],
  [["b", 0]],
  [
    ["a", 1],
    ["", 0],
  ],
  [
    ["a", 1],
    ["b", 0],
  ],
  [
    ["", 0],
    ["", 0],
  ],
  [
    ["a", 0],
    ["b", 1],
  ],
  [
    ["a", 1],
    ["", 0],
    ["b", 1],
  ],
  [
    ["a", 1],
    ["", 1],
    ["", 99],
  ],
  ...[1, 2, 7, 12].map((count) =>
    Array.from({ length: count }, (_, index): [string, number] => ["x".repeat(1000), index === count - 1 ? 99 : 1]),
  ),
];

function alone(what: string, make: (draft: Draft) => unknown): { readonly what: string; readonly blob: Uint8Array } {
  const draft = new Draft();
  draft.int();
  make(draft);
  return { what, blob: draft.blob() };
}

/** Names of lengths and characters at an edge, and the lines that tell them. */
export function textEdges(): readonly { readonly what: string; readonly blob: Uint8Array }[] {
  return [
    ...named.flatMap(([what, make]) =>
      LENGTHS.map((length) => alone(`${what}, ${length} characters`, (draft) => make(draft, "n".repeat(length)))),
    ),
    ...named.map(([what, make]) => alone(`${what}, nameless`, (draft) => make(draft, ""))),
    ...named
      .filter(([what]) => /STRUCT|DATASEC|VAR/.test(what))
      .flatMap(([what, make]) =>
        TEXTS.map((text) => alone(`${what} ${JSON.stringify(text)}`, (draft) => make(draft, text))),
      ),
    ...PARAMS.flatMap((params, index) =>
      [0, 1, 99].map((returned) => alone(`parameters ${index}`, (draft) => draft.proto(returned, params))),
    ),
    ...PARAMS.flatMap((params, index) =>
      [0, 1].map((vlen) =>
        alone(`a FUNC with parameters ${index}`, (draft) =>
          draft.add(KIND.func, { name: "f", word: draft.proto(0, params), vlen }),
        ),
      ),
    ),
    ...Array.from({ length: 21 }, (_, size) =>
      alone(`a FLOAT of ${size}`, (draft) => draft.add(KIND.float, { word: size })),
    ),
    ...Array.from({ length: 21 }, (_, size) =>
      alone(`an ENUM of ${size}`, (draft) => draft.add(KIND.enum, { word: size })),
    ),
    ...[0, 1, 7, 8, 9, 15, 16, 17, 24, 32, 64, 112, 120, 127, 128, 129, 136, 255].flatMap((bits) =>
      [0, 1, 8, 16, 64, 128, 255].flatMap((offset) =>
        [1, 4, 16, 17].map((size) =>
          alone(`an INT of ${bits} bits at ${offset} in ${size} bytes`, (draft) =>
            draft.add(KIND.int, { word: size, words: [offset * 2 ** 16 + bits] }),
          ),
        ),
      ),
    ),
  ];
}
