import { BtfBuilder } from "../../src/btf/builder.ts";
import type { BtfExt, ExtTable } from "../../src/btf/ext-model.ts";
import { type Btf, type BtfType, LINKAGE_EXTERN, typeById, typesWithIds } from "../../src/btf/model.ts";
import { nameBytes, nameText } from "../../src/btf/names.ts";
import { mapNames, mapReferences, references } from "../../src/btf/walk.ts";
import type { Witness } from "../../src/lower/witness.ts";

/** Kinds whose ids keep their relative order: VARs, literals, externs and their tags are what the witness tells the order of. */
function isOrdered(type: BtfType): boolean {
  const { kind } = type;
  return (
    kind === "var" || kind === "array" || kind === "declTag" || (kind === "func" && type.linkage === LINKAGE_EXTERN)
  );
}

/** Ids that a fact says something of: roots of CO-RE records and prototypes of externs, and what names these. */
function facts({ btf, ext }: Witness, inDwarf: ReadonlySet<string>): ReadonlySet<number> {
  const kept = new Set<number>();
  const todo: number[] = [];
  for (const { records } of ext?.coreRelo?.sections ?? []) todo.push(...records.map((record) => record.typeId));
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind === "func" && type.linkage === LINKAGE_EXTERN) todo.push(id);
  }
  // String literals are known by the length of their type.
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind === "array" && typeById(btf, type.type)?.kind === "int") kept.add(id).add(type.type);
  }
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    const type = typeById(btf, id);
    if (type === undefined || kept.has(id)) continue;
    kept.add(id);
    // A name says which type it is; below it nothing counts, unless DWARF knows no such type.
    if (!inDwarf.has(nameText(btf, type.nameOff))) todo.push(...references(type));
  }
  return kept;
}

function withNoise(type: BtfType, next: () => number): BtfType {
  switch (type.kind) {
    case "int":
      return { ...type, size: next(), bits: next() % 256, encoding: next() % 8 };
    case "float":
      return { ...type, size: next() };
    case "struct":
    case "union":
      return {
        ...type,
        size: next(),
        members: type.members
          .slice(next() % (type.members.length + 1))
          .map((member) => ({ ...member, bitOffset: next() })),
      };
    case "enum":
      return { ...type, size: next(), values: type.values.map((value) => ({ ...value, value: next() })) };
    case "enum64":
      return { ...type, size: next(), values: type.values.map((value) => ({ ...value, value: BigInt(next()) })) };
    case "array":
      return { ...type, nelems: next() };
    case "datasec":
      return { ...type, size: next(), entries: type.entries.map((e) => ({ ...e, offset: next(), size: next() })) };
    default:
      return type;
  }
}

/** Kinds whose names tie a fact to its place. */
const KEYS: ReadonlySet<BtfType["kind"]> = new Set(["var", "func", "datasec", "declTag"]);

/**
 * The witness with its ids permuted, and with noise in the place of everything that is no fact. `inDwarf` are the names of DWARF's
 * types: of others the witness is the only one to tell.
 */
export function scrambled(witness: Witness, inDwarf: ReadonlySet<string>, noise: Iterable<number>): Witness {
  const { btf, ext } = witness;
  const source = noise[Symbol.iterator]();
  const next = (): number => Number(source.next().value ?? 0) >>> 0;
  const kept = facts(witness, inDwarf);
  const protos = new Set(btf.types.flatMap((type) => (type.kind === "func" ? [type.type] : [])));
  const ids = permutation(btf, next);
  const order = [...ids].sort(([, a], [, b]) => a - b).map(([id]) => id);
  const builder = BtfBuilder.empty(btf.littleEndian);
  const strings = new Map<number, number>();
  const keep = (offset: number): number => builder.string(nameBytes(btf, offset) ?? "");
  for (const id of order) {
    const type = typeById(btf, id);
    if (type === undefined) continue;
    // Names of parameters say which of them DWARF lacks.
    const isFact = kept.has(id);
    const named = isFact || protos.has(id) || KEYS.has(type.kind);
    const renamed = mapNames(
      isFact && (type.kind === "array" || !inDwarf.has(nameText(btf, type.nameOff))) ? type : withNoise(type, next),
      (offset) => (named || offset === 0 ? keep(offset) : builder.string(`noise${next() % 64}`)),
    );
    builder.add(mapReferences(renamed, (target) => ids.get(target) ?? 0));
  }
  const moved = (offset: number): number => {
    const known = strings.get(offset) ?? keep(offset);
    strings.set(offset, known);
    return known;
  };
  const scrambledExt = ext && movedExt(ext, moved, (id) => ids.get(id) ?? 0);
  return { btf: builder.finish(), ext: scrambledExt };
}

/** New id of each id: any order, but ordered kinds among themselves as before. */
function permutation(btf: Btf, next: () => number): Map<number, number> {
  const shuffled = btf.types.map((_, index) => ({ id: index + 1, key: next() })).sort((a, b) => a.key - b.key);
  const ordered = [...typesWithIds(btf)].flatMap(([id, type]) => (isOrdered(type) ? [id] : [])).values();
  return new Map(
    shuffled.map(({ id }, index) => {
      const type = typeById(btf, id);
      return [type !== undefined && isOrdered(type) ? (ordered.next().value ?? id) : id, index + 1];
    }),
  );
}

function movedExt(ext: BtfExt, name: (offset: number) => number, id: (id: number) => number): BtfExt {
  const table = <Rec>(records: ExtTable<Rec> | undefined, move: (record: Rec) => Rec): ExtTable<Rec> | undefined =>
    records && {
      ...records,
      sections: records.sections.map((section) => ({
        secNameOff: name(section.secNameOff),
        records: section.records.map(move),
      })),
    };
  return {
    ...ext,
    funcInfo: table(ext.funcInfo, (record) => ({ ...record, typeId: id(record.typeId) })),
    lineInfo: table(ext.lineInfo, (record) => ({
      ...record,
      fileNameOff: name(record.fileNameOff),
      lineOff: name(record.lineOff),
    })),
    coreRelo: table(ext.coreRelo, (record) => ({
      ...record,
      typeId: id(record.typeId),
      accessStrOff: name(record.accessStrOff),
    })),
  };
}
