import { type BtfKind, KIND_NUMBER } from "../model.ts";

/** Number of words that every record starts with, and which is which. */
export const BASE_WORDS = 3;
export const NAME = 0;
export const INFO = 1;
export const SIZE_OR_TYPE = 2;

/** kind_flag in the info word: FWD of a union. */
export const KIND_FLAG = 0x8000_0000;

/**
 * Where a kind keeps ids, or names, after the base words: at word `first` of the record and every `distance` words from there,
 * up to `trailing` words before its end. A distance of 0 means none.
 */
export interface Column {
  readonly first: number;
  readonly distance: number;
  readonly trailing: number;
}

const NONE: Column = { first: 0, distance: 0, trailing: 0 };
const MEMBER_IDS: Column = { first: 4, distance: 3, trailing: 0 };
const WIDE_NAMES: Column = { first: 3, distance: 3, trailing: 0 };
const NARROW_NAMES: Column = { first: 3, distance: 2, trailing: 0 };

function byNumber<T>(table: Readonly<Partial<Record<BtfKind, T>>>, otherwise: T): readonly T[] {
  const list = new Array<T>(Math.max(...Object.values(KIND_NUMBER)) + 1).fill(otherwise);
  for (const [kind, value] of Object.entries(table)) list[KIND_NUMBER[kind as BtfKind]] = value;
  return list;
}

/** Ids after the base words, by kind as numbered on the wire. The last word of an ARRAY is its length. */
export const ID_COLUMNS: readonly Column[] = byNumber<Column>(
  {
    array: { first: 3, distance: 1, trailing: 1 },
    struct: MEMBER_IDS,
    union: MEMBER_IDS,
    funcProto: { first: 4, distance: 2, trailing: 0 },
    datasec: { first: 3, distance: 3, trailing: 0 },
  },
  NONE,
);

/** Names after the base words, by kind as numbered on the wire. */
export const NAME_COLUMNS: readonly Column[] = byNumber<Column>(
  { struct: WIDE_NAMES, union: WIDE_NAMES, enum: NARROW_NAMES, enum64: WIDE_NAMES, funcProto: NARROW_NAMES },
  NONE,
);

/** By kind as numbered on the wire: 1 where the third base word is an id, 0 where it is a size. */
export const HEAD_IDS: readonly number[] = byNumber<number>(
  {
    ptr: 1,
    typedef: 1,
    volatile: 1,
    const: 1,
    restrict: 1,
    func: 1,
    funcProto: 1,
    var: 1,
    declTag: 1,
    typeTag: 1,
  },
  0,
);

/** The column of a kind; none for void. */
export function columnOf(columns: readonly Column[], kind: number): Column {
  return columns[kind] ?? NONE;
}
