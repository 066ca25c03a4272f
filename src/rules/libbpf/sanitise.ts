import { BtfBuilder } from "../../btf/builder.ts";
import { type Btf, type BtfType, KIND_NUMBER, typesWithIds } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import type { KernelProfile } from "../kernel/profile.ts";

/** Versions of libbpf that are followed. */
export type LibbpfVersion = "1.1" | "1.7";

/** INT of one byte without an encoding. */
const DEAD = { size: 1, bits: 8, bitOffset: 0, encoding: 0 } as const;

const QUESTION_MARK = 0x3f;
const UNDERSCORE = 0x5f;

/**
 * The BTF without kinds that the kernel does not know (libbpf `bpf_object__sanitize_btf`): FLOAT becomes an empty STRUCT, DECL_TAG an INT,
 * TYPE_TAG a CONST, ENUM64 a UNION, and ENUMs lose their sign. Kernels from 5.10 on know all the others. The same object where nothing changes.
 */
export function sanitised(btf: Btf, { maxKind, printableSections }: KernelProfile, version: LibbpfVersion): Btf {
  const knows = (kind: keyof typeof KIND_NUMBER): boolean => KIND_NUMBER[kind] <= maxKind;
  const builder = new BtfBuilder(btf);
  const questioned: number[] = [];
  let placeholder = 0;
  let touched = false;
  const replace = (id: number, type: BtfType): void => {
    touched = true;
    builder.replace(id, type);
  };
  for (const [id, type] of typesWithIds(btf)) {
    const { nameOff } = type;
    if (type.kind === "float" && !knows("float")) {
      replace(id, { kind: "struct", nameOff: 0, size: type.size, bitfields: false, members: [] });
    } else if (type.kind === "declTag" && !knows("declTag")) {
      replace(id, { kind: "int", nameOff, ...DEAD });
    } else if (type.kind === "typeTag" && !knows("typeTag")) {
      replace(id, { kind: "const", nameOff: 0, type: type.type });
    } else if (type.kind === "enum" && type.signed && !knows("enum64")) {
      const values = type.values.map(({ nameOff: name, value }) => ({ nameOff: name, value: value >>> 0 }));
      replace(id, { ...type, signed: false, values });
    } else if (type.kind === "enum64" && !knows("enum64")) {
      if (placeholder === 0) {
        placeholder = builder.add({ kind: "int", nameOff: builder.string("enum64_placeholder"), ...DEAD });
      }
      const member = { type: placeholder, bitOffset: 0, bitfieldSize: 0 };
      const members = type.values.map((value) => ({ ...member, nameOff: value.nameOff }));
      replace(id, { kind: "union", nameOff, size: type.size, bitfields: false, members });
    } else if (type.kind === "datasec" && !printableSections && version !== "1.1") {
      if (nameText(btf, nameOff).startsWith("?")) questioned.push(nameOff);
    }
  }
  if (!touched && questioned.length === 0) return btf;
  const result = builder.finish();
  if (questioned.length === 0) return result;
  const bytes = result.strings.bytes.slice();
  for (const at of questioned) if (bytes[at] === QUESTION_MARK) bytes[at] = UNDERSCORE;
  return { ...result, strings: { bytes } };
}
