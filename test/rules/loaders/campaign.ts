import type { ElfView } from "../../../src/elf/model.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { BtfFixError } from "../../../src/errors.ts";
import { KERNEL_PROFILES, type KernelProfile } from "../../../src/rules/kernel/profile.ts";
import type { LoaderVerdict } from "../../../src/rules/loader.ts";
import { Random } from "../kernel/random.ts";
import { type Drawn, draw, loadSeeds } from "./objects.ts";

/** What the real loader said when it opened an object. */
export interface Opened {
  readonly accepted: boolean;
  readonly errno: number;
  /** Everything that it said, in which our line must be found. */
  readonly said: readonly string[];
  /** How it fell over the object, which is a verdict of its own. */
  readonly fell?: string;
  /** What became of its maps, where it was asked and came so far. */
  readonly maps?: readonly MadeMap[];
}

/** A map that the real loader asked the kernel for. */
export interface MadeMap {
  readonly name: string;
  readonly created: boolean;
  /** Whether with type ids. */
  readonly withIds: boolean;
  /** Of the last try; 0 if it is created. */
  readonly errno: number;
}

/** A loader to compare, with the rules that play it. */
export interface Compared {
  readonly name: string;
  ours(elf: ElfView, kernel: KernelProfile): LoaderVerdict | undefined;
  /** `wantMaps`: whether the maps are created, too, which takes longer. */
  theirs(bytes: Uint8Array, wantMaps: boolean): Opened;
  /** Whether errno and words are compared too. */
  readonly words: boolean;
  /** Whether by our verdict the loader gives no answer; without it nothing is compared where it falls. */
  readonly falls?: (ours: LoaderVerdict) => boolean;
}

export interface Disagreement {
  readonly number: number;
  readonly drawn: Drawn;
  readonly what: string;
}

/** What became of the objects of a family; those that nobody reads, or that the loader falls over, are neither opened nor refused. */
export interface Share {
  drawn: number;
  opened: number;
  refused: number;
}

export interface Result {
  readonly compared: number;
  readonly accepted: number;
  /** Maps that were compared, and how many of them the kernel refuses, or takes without type ids only. */
  readonly maps: number;
  readonly refusedMaps: number;
  /** Objects that our own reader refuses, which have no verdict. */
  readonly unread: number;
  readonly fell: ReadonlyMap<string, number>;
  readonly byRule: ReadonlyMap<string, number>;
  readonly byFamily: ReadonlyMap<string, Share>;
  readonly disagreements: readonly Disagreement[];
}

/** "…" of our line stands for what the loader fills in, and U+FFFD for bytes that are no UTF-8, which the judge prints as \\xNN. */
function isSaid(line: string, said: readonly string[]): boolean {
  if (line === "") return true;
  const parts = line.split(/…|\u{fffd}+/u);
  return said.some((text) => {
    let at = 0;
    return parts.every((part) => {
      const found = text.indexOf(part, at);
      at = found + part.length;
      return found >= 0;
    });
  });
}

/** What our verdict says otherwise of the opening of an object than the loader; undefined if nothing. */
export function difference(ours: LoaderVerdict, theirs: Opened, words: boolean): string | undefined {
  const refusedAtOpen = !ours.accepted && ours.stage === "open";
  if (refusedAtOpen === theirs.accepted) {
    const last = theirs.said.filter((line) => !line.startsWith("elf: ")).slice(-3);
    return `we say ${refusedAtOpen ? `refused (${ours.rule}: ${ours.message})` : "opened"}, it: ${theirs.accepted ? "opened" : `refused ${theirs.errno}: ${last.join(" | ")}`}`;
  }
  if (!words || theirs.accepted) return undefined;
  if (ours.errno !== theirs.errno) return `${ours.rule}: errno ${ours.errno}, not ${theirs.errno}`;
  return isSaid(ours.message, theirs.said)
    ? undefined
    : `${ours.rule}: it did not say "${ours.message}" but ${theirs.said.slice(-3).join(" | ")}`;
}

/** Of data the loader puts the name of the file before the section's. */
function isNamed(ours: string, theirs: string): boolean {
  return ours.startsWith(".") ? theirs.endsWith(ours) : ours === theirs;
}

/** What differs in what becomes of the maps. */
export function mapDifference({ maps, errno, stage }: LoaderVerdict, made: readonly MadeMap[]): string | undefined {
  for (const { name, created, withIds, ...theirs } of made) {
    const map = maps.find((own) => isNamed(own.name, name));
    if (map === undefined) return `${name}: we know of no such map`;
    const said = `${map.created} ${map.withIds}`;
    const held = `${created} ${withIds}`;
    if (said !== held) return `${name}: created, with ids: we say ${said} (${map.rule}), it: ${held} (${theirs.errno})`;
  }
  const first = made.find(({ created }) => !created);
  if (first === undefined || stage !== "load" || first.errno === errno) return undefined;
  return `${first.name}: errno ${errno}, not ${first.errno}`;
}

function read(bytes: Uint8Array): ElfView | undefined {
  try {
    return parseElf(bytes);
  } catch (error) {
    if (error instanceof BtfFixError) return undefined;
    throw error;
  }
}

/** What a loader and the rules that play it say of an object; `what` is what they say otherwise. */
export interface Comparison {
  readonly ours: LoaderVerdict;
  readonly theirs: Opened;
  readonly what: string | undefined;
}

/** Gives an object to both; undefined where our own reader refuses it. */
export function compare(loader: Compared, bytes: Uint8Array, wantMaps: boolean): Comparison | undefined {
  const elf = read(bytes);
  const ours = elf && loader.ours(elf, KERNEL_PROFILES["6.18"]);
  if (ours === undefined) return undefined;
  const theirs = loader.theirs(bytes, wantMaps);
  return { ours, theirs, what: whatDiffers(loader, ours, theirs) };
}

function whatDiffers(loader: Compared, ours: LoaderVerdict, theirs: Opened): string | undefined {
  const falls = loader.falls?.(ours);
  if (theirs.fell !== undefined) {
    if (falls !== false) return undefined;
    const said = ours.accepted ? "opened" : `refused (${ours.rule}: ${ours.message})`;
    return `we say ${said}, it fell: ${theirs.fell}`;
  }
  if (falls === true) return `we say that it falls (${ours.rule}), it answers`;
  return difference(ours, theirs, loader.words) ?? mapDifference(ours, theirs.maps ?? []);
}

/** Of every so manieth object the maps are created, which takes the judge long. */
const MAPS_OF_EACH = 4;

/** Whether the maps of the object with this number are created. */
export function areMapsMade(number: number): boolean {
  return number % MAPS_OF_EACH === 0;
}

/** Gives `count` objects of a seed to the loader and to our rules. */
export async function runCampaign(loader: Compared, seed: number, count: number): Promise<Result> {
  const seeds = await loadSeeds();
  const random = new Random(seed);
  const byRule = new Map<string, number>();
  const byFamily = new Map<string, Share>();
  const fell = new Map<string, number>();
  const disagreements: Disagreement[] = [];
  let [compared, accepted, unread, maps, refusedMaps] = [0, 0, 0, 0, 0];
  for (let number = 0; number < count; number++) {
    const drawn = draw(seeds, random, number);
    const share = byFamily.get(drawn.family) ?? { drawn: 0, opened: 0, refused: 0 };
    byFamily.set(drawn.family, share);
    share.drawn++;
    const comparison = compare(loader, drawn.bytes, areMapsMade(number));
    if (comparison === undefined) {
      unread++;
      continue;
    }
    const { ours, theirs, what } = comparison;
    if (what !== undefined) disagreements.push({ number, drawn, what });
    if (theirs.fell !== undefined) {
      fell.set(theirs.fell, (fell.get(theirs.fell) ?? 0) + 1);
      continue;
    }
    compared++;
    if (theirs.accepted) accepted++;
    share[theirs.accepted ? "opened" : "refused"]++;
    if (ours.rule !== undefined) byRule.set(ours.rule, (byRule.get(ours.rule) ?? 0) + 1);
    const made = theirs.maps ?? [];
    maps += made.length;
    refusedMaps += made.filter(({ created, withIds }) => !created || !withIds).length;
  }
  return { compared, accepted, maps, refusedMaps, unread, fell, byRule, byFamily, disagreements };
}
