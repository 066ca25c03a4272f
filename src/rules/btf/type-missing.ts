import { type Btf, type BtfFunc, type BtfType, LINKAGE_EXTERN, typeById, typesWithIds } from "../../btf/model.ts";
import { nameBytes } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { AT, ATE, TAG } from "../../dwarf/constants.ts";
import type { Correspondence } from "../../join/model.ts";
import { comparableName } from "../../join/names.ts";
import type { LoweredBtf } from "../../lower/model.ts";
import { kernelDrops } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { strayTwins } from "../stray.ts";

const NO_WITNESS = "only debug info tells the type: run btf-fix before the object is stripped";

const NO_KIND = "the debug info names no type that BTF has: where this is C++, pointers can stand for references";

/** BTF_INT_SIGNED. */
const INT_SIGNED = 1;

/** A reference that LLVM left empty, or filled with chance: Rust's `char`, and what older LLVMs had no record for (variant parts, atomics). */
export interface MissingType {
  readonly typeId: number;
  /** Member or parameter; undefined for the type of a VAR or the element of an ARRAY. */
  readonly member: number | undefined;
  /** Id of the type that it should be, in the lowered BTF. */
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

/** Whether an array's element id is no type, or stands by chance where the source says `char`. */
function isElementMissing(btf: Btf, elementId: number, lowered: LoweredBtf, loweredId: number): boolean {
  if (loweredId === 0) return false;
  return typeById(btf, elementId) === undefined || (isChar(lowered, loweredId) && !isCharType(btf, elementId));
}

/** Own references of one type that are missing, with what they should be. */
function sitesOf(btf: Btf, typeId: number, own: BtfType, lowered: LoweredBtf, loweredId: number): MissingType[] {
  const other = typeById(lowered.btf(), loweredId);
  if (own.kind === "array" && other?.kind === "array") {
    if (!isElementMissing(btf, own.type, lowered, other.type)) return [];
    return [{ typeId, member: undefined, loweredId: other.type }];
  }
  if ((own.kind !== "struct" && own.kind !== "union") || other?.kind !== own.kind) return [];
  const sites: MissingType[] = [];
  for (const [member, { nameOff, bitOffset, type }] of own.members.entries()) {
    if (type !== 0) continue;
    const name = comparable(btf, nameOff);
    const twin = other.members.find(
      (candidate) => candidate.bitOffset === bitOffset && comparable(lowered.btf(), candidate.nameOff) === name,
    );
    if (twin !== undefined && twin.type !== 0) sites.push({ typeId, member, loweredId: twin.type });
  }
  return sites;
}

/** Parameters of a function's prototype that are `char`s. */
function paramSites(btf: Btf, funcId: number, func: BtfFunc, join: Correspondence): MissingType[] {
  const proto = typeById(btf, func.type);
  const source = join.function(funcId);
  if (proto?.kind !== "funcProto" || source?.params.length !== proto.params.length) return [];
  const sites: MissingType[] = [];
  for (const [member, param] of proto.params.entries()) {
    const loweredId = source.params[member]?.typeId ?? 0;
    if (param.type === 0 && isChar(join.lowered, loweredId)) sites.push({ typeId: func.type, member, loweredId });
  }
  return sites;
}

/** Every place of the object's BTF without a type for which DWARF has one. */
export function missingTypes(state: ObjectState): readonly MissingType[] {
  const { btf, join } = state;
  if (join === undefined) return [];
  const sites: MissingType[] = [];
  const twins = strayTwins(state);
  for (const [typeId, type] of typesWithIds(btf)) {
    if (type.kind === "var") {
      const variable = type.type === 0 ? join.variable(typeId) : undefined;
      if (variable !== undefined && variable.typeId !== 0 && type.linkage !== LINKAGE_EXTERN) {
        sites.push({ typeId, member: undefined, loweredId: variable.typeId });
      }
      continue;
    }
    if (type.kind === "func") sites.push(...paramSites(btf, typeId, type, join));
    sites.push(...sitesOf(btf, typeId, type, join.lowered, join.loweredId(typeId) ?? twins.get(typeId) ?? 0));
  }
  return sites;
}

/** Where the kernel wants a type and finds none. libbpf gives typeless externs one of its own. */
function* untypedPlaces(btf: Btf): Generator<{ readonly typeId: number; readonly member: number | undefined }> {
  for (const [typeId, type] of typesOfKind(btf, "array", "var", "struct", "union")) {
    const needsType = type.kind === "array" || (type.kind === "var" && type.linkage !== LINKAGE_EXTERN);
    if (needsType && typeById(btf, type.type) === undefined) {
      yield { typeId, member: undefined };
    } else if (type.kind === "struct" || type.kind === "union") {
      let member = 0;
      for (const { type: id } of type.members) {
        if (id === 0) yield { typeId, member };
        member++;
      }
    }
  }
}

/** What the kernel says of a place without a type; one where some other type stands by chance it takes. */
function said(btf: Btf, typeId: number, member: number | undefined): Pick<Diagnostic, "severity" | "answers"> {
  const holder = typeById(btf, typeId);
  if (holder?.kind === "array" && typeById(btf, holder.type) !== undefined) {
    return {
      severity: "warning",
      answers: [{ judge: "bpftool", answer: "misreads", how: "elements of another type" }],
    };
  }
  const isParam = holder?.kind === "funcProto" && member !== undefined;
  const text = isParam ? `Invalid arg#${member + 1}` : holder?.kind === "array" ? "Invalid elem" : "Invalid type_id";
  return { severity: "error", answers: kernelDrops(text) };
}

export const typeMissing: Rule = {
  id: "btf/type-missing",
  title: "Variables, members and elements have a type: LLVM up to 22 writes id 0 or chance for Rust's `char`.",
  covers: ["T4", "T5", "KV-01", "KM-03", "KY-02", "LB-18"],
  source:
    "llvm BTFDebug::visitBasicType (DW_ATE_UTF makes no entry); kernel/bpf/btf.c btf_var_check_meta, btf_struct_check_meta",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    const sites = missingTypes(state);
    const { lowered } = state.join ?? {};
    const known = new Map(sites.map(({ typeId, member, loweredId }) => [`${typeId}:${member}`, loweredId]));
    const unknown = [...untypedPlaces(state.btf)].filter(({ typeId, member }) => !known.has(`${typeId}:${member}`));
    for (const { typeId, member } of [...sites, ...unknown]) {
      const loweredId = known.get(`${typeId}:${member}`);
      const what =
        lowered !== undefined && loweredId !== undefined && isChar(lowered, loweredId)
          ? "a char, for which LLVM wrote no type"
          : "something without a type";
      yield {
        rule: typeMissing.id,
        ...said(state.btf, typeId, member),
        message: `${label(state.btf, typeId)} holds ${what}`,
        target: member === undefined ? { typeId } : { typeId, member },
        ...placeOf(state.join, typeId, member),
        ...(state.elf !== undefined && loweredId === undefined
          ? { help: state.join === undefined ? NO_WITNESS : NO_KIND }
          : {}),
      };
    }
  },
};
