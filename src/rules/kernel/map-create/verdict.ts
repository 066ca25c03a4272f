import type { KernelProfile } from "../profile.ts";
import type { MapAttributes } from "./attributes.ts";
import type { HeldBtf } from "./btf.ts";

/** What BPF_MAP_CREATE says of a map. */
export interface MapCreateVerdict {
  /** Positive; 0 if the map is created. */
  readonly errno: number;
  /** Id of the rule that is broken; undefined if none is. */
  readonly rule: string | undefined;
}

/**
 * What the kernel of the profile answers to BPF_MAP_CREATE, with its first failure. With `btf` the map is given its type ids, without
 * it none, as loaders do when they try again.
 */
export function mapCreateVerdict(
  _map: MapAttributes,
  _btf: HeldBtf | undefined,
  _profile: KernelProfile,
): MapCreateVerdict {
  return { errno: 0, rule: undefined };
}
