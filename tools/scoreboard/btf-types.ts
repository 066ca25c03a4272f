import { bpftoolDump } from "../../test/judges/bpftool.ts";
import { answer } from "../../test/judges/run.ts";
import { arrayText, DEPTH, type Member, POINTER, shapeText, TAG } from "./shape.ts";

/** A type as `bpftool -j btf dump` prints it; only the fields that are read here. */
export interface DumpedType {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly type_id?: number;
  readonly nr_elems?: number;
  readonly members?: readonly { readonly name: string; readonly type_id: number; readonly bits_offset: number }[];
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

function membersOf(types: ReadonlyMap<number, DumpedType>, type: DumpedType, depth: number): Member[] {
  return (type.members ?? []).map(({ name, type_id, bits_offset }) => {
    const target = types.get(type_id);
    const isTag = type.kind === "UNION" && type.name === "(anon)" && target?.members === undefined;
    return isTag && (name === TAG || name === "(anon)")
      ? { name: TAG, bitOffset: bits_offset, shape: String(target?.size) }
      : { name: nameOf(name), bitOffset: bits_offset, shape: btfShape(types, type_id, depth - 1) };
  });
}
