import { run } from "./toolchain.ts";

/** A record of `bpftool -j btf dump`: type references stand under keys that end in `type_id`. */
type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
type JsonRecord = { readonly [key: string]: JsonValue };

/** References are followed this far; beyond, a type is its kind and name. Deep enough for map, pointer, value, member. */
const DEPTH = 4;

/** One line per record of the object's `.BTF`, without ids: references are replaced by what they lead to. */
export function canonicalTypes(file: string): string[] {
  const dump = JSON.parse(run("bpftool", ["-j", "btf", "dump", "file", file])) as { types: JsonRecord[] };
  const types = new Map(dump.types.map((type) => [Number(type["id"]), type]));
  return dump.types.map((type) => `type ${expand(types, type, DEPTH)}`);
}

function expand(types: ReadonlyMap<number, JsonRecord>, record: JsonRecord, depth: number): string {
  const parts = Object.entries(record)
    .filter(([key]) => key !== "id")
    .map(([key, value]) => `${key}=${expandValue(types, record, key, value, depth)}`);
  return `{${parts.join(" ")}}`;
}

function expandValue(
  types: ReadonlyMap<number, JsonRecord>,
  owner: JsonRecord,
  key: string,
  value: JsonValue,
  depth: number,
): string {
  if (Array.isArray(value))
    return `[${(value as readonly JsonRecord[]).map((v) => expand(types, v, depth)).join(" ")}]`;
  if (!key.endsWith("type_id")) return JSON.stringify(value);
  const type = types.get(Number(value));
  // LLVM writes an uninitialised number for the element of an array of Rust `char`: 0, or an id beyond the last type.
  if (type === undefined) return owner["kind"] === "ARRAY" ? "unset" : value === 0 ? "void" : `missing ${value}`;
  return depth === 0 ? `${type["kind"]} ${type["name"]}` : expand(types, type, depth - 1);
}
