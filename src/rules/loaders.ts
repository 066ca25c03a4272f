import { BtfFixError } from "../errors.ts";
import type { Judge } from "./rule.ts";

/** A loader of one version: how verdicts call it, and what it calls its two stages. */
export interface Loader {
  readonly key: LoaderKey;
  readonly judge: Judge;
  /** In a verdict: "1.7", "aya-obj 0.6". */
  readonly version: string;
  readonly stages: { readonly open: string; readonly load: string };
  /** Whether it is the newest of its kind: a refusal of an older one is a note, unless somebody asked for it. */
  readonly isNewest: boolean;
}

export const LOADER_KEYS = ["libbpf", "libbpf@1.1", "cilium", "aya", "aya@0.3"] as const;

/** Where a verdict stands in the report; the newest version of a loader has its plain name. */
export type LoaderKey = (typeof LOADER_KEYS)[number];

const LIBBPF = { judge: "libbpf", stages: { open: "bpf_object__open", load: "bpf_object__load" } } as const;
const AYA = { judge: "aya", stages: { open: "Object::parse", load: "Ebpf::load" } } as const;

/** Every loader that is known, in the order of the report. */
export const LOADERS: readonly Loader[] = [
  { ...LIBBPF, key: "libbpf", version: "1.7", isNewest: true },
  { ...LIBBPF, key: "libbpf@1.1", version: "1.1", isNewest: false },
  {
    key: "cilium",
    judge: "cilium/ebpf",
    version: "0.22",
    stages: { open: "LoadCollectionSpec", load: "NewCollection" },
    isNewest: true,
  },
  { ...AYA, key: "aya", version: "aya-obj 0.6", isNewest: true },
  { ...AYA, key: "aya@0.3", version: "aya-obj 0.3", isNewest: false },
];

/** Other names of the same, as users write them. */
const ALIASES: Readonly<Record<string, LoaderKey>> = {
  "libbpf@1.7": "libbpf",
  "cilium@0.22": "cilium",
  "cilium/ebpf": "cilium",
  "aya@0.6": "aya",
};

/** Whose refusals count. */
export interface LoaderTarget {
  readonly loaders: readonly Loader[];
  /** Whether the user named them, so that each counts as much as any other. */
  readonly areNamed: boolean;
}

/** Every loader, of which libbpf decides. */
export const ALL_LOADERS: LoaderTarget = { loaders: LOADERS, areNamed: false };

function isKey(name: string): name is LoaderKey {
  return LOADER_KEYS.some((key) => key === name);
}

/**
 * The loaders of these names ("libbpf@1.1", "libbpf", "cilium", "aya"); none: all. "kernel" names none, since the kernel's answer always
 * counts. Errors: USAGE for a loader or a version that is not known.
 */
export function loaderTarget(names: readonly string[] = []): LoaderTarget {
  if (names.length === 0) return ALL_LOADERS;
  const keys = new Set<LoaderKey>();
  for (const name of names) {
    if (name === "kernel") continue;
    const key = ALIASES[name] ?? name;
    if (!isKey(key)) {
      const known = [...LOADER_KEYS, "libbpf@1.7", "aya@0.6", "kernel"].join(", ");
      throw new BtfFixError("USAGE", `no loader is called "${name}"; known are ${known}`);
    }
    keys.add(key);
  }
  return { loaders: LOADERS.filter(({ key }) => keys.has(key)), areNamed: true };
}
