import { equalBytes } from "../../bytes/compare.ts";
import type { ElfView } from "../../elf/model.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import { type KernelReading, kernelReading } from "../kernel/verdict.ts";
import {
  type JudgedProgram,
  LOADED,
  type LoaderRule,
  type LoaderStage,
  type LoaderVerdict,
  programVerdict,
} from "../loader.ts";
import { btfRules } from "./btf.ts";
import { definitionRules } from "./definition.ts";
import { elfRules } from "./elf.ts";
import { extRules } from "./ext.ts";
import { externRules } from "./externs.ts";
import { ayaFeatures, fixUp, fixUpRules } from "./fix-up.ts";
import { checkMaps, checkSupport, makeMaps, mapRules } from "./maps.ts";
import { judgedPrograms } from "./program-records.ts";
import { needsBtf } from "./program-section.ts";
import { checkRelocations, relocationRules } from "./relocate.ts";
import { AyaRefusal, type AyaVersion, ayaRule } from "./rule.ts";
import { AyaObject, sectionRules } from "./sections.ts";

const btfNeeded = ayaRule(
  "AL-01",
  "The kernel takes the BTF of an object that has CO-RE relocations or a program that needs BTF.",
  "EbpfLoader::load",
  "BTF error: the BPF_BTF_LOAD syscall returned E. Verifier output: L",
  { stage: "load" },
);

/** Every condition on which aya refuses an object, about in the order in which it looks. */
export const ayaRules: readonly LoaderRule[] = [
  ...elfRules,
  ...sectionRules,
  ...btfRules,
  ...extRules,
  ...externRules,
  ...definitionRules,
  ...fixUpRules,
  btfNeeded,
  ...mapRules,
  ...relocationRules,
];

function refused(refusal: AyaRefusal, stage: LoaderStage): LoaderVerdict {
  const { rule, message, ofBtf, at } = refusal;
  const words = ofBtf && stage === "open" ? `BTF error: ${message}` : message;
  return { accepted: false, stage, errno: 0, message: words, rule: rule.id, maps: [], ...at };
}

/** What a step gives, or the verdict that it makes. */
function attempt<T>(stage: LoaderStage, step: () => T): { readonly value: T } | { readonly verdict: LoaderVerdict } {
  try {
    return { value: step() };
  } catch (refusal) {
    if (!(refusal instanceof AyaRefusal)) throw refusal;
    return { verdict: refused(refusal, stage) };
  }
}

/** The object as aya parses it, or the verdict of one that it does not. */
export function ayaObject(
  elf: ElfView,
  version: AyaVersion,
): { readonly value: AyaObject } | { readonly verdict: LoaderVerdict } {
  return attempt("open", () => new AyaObject(elf, version));
}

function send(object: AyaObject, kernel: KernelProfile): Uint8Array | undefined {
  return object.btf && fixUp(object.btf, object, ayaFeatures(kernel.release));
}

/**
 * The BTF that aya gives to a kernel, or nothing if it gives none: because the object has none, or because aya refuses it first.
 */
export function ayaBtfAsSent(elf: ElfView, version: AyaVersion, kernel: KernelProfile): Uint8Array | undefined {
  const parsed = ayaObject(elf, version);
  if ("verdict" in parsed) return undefined;
  const sent = attempt("load", () => send(parsed.value, kernel));
  return "value" in sent ? sent.value : undefined;
}

interface Heard {
  readonly bytes: Uint8Array;
  readonly kernel: KernelProfile;
  readonly reading: KernelReading;
}

/** What was heard last, by object: most objects' BTF is the same from either version. */
const heardOf = new WeakMap<ElfView, Heard>();

function readingOf(bytes: Uint8Array, kernel: KernelProfile, elf: ElfView): KernelReading {
  const last = heardOf.get(elf);
  if (last?.kernel === kernel && equalBytes(last.bytes, bytes)) return last.reading;
  const reading = kernelReading(bytes, kernel, elf.littleEndian);
  heardOf.set(elf, { bytes, kernel, reading });
  return reading;
}

/**
 * What aya says of an object: whether Object::parse takes it, in aya's own order and words (a panic is a refusal), whether its fix-up of
 * BTF succeeds, what the kernel answers to what it then sends and to its maps, whether its references can be
 * bound, and what the kernel answers to the records of its programs. Takes time in proportion to the object; nothing is thrown.
 */
export function ayaVerdict(elf: ElfView, version: AyaVersion, kernel: KernelProfile): LoaderVerdict {
  const parsed = ayaObject(elf, version);
  if ("verdict" in parsed) return parsed.verdict;
  const object = parsed.value;
  const sent = attempt("load", () => send(object, kernel));
  if ("verdict" in sent) return sent.verdict;
  const reading = sent.value && readingOf(sent.value, kernel, elf);
  const btf = reading?.verdict;
  const isNeeded = object.ext?.hasRelocations || [...object.programs.values()].some(({ section }) => needsBtf(section));
  if (btf?.accepted === false && isNeeded) {
    const message = `BTF error: the BPF_BTF_LOAD syscall returned …. Verifier output: …${btf.message}`;
    return { ...LOADED, accepted: false, stage: "load", rule: btfNeeded.id, message, btf };
  }
  const heard = btf === undefined ? LOADED : { ...LOADED, btf };
  const known = attempt("load", () => checkMaps(object.maps, version));
  if ("verdict" in known) return { ...heard, ...known.verdict };
  const { maps, refusal } = makeMaps(object.maps, version, reading?.held, kernel);
  if (refusal !== undefined) return { ...heard, ...refused(refusal, "load"), maps };
  const bound = attempt("load", () => {
    checkRelocations(object);
    checkSupport(object.maps);
  });
  if ("verdict" in bound) return { ...heard, ...bound.verdict, maps };
  const programs = [...judgedPrograms(object, reading?.held?.subject, kernel)];
  return { ...heard, ...refusedProgram(programs), maps, programs: programs.map(programVerdict) };
}

/** The first program whose records the kernel refuses when it is loaded, which aya leaves to its user. */
function refusedProgram(programs: readonly JudgedProgram[]): Partial<LoaderVerdict> {
  for (const { name, info } of programs) {
    const { accepted, message: words, rule } = info;
    if (accepted) continue;
    const message = `the BPF_PROG_LOAD syscall returned …. Verifier output: ${words}`;
    return { accepted, stage: "load", message, rule, program: name };
  }
  return {};
}
