import { encodeBtf } from "../../../src/btf/encode.ts";
import { SHDR_SIZE } from "../../../src/elf/model.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { Graph } from "../../graph.ts";
import { EXIT, type Insn, type ObjectSymbol } from "../../object.ts";
import {
  type AyaCase,
  definition,
  ext,
  inText,
  LOAD,
  license,
  main,
  mapSymbol,
  maps,
  mapsOf,
  number,
  object,
  patched,
  program,
  relocated,
  usual,
  withMap,
} from "./draft.ts";
import { loadCases, mapCases, relocationCases } from "./load-cases.ts";

/** The header of a section, by name, changed. */
function withHeader(bytes: Uint8Array, name: string, field: number, change: (before: number) => number): Uint8Array {
  const elf = parseElf(bytes);
  const section = elf.sections.find((one) => one.name === name);
  if (section === undefined) throw new Error(`no section ${name}`);
  const at = elf.sectionHeaders + section.index * SHDR_SIZE + field;
  return patched(bytes, [[at, change(new DataView(bytes.buffer).getUint32(at, true))]]);
}

/** The object's `.BTF` (from its first byte) with words changed. */
function withBtf(btf: Uint8Array, words: readonly (readonly [number, number])[]): Uint8Array {
  return object({ btf: patched(btf, words) });
}

const withExt = (bytes: Uint8Array): Uint8Array =>
  object({ sections: [program, license, maps, { name: ".BTF.ext", bytes, flags: 0 }] });

const fields = (change: (graph: Graph) => Record<string, number>): Uint8Array =>
  object({
    btf: withMap((graph) => {
      const changed = change(graph);
      const kept = usual(graph).filter(([name]) => !Object.hasOwn(changed, name));
      return [...kept, ...Object.entries(changed)];
    }),
  });

const inner = (graph: Graph, members: readonly (readonly [string, number])[]): number =>
  graph.array(graph.ptr(definition(graph, members)), graph.int("u32", 4), 0);

const code = (insns: readonly Insn[], symbols: readonly ObjectSymbol[], name = ".text"): Uint8Array =>
  object({ sections: [program, license, maps, { name, insns }], symbols: [main, mapSymbol, ...symbols] });

const elfCases: readonly AyaCase[] = [
  { rule: "AO-01", name: "dynamic symbols of half an entry", bytes: () => dynamic(12) },
  {
    rule: "AO-02",
    name: "relocations of no section",
    bytes: () =>
      withHeader(object({ sections: [relocated("MAP", 1, LOAD), license, maps] }), ".relsocket", 44, () => 99),
  },
  {
    rule: "AO-03",
    name: "name that is no UTF-8",
    bytes: () => replaced(object({ sections: [program, license, maps, { name: "odd~name" }] }), "odd~name"),
  },
  {
    rule: "AO-04",
    name: "relocation without a symbol",
    bytes: () => {
      const bytes = object({
        sections: [relocated("MAP", 1, LOAD), license, maps],
        symbols: [{ ...main, size: 24 }, mapSymbol],
      });
      const at = parseElf(bytes).sections.find(({ name }) => name === ".relsocket")?.offset ?? 0;
      return patched(bytes, [[at + 12, 0]]);
    },
  },
  {
    rule: "AO-05",
    name: "symbol that is no UTF-8",
    bytes: () =>
      replaced(object({ symbols: [main, mapSymbol, { name: "odd~symbol", section: "license" }] }), "odd~symbol"),
  },
];

function dynamic(size: number): Uint8Array {
  return object({
    sections: [program, license, maps, { name: ".dynsym", type: 11, flags: 0, bytes: new Uint8Array(size) }],
  });
}

/** The object with the `~` of a name become a byte that begins no character. */
function replaced(bytes: Uint8Array, name: string): Uint8Array {
  const copy = Buffer.from(bytes);
  copy[copy.indexOf(name) + name.indexOf("~")] = 0xff;
  return new Uint8Array(copy);
}

const sectionCases: readonly AyaCase[] = [
  { rule: "AS-01", name: "license with a NUL inside", bytes: () => licensed("G\0L\0") },
  { rule: "AS-02", name: "license without an end", bytes: () => licensed("GPL") },
  {
    rule: "AS-03",
    name: "version of two bytes",
    bytes: () => object({ sections: [program, license, maps, { name: "version", bytes: new Uint8Array(2) }] }),
  },
  { rule: "AP-01", name: "program of no known type", bytes: () => code([EXIT], [], "odd") },
  { rule: "AP-02", name: "programs without symbols", bytes: () => code([EXIT], [], "xdp") },
  {
    rule: "AP-03",
    name: "program that reaches out of its section",
    bytes: () => object({ symbols: [{ ...main, size: 24 }, mapSymbol] }),
  },
  {
    rule: "AP-04",
    name: "program of half an instruction",
    bytes: () => object({ symbols: [{ ...main, size: 12 }, mapSymbol] }),
  },
  {
    rule: "AP-05",
    name: "two functions at one place",
    bytes: () => code([EXIT], [inText("one", 0, 8), inText("two", 0, 8)]),
  },
  { rule: "AP-06", name: "code of no function", bytes: () => code([EXIT, EXIT], [inText("one", 0, 8)]) },
  { rule: "AP-07", name: "function of no size", bytes: () => code([EXIT], [inText("one", 0, 0)]) },
  { rule: "AM-11", name: "map without BTF", bytes: () => object({ btf: undefined as never }) },
  {
    rule: "AM-12",
    name: "second section of maps, without symbols",
    bytes: () => object({ sections: [program, license, maps, { name: ".maps.old", bytes: new Uint8Array(8) }] }),
  },
  {
    rule: "AM-13",
    name: "map without a symbol",
    bytes: () => object({ symbols: [main, { ...mapSymbol, name: "OTHER" }] }),
  },
  { rule: "AM-14", name: "old map that reaches out of its section", bytes: () => legacy(32, 28) },
  { rule: "AM-15", name: "old map of 16 bytes", bytes: () => legacy(16, 28) },
];

function licensed(text: string): Uint8Array {
  return object({ sections: [program, { name: "license", bytes: Uint8Array.from(Buffer.from(text)) }, maps] });
}

function legacy(size: number, length: number): Uint8Array {
  const section = { name: "maps", bytes: new Uint8Array(length) };
  return object({
    sections: [program, license, maps, section],
    symbols: [main, mapSymbol, { name: "OLD", section: "maps", size }],
  });
}

const btfCases: readonly AyaCase[] = [
  { rule: "AB-01", name: "no whole header", bytes: () => object({ btf: new Uint8Array(23) }) },
  { rule: "AB-02", name: "types past the end", bytes: () => withBtf(withMap(usual), [[12, 0xffff]]) },
  { rule: "AB-03", name: "record cut off", bytes: () => withBtf(withMap(usual), [[12, 20]]) },
  { rule: "AB-04", name: "kind 20", bytes: () => withBtf(withMap(usual), [[28, 20 << 24]]) },
  { rule: "AB-05", name: "variable with a name past the strings", bytes: () => misnamed(0x7fff_0000) },
  { rule: "AB-06", name: "variable with a name just past the strings", bytes: () => misnamed(undefined), only: "0.3" },
  { rule: "AB-07", name: "member of no type", bytes: () => fields(() => ({ type: 999 })) },
  { rule: "AB-08", name: "33 qualifiers", bytes: () => fields((graph) => ({ key: graph.ptr(chain(graph)) })) },
  { rule: "AB-09", name: "void key", bytes: () => fields((graph) => ({ key: graph.ptr(0) })) },
  {
    rule: "AB-10",
    name: "value of 4 GiB",
    bytes: () => fields((graph) => ({ value: graph.ptr(huge(graph)) })),
    only: "0.6",
  },
];

function chain(graph: Graph): number {
  let type = graph.int("u32", 4);
  for (let step = 0; step < 33; step++) type = graph.ref("const", type);
  return type;
}

function huge(graph: Graph): number {
  const int = graph.int("u32", 4);
  return graph.array(int, int, 0x4000_0000);
}

/** A map whose variable has this name offset, or one between the length of the strings and where they end in `.BTF`. */
function misnamed(nameOff: number | undefined): Uint8Array {
  const graph = new Graph();
  graph.datasec(".maps", 32, [[graph.variable("MAP", definition(graph, usual(graph))), 0, 32]]);
  const btf = graph.finish();
  const last = btf.types.findIndex(({ kind }) => kind === "var");
  const types = btf.types.map((type, index) =>
    index === last ? { ...type, nameOff: nameOff ?? btf.strings.bytes.length + 8 } : type,
  );
  return object({ btf: encodeBtf({ ...btf, types }) });
}

const NAME = 0;
const extCases: readonly AyaCase[] = [
  {
    rule: "AE-01",
    name: "header longer than the section",
    bytes: () => withExt(new Uint8Array(Uint32Array.of(0x0001_eb9f, 64).buffer)),
  },
  { rule: "AE-02", name: "records past the end", bytes: () => withExt(ext(0, [8], 64)) },
  { rule: "AE-03", name: "records of 4 bytes", bytes: () => withExt(ext(0, [4, NAME, 1, 0])), only: "0.6" },
  { rule: "AE-04", name: "records of 4 bytes", bytes: () => withExt(ext(0, [4, NAME, 1, 0])), only: "0.3" },
  { rule: "AE-05", name: "half a section header", bytes: () => withExt(ext(0, [8, NAME])), only: "0.6" },
  { rule: "AE-06", name: "no records", bytes: () => withExt(ext(0, [8, NAME, 0])), only: "0.6" },
  {
    rule: "AE-07",
    name: "more records than bytes",
    bytes: () => withExt(ext(1, [16, NAME, 9, 0, 0, 0, 0])),
    only: "0.3",
  },
  {
    rule: "AE-08",
    name: "section name past the strings",
    bytes: () => withExt(ext(0, [8, 0x7fff_0000, 1, 0, 0])),
    only: "0.3",
  },
  { rule: "AE-09", name: "relocations of 8 bytes", bytes: () => withExt(ext(2, [8, NAME, 1, 0, 0])), only: "0.3" },
  { rule: "AE-10", name: "relocation of kind 12", bytes: () => withExt(ext(2, [16, NAME, 1, 0, 0, 0, 12])) },
];

const definitionCases: readonly AyaCase[] = [
  {
    rule: "AM-01",
    name: "entry that is no variable",
    bytes: () => {
      const graph = new Graph();
      graph.datasec(".maps", 32, [[graph.int("u32", 4), 0, 32]]);
      return object({ btf: encodeBtf(graph.finish()) });
    },
  },
  {
    rule: "AM-02",
    name: "definition that is an int",
    bytes: () => {
      const graph = new Graph();
      return object({ btf: mapsOf(graph, graph.int("u32", 4)) });
    },
  },
  {
    rule: "AM-03",
    name: "number behind a typedef",
    bytes: () => fields((graph) => ({ type: graph.ref("typedef", number(graph, 1), "t") })),
  },
  { rule: "AM-04", name: "key that is no pointer", bytes: () => fields((graph) => ({ key: graph.int("u32", 4) })) },
  { rule: "AM-05", name: "values that are a pointer", bytes: () => fields((graph) => ({ values: graph.ptr(0) })) },
  {
    rule: "AM-06",
    name: "two values",
    bytes: () => fields((graph) => ({ values: graph.array(graph.ptr(0), graph.int("u32", 4), 2) })),
  },
  {
    rule: "AM-07",
    name: "values that are ints",
    bytes: () => fields((graph) => ({ values: graph.array(graph.int("u32", 4), graph.int("u32", 4), 0) })),
  },
  {
    rule: "AM-08",
    name: "values that point to ints",
    bytes: () => fields((graph) => ({ values: graph.array(graph.ptr(graph.int("u32", 4)), graph.int("u32", 4), 0) })),
  },
  {
    rule: "AM-09",
    name: "inner map that is pinned",
    bytes: () => fields((graph) => ({ values: inner(graph, [["pinning", number(graph, 1)]]) })),
  },
  {
    rule: "AM-10",
    name: "three levels of maps",
    bytes: () => fields((graph) => ({ values: inner(graph, [["values", inner(graph, [])]]) })),
  },
];

/** At least one object for each rule that aya can be shown to have. */
export const ayaCases: readonly AyaCase[] = [
  ...elfCases,
  ...sectionCases,
  ...btfCases,
  ...extCases,
  ...definitionCases,
  ...loadCases,
  ...mapCases,
  ...relocationCases,
];
