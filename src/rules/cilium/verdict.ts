import type { ElfView } from "../../elf/model.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import type { BtfLoadVerdict } from "../kernel/verdict.ts";
import { LOADED, type LoaderRule, type LoaderStage, type LoaderVerdict, type MapVerdict } from "../loader.ts";
import { blobRules } from "./blob.ts";
import { assignSymbols, type Collected, collectRules, collectSections, loadRelocations } from "./collect.ts";
import { checkSizes, content, contentRules, isCompressed, rawBytes } from "./contents.ts";
import { dataRules, loadData, loadKconfig, loadKsyms, type Variable, type Variables } from "./data.ts";
import { definitionRules } from "./definition.ts";
import { checkExt, extPlain, extRules } from "./ext.ts";
import { typeMissing } from "./inflate.ts";
import { instructionRules } from "./insn.ts";
import { type Ask, loadRules, type MapRequest, mapRequest } from "./load.ts";
import { type MadeMap, madeMap, madeRules } from "./made.ts";
import { loadBtfMaps, loadOldMaps, type Maps, mapRules } from "./maps.ts";
import { loadPrograms, type Program, programRules } from "./programs.ts";
import { relocateRules } from "./relocate.ts";
import { CiliumRefusal, refuse, Unread, within } from "./rule.ts";
import { checkSymbols, isNotFound, Spec, specRules } from "./spec.ts";
import { readable, stringRules } from "./strings.ts";
import { loadStructOps, structOpsRules } from "./struct-ops.ts";
import { tagRules } from "./tags.ts";
import { sizeRules } from "./types.ts";

/** Every condition on which the library refuses an object, about in the order in which it looks. */
export const ciliumRules: readonly LoaderRule[] = [
  ...contentRules,
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
  ...madeRules,
];

/** What the library makes of an object that it opens. */
export interface CiliumSpec {
  readonly maps: Maps;
  readonly variables: Variables;
  readonly programs: ReadonlyMap<string, Program>;
}

interface Opened extends CiliumSpec {
  readonly collected: Collected;
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
  const programs = within("load programs", () => loadPrograms(collected, { ksyms, kconfig }));
  within("load struct_ops", () => loadStructOps(collected, spec, maps, programs));
  return { collected, maps, variables, programs };
}

/** The maps in order of their names, as the kernel is asked for them, and the first failure of each by itself. */
function requests(
  { collected, maps, variables }: Opened,
  hearing: Omit<Ask, "budget">,
): ReadonlyMap<string, MapRequest | CiliumRefusal> {
  const asked = new Map<string, MapRequest | CiliumRefusal>();
  const ask = { ...hearing, budget: collected.budget };
  const bySection = new Map<string, Variable[]>();
  for (const variable of variables.values()) {
    const list = bySection.get(variable.section);
    if (list === undefined) bySection.set(variable.section, [variable]);
    else list.push(variable);
  }
  for (const [name, spec] of [...maps].sort(([a], [b]) => (a < b ? -1 : 1))) {
    try {
      asked.set(name, mapRequest(name, spec, bySection.get(name) ?? [], ask));
    } catch (error) {
      if (!(error instanceof CiliumRefusal)) throw error;
      asked.set(name, new CiliumRefusal(error.rule, error.message, { map: name, ...error.at }));
    }
  }
  return asked;
}

/** What becomes of the maps: those that come to nothing before the kernel is asked for them, and what it says of the others. */
function loadMaps(opened: Opened, kernel: KernelProfile): LoaderVerdict {
  let btf: BtfLoadVerdict | undefined;
  const told = (verdict: BtfLoadVerdict): void => {
    if (btf === undefined || (btf.accepted && !verdict.accepted)) btf = verdict;
  };
  const maps: MapVerdict[] = [];
  let first: CiliumRefusal | undefined;
  for (const [name, asked] of requests(opened, { kernel, told })) {
    const { verdict, refusal } = asked instanceof CiliumRefusal ? unasked(name, asked) : madeMap(name, asked, kernel);
    if (verdict !== undefined) maps.push(verdict);
    first ??= refusal;
  }
  const heard = btf === undefined ? {} : { btf };
  return { ...(first === undefined ? LOADED : refused(first, "load")), ...heard, maps };
}

function unasked(name: string, refusal: CiliumRefusal): MadeMap {
  const { errno, id } = refusal.rule;
  const none = { keyTypeId: 0, valueTypeId: 0, created: false, withIds: false };
  return { verdict: { name, ...none, errno, rule: id }, refusal };
}

/** What LoadCollectionSpec makes of an object: functions of `.text` are among the programs. Undefined where it does not open it, or we do not read it. */
export function ciliumSpec(elf: ElfView): CiliumSpec | undefined {
  return orNothing(() => open(elf));
}

/** The maps of an object as the library asks the kernel for them; undefined where it does not open it, or we do not read it. */
export function ciliumMaps(elf: ElfView, kernel: KernelProfile): readonly MapRequest[] | undefined {
  return orNothing(() => {
    const asked = requests(open(elf), { kernel, told: () => {} });
    return [...asked.values()].flatMap((request) => (request instanceof CiliumRefusal ? [] : [request]));
  });
}

function orNothing<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (error instanceof CiliumRefusal || error instanceof Unread) return undefined;
    throw error;
  }
}

function refused({ rule, message, at }: CiliumRefusal, stage: LoaderStage): LoaderVerdict {
  return { accepted: false, stage, errno: rule.errno, message: readable(message), rule: rule.id, maps: [], ...at };
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
