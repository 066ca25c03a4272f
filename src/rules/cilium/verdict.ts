import type { ElfView } from "../../elf/model.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import type { BtfLoadVerdict } from "../kernel/verdict.ts";
import { LOADED, type LoaderRule, type LoaderStage, type LoaderVerdict, type MapVerdict } from "../loader.ts";
import { blobRules } from "./blob.ts";
import {
  assignSymbols,
  type Collected,
  checkSizes,
  collectRules,
  collectSections,
  content,
  isCompressed,
  loadRelocations,
  rawBytes,
} from "./collect.ts";
import { dataRules, loadData, loadKconfig, loadKsyms, type Variables } from "./data.ts";
import { definitionRules } from "./definition.ts";
import { checkExt, extPlain, extRules } from "./ext.ts";
import { typeMissing } from "./inflate.ts";
import { instructionRules } from "./insn.ts";
import { loadRules, mapRequest } from "./load.ts";
import { loadBtfMaps, loadOldMaps, type Maps, mapRules } from "./maps.ts";
import { loadPrograms, type Program, programRules } from "./programs.ts";
import { relocateRules } from "./relocate.ts";
import { CiliumRefusal, refuse, Unread, within } from "./rule.ts";
import { checkSymbols, isNotFound, Spec, specRules } from "./spec.ts";
import { stringRules } from "./strings.ts";
import { loadStructOps, structOpsRules } from "./struct-ops.ts";
import { tagRules } from "./tags.ts";
import { sizeRules } from "./types.ts";

/** Every condition on which the library refuses an object, about in the order in which it looks. */
export const ciliumRules: readonly LoaderRule[] = [
  ...collectRules,
  ...blobRules,
  ...stringRules,
  typeMissing,
  ...tagRules,
  ...specRules,
  ...sizeRules,
  ...extRules,
  ...mapRules,
  ...definitionRules,
  ...dataRules,
  ...programRules,
  ...instructionRules,
  ...relocateRules,
  ...structOpsRules,
  ...loadRules,
];

/** What the library makes of an object that it opens. */
export interface Opened {
  readonly collected: Collected;
  readonly maps: Maps;
  readonly variables: Variables;
  readonly programs: ReadonlyMap<string, Program>;
}

/** The object's BTF, of which the last section of that name counts; undefined where it has none. */
function loadSpec(elf: ElfView): Spec | undefined {
  checkSizes(elf);
  const section = elf.sections.findLast(({ name }) => name === ".BTF");
  if (section === undefined) return undefined;
  const spec = new Spec(elf, () => within("reading .BTF section", () => content(elf, section)));
  const ext = elf.sections.find(({ name }) => name === ".BTF.ext");
  if (ext === undefined) return spec;
  if (isCompressed(ext)) refuse(extPlain);
  try {
    checkExt(rawBytes(elf, ext), elf.littleEndian, spec);
  } catch (error) {
    // The library takes a type that is not there for a `.BTF.ext` that is not there.
    if (!(error instanceof CiliumRefusal && isNotFound(error.rule))) throw error;
  }
  return spec;
}

function open(elf: ElfView): Opened {
  const { collected, relocating } = collectSections(elf);
  const spec = within("load BTF", () => loadSpec(elf));
  within("load symbols", () => checkSymbols(elf));
  assignSymbols(collected);
  within("load relocations", () => loadRelocations(collected, relocating));
  const maps: Maps = new Map();
  const variables: Variables = new Map();
  within("load maps", () => loadOldMaps(collected, spec, maps));
  within("load BTF maps", () => loadBtfMaps(collected, spec, maps));
  within("load data sections", () => loadData(collected, spec, maps, variables));
  const kconfig = within("load virtual .kconfig section", () => loadKconfig(spec));
  const ksyms = within("load virtual .ksyms section", () => loadKsyms(spec));
  const programs = within("load programs", () => loadPrograms(collected, { ...ksyms, kconfig: kconfig?.value }));
  within("load struct_ops", () => loadStructOps(collected, spec, maps, programs));
  return { collected, maps, variables, programs };
}

/** What becomes of each map by itself, in order of their names. */
function loadMaps({ maps, variables }: Opened, kernel: KernelProfile): LoaderVerdict {
  let btf: BtfLoadVerdict | undefined;
  let first: CiliumRefusal | undefined;
  const verdicts: MapVerdict[] = [];
  const told = (verdict: BtfLoadVerdict): void => {
    if (btf === undefined || (btf.accepted && !verdict.accepted)) btf = verdict;
  };
  for (const [name, spec] of [...maps].sort(([a], [b]) => (a < b ? -1 : 1))) {
    try {
      const { btf: types } = mapRequest(name, spec, variables, { kernel, told });
      verdicts.push({ name, created: true, withIds: types !== undefined, errno: 0, rule: undefined });
    } catch (error) {
      if (!(error instanceof CiliumRefusal)) throw error;
      first ??= new CiliumRefusal(error.rule, error.message, { map: name, ...error.at });
      verdicts.push({ name, created: false, withIds: false, errno: error.rule.errno, rule: error.rule.id });
    }
  }
  const heard = btf === undefined ? {} : { btf };
  if (first === undefined) return { ...LOADED, ...heard, maps: verdicts };
  return { ...refused(first, "load"), ...heard, maps: verdicts };
}

function refused({ rule, message, at }: CiliumRefusal, stage: LoaderStage): LoaderVerdict {
  return { accepted: false, stage, errno: rule.errno, message, rule: rule.id, maps: [], ...at };
}

/**
 * What cilium/ebpf 0.22 says of an object: whether LoadCollectionSpec takes it, and then whether its maps can be created, in the
 * library's own order and words. It goes through sections, symbols, variables and maps in no certain order; here it is theirs.
 * Undefined where it would decompress a section, which we do not.
 */
export function ciliumVerdict(elf: ElfView, kernel: KernelProfile): LoaderVerdict | undefined {
  try {
    return loadMaps(open(elf), kernel);
  } catch (error) {
    if (error instanceof Unread) return undefined;
    if (!(error instanceof CiliumRefusal)) throw error;
    return refused(error, "open");
  }
}
