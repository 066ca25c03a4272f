import type { Btf } from "../btf/model.ts";
import type { DieRow, Dwarf, SourcePlace } from "../dwarf/model.ts";

/** A variable with a place in the object: what BTFDebug makes a VAR of. */
export interface LoweredVariable {
  readonly row: DieRow;
  /** Id of its type in the lowered BTF, 0 if BTF has none. */
  readonly typeId: number;
  /** Name of the ELF symbol (not of the DIE), and its index; undefined when no symbol lies at the address. */
  readonly symbolName: string | undefined;
  readonly symbol: number | undefined;
  /** Section index and offset in bytes; undefined for an extern. */
  readonly section: number | undefined;
  readonly offset: number;
  readonly place: SourcePlace | undefined;
  /** Name as in the source (DW_AT_name). */
  readonly name: string;
}

export interface LoweredParam {
  /** "" if the source gives none. */
  readonly name: string;
  readonly typeId: number;
  readonly row: DieRow | undefined;
}

/** A function with code: what BTFDebug makes a FUNC of. */
export interface LoweredFunction {
  readonly row: DieRow;
  readonly name: string;
  readonly linkageName: string | undefined;
  readonly section: number;
  readonly offset: number;
  /** DW_AT_external. */
  readonly external: boolean;
  readonly returnTypeId: number;
  readonly params: readonly LoweredParam[];
  readonly place: SourcePlace | undefined;
}

/**
 * The second witness: the BTF that LLVM should have written, from DWARF. Types are lowered when they are first asked for, so an id,
 * once given, stays; `btf()` is the blob so far.
 */
export interface LoweredBtf {
  readonly dwarf: Dwarf;
  readonly variables: readonly LoweredVariable[];
  readonly functions: readonly LoweredFunction[];
  /** Lowers the type at a row (in full, members included) and returns its id; 0 for void. */
  typeId(row: DieRow | undefined): number;
  /** The DIE that an id came from; undefined for ids made without one (the array index type, anonymous wrappers). */
  rowOf(id: number): DieRow | undefined;
  /** The DIE of a member or enumerator, by its position in the lowered record. */
  memberRow(id: number, index: number): DieRow | undefined;
  btf(): Btf;
}
