import { BtfBuilder } from "./btf/builder.ts";
import { parseBtfExt } from "./btf/ext.ts";
import type { BtfExt } from "./btf/ext-model.ts";
import { looksLikeBtf } from "./btf/header.ts";
import type { Btf } from "./btf/model.ts";
import { parseBtf, parseBtfOnce } from "./btf/parse.ts";
import { embeddedDwarfModule } from "./dwarf/embedded.ts";
import { openDwarf } from "./dwarf/open.ts";
import type { ElfView, Section } from "./elf/model.ts";
import { parseElf } from "./elf/parse.ts";
import { sectionNamed } from "./elf/symbols.ts";
import { BtfFixError, type BtfFixErrorCode } from "./errors.ts";
import { correspond } from "./join/correspond.ts";
import type { Correspondence } from "./join/model.ts";
import type { Naming } from "./join/names.ts";
import { lowerDwarf } from "./lower/lower.ts";
import type { LoweredBtf } from "./lower/model.ts";
import { type Choices, DEFAULT_CHOICES } from "./rules/choices.ts";
import { lostTypes } from "./rules/elf/build-step.ts";
import { isConcatenated } from "./rules/elf/sections.ts";
import type { ObjectState } from "./rules/state.ts";

/** Called with the name of each phase as it ends, for those who measure. */
export type OnPhase = (phase: "read" | "wasm" | "dwarf" | "lower" | "fix" | "write") => void;

/** An input taken apart: an ELF object or a raw BTF file. */
export interface OpenObject {
  readonly elf: ElfView | undefined;
  readonly btfSection: Section | undefined;
  readonly extSection: Section | undefined;
  readonly btf: Btf;
  readonly ext: BtfExt | undefined;
  /** What DWARF says; undefined if the object has none. */
  readonly lowered: LoweredBtf | undefined;
}

/**
 * Reads an object: ELF, `.BTF`, `.BTF.ext`, and DWARF through gimli, which is loaded only where there is `.debug_info`.
 *
 * Errors: those of every reader; BTF_MISSING if there is no `.BTF`.
 */
export function openObject(bytes: Uint8Array, onPhase?: OnPhase): OpenObject {
  if (looksLikeBtf(bytes)) {
    const btf = parseBtf(bytes);
    onPhase?.("read");
    return { elf: undefined, btfSection: undefined, extSection: undefined, btf, ext: undefined, lowered: undefined };
  }
  const elf = parseElf(bytes);
  const btfSection = sectionNamed(elf, ".BTF");
  const extSection = sectionNamed(elf, ".BTF.ext");
  // GNU ld, which puts blobs of BTF one after the other, leaves the offsets in debug info as the inputs had them.
  const hasDwarf = sectionNamed(elf, ".debug_info") !== undefined && !isConcatenated(elf);
  if (btfSection === undefined) throw missing(elf);
  const btf = parseBtfOnce(btfSection.bytes);
  const ext = extSection === undefined ? undefined : parseBtfExt(extSection.bytes);
  onPhase?.("read");
  const dwarf = hasDwarf ? openDwarf(elf, embeddedDwarfModule()) : undefined;
  onPhase?.("wasm");
  const lowered = dwarf === undefined ? undefined : lowerDwarf(dwarf, elf);
  onPhase?.("lower");
  return { elf, btfSection, extSection, btf, ext, lowered };
}

/** What `parseBtf` says of a blob that is none, and `openObject` of an object without. */
const UNREADABLE: readonly BtfFixErrorCode[] = ["BTF_MISSING", "BTF_TRUNCATED", "BTF_MALFORMED"];

/**
 * The state of an object that `openObject` refuses for its `.BTF` alone: debug info is there to make it from. Undefined for every other
 * error.
 */
export function stateWithoutBtf(bytes: Uint8Array, error: unknown): ObjectState | undefined {
  if (!(error instanceof BtfFixError) || !UNREADABLE.includes(error.code) || looksLikeBtf(bytes)) return undefined;
  const elf = parseElf(bytes);
  if ((sectionNamed(elf, ".debug_info")?.size ?? 0) === 0) return undefined;
  const btf = BtfBuilder.empty(elf.littleEndian).finish();
  return {
    elf,
    btf,
    ext: undefined,
    join: undefined,
    grafts: new Map(),
    refusedAsGiven: true,
    unreadable: error,
    choices: DEFAULT_CHOICES,
  };
}

function missing(elf: ElfView): BtfFixError {
  const { message, help } = lostTypes(elf);
  return new BtfFixError("BTF_MISSING", `${message}; ${help}`);
}

interface Joined {
  readonly btf: Btf;
  readonly ext: BtfExt | undefined;
  readonly join: Correspondence;
}

/** What was joined last, by object: one repair of the file after the other looks at the same sections. */
const joined = new WeakMap<OpenObject, Joined>();

function joinOf(object: OpenObject, btf: Btf, ext: BtfExt | undefined, naming: Naming): Correspondence | undefined {
  const { elf, lowered } = object;
  if (elf === undefined || lowered === undefined) return undefined;
  const last = joined.get(object);
  if (last?.btf === btf && last.ext === ext && last.join.naming === naming) return last.join;
  const join = correspond(elf, btf, ext, lowered, naming);
  joined.set(object, { btf, ext, join });
  return join;
}

/** The state that rules look at, for BTF as it stands; `refusedAsGiven` is for the caller to find out. */
export function stateOf(
  object: OpenObject,
  btf: Btf,
  ext: BtfExt | undefined,
  choices: Choices = DEFAULT_CHOICES,
): ObjectState {
  return {
    elf: object.elf,
    btf,
    ext,
    join: joinOf(object, btf, ext, choices.names),
    grafts: new Map(),
    refusedAsGiven: false,
    choices,
  };
}
