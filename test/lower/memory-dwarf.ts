import { AT, TAG } from "../../src/dwarf/constants.ts";
import type { DieRow, Dwarf, DwarfAddress, DwarfUnit, LinkedDie } from "../../src/dwarf/model.ts";

/** A reference to the DIE with this label. */
export interface Ref {
  readonly ref: string;
}

export type Value = number | bigint | string | boolean | Uint8Array | Ref | DwarfAddress;

/** A DIE by hand: attributes by DW_AT_* number. */
export interface Node {
  readonly tag: number;
  readonly label?: string;
  readonly attributes?: ReadonlyMap<number, Value>;
  readonly children?: readonly Node[];
}

interface Row {
  readonly node: Node;
  readonly parent: DieRow | undefined;
  readonly children: DieRow[];
  /** Row behind the last descendant. */
  end: number;
}

/** Short form: `die("structureType", { name: "S", byteSize: 8 }, children, label)`. */
export function die(
  tag: keyof typeof TAG,
  attributes: { readonly [Name in keyof typeof AT]?: Value } = {},
  children: readonly Node[] = [],
  label?: string,
): Node {
  const entries = Object.entries(attributes).map(([name, value]): [number, Value] => [
    AT[name as keyof typeof AT],
    value,
  ]);
  return { tag: TAG[tag], attributes: new Map(entries), children, ...(label === undefined ? {} : { label }) };
}

export function ref(label: string): Ref {
  return { ref: label };
}

/** A `Dwarf` of one unit over hand-made DIEs; references to unknown labels are dangling. */
export function memoryDwarf(nodes: readonly Node[]): Dwarf {
  const rows: Row[] = [];
  const labels = new Map<string, DieRow>();
  const add = (node: Node, parent: DieRow | undefined): void => {
    const row = rows.length;
    const own: Row = { node, parent, children: [], end: 0 };
    rows.push(own);
    if (parent !== undefined) rows[parent]?.children.push(row);
    if (node.label !== undefined) labels.set(node.label, row);
    for (const child of node.children ?? []) add(child, row);
    own.end = rows.length;
  };
  add({ tag: TAG.compileUnit, children: nodes }, undefined);
  const unit: DwarfUnit = {
    offset: 0,
    version: 5,
    row: 0,
    end: rows.length,
    name: "memory.rs",
    compDir: "/src",
    producer: "by hand",
    language: 0x1c,
  };
  const value = (row: DieRow, attribute: number): Value | undefined => rows[row]?.node.attributes?.get(attribute);
  const text = (row: DieRow, attribute: number): string | undefined => {
    const found = value(row, attribute);
    return typeof found === "string" ? found : undefined;
  };
  const address = (row: DieRow, attribute: number): DwarfAddress | undefined => {
    const found = value(row, attribute);
    return typeof found === "object" && "offset" in found ? found : undefined;
  };
  const reference = (row: DieRow, attribute: number): DieRow | undefined => {
    const found = value(row, attribute);
    return typeof found === "object" && "ref" in found ? labels.get(found.ref) : undefined;
  };
  return {
    units: [unit],
    count: rows.length,
    offset: (row) => row,
    rowAt: (offset) => (rows[offset] === undefined ? undefined : offset),
    tag: (row) => rows[row]?.node.tag ?? 0,
    parent: (row) => rows[row]?.parent,
    behind: (row) => rows[row]?.end ?? rows.length,
    hasChildren: (row) => (rows[row]?.children.length ?? 0) > 0,
    children: (row) => rows[row]?.children ?? [],
    tagged: (tag) => rows.flatMap(({ node }, row) => (node.tag === tag ? [row] : [])),
    linked: () =>
      rows.flatMap(({ node: { tag } }, row): LinkedDie[] => {
        if (tag !== TAG.subprogram && tag !== TAG.variable) return [];
        const place = address(row, tag === TAG.variable ? AT.location : AT.lowPc);
        const declaration = value(row, AT.declaration) === true;
        return place !== undefined || declaration ? [{ row, address: place, declaration }] : [];
      }),
    unitOf: () => unit,
    name: (row) => text(row, AT.name),
    nameBytes: (row) => {
      const name = text(row, AT.name);
      return name === undefined ? undefined : new TextEncoder().encode(name);
    },
    namePlace: () => undefined,
    namePlaces: 0,
    linkageName: (row) => text(row, AT.linkageName),
    type: (row) => reference(row, AT.type),
    reference,
    has: (row, attribute) => value(row, attribute) !== undefined,
    flag: (row, attribute) => value(row, attribute) === true,
    number: (row, attribute) => {
      const found = value(row, attribute);
      return typeof found === "number" ? found : undefined;
    },
    bigint: (row, attribute) => {
      const found = value(row, attribute);
      if (typeof found === "number") return BigInt(Math.trunc(found));
      return typeof found === "bigint" ? found : undefined;
    },
    string: text,
    expression: () => undefined,
    lowPc: (row) => address(row, AT.lowPc),
    staticAddress: (row) => address(row, AT.location),
    pieces: () => [],
    codeLength: (row) => (address(row, AT.lowPc) === undefined ? undefined : 8),
    place: () => undefined,
    files: () => [],
    release: () => {},
    lines: () => ({
      length: 0,
      section: new Uint32Array(0),
      offset: new Uint32Array(0),
      row: () => undefined,
      source: () => undefined,
    }),
  };
}
