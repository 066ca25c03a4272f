import type { ElfView } from "../../../src/elf/model.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { BtfFixError } from "../../../src/errors.ts";
import type { AyaDefinition } from "../../../src/rules/aya/definition.ts";
import { ayaFeatures, fixUp } from "../../../src/rules/aya/fix-up.ts";
import { type AyaSentProgram, ayaSentPrograms } from "../../../src/rules/aya/program-records.ts";
import { checkRelocations, linkedPrograms } from "../../../src/rules/aya/relocate.ts";
import { AyaRefusal } from "../../../src/rules/aya/rule.ts";
import type { AyaObject } from "../../../src/rules/aya/sections.ts";
import { ayaBtfAsSent, ayaObject, ayaVerdict } from "../../../src/rules/aya/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import type { InfoRecords } from "../../../src/rules/kernel/program-info.ts";
import {
  type AyaFeature,
  type AyaMap,
  type AyaName,
  type AyaProgram,
  type AyaReport,
  runAyaOnAll,
} from "../../judges/aya.ts";
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
  return sentDiffers(elf, name, report) ?? relocationDiffers(elf, name, report) ?? programsDiffer(elf, name, report);
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

/** Names of what a kernel may not know, here and with the judge. */
const FEATURES = {
  "datasec-zero": "emptySections",
  float: "floats",
  "decl-tag": "declTags",
  "type-tag": "typeTags",
  enum64: "enum64",
} as const satisfies Readonly<Record<AyaFeature, keyof ReturnType<typeof ayaFeatures>>>;

/** Kernels that lack one thing each, and such as 5.10 is. */
export const LACKING: readonly (readonly AyaFeature[])[] = [
  ["datasec-zero"],
  ["float"],
  ["decl-tag"],
  ["type-tag"],
  ["enum64"],
  ["datasec-zero", "float", "decl-tag", "type-tag", "enum64"],
];

/** What differs between our BTF for a kernel that lacks this and aya's; undefined if nothing does, or if it does not come so far. */
export function lackingDiffers(
  elf: ElfView,
  name: AyaName,
  lacking: readonly AyaFeature[],
  { fixUp: theirs, btf }: Pick<AyaReport, "fixUp" | "btf">,
): string | undefined {
  const parsed = ayaObject(elf, versionOf(name));
  if ("verdict" in parsed || theirs === null) return undefined;
  const { value: object } = parsed;
  const isOld = lacking.length === Object.keys(FEATURES).length;
  const known = { ...ayaFeatures("6.18"), ...Object.fromEntries(lacking.map((one) => [FEATURES[one], false])) };
  const features = isOld ? ayaFeatures("5.10") : known;
  try {
    const sent = object.btf && fixUp(object.btf, object, features);
    const same = theirs.ok && Buffer.compare(sent ?? Buffer.alloc(0), btf ?? Buffer.alloc(0)) === 0;
    return same ? undefined : `without ${lacking}: sends ${btf?.length} bytes, ${theirs.error}, not ${sent?.length}`;
  } catch (refusal) {
    if (!(refusal instanceof AyaRefusal)) throw refusal;
    return isSaid(refusal.message, theirs.error) ? undefined : `without ${lacking}: ${refusal.message}`;
  }
}

/** Code without the descriptors of maps: ours, and those that the judge counts from 2^20. */
function withoutDescriptors(code: Uint8Array): string {
  const bytes = Buffer.from(code);
  for (let at = 4; at < bytes.length; at += 8) {
    const imm = bytes.readInt32LE(at);
    if (imm === 1 << 30 || imm >> 8 === 1 << 12) bytes.writeInt32LE(0, at);
  }
  return bytes.toString("hex");
}

/** Hexadecimal, and a record's size where there is one. */
function recordsText(records: InfoRecords | undefined): string {
  return records === undefined ? "" : `${Buffer.from(records.records).toString("hex")} ${records.recordSize}`;
}

const theirRecords = (hex: string | undefined, size: number | undefined): string =>
  hex === "" ? "" : `${hex} ${size}`;

/** What differs in what BPF_PROG_LOAD is given of a program. */
function programDiffers(object: AyaObject, own: AyaSentProgram | undefined, theirs: AyaProgram): string | undefined {
  const { insns = "", funcInfo, funcInfoSize, lineInfo, lineInfoSize } = theirs;
  // Of records that are longer than aya knows them nobody can tell.
  const isOdd = (funcInfo !== "" && funcInfoSize !== 8) || (lineInfo !== "" && lineInfoSize !== 16);
  if (own === undefined || isOdd) {
    return isOdd === (own === undefined) ? undefined : `program ${theirs.name}: sent ${own !== undefined}`;
  }
  const { sent } = own;
  const pairs = [
    ["func_info", recordsText(sent.funcInfo), theirRecords(funcInfo, funcInfoSize)],
    ["line_info", recordsText(sent.lineInfo), theirRecords(lineInfo, lineInfoSize)],
  ];
  // Else the kernel's own types decide, and of the other byte order only that machine knows.
  if (object.elf.littleEndian && object.externs === undefined && object.ext?.hasRelocations !== true) {
    pairs.push(["code", withoutDescriptors(sent.insns), withoutDescriptors(Buffer.from(insns, "hex"))]);
  }
  const wrong = pairs.find(([, one, two]) => one !== two);
  return wrong && `program ${theirs.name}: ${wrong[0]} is ${wrong[1]}, not ${wrong[2]}`;
}

function programsDiffer(elf: ElfView, name: AyaName, { relocate, programs }: AyaReport): string | undefined {
  const parsed = ayaObject(elf, versionOf(name));
  if ("verdict" in parsed || relocate?.ok !== true || linkedPrograms(parsed.value) === undefined) return undefined;
  const own = new Map([...ayaSentPrograms(parsed.value)].map((sent) => [sent.name, sent]));
  for (const program of programs) {
    const sent = own.get(program.name);
    const what = program.insns === undefined ? undefined : programDiffers(parsed.value, sent, program);
    if (what !== undefined) return what;
  }
  return undefined;
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
