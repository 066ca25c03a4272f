import type { DieRow, SourcePlace } from "../dwarf/model.ts";
import type { LoweredBtf, LoweredFunction, LoweredVariable } from "../lower/model.ts";
import type { Naming } from "./names.ts";

/**
 * What ties the two witnesses together: the object's own `.BTF` and the lowered one. Pairs are found from the places where both name
 * one thing of the ELF file (VAR ↔ symbol, FUNC ↔ section + offset) and from there by structure; a pair never rests on a DWARF name.
 */
export interface Correspondence {
  readonly lowered: LoweredBtf;
  /** Which names were taken for equal. */
  readonly naming: Naming;
  /** Lowered counterpart of an own type. */
  loweredId(ownId: number): number | undefined;
  /** Own types that are this lowered type, lowest id first. */
  ownIds(loweredId: number): readonly number[];
  /** The variable behind an own VAR, and the function behind an own FUNC. */
  variable(ownVarId: number): LoweredVariable | undefined;
  function(ownFuncId: number): LoweredFunction | undefined;
  /** The DIE of an own type, or of one of its members. */
  row(ownId: number, member?: number): DieRow | undefined;
  /** Where the source says it, for messages. */
  place(ownId: number, member?: number): SourcePlace | undefined;
}
