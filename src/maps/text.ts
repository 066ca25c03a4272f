import { escapeName, unescapeName } from "../btf/escape.ts";
import { type Btf, typeById } from "../btf/model.ts";
import { nameBytes } from "../btf/names.ts";

/** Pointers and arrays are followed this deep in a type's text. */
const MAX_DEPTH = 16;

const decoder = new TextDecoder();

/**
 * A name as the source has it, the same from DWARF as from repaired BTF: one that escaping must cut, and whose end BTF so lacks, is given
 * with the hash that stands for its end.
 */
export function sourceText(btf: Btf, nameOff: number): string {
  const name = nameBytes(btf, nameOff);
  return name === undefined ? "" : unescapeName(decoder.decode(escapeName(name)));
}

/** A type as people read it: names as in the source, `[T; n]` for arrays, `*T` for pointers, `struct`/`union` for anonymous records. */
export function typeText(btf: Btf, id: number, depth = 0): string {
  const type = typeById(btf, id);
  if (type === undefined) return "void";
  const name = sourceText(btf, type.nameOff);
  if (depth > MAX_DEPTH) return "…";
  switch (type.kind) {
    case "ptr":
      return `*${typeText(btf, type.type, depth + 1)}`;
    case "array":
      return `[${typeText(btf, type.type, depth + 1)}; ${type.nelems}]`;
    case "const":
    case "volatile":
    case "restrict":
      return `${type.kind} ${typeText(btf, type.type, depth + 1)}`;
    case "typeTag":
      return typeText(btf, type.type, depth + 1);
    case "funcProto":
      return "fn";
    default:
      return name === "" ? type.kind : name;
  }
}
