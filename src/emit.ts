import { encodeBtf } from "./btf/encode.ts";
import { encodeBtfExt, parseBtfExt } from "./btf/ext.ts";
import { parseBtf } from "./btf/parse.ts";
import { embeddedDwarfModule } from "./dwarf/embedded.ts";
import { openDwarf } from "./dwarf/open.ts";
import type { ElfView, Section } from "./elf/model.ts";
import { parseElf } from "./elf/parse.ts";
import { relocationSections } from "./elf/relocations.ts";
import { sectionNamed } from "./elf/symbols.ts";
import { BtfFixError } from "./errors.ts";
import { fixObject } from "./fix.ts";
import { emitBtf } from "./lower/emit-btf.ts";
import type { WordRelocation } from "./lower/relocations.ts";
import type { SourceText } from "./lower/source-text.ts";
import type { Witness } from "./lower/witness.ts";
import { applyPlan } from "./patch/apply.ts";
import { contentPlan } from "./patch/plan.ts";
import { encodeRelocations } from "./patch/rel-entries.ts";
import { verifyPatched } from "./patch/verify.ts";

export interface EmitObjectOptions {
  /** "both" (default): what DWARF has lost comes from the old sections; "dwarf": only the source lines that they quote do. */
  readonly from?: "dwarf" | "both";
  /**
   * "llvm" (default): as LLVM 22 writes BTF; "rust": as it should write that of Rust. The latter says what BTF can say of DWARF (`lower/`)
   * and then takes every repair of `fixObject` (names, maps, prototypes), so that the kernel takes it.
   */
  readonly dialect?: "llvm" | "rust";
  /** Source lines that the old sections do not quote. */
  readonly sourceText?: SourceText;
}

/**
 * The object with `.BTF`, `.BTF.ext` and their relocations written anew from its debug info; the result is read again before it is
 * returned.
 *
 * Errors: those of every reader; BTF_MISSING without a section to write to, DWARF_UNSUPPORTED without debug info, VERIFY_FAILED when the
 * result is not what was planned, and in the rust dialect those of `fixObject`.
 */
export async function emitObject(bytes: Uint8Array, options: EmitObjectOptions = {}): Promise<Uint8Array> {
  const { from = "both", dialect = "llvm", sourceText } = options;
  const elf = parseElf(bytes);
  const btfSection = sectionNamed(elf, ".BTF");
  if (btfSection === undefined) throw new BtfFixError("BTF_MISSING", "the object has no .BTF section to write to");
  const extSection = sectionNamed(elf, ".BTF.ext");
  const dwarf = openDwarf(elf, embeddedDwarfModule());
  if (dwarf === undefined) {
    throw new BtfFixError(
      "DWARF_UNSUPPORTED",
      "the object has no debug info to make BTF from; build it with `debug = 2`",
    );
  }
  const old = oldSections(btfSection, extSection, from);
  const emitted = emitBtf(elf, dwarf, {
    from,
    dialect,
    ...(old === undefined ? {} : { old }),
    ...(sourceText === undefined ? {} : { sourceText }),
  });
  const contents = new Map([[btfSection.index, encodeBtf(emitted.btf)]]);
  addRelocations(elf, contents, btfSection, emitted.btfRelocations);
  if (extSection !== undefined) {
    contents.set(extSection.index, emitted.ext === undefined ? new Uint8Array(0) : encodeBtfExt(emitted.ext));
    addRelocations(elf, contents, extSection, emitted.extRelocations);
  } else if (emitted.ext !== undefined) {
    throw new BtfFixError("BTF_MISSING", "the object has functions but no .BTF.ext section to write their records to");
  }
  const plan = contentPlan(contents);
  const output = applyPlan(elf, plan);
  verifyPatched(elf, output, plan);
  return dialect === "rust" ? (await fixObject(output)).bytes : output;
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

/** One section that relocates `target` gets all of them; objects without one do not need any, for no loader applies them. */
function addRelocations(
  elf: ElfView,
  contents: Map<number, Uint8Array>,
  target: Section,
  relocations: readonly WordRelocation[],
): void {
  const [first, ...others] = relocationSections(elf).filter((section) => section.info === target.index);
  if (first === undefined) return;
  const entries = relocations.map((relocation) => ({ ...relocation, addend: undefined }));
  contents.set(first.index, encodeRelocations(elf, first, entries));
  for (const other of others) contents.set(other.index, new Uint8Array(0));
}
