import { unescapeName } from "../btf/escape.ts";
import { type Btf, typeById } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";

/** Pointers and arrays are followed this deep in a type's text. */
const MAX_DEPTH = 16;

/** A type as people read it: names as in the source, `[T; n]` for arrays, `*T` for pointers, `struct`/`union` for anonymous records. */
export function typeText(btf: Btf, id: number, depth = 0): string {
  const type = typeById(btf, id);
  if (type === undefined) return "void";
  const name = unescapeName(nameText(btf, type.nameOff));
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
