import type { MapSpec } from "../../../src/rules/cilium/map-spec.ts";
import { shortForm, type Type } from "../../../src/rules/cilium/types.ts";
import type { CiliumSpec } from "../../../src/rules/cilium/verdict.ts";
import type { CiliumMap, CiliumReport } from "../../judges/cilium.ts";

/** A type without what the library prints in brackets behind its name, and without a name that Go writes otherwise. */
function printed(text: string | null): string | null {
  return text === null
    ? null
    : text.replace(/^(\w+(?::"(?:[^"\\]|\\.)*")?).*$/s, "$1").replace(/:".*[^ -~].*|:".*\\.*/s, "");
}

function typeText(type: Type | undefined): string | null {
  return type === undefined ? null : printed(shortForm(type));
}

function ourMap(spec: MapSpec): readonly unknown[] {
  const { type, keySize, valueSize, maxEntries, flags, mapExtra, pinning, key, value, inner, contents } = spec;
  const slots = [...contents].map(([slot, name]) => `${slot}=${name}`);
  const numbers = [type, keySize, valueSize, maxEntries, flags, Number(mapExtra), pinning | 0];
  return [
    ...numbers,
    typeText(key),
    typeText(value),
    slots,
    inner === undefined ? null : [inner.name, ...ourMap(inner)],
  ];
}

function theirMap(map: CiliumMap): readonly unknown[] {
  const { type, keySize, valueSize, maxEntries, mapFlags, mapExtra, pinning, key, value, inner, contents } = map;
  const numbers = [type, keySize, valueSize, maxEntries, mapFlags, mapExtra, pinning | 0];
  return [...numbers, printed(key), printed(value), contents, inner === null ? null : [inner.name, ...theirMap(inner)]];
}

function listed(list: Iterable<readonly [string, unknown]>): string {
  return JSON.stringify([...list].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function ours({ maps, variables, programs }: CiliumSpec): Readonly<Record<string, string>> {
  return {
    maps: listed([...maps].map(([name, map]) => [name, ourMap(map)])),
    variables: listed([...variables].map(([name, { section, offset, size }]) => [name, [section, offset, size]])),
    programs: listed([...programs].flatMap(([name, { section }]) => (section === ".text" ? [] : [[name, section]]))),
  };
}

function theirs({ maps, variables, programs }: CiliumReport): Readonly<Record<string, string>> {
  // A map that it makes of nothing in the object.
  const read = maps.filter(({ name }) => name !== ".kconfig");
  return {
    maps: listed(read.map((map) => [map.name, theirMap(map)])),
    variables: listed(variables.map(({ name, section, offset, size }) => [name, [section, offset, size]])),
    programs: listed(programs.map(({ name, section }) => [name, section])),
  };
}

/** What differs between the maps, variables and programs that we find in an object and those of the library. */
export function openedDifference(spec: CiliumSpec | undefined, report: CiliumReport): string | undefined {
  if (spec === undefined || !report.open.ok) return undefined;
  const [mine, judged] = [ours(spec), theirs(report)];
  const what = Object.keys(mine).find((key) => mine[key] !== judged[key]);
  return what === undefined ? undefined : `${what}: we say ${mine[what]}, it: ${judged[what]}`;
}
