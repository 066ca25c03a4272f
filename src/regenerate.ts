import { parseBtfExt } from "./btf/ext.ts";
import { parseBtf } from "./btf/parse.ts";
import { embeddedDwarfModule } from "./dwarf/embedded.ts";
import type { DwarfModule } from "./dwarf/module.ts";
import { openDwarf } from "./dwarf/open.ts";
import type { AddedSection } from "./elf/edit.ts";
import { encodeRelocations } from "./elf/encode-relocations.ts";
import { type ElfView, REL_SIZE, type Section, SHF_INFO_LINK, SHT_PROGBITS, SHT_REL } from "./elf/model.ts";
import { parseElf } from "./elf/parse.ts";
import { relocationSections } from "./elf/relocations.ts";
import { sectionNamed } from "./elf/symbols.ts";
import { BtfFixError } from "./errors.ts";
import type { DialectName } from "./lower/dialect.ts";
import { type EmitOptions, type EmittedBtf, emitBtf } from "./lower/emit-btf.ts";
import type { WordRelocations } from "./lower/relocations.ts";
import type { SourceText } from "./lower/source-text.ts";
import type { Witness } from "./lower/witness.ts";
import type { OnPhase } from "./object.ts";
import { applyPlan } from "./patch/apply.ts";
import { contentPlan } from "./patch/plan.ts";
import { verifyPatched } from "./patch/verify.ts";

/** Witnesses, dialect and source lines, as in `EmitObjectOptions`. */
export interface RegenerateOptions {
  readonly from: "dwarf" | "both";
  readonly dialect: DialectName;
  readonly sourceText?: SourceText;
  readonly onPhase?: OnPhase | undefined;
}

export interface Regenerated {
  readonly bytes: Uint8Array;
  /** Whether the object had no BTF that can be read: no kernel has seen any yet. */
  readonly hadNoBtf: boolean;
}

/**
 * The object with `.BTF`, `.BTF.ext` and their relocations made from its debug info, in the place of the old ones or in new sections;
 * names and maps are not repaired. The result is read again before it is returned.
 *
 * Errors: those of every reader; DWARF_UNSUPPORTED without debug info, BTF_MISSING where that gives no types for an object without
 * `.BTF`, VERIFY_FAILED when the result is not what was planned.
 */
export function regenerate(bytes: Uint8Array, options: RegenerateOptions): Regenerated {
  const { from, dialect, sourceText, onPhase } = options;
  const elf = parseElf(bytes);
  const btfSection = sectionNamed(elf, ".BTF");
  const extSection = sectionNamed(elf, ".BTF.ext");
  onPhase?.("read");
  const module = embeddedDwarfModule();
  onPhase?.("wasm");
  const old = btfSection === undefined ? undefined : oldSections(btfSection, extSection, from);
  const { types, btf, ext, btfRelocations, extRelocations } = emitFrom(elf, module, onPhase, {
    from,
    dialect,
    ...(old === undefined ? {} : { old }),
    ...(sourceText === undefined ? {} : { sourceText }),
  });
  onPhase?.("lower");
  if (btfSection === undefined && types === 0) {
    throw new BtfFixError(
      "BTF_MISSING",
      "the object has no .BTF section, and its debug info gives no types to make one; build it with `debug = 2`",
    );
  }
  const output = newOutput(elf);
  write(output, ".BTF", { section: btfSection, content: btf, relocations: btfRelocations });
  if (ext !== undefined || extSection !== undefined) {
    const content = ext ?? new Uint8Array(0);
    write(output, ".BTF.ext", { section: extSection, content, relocations: extRelocations });
  }
  const plan = { ...contentPlan(output.contents), added: output.added };
  const result = applyPlan(elf, plan);
  verifyPatched(elf, result, plan);
  onPhase?.("write");
  return { bytes: result, hadNoBtf: old === undefined };
}

/** What debug info gives. A function of its own, so that a large table of DIEs is gone before the result is written. */
function emitFrom(elf: ElfView, module: DwarfModule, onPhase: OnPhase | undefined, options: EmitOptions): EmittedBtf {
  const dwarf = openDwarf(elf, module);
  if (dwarf === undefined) {
    throw new BtfFixError(
      "DWARF_UNSUPPORTED",
      "the object has no debug info to make BTF from; build it with `debug = 2`",
    );
  }
  onPhase?.("dwarf");
  return emitBtf(elf, dwarf, options);
}

/** Sections that cannot be read are no witness; whoever asks for DWARF alone may have just that in mind. */
function oldSections(btf: Section, ext: Section | undefined, from: "dwarf" | "both"): Witness | undefined {
  try {
    return { btf: parseBtf(btf.bytes), ext: ext === undefined ? undefined : parseBtfExt(ext.bytes) };
  } catch (error) {
    if (error instanceof BtfFixError && from === "dwarf") return undefined;
    throw error;
  }
}

/** What goes into the object: new contents of its sections by index, and new sections. */
interface Output {
  readonly elf: ElfView;
  readonly contents: Map<number, Uint8Array>;
  readonly added: AddedSection[];
}

function newOutput(elf: ElfView): Output {
  return { elf, contents: new Map(), added: [] };
}

/** Puts a content and its relocations into the object's own sections, or into new ones as LLVM lays them out. */
function write(
  { elf, contents, added }: Output,
  name: string,
  what: {
    readonly section: Section | undefined;
    readonly content: Uint8Array;
    readonly relocations: WordRelocations;
  },
): void {
  const { section, content, relocations } = what;
  if (section !== undefined) {
    contents.set(section.index, content);
    // One section that relocates this one gets all of them; objects without one do not need any, for no loader applies them.
    const [first, ...others] = relocationSections(elf).filter(({ info }) => info === section.index);
    if (first === undefined) return;
    contents.set(first.index, encodeRelocations(elf, first, relocations));
    for (const other of others) contents.set(other.index, new Uint8Array(0));
    return;
  }
  const index = elf.sections.length + added.length;
  added.push({ name, type: SHT_PROGBITS, flags: 0, addralign: 4, entsize: 0, link: 0, info: 0, content });
  if (elf.symtab === undefined || relocations.length === 0) return;
  added.push({
    name: `.rel${name}`,
    type: SHT_REL,
    flags: SHF_INFO_LINK,
    addralign: 8,
    entsize: REL_SIZE,
    link: elf.symtab,
    info: index,
    content: encodeRelocations(elf, { type: SHT_REL }, relocations),
  });
}
