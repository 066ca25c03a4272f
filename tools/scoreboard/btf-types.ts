import { bpftoolDump } from "../../test/judges/bpftool.ts";
import { answer } from "../../test/judges/run.ts";
import { arrayText, DEPTH, type Member, POINTER, shapeText, TAG } from "./shape.ts";

interface DumpedMember {
  readonly name: string;
  readonly type_id: number;
  readonly bits_offset: number;
}

/** A type as `bpftool -j btf dump` prints it; only the fields that are read here. */
export interface DumpedType {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly type_id?: number;
  readonly nr_elems?: number;
  readonly members?: readonly DumpedMember[];
  readonly values?: readonly { readonly name: string; readonly val: number }[];
  readonly params?: readonly { readonly name: string; readonly type_id: number }[];
  readonly vars?: readonly { readonly type_id: number }[];
}

/** The types of an object's `.BTF` by id, as bpftool reads them. */
export function dumpedTypes(object: Uint8Array | string): ReadonlyMap<number, DumpedType> {
  const { ok, stdout, stderr } = answer(bpftoolDump(object, "json"));
  if (!ok) throw new Error(`bpftool cannot dump it: ${stderr.trim()}`);
  const { types } = JSON.parse(stdout.toString("utf8")) as { readonly types: readonly DumpedType[] };
  return new Map(types.map((type) => [type.id, type]));
}

function nameOf(name: string): string | null {
  return name === "(anon)" ? null : name;
}

/** The shape of a type in BTF; see `dwarfShape` for the other witness. */
export function btfShape(types: ReadonlyMap<number, DumpedType>, id: number, depth = DEPTH): string {
  const type = types.get(id);
  if (type === undefined) return "void";
  const target = type.type_id ?? 0;
  switch (type.kind) {
    case "PTR":
      return POINTER;
    case "CONST":
    case "VOLATILE":
    case "RESTRICT":
    case "TYPE_TAG":
      return btfShape(types, target, depth);
    case "TYPEDEF":
      return `${type.name}=${btfShape(types, target, depth)}`;
    case "ARRAY":
      return arrayText(btfShape(types, target, depth), type.nr_elems ?? 0);
    case "FUNC_PROTO":
      return "function";
    case "STRUCT":
    case "UNION":
      return shapeText(nameOf(type.name), type.size ?? 0, depth === 0 ? [] : membersOf(types, type, depth));
    case "ENUM":
    case "ENUM64":
      return shapeText(nameOf(type.name), type.size ?? 0, enumerators(type));
    default:
      return shapeText(nameOf(type.name), type.size ?? 0);
  }
}

/** Enumerators as members, so that both witnesses sort and escape them alike. */
function enumerators({ values }: DumpedType): Member[] {
  return (values ?? []).map(({ name, val }) => ({ name, bitOffset: val, shape: "" }));
}

/** A tag away from offset 0 lies in an anonymous record of its own, since members of unions must not. */
function wrappedTag(types: ReadonlyMap<number, DumpedType>, { name, type_id }: DumpedMember): DumpedMember | undefined {
  const wrapper = types.get(type_id);
  const [tag, ...more] = wrapper?.members ?? [];
  const isWrapper = name === "(anon)" && wrapper?.kind === "STRUCT" && wrapper.name === "(anon)" && more.length === 0;
  return isWrapper && (tag?.bits_offset ?? 0) > 0 ? tag : undefined;
}

function membersOf(types: ReadonlyMap<number, DumpedType>, type: DumpedType, depth: number): Member[] {
  return (type.members ?? []).map((member) => {
    const { name, type_id, bits_offset } = type.kind === "UNION" ? (wrappedTag(types, member) ?? member) : member;
    const target = types.get(type_id);
    const isTag = type.kind === "UNION" && type.name === "(anon)" && target?.members === undefined;
    return isTag && (name === TAG || name === "(anon)")
      ? { name: TAG, bitOffset: bits_offset, shape: String(target?.size) }
      : { name: nameOf(name), bitOffset: bits_offset, shape: btfShape(types, type_id, depth - 1) };
  });
}
