import type { Btf } from "../btf/model.ts";
import type { DieRow, Dwarf, SourcePlace } from "../dwarf/model.ts";
import type { ElfView } from "../elf/model.ts";
import { lookup } from "./complete.ts";
import type { DialectName } from "./dialect.ts";
import { emitterOf } from "./emit.ts";
import { type Lowering, newLowering } from "./entries.ts";
import { paramsOf, subprogramNames, subprograms } from "./functions.ts";
import { membersOf } from "./members.ts";
import type { LoweredBtf, LoweredFunction, LoweredVariable } from "./model.ts";
import { textName, typeOf } from "./names.ts";
import { placeOf } from "./place.ts";
import { staticVariables } from "./variables.ts";
import { visitMapType, visitType } from "./visit.ts";

export interface LowerOptions {
  /** "rust" (default): what LLVM should have written. "llvm": what LLVM 22 writes. */
  readonly dialect?: DialectName;
}

/**
 * Lowers DWARF to BTF, in BTFDebug's order: map definitions, then the signatures of functions, then all other globals. Types that none
 * of these reach are lowered when `typeId` asks for them. Cost is linear in the DIEs reached; contradictory DWARF gives void in the
 * place of what cannot be said and never an error.
 */
export function lowerDwarf(dwarf: Dwarf, elf: ElfView, options: LowerOptions = {}): LoweredBtf {
  const lowering = newLowering(dwarf, elf.littleEndian, options.dialect ?? "rust");
  const emitter = emitterOf(lowering);
  const variables = [...staticVariables(dwarf, elf)];
  const functions = Array.from(subprograms(dwarf), (subprogram) => ({
    ...subprogram,
    returnType: typeOf(dwarf, subprogram.row),
    params: paramsOf(dwarf, subprogram.row),
  }));
  const inMaps = (section: number | undefined): boolean =>
    section !== undefined && (elf.sections[section]?.name.startsWith(".maps") ?? false);

  for (const variable of variables) {
    if (inMaps(variable.section)) visitMapType(lowering, variable.type);
  }
  for (const { params, returnType } of functions) {
    for (const param of params) visitType(lowering, typeOf(dwarf, param));
    visitType(lowering, returnType);
  }
  for (const variable of variables) {
    if (!inMaps(variable.section)) visitType(lowering, variable.type);
  }
  emitter.settle();

  // Whoever asks for one member asks for others too.
  const below = new Map<number, readonly (DieRow | undefined)[]>();
  const rowsBelow = (id: number): readonly (DieRow | undefined)[] => {
    const known = below.get(id) ?? memberRows(lowering, id);
    below.set(id, known);
    return known;
  };
  const idOf = (row: DieRow | undefined): number => lookup(lowering, { row });
  return {
    dwarf,
    variables: variables.map(
      ({ row, name, type, symbol, section, offset }): LoweredVariable => ({
        row,
        name,
        typeId: idOf(type),
        symbolName: symbol?.name,
        symbol: symbol?.index,
        section,
        offset,
        get place(): SourcePlace | undefined {
          return placeOf(dwarf, row);
        },
      }),
    ),
    functions: functions.map(
      ({ row, section, offset, returnType, params }): LoweredFunction => ({
        row,
        ...subprogramNames(dwarf, row),
        section,
        offset,
        returnTypeId: idOf(returnType),
        params: params.map((param) => ({
          name: textName(dwarf, param),
          typeId: idOf(typeOf(dwarf, param)),
          row: param,
        })),
        get place(): SourcePlace | undefined {
          return placeOf(dwarf, row);
        },
      }),
    ),
    typeId(row: DieRow | undefined): number {
      visitType(lowering, row);
      emitter.settle();
      return idOf(row);
    },
    rowOf: (id: number): DieRow | undefined => lowering.entries[id - 1]?.row,
    memberRow: (id: number, index: number): DieRow | undefined => rowsBelow(id)[index],
    btf: (): Btf => emitter.btf(),
  };
}

/** The DIEs of a record's members, of enumerators or of parameters. */
function memberRows(lowering: Lowering, id: number): readonly (DieRow | undefined)[] {
  const entry = lowering.entries[id - 1];
  if (entry?.entry === "composite") return membersOf(lowering, entry).map(({ row }) => row);
  if (entry?.entry === "enum") return entry.values;
  return entry?.entry === "proto" ? entry.params : [];
}
