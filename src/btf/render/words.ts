import { type Btf, type BtfType, LINKAGE_EXTERN, LINKAGE_GLOBAL, LINKAGE_STATIC, type Linkage } from "../model.ts";
import { nameBytes } from "../names.ts";

/** The kinds as `bpftool btf dump` and the kernel (kernel/bpf/btf.c `btf_kind_str`) name them. */
export const KIND_TEXT: Readonly<Record<BtfType["kind"], string>> = {
  int: "INT",
  ptr: "PTR",
  array: "ARRAY",
  struct: "STRUCT",
  union: "UNION",
  enum: "ENUM",
  fwd: "FWD",
  typedef: "TYPEDEF",
  volatile: "VOLATILE",
  const: "CONST",
  restrict: "RESTRICT",
  func: "FUNC",
  funcProto: "FUNC_PROTO",
  var: "VAR",
  datasec: "DATASEC",
  float: "FLOAT",
  declTag: "DECL_TAG",
  typeTag: "TYPE_TAG",
  enum64: "ENUM64",
  unknown: "UNKNOWN",
};

const ANONYMOUS = new TextEncoder().encode("(anon)");
const INVALID = new TextEncoder().encode("(invalid)");

/** A name as bpftool prints it: `(anon)` for offset 0, `(invalid)` for an offset past the table, else its bytes. */
export function dumpedName(btf: Btf, nameOff: number): Uint8Array {
  if (nameOff === 0) return ANONYMOUS;
  return nameBytes(btf, nameOff) ?? INVALID;
}

/** INT's encoding; bpftool knows no combinations. */
export function encodingText(encoding: number): string {
  switch (encoding) {
    case 0:
      return "(none)";
    case 1:
      return "SIGNED";
    case 2:
      return "CHAR";
    case 4:
      return "BOOL";
    default:
      return "UNKN";
  }
}

/** Linkage of a FUNC or VAR. */
export function linkageText(linkage: Linkage): string {
  switch (linkage) {
    case LINKAGE_STATIC:
      return "static";
    case LINKAGE_GLOBAL:
      return "global";
    case LINKAGE_EXTERN:
      return "extern";
    default:
      return "(unknown)";
  }
}

/** Sign of an ENUM or ENUM64. */
export function signText(type: { readonly signed: boolean }): string {
  return type.signed ? "SIGNED" : "UNSIGNED";
}
