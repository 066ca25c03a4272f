import type { MapAttributes } from "../../src/rules/kernel/map-create/attributes.ts";
import { mapCreateVerdict } from "../../src/rules/kernel/map-create/verdict.ts";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { KERNEL_RELEASES, type KernelRelease } from "../../src/rules/kernel/rule.ts";
import { kernelReading } from "../../src/rules/kernel/verdict.ts";
import type { Comparison } from "../../tools/mutation/answers.ts";
import type { MapCreateVerdict } from "../judges/kernel.ts";
import type { MapGroup } from "../rules/map-create/campaign.ts";
import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";

/** What a kernel said of each map of a group. */
export type MapAnswers = readonly MapCreateVerdict[];

/** BTF with maps as the bytes of one input: JSON, with the BTF in base64 and map_extra as text. */
export function mapsAsBytes({ btf, maps }: MapGroup): Uint8Array {
  const text = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
  return new TextEncoder().encode(JSON.stringify({ btf: Buffer.from(btf).toString("base64"), maps }, text));
}

/** The group that became these bytes. */
export function mapsOfBytes(input: Uint8Array): MapGroup {
  const number = (key: string, value: unknown): unknown => (key === "mapExtra" ? BigInt(String(value)) : value);
  const { btf, maps } = JSON.parse(new TextDecoder().decode(input), number) as {
    btf: string;
    maps: readonly MapAttributes[];
  };
  return { btf: new Uint8Array(Buffer.from(btf, "base64")), maps };
}

const read = new WeakMap<Uint8Array, MapGroup & Pick<ReturnType<typeof kernelReading>, "held">>();

function difference(input: Uint8Array, answers: MapAnswers, release: KernelRelease): string | undefined {
  const profile = KERNEL_PROFILES[release];
  let group = read.get(input);
  if (group === undefined) {
    const { btf, maps } = mapsOfBytes(input);
    group = { btf, maps, held: kernelReading(btf, profile).held };
    read.set(input, group);
  }
  const { held, maps } = group;
  for (const [index, map] of maps.entries()) {
    const said = answers[index];
    const withIds = held === undefined ? null : mapCreateVerdict(map, held, profile).errno;
    const withoutIds = mapCreateVerdict(map, undefined, profile).errno;
    if (said?.withIds === withIds && said.withoutIds === withoutIds) continue;
    return `map ${index} of kind ${map.type}: ${withIds} ${withoutIds}, not ${said?.withIds} ${said?.withoutIds}`;
  }
  return undefined;
}

export function mapComparisons(release: KernelRelease): readonly Comparison<MapAnswers>[] {
  return [{ name: "errno", differ: (input, answers) => difference(input, answers, release) }];
}

/** What each release said of maps, the running kernel first. */
export function replays(answersOf: AnswersOf): readonly Replay[] {
  return KERNEL_RELEASES.toSorted((one) => (one === "6.18" ? -1 : 0)).flatMap((release) =>
    replaysOf(`map-create-${release}`, answersOf, mapComparisons(release)),
  );
}
