import { encodeBtf } from "../../../src/btf/encode.ts";
import { Graph } from "../../graph.ts";
import { buildObject, EXIT, type Insn, move, type ObjectSection, type ObjectSymbol } from "../../object.ts";

/** One small object that libbpf loads, with a map and a program that refers to it, and what may be changed about it. */

/** Types of the object under construction. */
export interface Types {
  readonly graph: Graph;
  /** A 4-byte INT, and a pointer to it. */
  readonly u32: number;
  readonly pointer: number;
  /** What says a number in a definition: a pointer to an array of that many elements. */
  number(count: number): number;
}

export interface MapDraft {
  readonly name: string;
  /** Members of the definition: name and type, 8 bytes each. */
  readonly fields: readonly (readonly [name: string, type: number])[];
  /** Bytes of the variable after the definition. */
  readonly slots?: number;
  readonly linkage?: number;
  /** The variable's type, if it is not the definition; bytes that the definition is said to have. */
  readonly type?: (definition: number) => number;
  readonly defSize?: number;
}

export interface Changes {
  readonly maps?: (types: Types) => readonly MapDraft[];
  readonly types?: (types: Types) => void;
  /** Name of the DATASEC of maps. */
  readonly datasec?: string;
  readonly blob?: (bytes: Uint8Array, view: DataView) => Uint8Array | undefined;
  readonly ext?: Uint8Array;
  readonly insns?: readonly Insn[];
  /** Of the program; offset and symbol. */
  readonly relocations?: readonly (readonly [offset: number, symbol: string])[];
  readonly slotRelocations?: readonly (readonly [offset: number, symbol: string])[];
  readonly program?: Partial<ObjectSymbol>;
  readonly sections?: readonly ObjectSection[];
  readonly symbols?: readonly ObjectSymbol[];
  /** Of every map. */
  readonly mapSymbol?: Partial<ObjectSymbol>;
  readonly mapBytes?: number;
  readonly without?: readonly string[];
}

/** r1 = the address of a map, and then the end. */
export const LOAD: Insn = [0x18, 1, 0, 0];
export const LOAD_REST: Insn = [0, 0, 0, 0];
const PROGRAM: readonly Insn[] = [LOAD, LOAD_REST, move(0, 0), EXIT];
const R_BPF_64_64 = 1;

/** Fields of an ordinary hash. */
export function hashFields({ number, pointer }: Types): (readonly [string, number])[] {
  return [
    ["type", number(1)],
    ["key", pointer],
    ["value", pointer],
    ["max_entries", number(16)],
  ];
}

function typesOf(graph: Graph): Types {
  const u32 = graph.int("u32", 4);
  const pointer = graph.ptr(u32);
  return { graph, u32, pointer, number: (count) => graph.ptr(graph.array(u32, u32, count)) };
}

/** The object with these changes. */
export function drawObject(changes: Changes = {}): Uint8Array {
  const types = typesOf(new Graph());
  const { graph } = types;
  const maps = changes.maps?.(types) ?? [{ name: "M", fields: hashFields(types) }];
  let end = 0;
  const placed = maps.map((map) => {
    const offset = end;
    const defSize = map.fields.length * 8;
    const members = map.fields.map(([name, type], index) => [name, type, index * 64] as const);
    const definition = graph.struct("Definition", map.defSize ?? defSize, members);
    const variable = graph.variable(map.name, map.type?.(definition) ?? definition, map.linkage ?? 1);
    end += defSize + (map.slots ?? 0);
    return { name: map.name, variable, offset, size: end - offset };
  });
  graph.datasec(
    changes.datasec ?? ".maps",
    end,
    placed.map(({ variable, offset, size }) => [variable, offset, size]),
  );
  graph.func("prog", graph.proto(types.u32, []));
  changes.types?.(types);
  const encoded = encodeBtf(graph.finish());
  const btf = changes.blob?.(encoded, new DataView(encoded.buffer)) ?? encoded;
  const insns = changes.insns ?? PROGRAM;
  const named = (list: readonly (readonly [number, string])[]): ObjectSection["relocations"] =>
    list.map(([offset, symbol]) => ({ offset, symbol, type: R_BPF_64_64 }));
  const sections: ObjectSection[] = [
    { name: "xdp", insns, relocations: named(changes.relocations ?? [[0, "M"]]) ?? [] },
    {
      name: ".maps",
      bytes: new Uint8Array(changes.mapBytes ?? end),
      ...(changes.slotRelocations === undefined ? {} : { relocations: named(changes.slotRelocations) ?? [] }),
    },
    { name: "license", bytes: new TextEncoder().encode("GPL\0") },
    { name: ".BTF", bytes: btf, flags: 0 },
    ...(changes.ext === undefined ? [] : [{ name: ".BTF.ext", bytes: changes.ext, flags: 0 }]),
    ...(changes.sections ?? []),
  ];
  const symbols: ObjectSymbol[] = [
    { name: "prog", section: "xdp", size: insns.length * 8, ...changes.program },
    ...placed.map(({ name, offset, size }) => ({
      name,
      section: ".maps",
      value: offset,
      size,
      ...changes.mapSymbol,
    })),
    ...(changes.symbols ?? []),
  ];
  const without = changes.without ?? [];
  return buildObject({ sections: sections.filter(({ name }) => !without.includes(name)), symbols });
}

/** The object with a symbol put into a section that is none: SHN_ABS, SHN_COMMON. Symbols count from 0, those that are not local. */
export function inSpecialSection(changes: Changes, symbol: number, section: number): Uint8Array {
  const bytes = drawObject(changes);
  const view = new DataView(bytes.buffer);
  // The symbol table is the last section but one.
  const header = Number(view.getBigUint64(40, true)) + (view.getUint16(60, true) - 2) * 64;
  const table = Number(view.getBigUint64(header + 24, true));
  view.setUint16(table + (symbol + 1) * 24 + 6, section, true);
  return bytes;
}
