import { type Btf, type BtfType, typeById } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { mapNames, mapReferences } from "../../src/btf/walk.ts";

/**
 * Where LLVM's own output differs from run to run:
 * "forward-order": the FWDs and type tags at the end of the table come in the order of heap addresses, so their ids and the order of
 *   their strings mean nothing (BTFDebug::FixupDerivedTypes is ordered by node address);
 * "char-element": the element type of an array of a type that BTF cannot express (Rust's `char`) is an uninitialised number;
 * "function-type": so is the type of a FUNC whose unit has line tables and no more, for it has no FUNC_PROTO.
 * Nothing else is forgiven.
 */
export type CanonicalRule = "forward-order" | "char-element" | "function-type";

/** Outcome of a comparison: byte for byte, up to the rules that were needed, or not at all. */
export type Sameness = "identical" | "different" | readonly CanonicalRule[];

/** Compares a regenerated table with LLVM's. A rule counts as used only where the bytes differ without it. */
export function compareBtf(ours: Btf, theirs: Btf): Sameness {
  if (sameTable(ours, theirs)) return "identical";
  const used: CanonicalRule[] = [];
  const plain = withoutGarbage(ours, theirs, (rule) => used.includes(rule) || used.push(rule));
  if (sameTable(ours, plain)) return used;
  const sorted = [ours, plain].map(tableText);
  return sorted[0] === sorted[1] ? [...used, "forward-order"] : "different";
}

/** Whether two tables have the same records with the same names and ids, whatever else their string sections hold. */
export function sameRecords(a: Btf, b: Btf): boolean {
  return recordsText(a).join("\n") === recordsText(b).join("\n");
}

function recordsText(btf: Btf): readonly string[] {
  return btf.types.map((type) => {
    const names: string[] = [];
    const bare = mapNames(type, (offset) => {
      names.push(nameText(btf, offset));
      return 0;
    });
    return text([bare, names]);
  });
}

function sameTable(a: Btf, b: Btf): boolean {
  const strings = Buffer.compare(Buffer.from(a.strings.bytes), Buffer.from(b.strings.bytes)) === 0;
  return strings && text(a.types) === text(b.types);
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
}

/** Their table with 0 as the element of those arrays, and the type of those FUNCs, where ours has 0. */
function withoutGarbage(ours: Btf, theirs: Btf, onUse: (rule: CanonicalRule) => void): Btf {
  const types = theirs.types.map((type, index): BtfType => {
    const own = ours.types[index];
    if (type.kind !== "array" && type.kind !== "func") return type;
    if (own?.kind !== type.kind || own.type !== 0 || type.type === 0) return type;
    onUse(type.kind === "array" ? "char-element" : "function-type");
    return { ...type, type: 0 };
  });
  return { ...theirs, types };
}

/** The table as text: names spelled out, the tail sorted with its ids, and the strings that only the tail has sorted too. */
function tableText(btf: Btf): string {
  const tail = tailStart(btf);
  const keys = new Map<number, string>();
  const keyOf = (id: number): string => {
    const type = typeById(btf, id);
    const key = keys.get(id);
    if (key !== undefined || type === undefined || id <= tail) return key ?? String(id);
    const made = `${type.kind} ${nameText(btf, type.nameOff)} ${type.kind === "typeTag" ? keyOf(type.type) : text(type)}`;
    keys.set(id, made);
    return made;
  };
  const last = btf.types.slice(tail).map((_, index) => tail + index + 1);
  const byKey = last.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const ids = new Map(byKey.map((id, index) => [id, tail + index + 1]));
  const order = [...btf.types.slice(0, tail).map((_, index) => index + 1), ...byKey];
  const types = order.flatMap((id) => typeById(btf, id) ?? []);
  const records = recordsText({ ...btf, types: types.map((type) => mapReferences(type, (id) => ids.get(id) ?? id)) });
  return [...records, text(stringsOf(btf, tail))].join("\n");
}

/** Strings in order up to the first that the tail brings, the rest sorted. */
function stringsOf(btf: Btf, tail: number): readonly string[] {
  const all = new TextDecoder("latin1").decode(btf.strings.bytes).split("\0");
  const names = new Set(btf.types.slice(tail).map((type) => type.nameOff));
  let at = 0;
  const first = all.findIndex((string) => {
    const start = at;
    at += string.length + 1;
    return start !== 0 && names.has(start);
  });
  return first < 0 ? all : [...all.slice(0, first), ...all.slice(first).sort()];
}

/** Number of records before the trailing run of FWDs and type tags. */
function tailStart(btf: Btf): number {
  let end = btf.types.length;
  for (let type = btf.types[end - 1]; type?.kind === "fwd" || type?.kind === "typeTag"; type = btf.types[end - 1])
    end--;
  return end;
}
