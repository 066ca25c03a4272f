import { parseElf } from "../../../src/elf/parse.ts";
import { BtfFixError } from "../../../src/errors.ts";
import type { MapRequest } from "../../../src/rules/cilium/load.ts";
import { ciliumMaps, ciliumVerdict } from "../../../src/rules/cilium/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import type { LoaderVerdict } from "../../../src/rules/loader.ts";
import type { CiliumReport } from "../../judges/cilium.ts";

const KERNEL = KERNEL_PROFILES["6.18"];
/** DEVMAP and DEVMAP_HASH, of which the kernel itself makes the programs' side read-only. */
const [READ_ONLY, DEVMAPS] = [0x80, [14, 25]];
/** What is made of the kernel's own BTF, of which we say nothing. */
const STRUCT_OPS = 26;
/** Flags of the file descriptor, which the kernel does not keep with the map. */
const ACCESS = 0x18;
/** What is wrong only because the judge creates one map alone, without those that it holds. */
const OUTSIDE = /loading (inner map|program) .*, for map/;

/** Our verdict; undefined where we do not read the object. */
export function ours(bytes: Uint8Array): LoaderVerdict | undefined {
  try {
    return ciliumVerdict(parseElf(bytes), KERNEL);
  } catch (error) {
    if (error instanceof BtfFixError) return undefined;
    throw error;
  }
}

/** What differs between our verdict, with the maps that we would ask for, and the library's; undefined where nothing does. */
export function difference(
  bytes: Uint8Array,
  verdict: LoaderVerdict,
  { panic, open, maps }: CiliumReport,
  requests: readonly MapRequest[] | undefined = ciliumMaps(parseElf(bytes), KERNEL),
): string | undefined {
  if (panic !== undefined) return `it panicked: ${panic}`;
  const isOpen = verdict.stage !== "open";
  if (isOpen !== open.ok) return `we say ${verdict.message || "opened"}, it: ${open.error ?? "opened"}`;
  if (!isOpen) return undefined;
  for (const { name, rule, created: isOurs, withIds } of verdict.maps) {
    const theirs = maps.find((map) => map.name === name);
    if (isOurs !== (theirs?.created?.ok === true) && !OUTSIDE.test(theirs?.created?.error ?? "")) {
      return `${name}: we say ${rule ?? "created"}, it: ${theirs?.created?.error ?? "created"}`;
    }
    const held = theirs?.kernel;
    if (held && withIds !== (held.btfKeyTypeId !== 0 || held.btfValueTypeId !== 0)) {
      return `${name}: with types: we say ${withIds} (${rule}), the kernel holds ${held.btfKeyTypeId} and ${held.btfValueTypeId}`;
    }
  }
  const told = new Set(verdict.maps.map(({ name }) => name));
  const forgotten = maps.find(({ name, type, created }) => created !== null && type !== STRUCT_OPS && !told.has(name));
  if (forgotten !== undefined) return `${forgotten.name}: we say nothing`;
  const asked = new Map(requests?.map((map) => [map.name, map]));
  for (const { name, kernel: held } of maps) {
    const map = asked.get(name.replace(/[^A-Za-z0-9._]/g, ""));
    if (held === null || map === undefined) continue;
    const flags = held.mapFlags & (DEVMAPS.includes(held.type) ? ~READ_ONLY : ~0);
    const theirs = [held.type, held.keySize, held.valueSize, flags].join(" ");
    const said = [map.type, map.keySize, map.valueSize, map.flags & ~ACCESS].join(" ");
    if (theirs !== said) return `${name}: we say ${said}, the kernel holds ${theirs}`;
  }
  return undefined;
}
