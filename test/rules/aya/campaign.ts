import type { ElfView } from "../../../src/elf/model.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { BtfFixError } from "../../../src/errors.ts";
import type { AyaDefinition } from "../../../src/rules/aya/definition.ts";
import { checkRelocations } from "../../../src/rules/aya/relocate.ts";
import { AyaRefusal } from "../../../src/rules/aya/rule.ts";
import { ayaBtfAsSent, ayaObject, ayaVerdict } from "../../../src/rules/aya/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { type AyaMap, type AyaName, type AyaReport, runAyaOnAll } from "../../judges/aya.ts";
import { Random } from "../kernel/random.ts";
import { type Drawn, draw, loadSeeds } from "../loaders/objects.ts";

/** One object about which aya-obj and its rules differ. */
export interface Disagreement {
  readonly number: number;
  readonly drawn: Drawn;
  readonly what: string;
}

/** What a campaign has seen. */
export interface AyaCampaign {
  count: number;
  /** Objects that our own reader refuses, which have no verdict. */
  unread: number;
  opened: number;
  fixedUp: number;
  /** Objects whose BTF, as it is sent, was the same byte for byte. */
  sameBtf: number;
  readonly families: Map<string, number>;
  readonly hits: Map<string, number>;
  readonly disagreements: Disagreement[];
}

const versionOf = (name: AyaName): "0.3" | "0.6" => (name === "aya03" ? "0.3" : "0.6");

/** "…" of our line stands for what cannot be known. */
function isSaid(line: string, said: string | null): boolean {
  if (line.startsWith("thread 'main' panicked")) return said?.startsWith("panicked: ") ?? false;
  const [start = "", ...parts] = line.split("…");
  return said?.startsWith(start) === true && parts.every((part) => said.includes(part));
}

function described(name: string, map: AyaDefinition, form: string): string {
  const { type, keySize, valueSize, maxEntries, mapFlags, mapExtra, pinning, keyType, valueType, inner } = map;
  const words = [type, keySize, valueSize, maxEntries, mapFlags, mapExtra, pinning, keyType, valueType].join(" ");
  return `${name} ${form} ${words}${inner === undefined ? "" : ` (${described("", inner, form)})`}`;
}

function theirs(map: AyaMap): string {
  const { name, definition, type, keySize, valueSize, maxEntries, mapFlags, mapExtra, pinning, inner } = map;
  const ids = [map.btfKeyTypeId, map.btfValueTypeId];
  const words = [type, keySize, valueSize, maxEntries, mapFlags, mapExtra, pinning, ...ids].join(" ");
  return `${name} ${definition} ${words}${inner === null ? "" : ` (${theirs(inner)})`}`;
}

function mapsDiffer(elf: ElfView, name: AyaName, report: AyaReport): string | undefined {
  const parsed = ayaObject(elf, versionOf(name));
  if ("verdict" in parsed) return "we do not open it";
  const ours = [...parsed.value.maps].map(([map, found]) =>
    described(map, found, found.form === "btf" ? "btf" : "legacy"),
  );
  const [one, two] = [ours.sort().join("; "), report.maps.map(theirs).sort().join("; ")];
  return one === two ? undefined : `maps: we say ${one}, it: ${two}`;
}

const said = (ok: boolean, error: string | null): string => (ok ? "taken" : `refused: ${error}`);

/** What differs between our rules and aya's report; undefined if nothing does. */
export function difference(elf: ElfView, name: AyaName, report: AyaReport): string | undefined {
  const kernel = KERNEL_PROFILES["6.18"];
  const verdict = ayaVerdict(elf, versionOf(name), kernel);
  const { parse, fixUp } = report;
  const ours = verdict.accepted ? "accepted" : `${verdict.rule} ${verdict.message}`;
  const atOpen = verdict.stage === "open";
  if (atOpen === parse.ok || (atOpen && !isSaid(verdict.message, parse.error))) {
    return `open: we say ${ours}, it ${said(parse.ok, parse.error)}`;
  }
  if (atOpen || fixUp === null) return undefined;
  const differs = mapsDiffer(elf, name, report);
  if (differs !== undefined) return differs;
  const atFixUp = verdict.rule?.startsWith("AX-") === true || (verdict.stage === "load" && !fixUp.ok);
  if (atFixUp === fixUp.ok || (atFixUp && !isSaid(verdict.message, fixUp.error))) {
    return `fix-up: we say ${ours}, it ${said(fixUp.ok, fixUp.error)}`;
  }
  if (atFixUp) return undefined;
  return sentDiffers(elf, name, report) ?? relocationDiffers(elf, name, report);
}

function sentDiffers(elf: ElfView, name: AyaName, report: AyaReport): string | undefined {
  const sent = ayaBtfAsSent(elf, versionOf(name), KERNEL_PROFILES["6.18"]);
  if ((sent === undefined) !== (report.btf === undefined))
    return `sent: ${sent?.length} bytes, not ${report.btf?.length}`;
  if (sent === undefined || report.btf === undefined) return undefined;
  const at = sent.findIndex((byte, index) => byte !== report.btf?.[index]);
  return at < 0 && sent.length === report.btf.length ? undefined : `sent: differs from byte ${at} of ${sent.length}`;
}

/** In which order aya looks at relocations and programs differs from run to run, so only whether it refuses can be compared. */
function relocationDiffers(elf: ElfView, name: AyaName, { relocate }: AyaReport): string | undefined {
  const parsed = ayaObject(elf, versionOf(name));
  if ("verdict" in parsed || relocate === null) return undefined;
  const { externs, ext } = parsed.value;
  let ours = "taken";
  try {
    if (checkRelocations(parsed.value)) return undefined;
  } catch (refusal) {
    if (!(refusal instanceof AyaRefusal)) throw refusal;
    ours = `${refusal.rule.id} ${refusal.message}`;
  }
  // Whether the kernel has what they name is not the object's fault.
  if (ours === "taken" && (externs !== undefined || ext?.hasRelocations === true)) return undefined;
  const agrees = (ours === "taken") === relocate.ok;
  return agrees ? undefined : `relocation: we say ${ours}, it ${said(relocate.ok, relocate.error)}`;
}

function read(bytes: Uint8Array): ElfView | undefined {
  try {
    return parseElf(bytes);
  } catch (error) {
    if (error instanceof BtfFixError) return undefined;
    throw error;
  }
}

const count = (counts: Map<string, number>, key: string): unknown => counts.set(key, (counts.get(key) ?? 0) + 1);

function note(campaign: AyaCampaign, name: AyaName, number: number, drawn: Drawn, report: AyaReport): void {
  const elf = read(drawn.bytes);
  if (elf === undefined) {
    campaign.unread++;
    return;
  }
  campaign.count++;
  count(campaign.families, drawn.family);
  if (report.parse.ok) campaign.opened++;
  if (report.fixUp?.ok) campaign.fixedUp++;
  const what = difference(elf, name, report);
  if (what !== undefined) {
    campaign.disagreements.push({ number, drawn, what });
    return;
  }
  if (report.btf !== undefined) campaign.sameBtf++;
  const { rule } = ayaVerdict(elf, versionOf(name), KERNEL_PROFILES["6.18"]);
  if (rule !== undefined) count(campaign.hits, rule);
}

const BATCH = 250;

/** Gives `length` objects of a seed to aya-obj and to its rules. */
export async function runAyaCampaign(name: AyaName, seed: number, length: number): Promise<AyaCampaign> {
  const seeds = await loadSeeds();
  const random = new Random(seed);
  const campaign: AyaCampaign = {
    ...{ count: 0, unread: 0, opened: 0, fixedUp: 0, sameBtf: 0 },
    ...{ families: new Map(), hits: new Map(), disagreements: [] },
  };
  for (let first = 0; first < length; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, length - first) }, (_, index) =>
      draw(seeds, random, first + index),
    );
    const reports = runAyaOnAll(
      name,
      batch.map(({ bytes }) => bytes),
    );
    batch.forEach((drawn, index) => {
      const report = reports[index];
      if (report === undefined) throw new Error(`seed ${seed}: no report of object ${first + index}`);
      note(campaign, name, first + index, drawn, report);
    });
  }
  return campaign;
}
