import { withoutC } from "../btf/c-names.ts";
import { escapeName, unescapeName } from "../btf/escape.ts";
import { type Btf, typeById } from "../btf/model.ts";
import { nameBytes } from "../btf/names.ts";
import { optionPointer } from "../btf/option-pointer.ts";
import { withoutHash } from "../btf/short-name.ts";

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

function asIs(name: string): string {
  return name;
}

/** What a name has in common with all that a repair may have made of it: to compare, not to show. */
export function canonicalName(name: string): string {
  return name === "char" || name === "char32_t" ? "u32" : withoutHash(withoutC(name));
}

/**
 * A type as people read it: names as in the source, `[T; n]` for arrays, `*T` for pointers and what is one (`Option<&T>`),
 * `struct`/`union` for anonymous records. `naming` has the last word on every name.
 */
export function typeText(btf: Btf, id: number, naming: (name: string) => string = asIs, depth = 0): string {
  const type = typeById(btf, id);
  if (type === undefined) return "void";
  const pointer = type.kind === "struct" ? optionPointer(btf, id) : undefined;
  if (pointer !== undefined) return typeText(btf, pointer, naming, depth);
  const name = naming(sourceText(btf, type.nameOff));
  if (depth > MAX_DEPTH) return "…";
  switch (type.kind) {
    case "ptr":
      return `*${typeText(btf, type.type, naming, depth + 1)}`;
    case "array":
      return `[${typeText(btf, type.type, naming, depth + 1)}; ${type.nelems}]`;
    case "const":
    case "volatile":
    case "restrict":
      return `${type.kind} ${typeText(btf, type.type, naming, depth + 1)}`;
    case "typeTag":
      return typeText(btf, type.type, naming, depth + 1);
    case "funcProto":
      return "fn";
    default:
      return name === "" ? type.kind : name;
  }
}
