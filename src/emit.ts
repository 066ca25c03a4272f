import { BtfBuilder } from "./btf/builder.ts";
import type { Btf } from "./btf/model.ts";
import { parseBtf } from "./btf/parse.ts";
import { parseElf } from "./elf/parse.ts";
import { sectionNamed } from "./elf/symbols.ts";
import { BtfFixError } from "./errors.ts";
import { fixReadable } from "./fix.ts";
import type { SourceText } from "./lower/source-text.ts";
import { forgottenMaps } from "./maps/legacy-emitted.ts";
import { MAPS_SECTION } from "./maps/sites.ts";
import type { OnPhase } from "./object.ts";
import { regenerate } from "./regenerate.ts";

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
  /** Told when the object has been read, gimli compiled ("wasm"), DIEs counted ("dwarf"), the BTF made ("lower") and written ("write"). */
  readonly onPhase?: OnPhase;
}

/**
 * The object with `.BTF`, `.BTF.ext` and their relocations written anew from its debug info, in new sections where it lacks them; the
 * result is read again before it is returned.
 *
 * Errors: those of `regenerate`, and in the rust dialect those of `fixObject`; REFUSED where the definitions of maps would be lost.
 */
export async function emitObject(bytes: Uint8Array, options: EmitObjectOptions = {}): Promise<Uint8Array> {
  const { from = "both", dialect = "llvm", sourceText, onPhase } = options;
  const { bytes: output, hadNoBtf } = regenerate(bytes, {
    from,
    dialect,
    onPhase,
    ...(sourceText === undefined ? {} : { sourceText }),
  });
  refuseForgotten(bytes, output);
  return dialect === "llvm" ? output : fixReadable(output, { hadNoBtf }).bytes;
}

/** Debug info knows nothing of the definitions that `fixObject` makes of legacy ones, and the numbers of those are gone. */
function refuseForgotten(bytes: Uint8Array, output: Uint8Array): void {
  const blob = (object: Uint8Array): Uint8Array | undefined => {
    const elf = parseElf(object);
    return sectionNamed(elf, MAPS_SECTION) === undefined ? undefined : sectionNamed(elf, ".BTF")?.bytes;
  };
  const made = blob(output);
  if (made === undefined) return;
  const names = forgottenMaps(parseBtf(made), () => readOld(blob(bytes)));
  if (names.length === 0) return;
  const what = `debug info does not know the maps that were converted: ${names.join(", ")}`;
  throw new BtfFixError("REFUSED", `${what}; make the BTF of the object before its legacy maps are converted`);
}

/** The old BTF; empty where it is missing or broken, which is no reason against a new one. */
function readOld(blob: Uint8Array | undefined): Btf {
  try {
    if (blob !== undefined) return parseBtf(blob);
  } catch (error) {
    if (!(error instanceof BtfFixError)) throw error;
  }
  return BtfBuilder.empty(true).finish();
}
