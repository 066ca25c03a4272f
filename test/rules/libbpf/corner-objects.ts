import { encodeBtf } from "../../../src/btf/encode.ts";
import { parseBtf } from "../../../src/btf/parse.ts";
import { words } from "../../btf/assemble.ts";
import { CALL, EXIT, move, R_BPF_64_32 } from "../../object.ts";
import { header } from "./btf-cases.ts";
import { data, ops, section } from "./code-cases.ts";
import { EXTERN_CORNERS } from "./corner-externs.ts";
import { MAP_CORNERS } from "./corner-maps.ts";
import { type Changes, drawObject, inSpecialSection, type Types } from "./draft.ts";
import { called, caller, helper, second, text, wide, withHeader } from "./elf-cases.ts";
import { PROGRAM_OBJECTS } from "./program-cases.ts";
import { SANITISE_OBJECTS } from "./sanitise-cases.ts";

/** Edges of ELF, of blobs and of references: one thing each, right before and right after where it begins to matter. */

const NOBITS = 8;
const [SH_TYPE, SH_FLAGS, SH_SIZE, SH_LINK, SH_INFO, SH_ENTSIZE] = [4, 8, 32, 40, 44, 56];
const some = (name: string, more: object = {}): Changes => ({
  sections: [{ name, bytes: new Uint8Array(8), ...more }],
});

/** Names of sections, of which some are taken for data, some for relocations, and some for none. */
const NAMES = [
  ...[
    ".data",
    ".data.x",
    ".datax",
    ".rodata",
    ".rodata.x",
    ".rodata1",
    ".bss",
    ".bss.x",
    ".bssx",
    ".kconfig",
    ".ksyms",
  ],
  ...[
    "version",
    "license",
    "maps",
    ".struct_ops",
    ".struct_ops.link",
    "?.struct_ops",
    "?.struct_ops.link",
    ".struct_ops.x",
  ],
  ...[
    ".addr_space.1",
    ".jumptables",
    ".debug_info",
    ".debug",
    ".rel.debug_info",
    ".rel.BTF",
    ".rel.BTF.ext",
    ".relxdp",
  ],
  ...[".text", ".BTF.x", ".llvm_addrsig", ".maps.x", "", "."],
] as const;

const SECTIONS: readonly Uint8Array[] = [
  ...NAMES.flatMap((name) =>
    [undefined, 0, 3, 7, NOBITS, 9].map((type) => drawObject(some(name, type === undefined ? {} : { type }))),
  ),
  ...NAMES.flatMap((name) =>
    [1, NOBITS].map((type) => drawObject({ sections: [{ name, bytes: new Uint8Array(0), type }] })),
  ),
  ...[0, 3, 4, 5].map((size) => drawObject({ sections: [{ name: "version", bytes: new Uint8Array(size) }] })),
  ...[".data", ".rodata", ".bss", ".struct_ops", ".text"].map((name) =>
    drawObject({ sections: [{ name, insns: [move(0, 0), EXIT] }] }),
  ),
  ...[0, 8, 15, 16, 17, 24].map((entsize) => withHeader(".relxdp", { [SH_ENTSIZE]: entsize })),
  ...[0, 1, 2, 3, 8, 9].map((info) => withHeader(".relxdp", { [SH_INFO]: info })),
  ...[0, 4, 6].map((flags) => withHeader("xdp", { [SH_FLAGS]: flags })),
  ...[0, 6].map((link) => withHeader(".relxdp", { [SH_LINK]: link })),
  ...[".BTF", ".maps", "xdp", "license"].flatMap((name) =>
    [3, 7, NOBITS].map((type) => withHeader(name, { [SH_TYPE]: type })),
  ),
  // A section of data that no kernel makes a map of.
  withHeader(".bss", { [SH_SIZE]: 0x8000_0000 }, some(".bss", { type: NOBITS })),
];

const at = (value: number, size: number): Changes => ({ program: { value, size } });
const withText = (more: Changes): Changes => ({ ...more, sections: [text, ...(more.sections ?? [])] });

const SYMBOLS: readonly Changes[] = [
  ...[0, 4, 8, 12, 16, 24, 32, 40].flatMap((value) => [0, 4, 8, 16, 24, 32].map((size) => at(value, size))),
  ...[0, 1, 2, 3].flatMap((binding) => [
    { program: { binding } },
    withText({ symbols: [{ ...helper, binding }] }),
    data(section(8), [{ name: "v", section: ".data", value: 4, size: 4, binding }]),
  ]),
  ...[0, 1, 2, 3, 4, 5, 6, 10].flatMap((type) => [
    { program: { type } },
    data(section(0), [{ name: "v", section: ".data", value: 4, size: 4, type }]),
    { mapSymbol: { type } },
    withText({ symbols: [{ ...helper, type }], sections: called("helper") ?? [] }),
  ]),
  // The first of two public ones counts, and what is hidden becomes static.
  ...[0, 1, 2, 3].flatMap((visibility) => [
    data(section(0), [
      { name: "v", section: ".data", value: 4, size: 4, visibility },
      { name: "v", section: ".data", value: 0, size: 4 },
    ]),
    {
      ...withText({
        symbols: [
          { ...helper, visibility },
          { ...helper, visibility: 3 - visibility },
        ],
      }),
      types: ({ graph, u32 }: Types) => {
        const proto = graph.proto(u32, []);
        for (const linkage of [1, 0, 1, 2, 1]) graph.func("helper", proto, linkage);
        graph.variable("helper", u32);
      },
    },
    ...[0, 1, 2].map((binding) => ({
      ...withText({ program: { visibility }, symbols: [{ ...helper, binding, visibility }] }),
      types: ({ graph, u32 }: Types) => void graph.func("helper", graph.proto(u32, [])),
    })),
  ]),
];

/** Sections of data with and without a DATASEC, with variables that user space sees and does not. */
const DATA: readonly Changes[] = [".data", ".rodata", ".data.x", ".rodata.x", ".bss", ".kconfig"].flatMap((name) =>
  [0, 1, 2].flatMap((linkage) => [
    {
      types: ({ graph, u32 }: Types) => void graph.datasec(name, 8, [[graph.variable("v", u32, linkage), 0, 4]]),
      sections: [{ name, bytes: new Uint8Array(8), ...(name === ".bss" && { type: NOBITS }) }],
      symbols: [{ name: "v", section: name, size: 4 }],
    },
    {
      types: ({ graph, u32 }: Types) => {
        graph.struct(name, 4, [["a", u32, 0]]);
        graph.datasec(name, 8, [
          [graph.variable("w", u32, 0), 4, 4],
          [graph.variable("v", u32, linkage), 0, 4],
        ]);
      },
      sections: [{ name, bytes: new Uint8Array(8) }],
      symbols: [{ name: "v", section: name, size: 4 }],
    },
  ]),
);

const code = (offset: number, symbol = "M"): Changes => ({ relocations: [[offset, symbol]] });
const place = (value: number, type = 1, home = ".maps"): Changes =>
  second("there", wide, { symbols: [{ name: "there", section: home, value, type }] });

const REFERENCES: readonly Changes[] = [
  ...[0, 1, 4, 7, 8, 16, 24, 25, 31, 32, 40].map((offset) => code(offset)),
  ...[0, 4, 8, 31, 32, 64].map((value) => place(value)),
  ...[0, 2, 3].map((type) => place(0, type)),
  ...[".BTF", "license", "xdp", "tc"].flatMap((home) => [place(0, 1, home), place(0, 2, home), place(4, 2, home)]),
  ...[
    [move(1, 0)],
    [[0x85, 0, 0, 1]],
    [[0x85, 0x10, 0, 1]],
    [[0x8d, 0x10, 0, 1]],
    [[0x05, 0, 0, 1]],
    [[0x61, 0x10, 0, 0]],
  ].map((insns) => second("M", insns as never)),
  // Addresses of functions, whose immediate counts in 1.7.
  ...[0, 4, 8, 16].flatMap((immediate) =>
    [0, 1, 2].flatMap((binding) =>
      [0, 4, 8].map((value) =>
        second(
          "fn",
          [
            [0x18, 0x01, 0, immediate],
            [0, 0, 0, 0],
          ],
          {
            sections: [text],
            symbols: [helper, { name: "fn", section: ".text", value, size: 8, binding, type: 2 }],
          },
        ),
      ),
    ),
  ),
  ...[0, 4, 8, 16].map((immediate) =>
    second(
      ".text",
      [
        [0x18, 0x01, 0, immediate],
        [0, 0, 0, 0],
      ],
      {
        sections: [text],
        symbols: [helper, { name: ".text", section: ".text", binding: 0, type: 3 }],
      },
    ),
  ),
  // Calls by a section's symbol, which has no name of its own.
  ...["xdp", ".text", ".maps"].map((home) => ({
    sections: [
      text,
      { name: "tc", insns: [CALL, EXIT], relocations: [{ offset: 0, type: R_BPF_64_32, symbol: `of ${home}` }] },
    ],
    symbols: [helper, caller, { name: `of ${home}`, section: home, binding: 0, type: 3 }],
  })),
  // Sections that 1.7 alone knows.
  ...[".jumptables", ".addr_space.1", ".rodata", ".bss"].map((home) =>
    second("there", wide, {
      sections: [{ name: home, bytes: new Uint8Array(8) }],
      symbols: [{ name: "there", section: home, size: 8 }],
    }),
  ),
  // A relocation of code that is no program.
  { program: { size: 16 }, relocations: [[16, "M"]] },
  { program: { value: 16, size: 16 }, relocations: [[0, "prog"]] },
];

/** `.BTF.ext` in the other byte order, as a whole. */
function swapped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const old = new DataView(bytes.buffer);
  for (let byte = 4; byte + 4 <= copy.length; byte += 4) view.setUint32(byte, old.getUint32(byte, true), false);
  view.setUint16(0, old.getUint16(0, true), false);
  return copy;
}

const extWords = (...list: readonly number[]): Uint8Array => words([0x0001_eb9f, ...list], true);
/** Two records of each of the first two tables, and one of the third. */
const EXT = extWords(
  ...[32, 0, 28, 28, 44, 72, 28],
  ...[8, 1, 2, 0, 2, 8, 2],
  ...[16, 1, 2, 0, 1, 1, 0, 8, 1, 1, 0],
  ...[16, 1, 1, 0, 1, 1, 0],
);

const edits = (offset: number, values: readonly number[]): readonly Uint8Array[] =>
  values.map((value) => {
    const copy = EXT.slice();
    new DataView(copy.buffer).setUint32(offset, value, true);
    return copy;
  });

const EXTS: readonly Uint8Array[] = [
  EXT,
  ...Array.from({ length: 26 }, (_, index) => EXT.slice(0, EXT.length - 4 * index)),
  ...[4, 7, 8, 9, 24, 32].map((size) => EXT.slice(0, size)),
  ...edits(0, [0x0001_9feb, 0x0001_eb9e, 0x0000_eb9f, 0x0002_eb9f, 0x1001_eb9f, 0xff01_eb9f]),
  ...edits(4, [0, 8, 20, 23, 24, 25, 28, 31, 32, 33, 36, EXT.length - 1, EXT.length, EXT.length + 1, 0xffff_fff0]),
  ...[8, 16, 24].flatMap((offset) => edits(offset, [1, 2, 4, 24, 28, 72, 76, 100, 0xffff_fffc])),
  ...[12, 20, 28].flatMap((offset) =>
    edits(offset, [0, 1, 3, 4, 5, 8, 11, 12, 20, 24, 27, 28, 29, 32, 72, 0xffff_fffc]),
  ),
  ...[32, 60, 104].flatMap((offset) => edits(offset, [0, 4, 7, 8, 9, 10, 12, 15, 16, 17, 20, 24, 0xffff_fffc])),
  ...[40, 68, 112].flatMap((offset) => edits(offset, [0, 1, 2, 3, 0x2000_0000, 0xffff_ffff])),
];

const BLOBS: readonly Changes[] = [
  // BTF of the other byte order.
  { blob: (bytes) => encodeBtf({ ...parseBtf(bytes), littleEndian: false }) },
  ...[20, 24, 28, 32, 400].map((length) => header({ 4: length })),
  ...[0, 1, 2, 3, 4, 8].map((offset) => header({ 8: offset })),
  ...[-8, -4, -1, 1, 4].flatMap((more) =>
    [12, 16, 20].map((offset) => header({ [offset]: (before) => before + more })),
  ),
  ...[0xeb9f, 0x9feb, 0x0001_9feb, 0x0101_eb9f, 0x0002_eb9f].map((magic) => header({ 0: magic })),
  ...[0, 1, 2, 8, 23, 24, 25].map((size): Changes => ({ blob: (bytes) => bytes.subarray(0, size) })),
];

/** Structs of struct_ops, their places, and what fills them. */
const OPS: readonly Changes[] = [
  ...[0, 4, 8, 12, 16, 20, 24, 28].map((place) => ops({ at: place, size: 32 })),
  ...[0, 8, 20, 23, 24, 25, 32].map((size) => ops({ size })),
  ...[0, 1, 8, 16].map((offset) => ops({ offset, size: 32 })),
  ...(["const", "volatile", "restrict", "typedef"] as const).map((kind) =>
    ops({ type: ({ graph }, id) => graph.ref(kind, id, kind === "typedef" ? "T" : "") }),
  ),
  ...[30, 31, 32, 33].map((links) =>
    ops({ type: ({ graph }, id) => Array.from({ length: links }).reduce<number>((to) => graph.ref("const", to), id) }),
  ),
  ops({ type: ({ graph }, id) => graph.add({ kind: "typeTag", nameOff: 1, type: id, attribute: false }) }),
  ops({ type: ({ graph }) => graph.struct("", 4, []) }),
  ops({ type: ({ graph }) => graph.union("U", 4, []) }),
  ops({ type: ({ graph }) => graph.fwd("F") }),
  ops({ type: ({ graph }, id) => graph.ref("typedef", graph.array(id, id, 1), "A") }),
  ...[
    "struct_ops",
    "struct_ops/act",
    "struct_ops.s/act",
    "struct_opsx/act",
    "?struct_ops/act",
    "struct_ops.s",
    "xdp_more",
  ].map((program) => ops({ program })),
  ops({ again: true }),
  ...[0, 8, 16].map((value) =>
    ops({ fill: "there", symbols: [{ name: "there", section: "struct_ops/act", value, type: 1 }] }),
  ),
  ops({ fill: "license", symbols: [{ name: "license", section: "license", type: 1 }] }),
];

/** Two structs in each of two sections, of which one pointer is filled. */
const severalOps = (section: string, at: number): Changes => ({
  types: ({ graph, u32 }) => {
    const handler = graph.ptr(graph.proto(u32, []));
    const struct = graph.struct("tcp_congestion_ops", 16, [
      ["flags", u32, 0],
      ["act", handler, 64],
    ]);
    for (const name of OPS_SECTIONS) {
      const variables = ["first", "second"].map((one) => graph.variable(`${one}${name.length}`, struct));
      graph.datasec(
        name,
        32,
        variables.map((id, index) => [id, index * 16, 16]),
      );
    }
  },
  sections: [
    { name: "struct_ops/act", insns: [move(0, 0), EXIT] },
    ...OPS_SECTIONS.map((name) => ({
      name,
      bytes: new Uint8Array(32),
      ...(name === section && { relocations: [{ offset: at, type: 2, symbol: "act" }] }),
    })),
  ],
  symbols: [
    { name: "act", section: "struct_ops/act", size: 16 },
    ...OPS_SECTIONS.flatMap((name) =>
      ["first", "second"].map((one, index) => ({
        name: `${one}${name.length}`,
        section: name,
        value: index * 16,
        size: 16,
      })),
    ),
  ],
});

const OPS_SECTIONS = [".struct_ops", ".struct_ops.link"] as const;

const SEVERAL_OPS: readonly Changes[] = [
  ...OPS_SECTIONS.flatMap((name) => [0, 8, 16, 24, 28, 32].map((at) => severalOps(name, at))),
  // BTF that nothing but struct_ops needs, whole and broken.
  ...[24, 25].map((length) => ({
    ...ops({}),
    ...header({ 4: length }),
    maps: () => [],
    without: [".maps"],
    relocations: [],
  })),
];

/** The objects of these changes, and what is drawn otherwise. */
export const CORNER_OBJECTS: readonly Uint8Array[] = [
  ...SECTIONS,
  ...[...SYMBOLS, ...DATA, ...REFERENCES, ...BLOBS, ...OPS, ...SEVERAL_OPS, ...MAP_CORNERS, ...EXTERN_CORNERS].map(
    drawObject,
  ),
  ...[0xfff0, 0xfff1, 0xfff2, 0xff00, 0xfffe, 9, 10, 11].map((number) => inSpecialSection({}, 1, number)),
  ...[0xfff0, 0xfff1, 0xfff2, 0xff00, 0].map((number) => inSpecialSection(ops({}), 2, number)),
  ...[...EXTS, ...EXTS.map(swapped), ...EXTS.slice(0, 8).map(swapped)].map((ext) => drawObject({ ext })),
  // Nothing in them needs BTF, so that a fault of it is none of theirs.
  ...[...EXTS.slice(0, 12), undefined].map((ext) =>
    drawObject({ without: [".maps"], relocations: [], maps: () => [], ...(ext !== undefined && { ext }) }),
  ),
  ...[undefined, ".BTF"].map((gone) =>
    drawObject({
      without: [".maps", ...(gone === undefined ? [] : [gone])],
      relocations: [],
      maps: () => [],
      symbols: [{ name: "x" }],
    }),
  ),
  ...PROGRAM_OBJECTS,
  ...SANITISE_OBJECTS,
];
