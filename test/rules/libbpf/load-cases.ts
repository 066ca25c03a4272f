import { readFileSync } from "node:fs";
import { BtfBuilder } from "../../../src/btf/builder.ts";
import { encodeBtf } from "../../../src/btf/encode.ts";
import { typesOfKind } from "../../../src/btf/of-kind.ts";
import { parseBtf } from "../../../src/btf/parse.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { sectionNamed } from "../../../src/elf/symbols.ts";
import type { Vector } from "./btf-cases.ts";
import { drawObject } from "./draft.ts";

const corpus = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../corpus/c/${name}.bpfel.o`, import.meta.url)));

/** The object with an INT of more bits than its bytes hold, which no kernel takes. */
function withWideInt(object: Uint8Array): Uint8Array {
  const bytes = object.slice();
  const section = sectionNamed(parseElf(bytes), ".BTF");
  if (section === undefined) throw new Error("no BTF");
  const btf = parseBtf(section.bytes);
  const [first] = [...typesOfKind(btf, "int")];
  if (first === undefined) throw new Error("no INT");
  const builder = new BtfBuilder(btf);
  builder.replace(first[0], { ...first[1], bits: 99 });
  bytes.set(encodeBtf(builder.finish()), section.offset);
  return bytes;
}

const structOps = corpus("struct_ops");

/** An object with a map of such sizes, and one entry. */
function sized(type: number, keySize: number, valueSize: number): Uint8Array {
  return drawObject({
    maps: ({ number }) => [
      {
        name: "M",
        fields: [
          ["type", number(type)],
          ["key_size", number(keySize)],
          ["value_size", number(valueSize)],
          ["max_entries", number(1)],
        ],
      },
    ],
  });
}

/** What is refused when the object is loaded: the kernel must know its struct. */
export const LOAD_CASES: Readonly<Record<string, Vector>> = {
  "LP-02": { broken: [sized(1, 0, 4), sized(27, 4, 4)], kept: [sized(2, 4, 4), sized(5, 4, 4)] },
  "LP-01": { broken: [withWideInt(structOps)], kept: [structOps, withWideInt(corpus("aliases"))] },
};
