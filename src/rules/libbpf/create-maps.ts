import type { CreatedMap } from "../kernel/map-create/attributes.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import type { HeldBtf } from "../kernel/verdict.ts";
import type { LoaderRule, MapVerdict } from "../loader.ts";
import { askForMap } from "../map-verdict.ts";
import { errnoText } from "./errno.ts";
import { fallOnOps } from "./follow.ts";
import { LibbpfRefusal, libbpfRule } from "./rule.ts";
import type { LibbpfVersion } from "./sanitise.ts";

const mapMade = libbpfRule(
  "LP-02",
  "The kernel creates every map; libbpf tries again without type ids, and gives up if that fails too.",
  "bpf_object__create_maps",
  "map 'M': failed to create: E",
  { stage: "load" },
);

export const createRules: readonly LoaderRule[] = [mapMade];

/** Its size is that of the kernel's own struct, which nobody knows here. */
const STRUCT_OPS = 26;

/** What becomes of an object's maps, and the refusal with which libbpf stops at the first that is not created. */
export interface MadeMaps {
  readonly maps: readonly MapVerdict[];
  readonly refusal: LibbpfRefusal | undefined;
}

/** Looks for the variable of each map of struct_ops, before any map is made. Errors: LC-06. */
export function checkOps(created: readonly CreatedMap[]): void {
  for (const { name, type, kernelTypeId } of created) {
    if (type === STRUCT_OPS && kernelTypeId === undefined) fallOnOps(name);
  }
}

/**
 * What the kernel makes of the maps that libbpf gives it, in its order; those behind the first that it refuses as if they were asked for, too.
 * `held`: the BTF, where the kernel took it.
 */
export function makeMaps(
  created: readonly CreatedMap[],
  held: HeldBtf | undefined,
  kernel: KernelProfile,
  version: LibbpfVersion,
): MadeMaps {
  const maps: MapVerdict[] = [];
  let refusal: LibbpfRefusal | undefined;
  for (const map of created) {
    if (map.type === STRUCT_OPS) continue;
    const { verdict, errno } = askForMap(map, { held: () => held, kernel, triesAgain: () => true });
    maps.push(verdict);
    if (errno === 0 || refusal !== undefined) continue;
    // Before the name of a section libbpf puts that of the file.
    const name = map.name.startsWith(".") ? `…${map.name}` : map.name;
    const line = `map '${name}': failed to create: ${errnoText(errno, version)}`;
    refusal = new LibbpfRefusal(mapMade, line, { map: map.name }, errno);
  }
  return { maps, refusal };
}
