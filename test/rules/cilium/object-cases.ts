import { CALL, EXIT, type Insn, move, type ObjectSymbol } from "../../object.ts";
import { type Changes, inSpecialSection, LOAD, LOAD_REST, type Types } from "../libbpf/draft.ts";
import { edited, ext, SH_FLAGS, SH_SIZE_HIGH, SH_TYPE, type Vector, vector, withHeader, withSymbol } from "./draft.ts";

const bytes = (length: number): Uint8Array => new Uint8Array(length);
const DATA = { name: ".data", bytes: bytes(8) };

/** A data section with its DATASEC and symbols. */
function data(
  symbols: readonly Partial<ObjectSymbol>[],
  types: (types: Types) => void = () => {},
  name = ".data",
): Changes {
  return {
    types,
    sections: [{ ...DATA, name }],
    symbols: symbols.map((symbol) => ({ name: "v", section: name, size: 4, ...symbol })),
  };
}

const [NOTYPE, OBJECT, FUNC, SECTION, COMMON, TLS] = [0, 1, 2, 3, 5, 6];
const [LOCAL, GLOBAL, WEAK] = [0, 1, 2];
const info = (binding: number, type: number): number => (binding << 4) | type;

function datasec(entries: (types: Types) => readonly (readonly [number, number, number])[], size = 8, name = ".data") {
  return (types: Types): void => void types.graph.datasec(name, size, entries(types));
}

const variable = ({ graph, u32 }: Types, name = "v"): number => graph.variable(name, u32);

export const ELF_CASES: Readonly<Record<string, Vector>> = {
  "CE-02": vector(
    [{ sections: [{ name: ".struct_ops", bytes: bytes(8) }] }],
    [{ sections: [{ name: ".struct_ops", bytes: bytes(0) }] }],
  ),
  "CE-03": vector([
    withHeader({}, "license", { [SH_TYPE]: 8 }),
    withHeader({}, ".BTF", { [SH_TYPE]: 8 }),
    withHeader({}, ".BTF", { [SH_FLAGS]: 0x800 }),
    withHeader({ sections: [{ name: "version", bytes: bytes(24) }] }, "version", { [SH_FLAGS]: 0x802 }),
  ]),
  "CE-04": vector(
    [{ sections: [{ name: "version", bytes: bytes(3) }] }, { sections: [{ name: "versions", bytes: bytes(0) }] }],
    [{ sections: [{ name: "version", bytes: bytes(4) }] }],
  ),
  "CE-06": vector([
    edited({}, (view, elf) => {
      const table = elf.sections.find(({ name }) => name === ".relxdp");
      view.setUint32((table?.offset ?? 0) + 12, 99, true);
    }),
    edited({}, (view, elf) => {
      const table = elf.sections.find(({ name }) => name === ".relxdp");
      view.setUint32((table?.offset ?? 0) + 12, 0, true);
    }),
  ]),
  "CE-07": vector([
    {
      sections: [{ name: "other", bytes: bytes(8) }],
      symbols: [{ name: "o", section: "other" }],
      relocations: [[0, "o"]],
    },
    // SHN_ABS and SHN_COMMON; the symbol is the third.
    inSpecialSection({ symbols: [{ name: "o", section: "xdp" }], relocations: [[0, "o"]] }, 2, 0xfff1),
    inSpecialSection({ symbols: [{ name: "o", section: "xdp" }], relocations: [[0, "o"]] }, 2, 0xfff2),
  ]),
  "CE-09": vector([withHeader({}, "license", { [SH_FLAGS]: 0x803 })]),
  "CE-10": vector([withHeader(data([{}]), ".data", { [SH_TYPE]: 8, [SH_SIZE_HIGH]: 1 })]),
  "CE-08": vector([
    edited({}, (view, elf) => {
      const at = elf.sectionHeaders + (elf.symtab ?? 0) * 64;
      view.setUint32(at + SH_TYPE, 1, true);
    }),
    edited({ without: [".BTF", ".maps"], maps: () => [], relocations: [] }, (view, elf) => {
      view.setUint32(elf.sectionHeaders + (elf.symtab ?? 0) * 64 + SH_TYPE, 1, true);
    }),
  ]),
};

export const DATA_CASES: Readonly<Record<string, Vector>> = {
  "CD-01": vector([
    { types: kconfig(({ graph, u32 }) => graph.variable("C", graph.struct("S", 4, [["a", u32, 0]]), 2)) },
    { types: kconfig(({ graph }) => graph.variable("C", graph.float("f", 4), 2)) },
  ]),
  "CD-02": vector([{ types: kconfig(({ graph }) => graph.variable("C", graph.int("odd", 3), 2)) }]),
  "CD-03": vector(
    ["nowhere", ".BTF"].map((name) => ({
      types: datasec(() => [], 0, name),
      ext: ext({ func: [8, 1, 1, 0, 12], line: [16] }),
    })),
    [{ types: datasec(() => [], 0, "nowhere") }],
  ),
  "CD-04": vector(
    [
      {
        types: ({ graph, u32 }) => void graph.datasec(".struct_ops.link", 0, [[graph.variable("ops", u32), 0, 0]]),
        sections: [{ name: ".struct_ops.link", bytes: bytes(8) }],
      },
    ],
    [
      data(
        [{}],
        datasec((types) => [[variable(types), 0, 4]], 0),
      ),
    ],
  ),
  "CD-05": vector(
    [{ types: datasec((types) => [[variable(types), 0, 0]], 0, ".ksyms") }],
    [{ types: datasec(({ graph }) => [[graph.variable("k", 0, 2), 0, 0]], 0, ".ksyms") }],
  ),
  "CD-06": vector([{ types: datasec(({ u32 }) => [[u32, 0, 0]], 0, ".ksyms") }]),
  "CD-07": vector([{ types: datasec(({ u32 }) => [[u32, 0, 0]], 0, ".kconfig") }]),
  "CD-08": vector([withHeader(data([{}]), ".data", { [SH_TYPE]: 0, [SH_SIZE_HIGH]: 1 })]),
  "CD-09": vector(
    [withHeader(data([{}]), ".data", { [SH_TYPE]: 7 })],
    [data([{}]), withHeader(data([{}]), ".data", { [SH_TYPE]: 8 })],
  ),
  "CD-10": vector([data([{}, { value: 4 }])], [data([{}, { name: "w", value: 4 }])]),
  "CD-11": vector([data([{ value: 6 }])], [data([{ value: 4 }]), data([{ value: 6, binding: LOCAL }])]),
  "CD-12": vector([
    data(
      [{}],
      datasec((types) => [[variable(types, ""), 0, 4]]),
    ),
  ]),
  "CD-13": vector([
    data(
      [{}],
      datasec(({ u32 }) => [[u32, 0, 4]]),
    ),
  ]),
  "CD-14": vector(
    [
      data(
        [{}],
        datasec((types) => [[variable(types), 4, 4]]),
      ),
    ],
    [
      data(
        [{}],
        datasec((types) => [[variable(types), 0, 4]]),
      ),
    ],
  ),
  "CD-15": vector([
    data(
      [{}],
      datasec((types) => [[variable(types), 0, 8]]),
    ),
  ]),
  "CD-16": vector(
    [{ types: datasec(() => [], 0, ".kconfig") }],
    [{ types: kconfig(({ graph, u32 }) => graph.variable("CONFIG_HZ", u32, 2)) }],
  ),
};

function kconfig(make: (types: Types) => number): (types: Types) => void {
  return datasec((types) => [[make(types), 0, 4]], 0, ".kconfig");
}

const END: readonly Insn[] = [move(0, 0), EXIT];
const PROGRAM: readonly Insn[] = [LOAD, LOAD_REST, ...END];

function code(insns: readonly Insn[], more: Changes = {}): Changes {
  return { insns, relocations: [], ...more };
}

const OTHER = { name: ".text", insns: END };
const SUB: ObjectSymbol = { name: "sub", section: ".text", size: 16 };

/** The program calls what a symbol of `.text` is. */
function calls(symbol: Partial<ObjectSymbol>, insn: Insn = CALL): Changes {
  return {
    insns: [insn, ...END],
    sections: [OTHER],
    symbols: [SUB, ...(symbol.name === undefined ? [] : [{ section: ".text", ...symbol, name: symbol.name }])],
    relocations: [[0, symbol.name ?? "sub"]],
  };
}

function loads(symbol: Partial<ObjectSymbol>, immediate = 0): Changes {
  return {
    ...calls(symbol),
    insns: [[0x18, 0x41, 0, immediate], LOAD_REST, ...END],
  };
}

export const PROGRAM_CASES: Readonly<Record<string, Vector>> = {
  "CP-01": vector([{ program: { type: OBJECT } }], [{ program: { type: NOTYPE } }]),
  "CP-02": vector(
    [withHeader({ insns: [LOAD, [1, 0, 0, 0], ...PROGRAM] }, "xdp", { [SH_FLAGS]: 0x806 })],
    [withHeader({ insns: [...PROGRAM, ...PROGRAM] }, "xdp", { [SH_FLAGS]: 0x806 })],
  ),
  "CP-03": vector(
    [{ symbols: [{ name: "prog", section: "xdp", value: 16, size: 16 }] }],
    [{ symbols: [{ name: "more", section: "xdp", value: 16, size: 16 }] }],
  ),
  "CP-04": vector([withSymbol({}, "prog", { size: 2n ** 32n })]),
  "CP-05": vector([withSymbol({}, "prog", { size: 40n }), withSymbol({}, "prog", { size: 2n ** 32n - 1n })]),
  "CP-06": vector([{ program: { size: 0 } }]),
  "CP-07": vector([code([[0x85, 0x10, 0, 5], ...END])], [code([[0x85, 0x10, 0, -1], ...END])]),
  "CP-08": vector(
    [{ sections: [OTHER], symbols: [{ ...SUB, name: "prog" }] }],
    [{ sections: [OTHER], symbols: [SUB] }],
  ),
  "CP-09": vector(
    [code([[0x85, 0, 0, 0x1000_0000], ...END])],
    [
      code([[0x85, 0, 0, 0x0fff_ffff], ...END]),
      code([[0x85, 0x20, 0, 0x1000_0000], ...END]),
      code([[0x85, 1, 0, 0x1000_0000], ...END]),
    ],
  ),
  "CP-10": vector([withSymbol({}, "prog", { size: 8n })]),
  "CP-11": vector([code([LOAD, [0, 1, 0, 0], ...END])]),
  "CP-12": vector([withSymbol(code([...END]), "prog", { size: 12n })]),
};

const lost: ObjectSymbol = { name: "lost" };
const VALUE: Changes = { ...data([{}]), relocations: [[0, "v"]] };
const CONFIG = kconfig(({ graph, u32 }) => graph.variable("CONFIG_HZ", u32, 2));

function global(symbol: Partial<ObjectSymbol>): Changes {
  return { ...data([symbol]), relocations: [[0, "v"]] };
}

export const RELOCATION_CASES: Readonly<Record<string, Vector>> = {
  "CR-01": vector([{ mapSymbol: { binding: LOCAL } }]),
  "CR-02": vector([{ mapSymbol: { binding: WEAK } }, withSymbol({}, "M", { info: info(3, OBJECT) })]),
  "CR-03": vector(
    [FUNC, 4, COMMON, TLS, 10].map((type) => ({
      symbols: [{ name: "x", section: ".maps", type }],
      relocations: [[0, "x"]],
    })),
    [{ mapSymbol: { type: NOTYPE } }],
  ),
  "CR-04": vector(
    [
      global({ type: NOTYPE }),
      withSymbol(VALUE, "v", { info: info(3, OBJECT) }),
      withSymbol(VALUE, "v", { info: info(GLOBAL, SECTION) }),
    ],
    [VALUE, global({ type: NOTYPE, binding: LOCAL }), global({ type: SECTION, binding: LOCAL })],
  ),
  "CR-05": vector([FUNC, 4, COMMON, TLS, 10].map((type) => global({ type }))),
  "CR-06": vector([calls({}, [0x85, 0x20, 0, -1])], [calls({})]),
  "CR-07": vector(
    [calls({ name: "hid", binding: LOCAL, type: FUNC }), loads({ name: "hid", binding: LOCAL, type: FUNC })],
    [loads({})],
  ),
  "CR-08": vector([
    ...[OBJECT, 4, COMMON, TLS, 10].map((type) => calls({ name: "x", type })),
    loads({ name: "x", type: NOTYPE, value: 8, size: 8 }),
  ]),
  "CR-09": vector(
    [calls({ name: "text", type: SECTION, binding: LOCAL }, [0x85, 0x10, 0, 0]), loads({}, 8)],
    [calls({ name: "text", type: SECTION, binding: LOCAL })],
  ),
  "CR-10": vector([calls({}, move(1, 0))]),
  "CR-11": vector([withSymbol({ symbols: [lost], relocations: [[0, "lost"]] }, "lost", { info: info(3, NOTYPE) })]),
  "CR-12": vector(
    [OBJECT, FUNC, 4, COMMON, TLS, 10].map((type) => ({ symbols: [{ ...lost, type }], relocations: [[0, "lost"]] })),
  ),
  "CR-13": vector([
    { types: CONFIG, symbols: [{ name: "CONFIG_HZ", binding: WEAK }], relocations: [[0, "CONFIG_HZ"]] },
  ]),
  "CR-14": vector(
    [{ types: CONFIG, symbols: [lost], relocations: [[0, "lost"]] }],
    [
      {
        types: (types) => {
          CONFIG(types);
          types.graph.datasec(".ksyms", 0, [[types.graph.variable("lost", 0, 2), 0, 0]]);
        },
        symbols: [lost],
        relocations: [[0, "lost"]],
      },
    ],
  ),
  "CR-15": vector([
    {
      types: ({ graph, u32 }) =>
        void graph.datasec(".struct_ops.link", 8, [
          [graph.variable("ops", graph.struct("Ops", 4, [["a", u32, 0]])), 0, 4],
        ]),
      sections: [{ name: ".struct_ops.link", bytes: bytes(8) }],
      symbols: [{ name: "ops", section: ".struct_ops.link" }],
      relocations: [[0, "ops"]],
    },
  ]),
};

/** A variable of struct_ops with one member. */
function ops(more: Changes = {}, name = "ops", size = 8): Changes {
  return {
    types: ({ graph, u32 }) => {
      const pointer = graph.ptr(graph.proto(u32, []));
      const struct = graph.struct("Ops", size, [["run", pointer, 0]]);
      graph.datasec(".struct_ops.link", 8, [[graph.variable(name, struct), 0, 8]]);
    },
    sections: [{ name: ".struct_ops.link", bytes: bytes(8) }],
    ...more,
  };
}

const LINK = ".struct_ops.link";
function linked(symbol: string, section: string): Changes {
  return ops({
    sections: [
      { name: LINK, bytes: bytes(8), relocations: [{ offset: 0, symbol, type: 2 }] },
      { name: section, insns: END },
    ],
    symbols: [{ name: "run", section, size: 16 }],
  });
}

export const STRUCT_OPS_CASES: Readonly<Record<string, Vector>> = {
  "CS-01": vector([
    { sections: [{ name: LINK, bytes: bytes(8) }], without: [".BTF", ".maps"], maps: () => [], relocations: [] },
  ]),
  "CS-02": vector([{ ...ops(), types: datasec(({ u32 }) => [[u32, 0, 4]], 8, LINK) }]),
  "CS-03": vector([{ ...ops(), types: datasec((types) => [[variable(types), 0, 4]], 8, LINK) }]),
  "CS-04": vector([ops({}, "ops", 16)]),
  "CS-05": vector([ops({}, "M")]),
  "CS-06": vector([
    linked("run", ".text"),
    ops({
      sections: [{ name: LINK, bytes: bytes(8), relocations: [{ offset: 0, symbol: "run", type: 2 }] }],
      symbols: [{ name: "run" }],
    }),
  ]),
  "CS-07": vector([linked("run", "kprobe/x")]),
};
