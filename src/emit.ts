import { fixReadable } from "./fix.ts";
import type { SourceText } from "./lower/source-text.ts";
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
 * Errors: those of `regenerate`, and in the rust dialect those of `fixObject`.
 */
export async function emitObject(bytes: Uint8Array, options: EmitObjectOptions = {}): Promise<Uint8Array> {
  const { from = "both", dialect = "llvm", sourceText, onPhase } = options;
  const { bytes: output, hadNoBtf } = regenerate(bytes, {
    from,
    dialect,
    onPhase,
    ...(sourceText === undefined ? {} : { sourceText }),
  });
  return dialect === "llvm" ? output : fixReadable(output, { hadNoBtf }).bytes;
}
