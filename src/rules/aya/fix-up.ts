import { KIND_NUMBER } from "../../btf/model.ts";
import type { KernelRelease } from "../kernel/rule.ts";
import type { LoaderRule } from "../loader.ts";
import { type AyaBtf, type AyaType, sizeOf } from "./btf.ts";
import { type AyaExterns, fixExterns } from "./externs.ts";
import { ayaRule, refuseBtf } from "./rule.ts";

const { int, ptr, struct, union, const: constant, func, funcProto } = KIND_NUMBER;
const { enum: enum32, enum64, var: variable, datasec, float, declTag, typeTag } = KIND_NUMBER;
const SIGNED = 0x8000_0000;
const GLOBAL = 1;
const STATIC = 0;
/** Functions that LLVM adds, which are verified with their callers. */
const BUILTINS: ReadonlySet<string> = new Set(["memset", "memcpy", "memmove", "memcmp"]);

const fix = "Btf::fixup_and_sanitize";
const sectionSize = ayaRule(
  "AX-01",
  "A DATASEC of size 0 is named as a section of the object.",
  fix,
  "Unable to determine the size of section `S`",
  { stage: "load" },
);
const NO_VARIABLE = "BTF type that is not VAR was found in DATASEC";
const isVariable = ayaRule("AX-02", "The entries of a DATASEC of size 0 are variables.", fix, NO_VARIABLE, {
  stage: "load",
});
const symbolOffset = ayaRule(
  "AX-03",
  "A variable of a DATASEC of size 0 that is not static has a symbol that is not local, or an object.",
  fix,
  "Offset not found for symbol `V`",
  { stage: "load" },
);

export const fixUpRules: readonly LoaderRule[] = [sectionSize, isVariable, symbolOffset];

/** What the fix-up asks of the object. */
export interface FixUpSource {
  /** Bytes of each section by name; of several of one name the last. */
  readonly sectionSizes: ReadonlyMap<string, number>;
  readonly symbolOffsets: ReadonlyMap<string, number>;
  readonly externs: AyaExterns | undefined;
}

/** What aya finds that a kernel knows of BTF, of what not every kernel from 5.10 on does. */
export interface AyaFeatures {
  readonly emptySections: boolean;
  readonly floats: boolean;
  readonly declTags: boolean;
  readonly typeTags: boolean;
  readonly enum64: boolean;
}

/** What it finds that a kernel of this release knows. */
export function ayaFeatures(release: KernelRelease): AyaFeatures {
  const has = release !== "5.10";
  return { emptySections: has, floats: has, declTags: has, typeTags: has, enum64: has };
}

class FixUp {
  private readonly btf: AyaBtf;
  private readonly source: FixUpSource;
  private readonly features: AyaFeatures;
  private filler: number | undefined;
  private placeholder: number | undefined;

  constructor(btf: AyaBtf, source: FixUpSource, features: AyaFeatures) {
    this.btf = btf;
    this.source = source;
    this.features = features;
  }

  run(): void {
    if (this.source.externs !== undefined) fixExterns(this.btf, this.source.externs);
    const count = this.btf.types.length;
    for (let typeId = 0; typeId < count; typeId++) this.fix(this.btf.type(typeId), typeId);
  }

  private fix(type: AyaType, typeId: number): void {
    switch (type.kind) {
      case ptr:
        type.name = 0;
        break;
      case datasec:
        this.fixSection(type, typeId);
        break;
      case funcProto:
        this.nameParameters(type.rest);
        break;
      case func:
        // The name of every function is read.
        if (BUILTINS.has(this.btf.string(type.name)) && (type.info & 0xffff) === GLOBAL) {
          type.info = ((type.info & 0xffff_0000) | STATIC) >>> 0;
        }
        break;
      default:
        this.sanitise(type);
    }
  }

  private nameParameters(parameters: number[]): void {
    for (let at = 0; at < parameters.length; at += 2) {
      if (parameters[at] === 0 && parameters[at + 1] !== 0) parameters[at] = this.btf.addString(`param${at / 2}`);
    }
  }

  private fixSection(type: AyaType, typeId: number): void {
    const { btf, source } = this;
    const name = btf.string(type.name);
    if (name.includes("/")) type.name = btf.addString(name.replaceAll("/", "."));
    if (type.word > 0) return;
    const found = source.sectionSizes.get(name);
    if (found === undefined) {
      refuseBtf(sectionSize, `Unable to determine the size of section \`${name}\``, { typeId });
    }
    type.word = found % 2 ** 32;
    const before = sizeOf(type);
    if (type.rest.length === 0) this.fill(type);
    for (let at = 0; at < type.rest.length; at += 3) {
      const entry = btf.type(type.rest[at] ?? 0);
      if (entry.kind !== variable) refuseBtf(isVariable, NO_VARIABLE, { typeId });
      const symbol = btf.string(entry.name);
      if (entry.rest[0] === STATIC) continue;
      const offset = source.symbolOffsets.get(symbol);
      if (offset === undefined) refuseBtf(symbolOffset, `Offset not found for symbol \`${symbol}\``, { typeId });
      type.rest[at + 1] = offset % 2 ** 32;
    }
    type.info = ((datasec << 24) | (type.rest.length / 3)) >>> 0;
    const change = sizeOf(type) - before;
    if (change === 0) return;
    btf.typeLength += change;
    btf.stringOffset = btf.typeLength;
  }

  /** An entry for a DATASEC that has none, where the kernel refuses it without. */
  private fill(type: AyaType): void {
    const isNeeded = !this.features.emptySections || (this.btf.version !== "0.3" && type.word === 0);
    if (!isNeeded) return;
    this.filler ??= this.addFiller();
    type.word = Math.max(type.word, 1);
    type.rest.push(this.filler, 0, type.word);
  }

  private addFiller(): number {
    const { btf } = this;
    const typeName = btf.addString("__aya_datasec_filler_type");
    const filler = btf.addType({ kind: int, name: typeName, info: int << 24, word: 1, rest: [8] });
    const name = btf.addString("__aya_datasec_filler");
    return btf.addType({ kind: variable, name, info: variable << 24, word: filler, rest: [STATIC] });
  }

  /** What an old kernel does not know becomes something that it does. */
  private sanitise(type: AyaType): void {
    const { features } = this;
    const become = (kind: number, changed: Partial<AyaType>): void => {
      Object.assign(type, { kind, info: kind << 24, ...changed });
    };
    if (type.kind === float && !features.floats) become(struct, { name: 0 });
    else if (type.kind === declTag && !features.declTags) become(int, { word: 1, rest: [8] });
    else if (type.kind === typeTag && !features.typeTags) become(constant, { name: 0 });
    else if (type.kind === enum32 && !features.enum64) type.info = (type.info & ~SIGNED) >>> 0;
    else if (type.kind === enum64 && !features.enum64) {
      this.placeholder ??= this.addPlaceholder();
      for (let at = 0; at < type.rest.length; at += 3) {
        type.rest[at + 1] = this.placeholder;
        type.rest[at + 2] = 0;
      }
      become(union, { info: ((union << 24) | (type.rest.length / 3)) >>> 0 });
    }
  }

  private addPlaceholder(): number {
    const name = this.btf.addString("enum64_placeholder");
    return this.btf.addType({ kind: int, name, info: int << 24, word: 1, rest: [8] });
  }
}

/**
 * Changes the BTF as aya does before it gives it to a kernel that knows these features. Throws an `AyaRefusal`. Undefined if it gives it
 * nothing, as there are no types.
 */
export function fixUp(btf: AyaBtf, source: FixUpSource, features: AyaFeatures): Uint8Array | undefined {
  if (btf.types.length < 2) return undefined;
  new FixUp(btf, source, features).run();
  return btf.toBytes();
}
