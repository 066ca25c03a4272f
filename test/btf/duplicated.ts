import fc from "fast-check";
import type { BtfExt, ExtTable } from "../../src/btf/ext-model.ts";
import type { Btf, BtfType } from "../../src/btf/model.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { mapReferences } from "../../src/btf/walk.ts";
import { assemble, stringTable } from "./assemble.ts";
import { type Draft, plausibleRecords } from "./plausible.ts";

/** How one unit's copy of the types differs from the others. */
interface UnitSeed {
  /** What the order of its types is made from. */
  readonly order: number;
  /** One type in so many is declared only, or changed, or there twice; 0 for none. */
  readonly forward: number;
  readonly change: number;
  readonly twice: number;
  /** What is chosen with it: which types these are, and how they change. */
  readonly salt: number;
}

export interface DuplicatedOptions {
  /** Both byte orders by default. */
  readonly littleEndian?: boolean;
}

/** Structs, what leads to them, and enums, more often than the rest; VARs and DATASECs, which stay as they are, less often. */
const kinds = [
  2, 2, 2, 2, 3, 3, 4, 4, 4, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 8, 9, 10, 11, 12, 13, 13, 16, 17, 18, 19, 1, 14, 15,
];
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const draft: fc.Arbitrary<Draft> = fc.record({
  kind: fc.constantFrom(...kinds),
  flag: fc.boolean(),
  name: u32,
  pick: u32,
  list: fc.array(fc.tuple(u32, u32, u32), { maxLength: 4 }),
});

const rarely = fc.constantFrom(0, 0, 2, 3, 5, 9);
const unitSeed: fc.Arbitrary<UnitSeed> = fc.record({
  order: u32,
  forward: rarely,
  change: rarely,
  twice: rarely,
  salt: u32,
});

/**
 * Blobs as a linker that only concatenates would make them: the types of one program several times over, each time in another
 * order, with structs and enums that are only declared here and there, others that differ though their name is the same, and
 * types that are there twice within a unit. Few names, so that they meet.
 */
export function arbitraryDuplicated(options: DuplicatedOptions = {}): fc.Arbitrary<Btf> {
  const littleEndian = options.littleEndian === undefined ? fc.boolean() : fc.constant(options.littleEndian);
  const names = fc.integer({ min: 1, max: 9 }).map((count) => [..."abcdefghi"].slice(0, count));
  const drafts = fc.array(draft, { minLength: 2, maxLength: 40, size: "max" });
  const units = fc.array(unitSeed, { minLength: 2, maxLength: 5, size: "max" });
  return fc.tuple(littleEndian, names, drafts, units).map(([order, list, seeds, unitSeeds]) => {
    const { bytes, offsets } = stringTable(list);
    const records = plausibleRecords(seeds, offsets);
    const one = parseBtf(assemble({ littleEndian: order, records, strings: bytes }));
    return { ...one, types: joinUnits(unitSeeds.map((seed) => makeUnit(one.types, seed))) };
  });
}

/** Types whose ids count from 1 in each list, one list after the other. */
export function joinUnits(units: readonly (readonly BtfType[])[]): BtfType[] {
  const types: BtfType[] = [];
  for (const unit of units) {
    const before = types.length;
    for (const type of unit) types.push(mapReferences(type, (id) => (id === 0 ? 0 : id + before)));
  }
  return types;
}

/** The same types in another order, references following. */
export function shuffled(types: readonly BtfType[], seed: number): BtfType[] {
  const order = types.map((_, index) => index).sort((a, b) => scramble(a, seed) - scramble(b, seed) || a - b);
  const newIds = new Uint32Array(types.length + 1);
  order.forEach((old, index) => {
    newIds[old + 1] = index + 1;
  });
  return order.flatMap((old) => {
    const type = types[old];
    return type === undefined ? [] : [mapReferences(type, (id) => newIds[id] ?? 0)];
  });
}

/** A number that looks random and depends on both; 32 bits. */
export function scramble(value: number, seed: number): number {
  let x = Math.imul(value ^ (seed >>> 3) ^ 0x5bd1_e995, 0x85eb_ca6b) ^ seed;
  x = Math.imul(x ^ (x >>> 15), 0xc2b2_ae35);
  return (x ^ (x >>> 13)) >>> 0;
}

function makeUnit(types: readonly BtfType[], seed: UnitSeed): BtfType[] {
  const chosen = (id: number, oneIn: number, salt: number): boolean =>
    oneIn !== 0 && scramble(id, seed.salt ^ salt) % oneIn === 0;
  const unit = types.map((type, index) => {
    if (chosen(index, seed.forward, 1)) return declared(type);
    return chosen(index, seed.change, 2) ? changed(type, scramble(index, seed.salt)) : type;
  });
  const clones = new Map<number, number>();
  types.forEach((type, index) => {
    if (!chosen(index, seed.twice, 3) || type.kind === "var" || type.kind === "datasec") return;
    clones.set(index + 1, unit.length + 1);
    unit.push(unit[index] ?? type);
  });
  let turn = 0;
  // A FUNC's prototype too may be the second one, which is a FUNC_PROTO as well.
  const spread = unit.map((type) =>
    mapReferences(type, (id) => (scramble(turn++, seed.salt) % 2 === 0 ? (clones.get(id) ?? id) : id)),
  );
  return shuffled(spread, seed.order);
}

function declared(type: BtfType): BtfType {
  switch (type.kind) {
    case "struct":
    case "union":
      return { kind: "fwd", nameOff: type.nameOff, union: type.kind === "union" };
    case "enum":
    case "enum64":
      return { ...type, values: [] };
    default:
      return type;
  }
}

function changed(type: BtfType, seed: number): BtfType {
  switch (type.kind) {
    case "struct":
    case "union":
      if (seed % 3 === 0) return { ...type, size: type.size + 8 };
      return { ...type, members: type.members.map((member) => ({ ...member, nameOff: type.nameOff })) };
    case "enum":
      return { ...type, values: type.values.map((value) => ({ ...value, value: seed % 4 })) };
    case "typedef":
    case "fwd":
    case "func":
      return { ...type, nameOff: seed % 2 === 0 ? 0 : 1 };
    case "array":
      return { ...type, nelems: seed % 3 };
    case "ptr":
      return { ...type, type: 1 + (seed % 2) };
    default:
      return type;
  }
}

/** Such a blob with a `.BTF.ext` whose records refer to its types and its strings at random. */
export function arbitraryReferring(options: DuplicatedOptions = {}): fc.Arbitrary<{ btf: Btf; ext: BtfExt }> {
  const rows = fc.array(fc.tuple(u32, u32, u32), { minLength: 1, maxLength: 4 });
  const table = fc.option(fc.array(fc.tuple(u32, rows), { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 5 });
  return (
    fc
      .tuple(arbitraryDuplicated(options), table, table, table)
      // libbpf refuses a section without any table.
      .filter(([, ...tables]) => tables.some((rows) => rows !== undefined))
      .map(([btf, first, second, third]) => ({ btf, ext: referring(btf, [first, second, third]) }))
  );
}

type Rows = readonly (readonly [name: number, rows: readonly (readonly [number, number, number])[]])[];

function referring(btf: Btf, [funcs, lines, relocations]: readonly (Rows | undefined)[]): BtfExt {
  const name = (seed: number): number => seed % btf.strings.bytes.length;
  const typeId = (seed: number): number => seed % (btf.types.length + 1);
  const table = <Rec>(
    rows: Rows | undefined,
    recordSize: number,
    record: (row: readonly [number, number, number], index: number) => Rec,
  ): ExtTable<Rec> | undefined =>
    rows && { recordSize, sections: rows.map(([a, list]) => ({ secNameOff: name(a), records: list.map(record) })) };
  return {
    littleEndian: btf.littleEndian,
    version: 1,
    flags: 0,
    header: new Uint8Array(24),
    funcInfo: table(funcs, 8, ([a], index) => ({ insnOff: index * 8, typeId: typeId(a) })),
    lineInfo: table(lines, 16, ([a, b, lineCol], index) => ({
      insnOff: index * 8,
      fileNameOff: name(a),
      lineOff: name(b),
      lineCol,
    })),
    coreRelo: table(relocations, 16, ([a, b, c], index) => ({
      insnOff: index * 8,
      typeId: typeId(a),
      accessStrOff: name(b),
      kind: c % 13,
    })),
  };
}
