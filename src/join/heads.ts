import type { BtfEnum, BtfEnum64, BtfFwd, BtfType } from "../btf/model.ts";
import type { Side } from "./names.ts";

export type BtfRecord = Extract<BtfType, { readonly kind: "struct" | "union" }>;

/** STRUCT, UNION or FWD: what a pointer may lead to by name. */
export function isRecordLike(type: BtfType | undefined): type is BtfRecord | BtfFwd {
  return type?.kind === "struct" || type?.kind === "union" || type?.kind === "fwd";
}

/** Whether one is a forward declaration of the other: same name, same kind of record. */
export function isForwardOf(own: Side, fwd: BtfFwd, other: Side, type: BtfRecord): boolean {
  return fwd.union === (type.kind === "union") && own.name(fwd.nameOff) === other.name(type.nameOff);
}

/**
 * Whether two types of one kind agree in all that they say themselves: name, size, encoding, counts, enumerators; not in what they refer
 * to, nor in members. Pointers and qualifiers have no name that counts (old compilers gave them one).
 */
export function sameHead(ownSide: Side, own: BtfType, loweredSide: Side, lowered: BtfType): boolean {
  if (own.kind !== lowered.kind) return false;
  const sameName = ownSide.name(own.nameOff) === loweredSide.name(lowered.nameOff);
  switch (own.kind) {
    case "int":
      return (
        lowered.kind === "int" &&
        sameName &&
        own.size === lowered.size &&
        own.bits === lowered.bits &&
        own.bitOffset === lowered.bitOffset &&
        own.encoding === lowered.encoding
      );
    case "float":
      return lowered.kind === "float" && sameName && own.size === lowered.size;
    case "ptr":
    case "const":
    case "volatile":
    case "restrict":
      return true;
    case "typedef":
    case "typeTag":
      return sameName;
    case "fwd":
      return lowered.kind === "fwd" && sameName && own.union === lowered.union;
    case "array":
      return lowered.kind === "array" && own.nelems === lowered.nelems;
    case "struct":
    case "union":
      return (
        lowered.kind === own.kind &&
        sameName &&
        own.size === lowered.size &&
        own.members.length === lowered.members.length
      );
    case "enum":
    case "enum64":
      return (
        (lowered.kind === "enum" || lowered.kind === "enum64") &&
        sameName &&
        sameEnum(ownSide, own, loweredSide, lowered)
      );
    case "funcProto":
      return lowered.kind === "funcProto" && own.params.length === lowered.params.length;
    default:
      return false;
  }
}

function sameEnum(ownSide: Side, own: BtfEnum | BtfEnum64, loweredSide: Side, lowered: BtfEnum | BtfEnum64): boolean {
  return (
    own.size === lowered.size &&
    own.signed === lowered.signed &&
    own.values.length === lowered.values.length &&
    own.values.every(({ nameOff, value }, i) => {
      const other = lowered.values[i];
      return other !== undefined && other.value === value && ownSide.name(nameOff) === loweredSide.name(other.nameOff);
    })
  );
}
