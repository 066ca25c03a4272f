import { describe, expect, test } from "vitest";
import { define, type Field, u32 } from "../../maps/define.ts";
import type { ObjectSection, ObjectSymbol } from "../../object.ts";
import type { CodeParts } from "../func/assembled.ts";
import { codeState, type Described, describedObject, objectState } from "../func/described.ts";
import { type Told, told } from "./told.ts";

/** Objects with one thing wrong with their maps, and every word that is said of it. */

const LICENSE: ObjectSection = { name: "license", bytes: new TextEncoder().encode("GPL\0") };
const MAPS_RULES = /^elf\/(?:map|duplicate)|^map\/(?:private|name)|^btf\/variable-name/;
const HASH: readonly Field[] = [
  ["type", 1],
  ["key", u32],
  ["value", u32],
  ["max_entries", 8],
];
/** Bytes of such a definition. */
const SIZE = 32;

/** A program array, whose `values` begin after 24 bytes. */
const PROGRAMS: readonly Field[] = [
  ["type", 3],
  ["key", u32],
  ["max_entries", 8],
  [
    "values",
    (graph) => {
      const program = graph.ptr(graph.proto(graph.int("i32", 4, 1), []));
      return graph.array(program, graph.int("u32", 4), 0);
    },
  ],
];

interface MapsParts {
  /** What the maps are, by name, one behind the other in `.maps`. */
  readonly maps?: Readonly<Record<string, readonly Field[]>>;
  readonly linkage?: number;
  readonly code?: CodeParts["code"];
  readonly relocations?: ObjectSection["relocations"];
  readonly bytes?: Uint8Array;
  /** Symbols beside those of the maps, or instead of them. */
  readonly symbols?: readonly ObjectSymbol[];
  readonly sections?: readonly ObjectSection[];
  readonly flags?: number;
}

const CODE = { socket: { main: "r0 = 0; exit" } };

/** An object with maps; section `.maps` is the first behind the code. */
function mapsObject(parts: MapsParts, littleEndian: boolean): Uint8Array {
  const {
    maps = { A: HASH, B: HASH },
    code = CODE,
    linkage = 1,
    symbols = [],
    sections = [],
    relocations,
    bytes,
    flags,
  } = parts;
  const names = Object.keys(maps);
  const own = names.map((name, index) => ({ name, section: ".maps", value: index * SIZE, size: SIZE }));
  const section: ObjectSection = {
    name: ".maps",
    bytes: bytes ?? new Uint8Array(SIZE * names.length),
    ...(relocations === undefined ? {} : { relocations }),
    ...(flags === undefined ? {} : { flags }),
  };
  const all = [...own.filter(({ name }) => !symbols.some((symbol) => symbol.name === name)), ...symbols];
  return describedObject(
    { littleEndian, code, sections: [section, LICENSE, ...sections], symbols: all },
    {
      protos(graph) {
        const entries = Object.entries(maps).map(([name, fields]) => {
          return [graph.variable(name, define(graph, fields), linkage), 0, SIZE] as const;
        });
        if (entries.length > 0) graph.datasec(".maps", 0, entries);
        return {};
      },
    },
  );
}

function found(parts: MapsParts, which = MAPS_RULES, described: Described = {}): readonly Told[] {
  const [little, big] = [true, false].map((littleEndian) =>
    told(objectState(mapsObject(parts, littleEndian), described), which),
  );
  expect(big).toEqual(little);
  return little ?? [];
}

const NULL_POINTERS = "initialise the definition with null pointers";
const NOT_SUPPORTED = "cilium/ebpf rejects at open: initializing BTF map definitions: not supported";
const WORDLESS = "libbpf rejects at open, errno 22 (-EINVAL without a word)";
const pointer = (offset: number, symbol: string) => ({ offset, type: 2, symbol });
const RODATA: ObjectSection = { name: ".rodata", bytes: new Uint8Array(8), flags: 2 };
const DATUM: ObjectSymbol = { name: "datum", section: ".rodata" };

describe("the definitions of maps", () => {
  test("without fault", () => {
    expect(found({})).toEqual([]);
    expect(found({ code: { socket: { main: "r1 = A ll; r1 = B ll; r0 = 0; exit" } } })).toEqual([]);
  });

  test("that point to data", () => {
    const relocations = [pointer(0, "datum"), pointer(40, "datum")];
    expect(found({ relocations, sections: [RODATA], symbols: [DATUM] })).toEqual([
      {
        rule: "elf/maps-relocations",
        severity: "error",
        message: ".maps has 2 relocations outside `values`: its integers point at real arrays",
        target: { section: 2 },
        answers: [WORDLESS, "cilium/ebpf accepts"],
        help: NULL_POINTERS,
      },
    ]);
    // cilium/ebpf sees what a relocation adds to.
    const bytes = new Uint8Array(64).fill(1, 7, 8);
    expect(found({ relocations, bytes, sections: [RODATA], symbols: [DATUM] })).toMatchObject([
      { rule: "elf/maps-relocations", answers: [WORDLESS, NOT_SUPPORTED] },
    ]);
  });

  test("that point to maps, programs and externs", () => {
    const relocations = [pointer(8, "B"), pointer(16, "main"), pointer(24, "datum"), pointer(32, "outside")];
    const symbols = [DATUM, { name: "outside" }];
    const meant = (name: string, at: number, symbol: number) => ({
      rule: "elf/maps-relocations",
      severity: "error",
      message: `.maps holds ${name} at ${at}, outside \`values\``,
      target: { section: 2, symbol },
      answers: [WORDLESS, "cilium/ebpf accepts"],
      help: "only a member `values` can hold maps and programs",
    });
    const [data, ...others] = found({ relocations, symbols, sections: [RODATA] }, /maps-relocations/);
    expect(data?.message).toBe(".maps has 1 relocations outside `values`: its integers point at real arrays");
    expect(others).toEqual([meant("B", 8, 3), meant("main", 16, 1), meant("outside", 32, 5)]);
    const nameless = [{ name: "main", section: "socket", type: 3, binding: 0 }];
    expect(found({ relocations: [pointer(8, "main")], symbols: nameless }, /maps-relocations/)).toEqual([
      meant("a map or program", 8, 1),
    ]);
  });

  test("that hold programs where they may", () => {
    const of = (offset: number, maps: MapsParts["maps"] = { A: PROGRAMS }, bytes = new Uint8Array(64)) =>
      found({
        maps,
        bytes,
        relocations: [pointer(offset, "main")],
        symbols: [{ name: "A", section: ".maps", size: 48 }],
      }).map(({ message }) => message);
    expect(of(24)).toEqual([]);
    expect(of(40)).toEqual([]);
    expect(of(16)).toEqual([".maps holds main at 16, outside `values`"]);
    expect(of(48)).toEqual([".maps holds main at 48, outside `values`"]);
  });

  test("that are initialised", () => {
    const bytes = (...places: readonly number[]) => {
      const all = new Uint8Array(64);
      for (const place of places) all[place] = 1;
      return all;
    };
    const fault = {
      rule: "elf/maps-initialised",
      severity: "error",
      message: ".maps has bytes that are not zero: its definitions are initialised",
      target: { section: 2 },
      answers: [NOT_SUPPORTED, "libbpf accepts"],
      help: NULL_POINTERS,
    };
    expect(found({ bytes: bytes(3) })).toEqual([fault]);
    expect(found({ bytes: bytes(63) })).toEqual([fault]);
    // What relocations fill says nothing, byte by byte.
    const filled = (place: number) =>
      found(
        { bytes: bytes(place), relocations: [pointer(8, "datum")], symbols: [DATUM], sections: [RODATA] },
        /maps-initialised/,
      );
    expect([7, 8, 15, 16].map((place) => filled(place).length)).toEqual([1, 0, 0, 1]);
    const values = (place: number) =>
      found({ maps: { A: PROGRAMS }, bytes: bytes(place), symbols: [{ name: "A", section: ".maps", size: 48 }] });
    expect([23, 24, 47, 48].map((place) => values(place).length)).toEqual([1, 0, 0, 1]);
    // Where nobody knows of a map, nobody can tell.
    expect(found({ maps: {}, bytes: bytes(3) })).toEqual([]);
  });

  test("in two sections of the name", () => {
    const second = { name: ".maps", bytes: new Uint8Array(SIZE) };
    const symbols = [{ name: "B", section: 3, size: SIZE }];
    expect(found({ sections: [second], symbols }, /duplicate/)).toEqual([
      {
        rule: "elf/duplicate-maps",
        severity: "error",
        message: "two sections are called .maps: one holds A, the other B",
        target: { section: 4 },
        answers: [
          "libbpf rejects at open, errno 4005: bad map relo against '…' in section '.maps'",
          "cilium/ebpf rejects at open: section .maps: contains … symbols but … btf.Vars",
          "aya rejects at open: symbol with name … not found in the symbols table",
        ],
        help: "make all map statics mutable or none of them (`static mut` and UnsafeCell give a section of their own)",
      },
    ]);
    const three = found(
      { sections: [second, second], symbols: [{ name: "C", section: 3, value: 4 }, ...symbols] },
      /duplicate/,
    );
    expect(three.map(({ message, target }) => [message.slice(24), target.section])).toEqual([
      [".maps: one holds A, the other C, B", 4],
      [".maps: one holds A, the other ", 5],
    ]);
  });
});

describe("references to maps", () => {
  const which = /^elf\/map-|^map\/private/;
  const BY_SECTION: readonly ObjectSymbol[] = [{ name: "section", section: ".maps", type: 3, binding: 0 }];
  const byCode = (main: string, symbols: readonly ObjectSymbol[] = BY_SECTION) =>
    found({ code: { socket: { main } }, symbols }, which);

  test("by an offset in their section", () => {
    expect(byCode("r1 = section+32 ll; r0 = 0; exit")).toEqual([
      {
        rule: "elf/map-reference",
        severity: "error",
        message: "code in socket names maps by an offset in their section, or by other symbols that lie there",
        target: { section: 1 },
        answers: [
          "libbpf misreads (with an offset it takes the first map of the section)",
          "aya misreads (it takes any map of the section)",
        ],
        help: "export the maps: #[unsafe(no_mangle)] or pub",
      },
    ]);
    expect(
      byCode("r1 = alias ll; r0 = 0; exit", [{ name: "alias", section: ".maps", value: 8, type: 0 }]),
    ).toMatchObject([{ rule: "elf/map-reference" }]);
    // What is no code, no load of an address, and what leads elsewhere.
    const held = { ...RODATA, name: "table", relocations: [{ offset: 0, type: 1, symbol: "section" }] };
    expect(found({ sections: [held], symbols: BY_SECTION }, which)).toEqual([]);
    expect(byCode("call section; r0 = 0; exit")).toEqual([]);
    expect(byCode("r1 = main ll; r0 = 0; exit")).toEqual([]);
  });

  test("with an offset beside the symbol", () => {
    expect(byCode("r1 = B+32 ll; r0 = 0; exit")).toEqual([
      {
        rule: "elf/map-immediate",
        severity: "warning",
        message:
          "code in socket names maps by symbols, and has offsets beside them, which cilium/ebpf takes for descriptors",
        target: { section: 1 },
        answers: ["cilium/ebpf rejects at load: unsatisfied map reference", "libbpf accepts", "aya accepts"],
        help: "export the maps in the source: #[unsafe(no_mangle)] or pub",
      },
    ]);
    expect(byCode("r1 = B+1 ll; r0 = 0; exit")).toHaveLength(1);
    expect(byCode("r1 = section+32 ll; r0 = 0; exit").map(({ rule }) => rule)).toEqual(["elf/map-reference"]);
    expect(byCode("r1 = B ll; r0 = 0; exit")).toEqual([]);
  });

  test("in the `values` of another", () => {
    const of = (symbol: string) =>
      found({ maps: { A: PROGRAMS, B: HASH }, relocations: [pointer(24, symbol)], symbols: BY_SECTION }, /^elf\/map-/);
    expect(of("section")).toEqual([
      {
        rule: "elf/map-reference",
        severity: "error",
        message:
          "`values` of a map name the maps that they hold by an offset in their section, or by other symbols that lie there",
        target: { section: 2 },
        answers: ["libbpf rejects at open, errno 3: isn't a valid map reference"],
        help: "export the maps: #[unsafe(no_mangle)] or pub",
      },
    ]);
    expect(of("B")).toEqual([]);
    expect(of("main")).toEqual([]);
  });

  test("that are private", () => {
    const of = (symbol: Partial<ObjectSymbol>, linkage = 1) =>
      found(
        { maps: { A: HASH }, symbols: [{ name: "A", section: ".maps", size: SIZE, ...symbol }], linkage },
        /^map\/private/,
      );
    const [finding, ...others] = of({ binding: 0 });
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      rule: "map/private",
      severity: "error",
      message: "map A: it is private to the object",
      answers: ["libbpf rejects at open, errno 95: map 'A': unsupported map linkage static."],
      help: "export it: #[unsafe(no_mangle)] or pub",
    });
    expect([of({ visibility: 2 }), of({ visibility: 1 }), of({}, 0)].map((list) => list.length)).toEqual([1, 1, 1]);
    expect([of({}), of({ binding: 2 }), of({ binding: 0 }, 2), of({ visibility: 2 }, 2)]).toEqual([[], [], [], []]);
  });
});

describe("names", () => {
  const named = (name: string) =>
    found({ maps: { [name]: HASH } }, /^map\/name|^btf\/variable-name/).map(({ subject: _, ...finding }) => finding);

  test("of maps that the kernel takes, cuts, or refuses", () => {
    expect(named("a.B_9")).toEqual([]);
    expect(named("exactly15bytes_")).toEqual([]);
    expect(named("sixteen__bytes__")).toMatchObject([
      {
        rule: "map/name-invalid",
        severity: "note",
        message: "map sixteen__bytes__: the kernel will know it as sixteen__bytes_",
        answers: ["libbpf accepts (under the first 15 bytes of the name)"],
      },
    ]);
    for (const name of ["a-b", "-b", "a-", "größe", "a b"]) {
      expect(named(name)[0]).toMatchObject({
        rule: "map/name-invalid",
        severity: "error",
        message: `map ${name}: the kernel takes no such name, and renaming it would change what user space asks for`,
        answers: [
          "kernel rejects (BPF_MAP_CREATE gives EINVAL)",
          `libbpf rejects at load, errno 22: map '${name}': failed to create: -EINVAL`,
        ],
        help: 'give it another name: #[unsafe(export_name = "…")]',
      });
    }
  });

  test("of variables", () => {
    const of = (name: string, linkage = 1) => {
      return told(
        codeState(
          { code: CODE },
          {
            protos(graph) {
              graph.variable(name, graph.int("u32", 4), linkage);
              return {};
            },
          },
        ),
        /^btf\/variable-name/,
      );
    };
    const drops = [
      "kernel drops the BTF: Invalid name",
      "libbpf drops the BTF: Error loading .BTF into kernel: -EINVAL. BTF is optional, ignoring.",
    ];
    const fault = (name: string, what: string, severity = "error") => ({
      rule: "btf/variable-name",
      severity,
      message: `VAR ${name} [2] is named after a symbol that ${what}`,
      target: { typeId: 2 },
      answers: drops,
      help: "give the static another export_name",
    });
    expect(of("a-b")).toEqual([fault("a-b", "is no identifier")]);
    expect(of("x".repeat(200))).toMatchObject([
      { message: expect.stringMatching(/ is named after a symbol that has 200 bytes$/) },
    ]);
    expect(of("ok_9")).toEqual([]);
    expect(of("a-b", 0)).toEqual([]);
    expect(of("a-b", 2)).toEqual([]);
  });
});

describe("under --c-types", () => {
  test("sections that C writes to", () => {
    const sections = [{ ...RODATA, name: "license" }];
    const which = /^elf\/flags/;
    const asked = { choices: { cTypes: true } };
    const note = (name: string, section: number) => ({
      rule: "elf/flags-not-c",
      severity: "note",
      message: `section ${name} is read-only, that of C objects is not`,
      target: { section },
      answers: [`bpftool rejects (\`gen object\` with a C object: sec ${name} flags mismatch)`],
    });
    expect(found({ flags: 2, sections }, which, asked)).toEqual([note(".maps", 2), note("license", 4)]);
    expect(found({ flags: 2, sections }, which)).toEqual([]);
    expect(found({ flags: 3 }, which, asked)).toEqual([]);
    expect(found({ flags: 0 }, which, asked)).toEqual([]);
  });
});
