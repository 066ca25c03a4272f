import type { Btf } from "../../btf/model.ts";
import type { ElfView } from "../../elf/model.ts";
import { BtfFixError } from "../../errors.ts";
import type { CreatedMap } from "../kernel/map-create/attributes.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import { programInfoVerdict } from "../kernel/program-info.ts";
import {
  type JudgedProgram,
  LOADED,
  type LoaderRule,
  type LoaderStage,
  type LoaderVerdict,
  programVerdict,
} from "../loader.ts";
import { checkHiddenFunctions, datasecRules, opened } from "./as-sent.ts";
import { btfRules, checkBtf } from "./btf.ts";
import { type Collected, collectRules, collectSections } from "./collect.ts";
import { checkOps, createRules, makeMaps } from "./create-maps.ts";
import { createdMaps } from "./created.ts";
import { definitionRules } from "./definition.ts";
import { errnoName, errnoText } from "./errno.ts";
import { checkExt, extRules } from "./ext.ts";
import { checkExternsWithoutBtf, externRules } from "./externs.ts";
import { fallRules } from "./follow.ts";
import { collectMaps, mapRules } from "./maps.ts";
import { ownBtf } from "./own-btf.ts";
import { programRecordRules, type SentProgram, sentPrograms } from "./program-records.ts";
import { checkRelocations, relocationRules, slotRules } from "./relocations.ts";
import { ENOENT, LibbpfRefusal, libbpfRule } from "./rule.ts";
import type { LibbpfVersion } from "./sanitise.ts";
import { type Sent, sentBtf } from "./sent.ts";
import { collectStructOps, structOpsRules, structOpsSections } from "./struct-ops.ts";
import { checkVirtualExterns, virtualExternRules } from "./virtual-externs.ts";

const missing = libbpfRule(
  "LE-06",
  "An object with maps has BTF.",
  "bpf_object__init_btf",
  "BTF is required, but is missing or corrupted.",
  { errno: ENOENT },
);

const mandatory = libbpfRule(
  "LP-01",
  "The kernel takes the BTF of an object with struct_ops.",
  "bpf_object__sanitize_and_load_btf",
  "Error loading .BTF into kernel: E. BTF is mandatory, can't proceed.",
  { stage: "load" },
);

/** Every condition on which libbpf refuses, about in the order in which libbpf looks. */
export const libbpfRules: readonly LoaderRule[] = [
  ...collectRules,
  ...btfRules,
  missing,
  ...extRules,
  ...externRules,
  ...datasecRules,
  ...mapRules,
  ...definitionRules,
  ...structOpsRules,
  ...relocationRules,
  ...slotRules,
  ...fallRules,
  ...virtualExternRules,
  mandatory,
  ...createRules,
  ...programRecordRules,
];

/** Runs a check whose failure is none of the object's if nothing in it needs BTF. */
function unlessOptional(needed: boolean, check: () => void): boolean {
  try {
    check();
    return true;
  } catch (refusal) {
    if (needed || !(refusal instanceof LibbpfRefusal)) throw refusal;
    return false;
  }
}

/** The object's BTF; undefined where it has none, or none that libbpf can read and it goes on without (`bpf_object__init_btf`). */
function readBtf(
  { littleEndian }: ElfView,
  { maps, btf, ext, uses }: Collected,
  version: LibbpfVersion,
): Btf | undefined {
  const needed = maps !== undefined || [...uses.values()].includes("structOps");
  if (btf === undefined) {
    if (needed) throw new LibbpfRefusal(missing);
    return undefined;
  }
  if (!unlessOptional(needed, () => checkBtf(btf.bytes, littleEndian, version))) return undefined;
  if (ext !== undefined) unlessOptional(needed, () => checkExt(ext.bytes, littleEndian, version));
  return ownBtf(btf.bytes);
}

/** What is needed once the object is open: its BTF as it stands in the file, and its maps in libbpf's order. */
interface Opened {
  readonly btf: Btf | undefined;
  readonly needsBtf: boolean;
  readonly maps: () => readonly CreatedMap[];
  readonly programs: () => Iterable<SentProgram>;
}

function open(elf: ElfView, version: LibbpfVersion): Opened {
  const collected = collectSections(elf, version);
  const own = readBtf(elf, collected, version);
  if (own === undefined) checkExternsWithoutBtf(elf);
  const btf = own && opened(own, elf, version);
  const maps = collectMaps(btf, collected, version);
  const variables = btf === undefined ? [] : collectStructOps(btf, elf, collected, version);
  const ops = btf && { version, elf, collected, btf, variables, filled: new Map() };
  checkRelocations({ version, elf, collected, maps }, ops);
  return {
    btf: own,
    needsBtf: structOpsSections(collected, version).length > 0,
    maps: () => createdMaps(elf, own && btf && { own, btf }, collected, maps, variables, version),
    programs: () => sentPrograms(elf, collected, btf, version),
  };
}

/** The maps that libbpf creates of an object, in its order; undefined where it does not open it, or we do not read it. */
export function libbpfMaps(elf: ElfView, version: LibbpfVersion): readonly CreatedMap[] | undefined {
  try {
    return open(elf, version).maps();
  } catch (refusal) {
    if (refusal instanceof LibbpfRefusal || refusal instanceof BtfFixError) return undefined;
    throw refusal;
  }
}

/** What libbpf sends of the programs, or how it fails to put one together; neither where nobody can tell. */
interface Programs {
  readonly programs: readonly SentProgram[];
  readonly refusal: LibbpfRefusal | undefined;
}

function putTogether({ programs }: Opened): Programs {
  try {
    return { programs: [...programs()], refusal: undefined };
  } catch (refusal) {
    if (refusal instanceof BtfFixError) return { programs: [], refusal: undefined };
    if (!(refusal instanceof LibbpfRefusal)) throw refusal;
    return { programs: [], refusal };
  }
}

/** What the kernel says of each program; without BTF in the kernel libbpf sends no records. */
function* judged(
  programs: readonly SentProgram[],
  sent: Sent | undefined,
  { littleEndian }: ElfView,
  kernel: KernelProfile,
): Generator<JudgedProgram> {
  const btf = programs.length === 0 ? undefined : sent?.held()?.subject;
  for (const { name, sent: records } of programs) {
    const given = btf === undefined ? { insns: records.insns } : records;
    yield { name, info: programInfoVerdict(given, btf, kernel, littleEndian) };
  }
}

/**
 * What a kernel says of the records of each program that libbpf loads, in its order, as if nothing else of the object were refused before;
 * undefined where libbpf does not open the object. Empty where it cannot put a program together, or nobody can tell.
 */
export function libbpfPrograms(
  elf: ElfView,
  version: LibbpfVersion,
  kernel: KernelProfile,
): readonly JudgedProgram[] | undefined {
  try {
    const opened = open(elf, version);
    const sent = opened.btf && sentBtf(elf, opened.btf, kernel, version);
    return [...judged(putTogether(opened).programs, sent, elf, kernel)];
  } catch (refusal) {
    if (refusal instanceof LibbpfRefusal || refusal instanceof BtfFixError) return undefined;
    throw refusal;
  }
}

/** The first program whose records the kernel refuses. */
function refusedProgram(
  programs: readonly JudgedProgram[],
  version: LibbpfVersion,
): Omit<LoaderVerdict, "maps"> | undefined {
  for (const { name, info } of programs) {
    const { accepted, errno, rule } = info;
    if (accepted) continue;
    const message = info.message || `prog '${name}': BPF program load failed: ${errnoText(errno, version)}`;
    return { accepted, stage: "load", errno, message, rule, program: name };
  }
  return undefined;
}

/** How libbpf fails at one of the steps of a load; undefined if it does not. */
function failure(step: () => void): Omit<LoaderVerdict, "maps"> | undefined {
  try {
    step();
    return undefined;
  } catch (refusal) {
    if (!(refusal instanceof LibbpfRefusal)) throw refusal;
    return refused(refusal, "load");
  }
}

function load(elf: ElfView, opened: Opened, version: LibbpfVersion, kernel: KernelProfile): LoaderVerdict {
  const { btf, needsBtf } = opened;
  const sent = btf && sentBtf(elf, btf, kernel, version);
  const heard = sent === undefined ? LOADED : { ...LOADED, btf: sent.verdict };
  const created = opened.maps();
  const { programs, refusal: apart } = putTogether(opened);
  const unresolved = failure(() => {
    if (btf === undefined) return;
    checkVirtualExterns(btf, elf);
    // Names that 1.7 does not know it refuses when it opens an object.
    if (version === "1.1") checkHiddenFunctions(btf, elf);
  });
  const fallen = failure(() => checkOps(created));
  // 1.1 puts programs together when the maps are there; 1.7 before it talks to the kernel.
  const before = unresolved ?? (version === "1.1" ? undefined : (fallen ?? (apart && refused(apart, "load"))));
  // Where nothing in the kernel needs the BTF, libbpf goes on without.
  if (sent?.verdict.accepted === false && needsBtf) {
    const { errno } = sent.verdict;
    const number = version === "1.1" ? `-${errno}` : errnoName(errno);
    const message = `Error loading .BTF into kernel: ${number}. BTF is mandatory, can't proceed.`;
    return { ...heard, ...(before ?? { accepted: false, stage: "load", errno, message, rule: mandatory.id }) };
  }
  const { maps, refusal } = makeMaps(created, sent?.held(), kernel, version);
  const stopped = refusal ?? apart;
  const first = before ?? fallen ?? (stopped && refused(stopped, "load"));
  if (first !== undefined) return { ...heard, ...first, maps };
  const loaded = [...judged(programs, sent, elf, kernel)];
  return { ...heard, ...refusedProgram(loaded, version), maps, programs: loaded.map(programVerdict) };
}

function refused({ rule, errno, message, at }: LibbpfRefusal, stage: LoaderStage): Omit<LoaderVerdict, "maps"> {
  return { accepted: false, stage, errno, message, rule: rule.id, ...at };
}

/**
 * What libbpf says of an object: whether bpf_object__open takes it, in its own order and words, what the kernel answers to the BTF that it
 * then sends, what becomes of the maps, and of the records of programs. Undefined where the object's BTF or relocations are of a form that
 * libbpf reads and we do not. Throws nothing.
 */
export function libbpfVerdict(elf: ElfView, version: LibbpfVersion, kernel: KernelProfile): LoaderVerdict | undefined {
  try {
    return load(elf, open(elf, version), version, kernel);
  } catch (refusal) {
    if (refusal instanceof BtfFixError) return undefined;
    if (!(refusal instanceof LibbpfRefusal)) throw refusal;
    return { ...refused(refusal, "open"), maps: [] };
  }
}
