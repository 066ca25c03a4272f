import { BtfBuilder } from "../../btf/builder.ts";
import { type Btf, type BtfType, KIND_NUMBER } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import type { KernelProfile } from "../kernel/profile.ts";

/** Versions of libbpf that are followed. */
export type LibbpfVersion = "1.1" | "1.7";

/** INT of one byte without an encoding. */
const DEAD = { size: 1, bits: 8, bitOffset: 0, encoding: 0 } as const;

const QUESTION_MARK = 0x3f;
const UNDERSCORE = 0x5f;

/** Whether libbpf puts something else in the place of the type for a kernel that knows kinds up to `maxKind`, or writes it anew. */
function isReplaced(type: BtfType, maxKind: number): boolean {
  if (type.kind === "enum") return maxKind < KIND_NUMBER.enum64;
  return type.kind !== "unknown" && KIND_NUMBER[type.kind] > maxKind;
}

/** What stands for a type that is replaced; `placeholder` is the type of an enumerator that becomes a member. */
function replacement(type: BtfType, placeholder: () => number): BtfType {
  const { nameOff } = type;
  switch (type.kind) {
    case "float":
      return { kind: "struct", nameOff: 0, size: type.size, bitfields: false, members: [] };
    case "declTag":
      return { kind: "int", nameOff, ...DEAD };
    case "typeTag":
      return { kind: "const", nameOff: 0, type: type.type };
    case "enum": {
      const values = type.values.map(({ nameOff: name, value }) => ({ nameOff: name, value: value >>> 0 }));
      return { ...type, signed: false, values };
    }
    case "enum64": {
      const member = { type: placeholder(), bitOffset: 0, bitfieldSize: 0 };
      const members = type.values.map((value) => ({ ...member, nameOff: value.nameOff }));
      return { kind: "union", nameOff, size: type.size, bitfields: false, members };
    }
    default:
      return type;
  }
}

/**
 * The BTF without kinds that the kernel does not know (libbpf `bpf_object__sanitize_btf`): FLOAT becomes an empty STRUCT, DECL_TAG an INT,
 * TYPE_TAG a CONST, ENUM64 a UNION, and ENUMs lose their sign, if they have one. Kernels from 5.10 on know all the others. The same object
 * where nothing is written.
 */
export function sanitised(btf: Btf, { maxKind, printableSections }: KernelProfile, version: LibbpfVersion): Btf {
  const replaced = typesOfKind(btf, "float", "declTag", "typeTag", "enum", "enum64").filter(([, type]) =>
    isReplaced(type, maxKind),
  );
  const sections = printableSections || version === "1.1" ? [] : typesOfKind(btf, "datasec");
  const questioned = sections.map(([, { nameOff }]) => nameOff).filter((name) => nameText(btf, name).startsWith("?"));
  if (replaced.length === 0 && questioned.length === 0) return btf;
  const builder = new BtfBuilder(btf);
  let added: number | undefined;
  const placeholder = (): number => {
    added ??= builder.add({ kind: "int", nameOff: builder.string("enum64_placeholder"), ...DEAD });
    return added;
  };
  for (const [id, type] of replaced) builder.replace(id, replacement(type, placeholder));
  const result = builder.finish();
  if (questioned.length === 0) return result;
  const bytes = result.strings.bytes.slice();
  for (const at of questioned) if (bytes[at] === QUESTION_MARK) bytes[at] = UNDERSCORE;
  return { ...result, strings: { bytes } };
}
