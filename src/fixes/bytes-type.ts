import type { BtfBuilder } from "../btf/builder.ts";
import { type Btf, typesWithIds } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";

/** Id of the first INT of these properties, or of one appended under `name`. */
function intOf(btf: Btf, builder: BtfBuilder, name: string, size: number): number {
  for (const [id, type] of typesWithIds(btf)) {
    const isPlain = type.kind === "int" && type.size === size && type.bits === size * 8 && type.bitOffset === 0;
    if (isPlain && type.encoding === 0 && nameText(btf, type.nameOff) !== "char32_t") return id;
  }
  return builder.add({ kind: "int", nameOff: builder.string(name), size, bits: size * 8, bitOffset: 0, encoding: 0 });
}

/** Makes types for bytes without meaning: `[u8; length]`, one ARRAY a length. */
export function byteArrays(btf: Btf, builder: BtfBuilder): (length: number) => number {
  const known = new Map<number, number>();
  let parts: { readonly type: number; readonly indexType: number } | undefined;
  return (nelems) => {
    const id = known.get(nelems);
    if (id !== undefined) return id;
    parts ??= {
      type: intOf(btf, builder, "u8", 1),
      indexType: arrayIndex(btf) ?? intOf(btf, builder, "__ARRAY_SIZE_TYPE__", 4),
    };
    const added = builder.add({ kind: "array", nameOff: 0, ...parts, nelems });
    known.set(nelems, added);
    return added;
  };
}

/** Id of the INT that the object's arrays already count with. */
export function arrayIndex(btf: Btf): number | undefined {
  for (const type of btf.types) if (type.kind === "array" && type.indexType !== 0) return type.indexType;
  return undefined;
}
