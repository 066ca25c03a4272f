import { type Btf, type BtfType, typeById } from "../../btf/model.ts";
import type { LoaderRule } from "../loader.ts";
import { LibbpfRefusal, libbpfRule } from "./rule.ts";

const FALLS = { errno: 0 } as const;
const idKnown = libbpfRule(
  "LC-01",
  "An id that libbpf follows is one of a type: it crashes on any other.",
  "skip_mods_and_typedefs",
  [],
  { ...FALLS, until: "1.1" },
);
const nameKnown = libbpfRule(
  "LC-02",
  "A name that libbpf compares lies within the strings: it crashes on any other.",
  "find_extern_btf_id",
  [],
  { ...FALLS, until: "1.1" },
);
const chainEnds = libbpfRule(
  "LC-03",
  "A chain of typedefs and modifiers comes to an end: libbpf follows it for ever.",
  "skip_mods_and_typedefs",
  [],
  FALLS,
);
const structEnds = libbpfRule(
  "LC-04",
  "An extern of `.kconfig` is no struct that contains itself: libbpf crashes on it.",
  "btf__align_of",
  [],
  FALLS,
);

const placeKnown = libbpfRule(
  "LC-05",
  "A variable of struct_ops begins within its section: where the sum of place and size wraps around, libbpf copies what is not there.",
  "init_struct_ops_maps",
  [],
  FALLS,
);

const opsOfVariable = libbpfRule(
  "LC-06",
  "A map of struct_ops is made of a variable: of one in `.maps` libbpf looks for it, and crashes.",
  "bpf_map__init_kern_struct_ops",
  [],
  { ...FALLS, stage: "load" },
);

const functionNamed = libbpfRule(
  "LC-07",
  "The name of a global FUNC before that of a hidden function lies within the strings: libbpf compares it, and crashes.",
  "bpf_object__sanitize_and_load_btf",
  [],
  { ...FALLS, stage: "load", until: "1.1" },
);

/** Conditions on which libbpf gives no answer: it crashes or hangs. */
export const fallRules: readonly LoaderRule[] = [
  idKnown,
  nameKnown,
  chainEnds,
  structEnds,
  placeKnown,
  opsOfVariable,
  functionNamed,
];

/** libbpf 1.1 reads a type that does not exist. */
export function fallOnId(typeId: number): never {
  throw new LibbpfRefusal(idKnown, "", { typeId });
}

/** libbpf 1.1 compares a name that does not exist. */
export function fallOnName(typeId: number): never {
  throw new LibbpfRefusal(nameKnown, "", { typeId });
}

/** libbpf calls itself for ever. */
export function fallOnStruct(typeId: number): never {
  throw new LibbpfRefusal(structEnds, "", { typeId });
}

/** libbpf copies a variable from outside its section. */
export function fallOnPlace(typeId: number): never {
  throw new LibbpfRefusal(placeKnown, "", { typeId });
}

/** libbpf looks for the variable of a map that has none. */
export function fallOnOps(map: string): never {
  throw new LibbpfRefusal(opsOfVariable, "", { map });
}

/** libbpf 1.1 compares the name of a function that has none. */
export function fallOnFunction(typeId: number): never {
  throw new LibbpfRefusal(functionNamed, "", { typeId });
}

const ends = new WeakMap<Btf, Map<number, number>>();

/**
 * The type behind modifiers and typedefs (libbpf `skip_mods_and_typedefs`), undefined for void. Remembered per blob, so that many ways into
 * one long chain take no longer than one. Throws a `LibbpfRefusal` where libbpf crashes or hangs.
 */
export function followed(btf: Btf, id: number): BtfType | undefined {
  const known = ends.get(btf) ?? new Map<number, number>();
  ends.set(btf, known);
  const path = new Set<number>();
  let at = id;
  for (;;) {
    const end = known.get(at);
    if (end !== undefined) {
      at = end;
      break;
    }
    if (path.has(at)) throw new LibbpfRefusal(chainEnds, "", { typeId: at });
    const type = typeById(btf, at);
    if (type === undefined && at !== 0) fallOnId(at);
    const isLink =
      type?.kind === "const" ||
      type?.kind === "volatile" ||
      type?.kind === "restrict" ||
      type?.kind === "typeTag" ||
      type?.kind === "typedef";
    if (!isLink) break;
    path.add(at);
    at = type.type;
  }
  for (const link of path) known.set(link, at);
  return typeById(btf, at);
}
