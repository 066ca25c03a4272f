import { encodeBtf } from "../../src/btf/encode.ts";
import type { Btf } from "../../src/btf/model.ts";
import { dumpFile } from "../btf/bpftool.ts";
import { asFile } from "../judges/run.ts";

interface Dumped {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly type_id?: number;
}

const REFERENCES: readonly string[] = ["type_id", "ret_type_id", "index_type_id"];
const DEPTH = 3;

/**
 * The types of a blob as bpftool reads them, in order, each as a text without ids: references are written out three levels deep. Left
 * out are VAR, DATASEC and FUNC with its prototype and tags, which are not types of the source.
 */
export function bpftoolTypes(btf: Btf): string[] {
  const { types } = asFile(
    encodeBtf(btf),
    "types.btf",
    (path) => JSON.parse(dumpFile(path, "-j").toString()) as { readonly types: readonly Dumped[] },
  );
  const byId = new Map(types.map((type) => [type.id, type]));
  const text = (type: Dumped | undefined, depth: number): string => {
    if (type === undefined) return "void";
    if (depth === 0) return `${type.kind} ${type.name}`;
    return JSON.stringify(type, (key, value: unknown) => {
      if (key === "id") return undefined;
      return REFERENCES.includes(key) && typeof value === "number" ? text(byId.get(value), depth - 1) : value;
    });
  };
  const notTypes = new Set(
    types.filter(({ kind }) => kind === "FUNC" || kind === "VAR" || kind === "DATASEC").map(({ id }) => id),
  );
  for (const type of types) {
    if (type.kind === "FUNC" && type.type_id !== undefined) notTypes.add(type.type_id);
    if (type.kind === "DECL_TAG" && type.type_id !== undefined && notTypes.has(type.type_id)) notTypes.add(type.id);
  }
  return types.filter(({ id }) => !notTypes.has(id)).map((type) => text(type, DEPTH));
}
