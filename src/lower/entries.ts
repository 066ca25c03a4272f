import type { Btf, BtfReference, BtfType, Linkage } from "../btf/model.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { type Dialect, type DialectName, dialectOf } from "./dialect.ts";
import { type RowIds, rowIds } from "./row-ids.ts";
import type { Name, PlacedName } from "./strings.ts";

/** A type that a record refers to: by DIE, looked up at completion as BTFDebug does, or by an id that has no DIE of its own. */
export type TypeRef = { readonly row: DieRow | undefined } | { readonly id: number };

/** A member before completion; `bitOffset` from the start of the record, `bitfieldSize` 0 for a plain member. */
export interface MemberEntry {
  readonly row: DieRow | undefined;
  readonly name: Name;
  readonly bitOffset: number;
  readonly bitfieldSize: number;
  readonly type: TypeRef;
}

interface OfRow {
  readonly row: DieRow;
}

/** STRUCT or UNION; `size` in bytes. The row is undefined for a record that the dialect adds. */
export interface CompositeEntry {
  readonly entry: "composite";
  readonly row: DieRow | undefined;
  readonly kind: "struct" | "union";
  readonly size: number;
  /** Undefined: the elements of the DIE, read at completion (`membersOf`). */
  readonly members: readonly MemberEntry[] | undefined;
}

/** PTR, TYPEDEF, CONST, VOLATILE, RESTRICT; `target` is set where the base is not simply the DIE's own (tags, fixups). */
export interface ReferenceEntry extends OfRow {
  readonly entry: "reference";
  readonly kind: BtfReference["kind"];
  target: TypeRef;
}

/** What a pruned pointer refers to until it is bound. */
export const PRUNED: TypeRef = { id: 0 };

/** A parameter of a function: named, unlike those of a function pointer. */
export interface SignatureParam {
  readonly name: Name;
  type: TypeRef;
}

/** FUNC_PROTO of a function. */
export interface SignatureEntry {
  readonly entry: "signature";
  readonly row: undefined;
  returnType: TypeRef;
  readonly params: readonly SignatureParam[];
}

/** One entry of a DATASEC: the id of a VAR or extern FUNC, and the symbol that its offset word is relocated by. */
export interface DatasecItem {
  readonly id: number;
  readonly symbol: number | undefined;
  /** What the offset word holds before relocation, and the size; both in bytes. */
  readonly offset: number;
  readonly size: number;
}

/** A record taken over from the second witness because DWARF has no DIE for it; `ids` gives what its references mean here. */
export interface AdoptedEntry {
  readonly entry: "adopted";
  readonly row: undefined;
  readonly from: Btf;
  readonly type: BtfType;
  readonly ids: ReadonlyMap<number, TypeRef>;
}

/**
 * A type record in the making: its id is fixed when it is appended, its names and references are filled in at completion
 * (the BTFTypeBase classes of BTFDebug.h).
 */
export type Entry =
  | CompositeEntry
  | ReferenceEntry
  | ({ readonly entry: "basic" } & OfRow)
  | ({ readonly entry: "enum"; readonly values: readonly DieRow[] } & OfRow)
  | ({ readonly entry: "fwd"; readonly union: boolean; readonly name: Name } & OfRow)
  | ({ readonly entry: "array"; readonly element: TypeRef; readonly count: number } & OfRow)
  | ({ readonly entry: "proto"; readonly params: readonly DieRow[] } & OfRow)
  | {
      readonly entry: "declTag";
      readonly row: DieRow | undefined;
      readonly owner: number;
      readonly component: number;
      readonly tag: string | Uint8Array;
    }
  | ({ readonly entry: "typeTag"; readonly target: TypeRef; readonly tag: string } & OfRow)
  | { readonly entry: "index"; readonly row: undefined }
  | SignatureEntry
  | {
      readonly entry: "func" | "var";
      readonly row: DieRow | undefined;
      readonly name: Name;
      readonly type: TypeRef;
      readonly linkage: Linkage;
    }
  | {
      readonly entry: "datasec";
      readonly row: undefined;
      readonly name: string;
      readonly items: readonly DatasecItem[];
    }
  | AdoptedEntry;

/** A record that pointers were pruned at: its name, and the ids of the references that wait for it. */
export interface PrunedRecord {
  readonly name: PlacedName;
  readonly references: number[];
}

/** The state of one lowering: BTFDebug's tables. */
export interface Lowering {
  readonly dwarf: Dwarf;
  readonly dialect: Dialect;
  readonly littleEndian: boolean;
  /** `entries[n]` has id n + 1. */
  readonly entries: Entry[];
  /** Id of each DIE that was visited; 0 for one that BTF cannot express. */
  readonly ids: RowIds;
  /** DIEs whose visit has begun but that get their id only after their parts: guards against types inside themselves. */
  readonly open: Set<DieRow>;
  /** DIEs that were visited as parts of a map definition. */
  readonly mapped: Set<DieRow>;
  /** Whether a DIE has annotations, for those that were asked. */
  readonly annotated: Map<DieRow, boolean>;
  /** Id of `__ARRAY_SIZE_TYPE__`, 0 until the first array. */
  indexType: number;
  /** Pruned pointees by DIE. */
  readonly waiting: Map<DieRow, PrunedRecord>;
}

/** A lowering in which nothing has been visited yet. */
export function newLowering(dwarf: Dwarf, littleEndian: boolean, dialect: DialectName): Lowering {
  return {
    dwarf,
    dialect: dialectOf(dialect),
    littleEndian,
    entries: [],
    ids: rowIds(dwarf.count),
    open: new Set(),
    mapped: new Set(),
    annotated: new Map(),
    indexType: 0,
    waiting: new Map(),
  };
}

/** Appends an entry and returns its id; its DIE, if given, is registered under it (BTFDebug::addType). */
export function addEntry(lowering: Lowering, entry: Entry, register: DieRow | undefined): number {
  lowering.entries.push(entry);
  const id = lowering.entries.length;
  if (register !== undefined) lowering.ids.set(register, id);
  return id;
}
