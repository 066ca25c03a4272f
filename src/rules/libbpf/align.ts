import { type Btf, type BtfComposite, typeById } from "../../btf/model.ts";
import { fallOnId, fallOnStruct } from "./follow.ts";

/** libbpf has memory for far longer chains; none that a compiler writes comes near. */
const MAX_DEPTH = 2000;
const POINTER_SIZE = 8;

class Alignments {
  readonly btf: Btf;
  /** By id; undefined while a type is looked at. */
  readonly known = new Map<number, number | undefined>();

  constructor(btf: Btf) {
    this.btf = btf;
  }

  of(id: number, depth: number): number {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    if (this.known.has(id) || depth > MAX_DEPTH) return fallOnStruct(id);
    this.known.set(id, undefined);
    const align = this.look(id, depth + 1);
    this.known.set(id, align);
    return align;
  }

  look(id: number, depth: number): number {
    const type = typeById(this.btf, id);
    if (type === undefined && id !== 0) return fallOnId(id);
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
        return this.of(type.type, depth);
      case "struct":
      case "union":
        return this.ofMembers(type, depth);
      default:
        return 0;
    }
  }

  ofMembers({ members, size }: BtfComposite, depth: number): number {
    let strictest = 1;
    for (const { type, bitOffset, bitfieldSize } of members) {
      const align = this.of(type, depth);
      if (align === 0) return 0;
      strictest = Math.max(strictest, align);
      // A member that is not where its type wants it: the struct is packed.
      if (bitfieldSize === 0 && bitOffset % (8 * align) !== 0) return 1;
    }
    return size % strictest === 0 ? strictest : 1;
  }
}

/**
 * Alignment in bytes of a value of this type; 0 where libbpf knows none (`btf__align_of`). Throws a `LibbpfRefusal` where libbpf crashes.
 */
export function alignOf(btf: Btf, id: number): number {
  return new Alignments(btf).of(id, 0);
}
