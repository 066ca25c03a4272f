import type { MapAttributes } from "../../../src/rules/kernel/map-create/attributes.ts";
import { mapCreateVerdict } from "../../../src/rules/kernel/map-create/verdict.ts";
import type { KernelProfile } from "../../../src/rules/kernel/profile.ts";
import { kernelReading } from "../../../src/rules/kernel/verdict.ts";
import type { MapAttributes as Asked, MapCreateVerdict } from "../../judges/kernel.ts";
import { Draft } from "../kernel/draft.ts";
import { Random } from "../kernel/random.ts";
import { randomMap } from "./random-map.ts";
import { typePool } from "./types.ts";

/** BTF that the release takes, and maps that name its types. */
export interface MapGroup {
  readonly btf: Uint8Array;
  readonly maps: readonly MapAttributes[];
}

const MAPS_OF_GROUP = 40;

/** At least `count` maps, in groups; BTF that the release refuses is left out, since nothing can be asked with it. */
export function mapGroups(seed: number, count: number, profile: KernelProfile): readonly MapGroup[] {
  const random = new Random(seed);
  const groups: MapGroup[] = [];
  while (groups.length * MAPS_OF_GROUP < count) {
    const draft = new Draft();
    const pool = typePool(draft, random, profile.release);
    const btf = draft.blob();
    if (kernelReading(btf, profile).held === undefined) continue;
    const maps = Array.from({ length: MAPS_OF_GROUP }, () => randomMap(pool, random, profile.release));
    groups.push({ btf, maps });
  }
  return groups;
}

/** A map as the judges are told of it. */
export function askedMap(map: MapAttributes): Asked {
  const { inner, ...rest } = map;
  return inner === undefined ? rest : { ...rest, inner: askedMap(inner) };
}

/** Where kernel and rules are of different minds. */
export interface MapDisagreement {
  readonly map: MapAttributes;
  readonly btf: Uint8Array;
  readonly said: MapCreateVerdict;
  readonly ours: { readonly withIds: number; readonly withoutIds: number; readonly rule: string | undefined };
}

/** What a campaign has found: hits by rule, of first failures with ids and without. */
export interface MapCampaign {
  readonly maps: number;
  /** With ids, and without. */
  readonly created: readonly [number, number];
  readonly hits: ReadonlyMap<string, number>;
  readonly disagreements: readonly MapDisagreement[];
}

/** Compares what the rules say of each map with what the kernel said. */
export function compareMaps(
  groups: readonly MapGroup[],
  answers: readonly (readonly MapCreateVerdict[])[],
  profile: KernelProfile,
): MapCampaign {
  const hits = new Map<string, number>();
  const disagreements: MapDisagreement[] = [];
  const created: [number, number] = [0, 0];
  let maps = 0;
  for (const [index, { btf, maps: members }] of groups.entries()) {
    const held = kernelReading(btf, profile).held;
    for (const [place, map] of members.entries()) {
      const said = answers[index]?.[place];
      if (said === undefined) throw new RangeError("a map without an answer");
      const withIds = mapCreateVerdict(map, held, profile);
      const without = mapCreateVerdict(map, undefined, profile);
      maps++;
      for (const [at, { errno, rule }] of [withIds, without].entries()) {
        if (errno === 0) created[at === 0 ? 0 : 1]++;
        if (rule !== undefined) hits.set(rule, (hits.get(rule) ?? 0) + 1);
      }
      if (said.btfErrno === 0 && said.withIds === withIds.errno && said.withoutIds === without.errno) continue;
      const ours = { withIds: withIds.errno, withoutIds: without.errno, rule: withIds.rule };
      disagreements.push({ map, btf, said, ours });
    }
  }
  return { maps, created, hits, disagreements };
}

/** A disagreement in one line. */
export function disagreementLine({ map, said, ours }: MapDisagreement): string {
  const shown = JSON.stringify(map, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  return `${shown}: kernel ${said.btfErrno} ${said.withIds} ${said.withoutIds}, ours ${JSON.stringify(ours)}`;
}
