import type { MapRequest } from "../../../src/rules/cilium/load.ts";
import type { CiliumCall, CiliumMap, CiliumReport } from "../../judges/cilium.ts";

/** PERF_EVENT_ARRAY and CPUMAP, of which the library makes no more entries than there are processors; STRUCT_OPS, which it makes of the kernel's own BTF. */
const [PER_PROCESSOR, STRUCT_OPS] = [[4, 16], 26];
/** Offsets in what BPF_MAP_CREATE is given. */
const AT = { type: 0, keySize: 4, valueSize: 8, entries: 12, flags: 16, inner: 20, name: 28, extra: 64 };
const [BTF, KEY, VALUE, NAME_SIZE] = [48, 52, 56, 15];

/** One call as text: the blob in base64, or what a map is made of. */
function told({ command, attr, btf }: CiliumCall): string {
  if (command === "btf") return `btf ${btf}`;
  const bytes = Buffer.from(attr, "base64");
  const word = (at: number): number => bytes.readUInt32LE(at);
  const type = word(AT.type);
  const name = bytes.toString("latin1", AT.name, AT.name + NAME_SIZE).replace(/\0.*/s, "");
  const sizes = [word(AT.keySize), word(AT.valueSize), PER_PROCESSOR.includes(type) ? "all" : word(AT.entries)];
  const isOf = [word(BTF) === 0 ? "no types" : "types", word(KEY), word(VALUE)];
  const more = [word(AT.flags), word(AT.inner) === 0 ? "plain" : "outer", bytes.readBigUInt64LE(AT.extra)];
  return ["map", name, type, ...sizes, ...isOf, ...more].join(" ");
}

/** The calls by which a request is made, in the same words. */
function foretold(request: MapRequest): readonly string[] {
  const { name, type, keySize, valueSize, maxEntries, flags, mapExtra, btf, template } = request;
  const sizes = [keySize, valueSize, PER_PROCESSOR.includes(type) ? "all" : maxEntries];
  const isOf = btf === undefined ? ["no types", 0, 0] : ["types", btf.keyId, btf.valueId];
  const more = [flags, template === undefined ? "plain" : "outer", mapExtra];
  return [
    ...(template === undefined ? [] : foretold(template)),
    ...(btf === undefined ? [] : [`btf ${Buffer.from(btf.blob).toString("base64")}`]),
    ["map", name.slice(0, NAME_SIZE), type, ...sizes, ...isOf, ...more].join(" "),
  ];
}

function missing(request: MapRequest, { calls = [], created }: CiliumMap): string | undefined {
  // What a map of maps holds is made first, and may be all that is asked for.
  const isInner = request.template !== undefined && created?.error?.includes("inner map: map create") === true;
  const theirs = calls.filter(({ command }) => command !== "program").map(told);
  let at = -1;
  for (const call of foretold((isInner ? request.template : undefined) ?? request)) {
    // What the library asks to find out about the kernel may stand between.
    at = theirs.indexOf(call, at + 1);
    if (at < 0) return `${request.name}: we say ${call}, it asked ${theirs.join(", ")}`;
  }
  return undefined;
}

/** Maps and blobs that we foretell and the library does not ask for. `compared` hears of each map that was looked at. */
export function sentDifference(
  requests: readonly MapRequest[] | undefined,
  { open, maps }: CiliumReport,
  compared: () => void = () => {},
): string | undefined {
  if (!open.ok) return undefined;
  const byName = new Map(maps.map((map) => [map.name.replace(/[^A-Za-z0-9._]/g, ""), map]));
  for (const request of requests ?? []) {
    const map = byName.get(request.name);
    if (map === undefined || request.type === STRUCT_OPS) continue;
    const what = missing(request, map);
    if (what !== undefined) return what;
    compared();
  }
  return undefined;
}
