import { codeView, INSN_SIZE, insnAt, isCall, LD_IMM64, PSEUDO_CALL } from "../../elf/insn.ts";
import {
  type ElfRelocation,
  type ElfSymbol,
  type ElfView,
  type Section,
  SHN_LORESERVE,
  SHN_UNDEF,
  STB_GLOBAL,
  STB_LOCAL,
  STT_FUNC,
  STT_NOTYPE,
  STT_SECTION,
} from "../../elf/model.ts";
import { relocationEntries } from "../../elf/relocations.ts";
import type { LoaderRule } from "../loader.ts";
import { type Collected, sectionName } from "./collect.ts";
import { holdsMaps, PROG_ARRAY } from "./definition.ts";
import type { CollectedMap } from "./maps.ts";
import { programAt } from "./programs.ts";
import { FORMAT, LibbpfRefusal, libbpfRule, RELOC } from "./rule.ts";
import type { LibbpfVersion } from "./sanitise.ts";
import { checkOpsSlot, type OpsLinked, structOpsSections } from "./struct-ops.ts";

const record = "bpf_program__record_reloc";
const collect = "bpf_object__collect_prog_relos";
const reloc = { errno: RELOC };
const otherMaps = libbpfRule(
  "LR-01",
  "Code refers to maps in the one section that libbpf reads.",
  record,
  "prog 'P': bad map relo against 'S' in section 'N'",
  reloc,
);
const noMap = libbpfRule(
  "LR-02",
  "Code refers to a map where one begins.",
  record,
  "prog 'P': map relo failed to find map for section 'S', off N",
  reloc,
);
const symbolSection = libbpfRule(
  "LR-03",
  "A symbol that code refers to lies in a section.",
  collect,
  "sec 'R': corrupted symbol #N pointing to invalid section #M for relo #I",
  { errno: FORMAT },
);
const place = libbpfRule(
  "LR-04",
  "A relocation is for an instruction of its section.",
  collect,
  "sec 'R': invalid offset 0xN for relo #I",
  { errno: FORMAT },
);
const insn = libbpfRule(
  "LR-05",
  "A relocation is for a call or a wide load.",
  record,
  "prog 'P': invalid relo against 'S' for insns[N].code 0xM",
  reloc,
);
const call = libbpfRule(
  "LR-06",
  "A call with a relocation is one of a function.",
  record,
  "prog 'P': incorrect bpf_call opcode",
  reloc,
);
const callSection = libbpfRule(
  "LR-07",
  "Called functions are in `.text`.",
  record,
  "prog 'P': bad call relo against 'S' in section 'N'",
  reloc,
);
const callPlace = libbpfRule(
  "LR-08",
  "Called functions begin at an instruction.",
  record,
  "prog 'P': bad call relo against 'S' at offset N",
  reloc,
);
const special = libbpfRule(
  "LR-09",
  "Code refers to variables in a section, not to common ones.",
  record,
  "prog 'P': invalid relo against 'S' in special section 0xN; forgot to initialize global var?..",
  reloc,
);
const address = libbpfRule(
  "LR-10",
  "Addresses of functions are those of instructions.",
  record,
  "prog 'P': bad subprog addr relo against 'S' at offset N+M",
  reloc,
);
const nameless = libbpfRule(
  "LR-11",
  "What code refers to and the object does not define has a name.",
  record,
  "prog 'P': extern relo failed to find extern for 'S' (N)",
  reloc,
);

export const relocationRules: readonly LoaderRule[] = [
  otherMaps,
  noMap,
  symbolSection,
  place,
  insn,
  call,
  callSection,
  callPlace,
  special,
  address,
  nameless,
];

/** Everything that relocations are judged by. */
export interface Linked {
  readonly version: LibbpfVersion;
  readonly elf: ElfView;
  readonly collected: Collected;
  readonly maps: readonly CollectedMap[];
}

/** Whether a symbol is one that the kernel has to have. */
export function isExtern({ section, binding, type }: ElfSymbol): boolean {
  return section === SHN_UNDEF && binding !== STB_LOCAL && type === STT_NOTYPE;
}

/** Whether a symbol is a function of `.text`. Before 1.7 a weak function was none whose address may be taken. */
export function isSubprogram(
  { section, binding, type }: ElfSymbol,
  text: number | undefined,
  version: LibbpfVersion,
): boolean {
  if (section !== (text ?? 0)) return false;
  if (binding === STB_LOCAL) return type === STT_SECTION;
  return type === STT_FUNC && (binding === STB_GLOBAL || version !== "1.1");
}

function checkReference(
  { elf, collected, maps }: Linked,
  symbol: ElfSymbol,
  name: string,
  fail: (rule: LoaderRule, text: string) => never,
): void {
  const { section, value } = symbol;
  const home = sectionName(elf, section);
  if (section === collected.arena || section === collected.jumpTables) return;
  const use = collected.uses.get(section);
  if (use === "data") return;
  if (section !== collected.maps?.index) fail(otherMaps, `bad map relo against '${name}' in section '${home}'`);
  if (!maps.some(({ offset }) => offset === value)) {
    fail(noMap, `map relo failed to find map for section '${home}', off ${value}`);
  }
}

function checkCode(linked: Linked, target: Section, relSection: Section, relocation: ElfRelocation): void {
  const { elf, collected, version } = linked;
  const symbol = elf.symbols[relocation.symbol];
  const { offset, entry } = relocation;
  if (symbol === undefined) return;
  // Special sections lie above every index, and undefined symbols in section 0.
  if (symbol.section >= elf.sections.length) {
    const line = `sec '${relSection.name}': corrupted symbol #${symbol.index} pointing to invalid section #${symbol.section} for relo #${entry}`;
    throw new LibbpfRefusal(symbolSection, line);
  }
  if (offset % INSN_SIZE !== 0 || offset >= target.size) {
    throw new LibbpfRefusal(
      place,
      `sec '${relSection.name}': invalid offset 0x${offset.toString(16)} for relo #${entry}`,
    );
  }
  const program = programAt(collected.programs, target.index, offset);
  if (program === undefined) return;
  const isSection = symbol.type === STT_SECTION && symbol.name === "";
  const name = isSection ? sectionName(elf, symbol.section) : symbol.name;
  const fail = (rule: LoaderRule, text: string): never => {
    throw new LibbpfRefusal(rule, `prog '${program.name}': ${text}`, { program: program.name });
  };
  const view = codeView(target.bytes);
  const found = insnAt(view, offset, elf.littleEndian);
  const { opcode, src, immediate } = found;
  const index = (offset - program.offset) / INSN_SIZE;
  if (!isCall(found) && opcode !== LD_IMM64) {
    fail(insn, `invalid relo against '${name}' for insns[${index}].code 0x${opcode.toString(16)}`);
  }
  if (isExtern(symbol)) {
    if (name === "") fail(nameless, `extern relo failed to find extern for '' (${symbol.index})`);
    return;
  }
  const home = sectionName(elf, symbol.section);
  if (isCall(found)) {
    if (src !== PSEUDO_CALL) fail(call, "incorrect bpf_call opcode");
    if (symbol.section === 0 || symbol.section !== collected.text) {
      fail(callSection, `bad call relo against '${name}' in section '${home}'`);
    }
    if (symbol.value % INSN_SIZE !== 0) fail(callPlace, `bad call relo against '${name}' at offset ${symbol.value}`);
    return;
  }
  if (symbol.section === 0 || symbol.section >= SHN_LORESERVE) {
    const text = `invalid relo against '${name}' in special section 0x${symbol.section.toString(16)}; forgot to initialize global var?..`;
    fail(special, text);
  }
  if (isSubprogram(symbol, collected.text, version)) {
    if (symbol.value % INSN_SIZE !== 0 || immediate % INSN_SIZE !== 0) {
      fail(address, `bad subprog addr relo against '${name}' at offset ${symbol.value}+${immediate}`);
    }
    return;
  }
  checkReference(linked, symbol, name, fail);
}

const mapRelos = "bpf_object__collect_map_relos";
const slotOutside = libbpfRule(
  "LV-01",
  "What fills `values` lies in a map.",
  mapRelos,
  ".maps relo #N: cannot find map 'S' at rel->r_offset R",
);
const slotNoMap = libbpfRule(
  "LV-02",
  "What fills a map of maps is a map of `.maps`.",
  mapRelos,
  ".maps relo #N: 'S' isn't a BTF-defined map",
  reloc,
);
const slotKey = libbpfRule(
  "LV-03",
  "A hash of maps that is filled has keys of 4 bytes.",
  mapRelos,
  ".maps relo #N: hash-of-maps 'M' should have key size 4.",
);
const slotMap = libbpfRule(
  "LV-04",
  "What fills a map of maps is the symbol of a map.",
  mapRelos,
  ".maps relo #N: 'S' isn't a valid map reference",
  { errno: 3 },
);
const slotProgram = libbpfRule(
  "LV-05",
  "What fills a map of programs is the symbol of a program.",
  mapRelos,
  ".maps relo #N: 'S' isn't a valid program reference",
  { errno: 3 },
);
const slotEntry = libbpfRule(
  "LV-06",
  "What fills a map of programs can be attached.",
  mapRelos,
  ".maps relo #N: 'S' isn't an entry-point program",
  reloc,
);
const slotKind = libbpfRule(
  "LV-07",
  "Only maps of maps and of programs are filled, and only their `values`.",
  mapRelos,
  [],
);

export const slotRules: readonly LoaderRule[] = [
  slotOutside,
  slotNoMap,
  slotKey,
  slotMap,
  slotProgram,
  slotEntry,
  slotKind,
];

const POINTER = 8;
const HASH_OF_MAPS = 13;

/** One initialiser of `values`. */
function checkSlot({ elf, collected, maps }: Linked, { offset, symbol, entry }: ElfRelocation): void {
  const target = elf.symbols[symbol];
  if (target === undefined) return;
  const { name } = target;
  const relo = `.maps relo #${entry}:`;
  const map = maps.find((each) => each.offset <= offset && offset + POINTER <= each.offset + each.size);
  if (map === undefined) {
    throw new LibbpfRefusal(slotOutside, `${relo} cannot find map '${name}' at rel->r_offset ${offset}`);
  }
  const at = { map: map.name };
  const { type, keySize } = map.def;
  if (holdsMaps(type)) {
    if (target.section !== collected.maps?.index)
      throw new LibbpfRefusal(slotNoMap, `${relo} '${name}' isn't a BTF-defined map`, at);
    if (type === HASH_OF_MAPS && keySize !== 4) {
      throw new LibbpfRefusal(slotKey, `${relo} hash-of-maps '${map.name}' should have key size 4.`, at);
    }
    if (!maps.some((each) => each.name === name)) {
      throw new LibbpfRefusal(slotMap, `${relo} '${name}' isn't a valid map reference`, at);
    }
  } else if (type === PROG_ARRAY) {
    const program = collected.programs.find((each) => each.name === name && each.section !== collected.text);
    if (program === undefined)
      throw new LibbpfRefusal(slotProgram, `${relo} '${name}' isn't a valid program reference`, at);
    if (program.section !== target.section || program.offset !== target.value) {
      throw new LibbpfRefusal(slotEntry, `${relo} '${name}' isn't an entry-point program`, at);
    }
  } else throw new LibbpfRefusal(slotKind, "", at);
  const into = offset - map.offset - (map.valuesAt ?? offset + 1);
  if (into < 0 || into % POINTER !== 0) throw new LibbpfRefusal(slotKind, "", at);
}

/** Follows relocations as libbpf does, section by section (`bpf_object__collect_relos`). Throws a `LibbpfRefusal`. */
export function checkRelocations(linked: Linked, ops: OpsLinked | undefined): void {
  const { elf, collected, version } = linked;
  const filled = structOpsSections(collected, version);
  for (const section of elf.sections) {
    const target = elf.sections[section.info];
    if (collected.uses.get(section.index) !== "relocations" || target === undefined) continue;
    for (const relocation of relocationEntries(elf, section)) {
      if (filled.includes(target.index)) {
        if (ops !== undefined) checkOpsSlot(ops, relocation);
      } else if (target.index === collected.maps?.index) checkSlot(linked, relocation);
      else checkCode(linked, target, section, relocation);
    }
  }
}
