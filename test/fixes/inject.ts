import fc from "fast-check";
import { BtfBuilder } from "../../src/btf/builder.ts";
import { type Btf, type BtfType, typeById, typesWithIds } from "../../src/btf/model.ts";
import { sizeOf } from "../../src/btf/walk.ts";

/** Random numbers that a defect is made from; each is reduced to what the blob offers. */
export interface DefectDraft {
  readonly kind: number;
  readonly pick: number;
  readonly more: number;
}

export const defectDraft: fc.Arbitrary<DefectDraft> = fc.record({
  kind: fc.nat(),
  pick: fc.nat(),
  more: fc.nat(),
});

/** A blob with defects, and the ids of the types that a repair must change. */
export interface Injected {
  readonly btf: Btf;
  readonly spoiled: ReadonlySet<number>;
}

/** Names that some kernel refuses, the first ones every kernel. */
const BAD_NAMES: readonly (string | Uint8Array)[] = [
  "A<u32>",
  "größe",
  "1st",
  "{closure#0}",
  "&str",
  "(u8, [u16; 4])",
  `Outer<${"krate::Inner, ".repeat(20)}12>`,
  `${"x".repeat(120)}::${"y".repeat(120)}`,
  "b".repeat(600),
  Uint8Array.from([0x61, 0x80, 0xff]),
];
/** Names that kernels take from 6.1 on, if not before. */
const ODD_NAMES: readonly (string | Uint8Array)[] = [
  "a.b",
  ".hidden",
  "n".repeat(129),
  "n".repeat(512),
  Uint8Array.from([0xe9]),
];

function at<T>(list: readonly T[], seed: number): T | undefined {
  return list[seed % list.length];
}

type Spoil = (builder: BtfBuilder, btf: Btf, draft: DefectDraft) => number | undefined;

type OfKind<K extends BtfType["kind"]> = BtfType extends infer T
  ? T extends { readonly kind: infer Own }
    ? K extends Own
      ? T
      : never
    : never
  : never;

/** One of the types, as the builder now has it, of these kinds that fits. */
function pick<K extends BtfType["kind"]>(
  btf: Btf,
  builder: BtfBuilder,
  kinds: readonly K[],
  seed: number,
  fits: (type: OfKind<K>) => boolean = () => true,
): readonly [id: number, type: OfKind<K>] | undefined {
  const isOfKind = (type: BtfType | undefined): type is BtfType & OfKind<K> =>
    type !== undefined && kinds.some((kind) => kind === type.kind);
  const found: [number, OfKind<K>][] = [];
  for (const [id] of typesWithIds(btf)) {
    const type = builder.get(id);
    if (isOfKind(type) && fits(type)) found.push([id, type]);
  }
  return at(found, seed);
}

/** Gives something that must be an identifier one of these names. */
const rename =
  (names: readonly (string | Uint8Array)[]): Spoil =>
  (builder, btf, draft) => {
    const own = ["struct", "union", "enum", "enum64", "fwd", "typedef", "func", "funcProto"] as const;
    const [id, type] = pick(btf, builder, own, draft.pick) ?? [];
    if (id === undefined || type === undefined) return undefined;
    const nameOff = builder.string(at(names, draft.more) ?? "");
    const put = <T extends { readonly nameOff: number }>(list: readonly T[]): readonly T[] => {
      const place = draft.kind % Math.max(1, list.length);
      return list.map((item, index) => (index === place ? { ...item, nameOff } : item));
    };
    const inner = draft.pick % 2 === 0;
    if (type.kind === "funcProto") {
      if (type.params.length === 0) return undefined;
      builder.replace(id, { ...type, params: put(type.params) });
    } else if ((type.kind === "struct" || type.kind === "union") && inner && type.members.length > 0) {
      builder.replace(id, { ...type, members: put(type.members) });
    } else if (type.kind === "enum" && inner && type.values.length > 0) {
      builder.replace(id, { ...type, values: put(type.values) });
    } else if (type.kind === "enum64" && inner && type.values.length > 0) {
      builder.replace(id, { ...type, values: put(type.values) });
    } else builder.replace(id, { ...type, nameOff });
    return id;
  };

const nameNameless: Spoil = (builder, btf, draft) => {
  const kinds = ["ptr", "const", "volatile", "restrict", "array", "funcProto"] as const;
  const [id, type] = pick(btf, builder, kinds, draft.pick) ?? [];
  if (id === undefined || type === undefined) return undefined;
  builder.replace(id, { ...type, nameOff: builder.string("*const u32") });
  return id;
};

const emptyName: Spoil = (builder, btf, draft) => {
  const [id, type] = pick(btf, builder, ["struct", "union", "enum", "enum64"], draft.pick) ?? [];
  if (id === undefined || type === undefined) return undefined;
  builder.replace(id, { ...type, nameOff: builder.string("end") + 3 });
  return id;
};

const unsort: Spoil = (builder, btf, draft) => {
  const isSpread = (type: { readonly members: readonly { readonly bitOffset: number }[] }): boolean =>
    new Set(type.members.map(({ bitOffset }) => bitOffset)).size > 1;
  const [id, type] = pick(btf, builder, ["struct"], draft.pick, isSpread) ?? [];
  if (id === undefined || type === undefined) return undefined;
  const turn = draft.more % type.members.length;
  const members = [...type.members.slice(turn), ...type.members.slice(0, turn)].reverse();
  // A tag on each member in its new place, so that it can be told whether tags follow.
  members.forEach((_, component) => {
    builder.add({ kind: "declTag", nameOff: builder.string("t"), type: id, component, attribute: false });
  });
  builder.replace(id, { ...type, members });
  return id;
};

const unnameParam: Spoil = (builder, btf, draft) => {
  const hasParams = (proto: BtfType | undefined): boolean => proto?.kind === "funcProto" && proto.params.length > 0;
  const [, func] = pick(btf, builder, ["func"], draft.pick, (type) => hasParams(builder.get(type.type))) ?? [];
  const proto = func === undefined ? undefined : builder.get(func.type);
  if (func === undefined || proto?.kind !== "funcProto") return undefined;
  const place = draft.more % proto.params.length;
  const params = proto.params.map((param, index) => (index === place ? { ...param, nameOff: 0 } : param));
  builder.replace(func.type, { ...proto, params });
  return func.type;
};

const unit: Spoil = (builder, _btf, { more }) => {
  const int = (name: string, size: number): number =>
    builder.add({ kind: "int", nameOff: builder.string(name), size, bits: size * 8, bitOffset: 0, encoding: 0 });
  const id = int("()", 0);
  const inArray = more % 2 === 0;
  const direct = more % 3 === 0 ? builder.add({ kind: "const", nameOff: 0, type: id }) : id;
  const type = inArray
    ? builder.add({ kind: "array", nameOff: 0, type: direct, indexType: int("u32", 4), nelems: more % 5 })
    : direct;
  const members = [{ nameOff: builder.string("none"), type, bitOffset: 64, bitfieldSize: 0 }];
  builder.add({ kind: "struct", nameOff: builder.string("Slot"), size: 8, bitfields: false, members });
  return id;
};

const pack: Spoil = (builder, _btf, { more }) => {
  const size = at([2, 4, 8, 12, 16], more) ?? 4;
  const float = builder.add({ kind: "float", nameOff: builder.string("f"), size });
  const type = more % 2 === 0 ? float : builder.add({ kind: "typedef", nameOff: builder.string("F"), type: float });
  const member = (bytes: number) => ({ nameOff: builder.string("f"), type, bitOffset: bytes * 8, bitfieldSize: 0 });
  const members = [member(0), member(size + 1)];
  const kind = { kind: "struct", nameOff: builder.string("Packed"), bitfields: false } as const;
  return builder.add({ ...kind, size: 2 * size + 1, members });
};

/** Moves a member of an existing UNION to its end. */
const niche: Spoil = (builder, btf, draft) => {
  const room = (size: number, type: number): number => size - (sizeOf(btf, type) ?? size);
  const fits = (union: { readonly size: number; readonly members: readonly { readonly type: number }[] }): boolean =>
    union.members.some(({ type }) => room(union.size, type) > 0);
  const [id, union] = pick(btf, builder, ["union"], draft.pick, fits) ?? [];
  if (id === undefined || union === undefined) return undefined;
  const place = union.members.findIndex(({ type }) => room(union.size, type) > 0);
  const members = union.members.map((member, index) =>
    index === place ? { ...member, bitOffset: room(union.size, member.type) * 8 } : member,
  );
  builder.replace(id, { ...union, members });
  return id;
};

/** Makes an entry of a section smaller than its variable. */
const shrink: Spoil = (builder, btf, draft) => {
  const [id, datasec] = pick(btf, builder, ["datasec"], draft.pick, ({ entries }) => entries.length > 0) ?? [];
  if (id === undefined || datasec === undefined) return undefined;
  const place = draft.more % datasec.entries.length;
  const size = draft.kind % Math.max(1, datasec.entries[place]?.size ?? 0);
  builder.replace(id, {
    ...datasec,
    entries: datasec.entries.map((entry, index) => (index === place ? { ...entry, size } : entry)),
  });
  return id;
};

const SPOILS: readonly Spoil[] = [
  rename(BAD_NAMES),
  rename(BAD_NAMES),
  rename(ODD_NAMES),
  nameNameless,
  emptyName,
  unsort,
  unnameParam,
  unit,
  pack,
  niche,
  shrink,
];

/** The blob with the defects of these drafts, as far as it offers something to spoil. */
export function inject(btf: Btf, drafts: readonly DefectDraft[]): Injected {
  const builder = new BtfBuilder(btf);
  const spoiled = new Set<number>();
  for (const draft of drafts) {
    const id = at(SPOILS, draft.kind)?.(builder, btf, draft);
    if (id !== undefined) spoiled.add(id);
  }
  return { btf: builder.finish(), spoiled };
}

/** Ids that a repair may write to: the spoiled ones, what hangs on them by position, and variables of spoiled sections. */
export function mayChange({ btf, spoiled }: Injected): ReadonlySet<number> {
  const ids = new Set(spoiled);
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind === "declTag" && spoiled.has(type.type)) ids.add(id);
    if (type.kind !== "datasec" || !spoiled.has(id)) continue;
    for (const entry of type.entries) if (typeById(btf, entry.type)?.kind === "var") ids.add(entry.type);
  }
  return ids;
}
