import { type Btf, type BtfType, typeById } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { mapNames, mapReferences, references } from "../../src/btf/walk.ts";

/** References are followed this far; beyond, a type is its kind and name. */
const DEPTH = 3;

/** One line per record, sorted, with names spelled out and references replaced by what they lead to: two tables that differ in order alone have the same. */
export function idFreeText(btf: Btf): readonly string[] {
  const known = new Map<string, string>();
  const expand = (id: number, depth: number): string => {
    const type = typeById(btf, id);
    if (type === undefined) return "void";
    if (depth === 0) return `${type.kind} ${nameText(btf, type.nameOff)}`;
    const key = `${depth} ${id}`;
    const text = known.get(key) ?? textOf(btf, type, (target) => expand(target, depth - 1));
    known.set(key, text);
    return text;
  };
  return btf.types.map((type) => textOf(btf, type, (id) => expand(id, DEPTH))).sort();
}

function textOf(btf: Btf, type: BtfType, target: (id: number) => string): string {
  const names: string[] = [];
  const bare = mapNames(inOrder(btf, type), (offset) => {
    names.push(nameText(btf, offset));
    return 0;
  });
  const to = references(bare).map(target);
  const plain = mapReferences(bare, () => 0);
  const text = JSON.stringify(plain, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
  return `${text} ${names.join(" ")} -> ${to.join(" | ")}`;
}

/** Entries of a DATASEC follow the order of VARs. */
function inOrder(btf: Btf, type: BtfType): BtfType {
  if (type.kind !== "datasec") return type;
  const nameOf = (id: number): string => nameText(btf, typeById(btf, id)?.nameOff ?? 0);
  return { ...type, entries: type.entries.toSorted((a, b) => (nameOf(a.type) < nameOf(b.type) ? -1 : 1)) };
}
