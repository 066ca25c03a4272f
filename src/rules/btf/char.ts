import { type Btf, typeById, typesWithIds } from "../../btf/model.ts";
import { nameBytes } from "../../btf/names.ts";
import { AT, ATE, TAG } from "../../dwarf/constants.ts";
import type { Correspondence } from "../../join/model.ts";
import { comparableName } from "../../join/names.ts";
import type { LoweredBtf } from "../../lower/model.ts";
import { kernelDrops } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { strayTwins } from "../stray.ts";

/** BTF_INT_SIGNED. */
const INT_SIGNED = 1;

/** A reference that LLVM left empty or filled with chance where the source says `char`. */
export interface CharSite {
  readonly typeId: number;
  /** Member or parameter; undefined for the type of a VAR or the element of an ARRAY. */
  readonly member: number | undefined;
  /** Id of the INT in the lowered BTF. */
  readonly loweredId: number;
}

/** Whether a lowered type comes from DW_ATE_UTF, for which LLVM up to 22 makes no type. */
function isChar(lowered: LoweredBtf, id: number): boolean {
  const row = lowered.rowOf(id);
  if (row === undefined || lowered.dwarf.tag(row) !== TAG.baseType) return false;
  return lowered.dwarf.number(row, AT.encoding) === ATE.utf;
}

/** Whether an own id can be the type of a `char`: an unsigned or char INT of 4 bytes (what LLVM 23 and this tool write). */
function isCharType(btf: Btf, id: number): boolean {
  const type = typeById(btf, id);
  return type?.kind === "int" && type.size === 4 && (type.encoding & INT_SIGNED) === 0;
}

/** A name by which an own member, escaped or not, is found in DWARF. */
function comparable(btf: Btf, nameOff: number): string {
  return comparableName(nameBytes(btf, nameOff) ?? new Uint8Array(0));
}

/** Own references of one type that stand for lowered `char`s. */
function sitesOf(btf: Btf, typeId: number, lowered: LoweredBtf, loweredId: number): CharSite[] {
  const own = typeById(btf, typeId);
  const other = typeById(lowered.btf(), loweredId);
  if (own?.kind === "array" && other?.kind === "array") {
    if (isCharType(btf, own.type) || !isChar(lowered, other.type)) return [];
    return [{ typeId, member: undefined, loweredId: other.type }];
  }
  if ((own?.kind !== "struct" && own?.kind !== "union") || other?.kind !== own.kind) return [];
  const sites: CharSite[] = [];
  for (const [member, { nameOff, bitOffset, type }] of own.members.entries()) {
    if (type !== 0) continue;
    const name = comparable(btf, nameOff);
    const twin = other.members.find(
      (candidate) => candidate.bitOffset === bitOffset && comparable(lowered.btf(), candidate.nameOff) === name,
    );
    if (twin !== undefined && isChar(lowered, twin.type)) sites.push({ typeId, member, loweredId: twin.type });
  }
  return sites;
}

/** Parameters of a function's prototype that are `char`s. */
function paramSites(btf: Btf, funcId: number, join: Correspondence): CharSite[] {
  const func = typeById(btf, funcId);
  const proto = func?.kind === "func" ? typeById(btf, func.type) : undefined;
  const source = join.function(funcId);
  if (func?.kind !== "func" || proto?.kind !== "funcProto" || source?.params.length !== proto.params.length) return [];
  const sites: CharSite[] = [];
  for (const [member, param] of proto.params.entries()) {
    const loweredId = source.params[member]?.typeId ?? 0;
    if (param.type === 0 && isChar(join.lowered, loweredId)) sites.push({ typeId: func.type, member, loweredId });
  }
  return sites;
}

/** Every place of the object's BTF where a `char` has no type. */
export function charSites(state: ObjectState): readonly CharSite[] {
  const { btf, join } = state;
  if (join === undefined) return [];
  const sites: CharSite[] = [];
  const twins = strayTwins(state);
  for (const [typeId, type] of typesWithIds(btf)) {
    if (type.kind === "var") {
      const variable = type.type === 0 ? join.variable(typeId) : undefined;
      if (variable !== undefined && isChar(join.lowered, variable.typeId)) {
        sites.push({ typeId, member: undefined, loweredId: variable.typeId });
      }
      continue;
    }
    if (type.kind === "func") sites.push(...paramSites(btf, typeId, join));
    const loweredId = join.loweredId(typeId) ?? twins.get(typeId);
    if (loweredId !== undefined) sites.push(...sitesOf(btf, typeId, join.lowered, loweredId));
  }
  return sites;
}

/** Where else the kernel wants a type and finds none: a `char` too, but no debug info says so. */
function* untypedPlaces(btf: Btf): Generator<{ readonly typeId: number; readonly member: number | undefined }> {
  for (const [typeId, type] of typesWithIds(btf)) {
    if ((type.kind === "var" || type.kind === "array") && typeById(btf, type.type) === undefined) {
      yield { typeId, member: undefined };
    } else if (type.kind === "struct" || type.kind === "union") {
      for (const [member, { type: id }] of type.members.entries()) if (id === 0) yield { typeId, member };
    }
  }
}

export const charWithoutType: Rule = {
  id: "btf/char-without-type",
  title: "Rust's `char` has a type: LLVM up to 22 writes id 0, or an array element id left to chance.",
  covers: ["T4", "T5", "KV-01", "KM-03", "KY-02", "LB-18"],
  source:
    "llvm BTFDebug::visitBasicType (DW_ATE_UTF makes no entry); kernel/bpf/btf.c btf_var_check_meta, btf_struct_check_meta",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    const sites = charSites(state);
    const known = new Set(sites.map(({ typeId, member }) => `${typeId}:${member}`));
    const unknown = [...untypedPlaces(state.btf)].filter(({ typeId, member }) => !known.has(`${typeId}:${member}`));
    for (const { typeId, member } of [...sites, ...unknown]) {
      const isKnown = known.has(`${typeId}:${member}`);
      yield {
        rule: charWithoutType.id,
        severity: "error",
        message: `${label(state.btf, typeId)} holds ${isKnown ? "a char, for which LLVM wrote no type" : "something without a type"}`,
        target: member === undefined ? { typeId } : { typeId, member },
        ...placeOf(state.join, typeId, member),
        answers: kernelDrops(
          member === undefined && typeById(state.btf, typeId)?.kind === "array" ? "Invalid elem" : "Invalid type_id",
        ),
      };
    }
  },
};
