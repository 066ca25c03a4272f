import { type Btf, typeById } from "../../btf/model.ts";

/** A longer chain, or a circle, has no alignment; libbpf would recurse for ever. */
const MAX_DEPTH = 32;
const POINTER_SIZE = 8;

/** Alignment in bytes of a value of this type; 0 where libbpf knows none (`btf__align_of`). */
export function alignOf(btf: Btf, id: number, depth = 0): number {
  const type = typeById(btf, id);
  if (depth > MAX_DEPTH) return 0;
  switch (type?.kind) {
    case "int":
    case "enum":
    case "enum64":
    case "float":
      return Math.min(POINTER_SIZE, type.size);
    case "ptr":
      return POINTER_SIZE;
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "typeTag":
    case "array":
      return alignOf(btf, type.type, depth + 1);
    case "struct":
    case "union": {
      let strictest = 1;
      for (const { type: member, bitOffset, bitfieldSize } of type.members) {
        const align = alignOf(btf, member, depth + 1);
        if (align === 0) return 0;
        strictest = Math.max(strictest, align);
        // A member that is not where its type wants it: the struct is packed.
        if (bitfieldSize === 0 && bitOffset % (8 * align) !== 0) return 1;
      }
      return type.size % strictest === 0 ? strictest : 1;
    }
    default:
      return 0;
  }
}
