import type { ElfView } from "../../elf/model.ts";
import { SHT_NOBITS, SHT_PROGBITS } from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import { checkOrder, type Indexed, indexBlob, withoutFlavour } from "./blob.ts";
import { asRead } from "./contents.ts";
import { Inflater, typeMissing } from "./inflate.ts";
import { ciliumRule, refuse, within } from "./rule.ts";
import type { StringTable } from "./strings.ts";
import { alignOf, goType, type Kind, sizeOf, type Type } from "./types.ts";

const symbolsThere = ciliumRule(
  "CE-08",
  "An object has a symbol table.",
  "debug/elf.File.Symbols",
  "no symbol section",
);
const noMatch = ciliumRule("CB-25", "A type of that name is there.", "btf.Spec.TypeByName", [
  "not found",
  "*btf.K S: not found",
]);
const manyMatches = ciliumRule(
  "CB-26",
  "No two types of a kind have the name that is looked for.",
  "btf.Spec.TypeByName",
  "type S(*btf.K): multiple matching types",
);
const sizeKnown = ciliumRule(
  "CD-03",
  "A DATASEC without a size is that of a section.",
  "btf.elfData.fixupDatasec",
  "data section S: missing size",
);
const offsetKnown = ciliumRule(
  "CD-04",
  "What is in a DATASEC without a size has a symbol in the section.",
  "btf.elfData.fixupDatasec",
  "data section S: missing offset for symbol V",
);
const ksymsVoid = ciliumRule(
  "CD-05",
  "A variable of .ksyms is of no type.",
  "btf.elfData.fixupDatasec",
  "data section .ksyms: expected V to be *Void, not *btf.Var: not supported",
);
const ksymsKinds = ciliumRule(
  "CD-06",
  "What is in .ksyms is a FUNC or a VAR.",
  "btf.elfData.fixupDatasec",
  "data section .ksyms: expected to be either *btf.Func or *btf.Var, not T: not supported",
);
const kconfigKinds = ciliumRule(
  "CD-07",
  "What is in .kconfig is a VAR.",
  "btf.fixupDatasecLayout",
  "member N: unsupported type T",
);

export const specRules: readonly LoaderRule[] = [
  symbolsThere,
  noMatch,
  manyMatches,
  sizeKnown,
  offsetKnown,
  ksymsVoid,
  ksymsKinds,
  kconfigKinds,
];

const MOST = 0xffff_ffff;
const GLOBAL = 1;
/** Failures that the library calls "not found". */
const NOT_FOUND: ReadonlySet<LoaderRule> = new Set([typeMissing, noMatch]);

/** Whether the library calls a failure "not found", which some callers take for an answer. */
export function isNotFound(rule: LoaderRule): boolean {
  return NOT_FOUND.has(rule);
}

/** Errors: CE-08. */
export function checkSymbols({ symbols }: ElfView): void {
  if (symbols.length === 0) refuse(symbolsThere);
}

/** Types of an object, with DATASECs filled in from the object when somebody asks for one. */
export class Spec {
  readonly strings: StringTable;
  private readonly indexed: Indexed;
  private readonly inflater: Inflater;
  private readonly sizes = new Map<string, number>();
  private readonly offsets = new Map<string, number>();
  private readonly repaired = new Set<Type>();

  /** `read` gives the bytes of `.BTF`. Errors: its own, CE-08, CB-01 to CB-18. */
  constructor(elf: ElfView, read: () => Uint8Array) {
    within("can't read symbols", () => checkSymbols(elf));
    this.indexed = indexBlob(read());
    checkOrder(this.indexed, elf.littleEndian);
    this.strings = this.indexed.strings;
    this.inflater = new Inflater(this.indexed);
    for (const section of elf.sections) {
      const { name, type } = section;
      if (name !== ".BTF" && (type === SHT_PROGBITS || type === SHT_NOBITS))
        this.sizes.set(name, asRead(elf, section).size);
    }
    for (const { index, name, section, value } of elf.symbols) {
      const of = elf.sections[section];
      if (index !== 0 && of !== undefined && value <= MOST) this.offsets.set(`${of.name}\0${name}`, value);
    }
  }

  /** Errors: those of `Inflater.type`, told after "inflate type", and CD-01 to CD-07. */
  type(id: number): Type {
    const type = within("inflate type", () => this.inflater.type(id));
    this.repair(type);
    return type;
  }

  /** The one type of a kind with that name. Errors: those of `type`, CB-25, CB-26. */
  named(kind: Kind, name: string): Type {
    const found = this.allNamed(name).filter((type) => type.kind === kind);
    const [first, second] = found;
    if (first === undefined) refuse(noMatch, `*btf.${kind} ${name}: not found`);
    if (second !== undefined) {
      refuse(manyMatches, `type ${name}(*btf.${kind}): multiple matching types`, { typeId: second.id });
    }
    return first;
  }

  private allNamed(name: string): readonly Type[] {
    const essential = withoutFlavour(name, 1);
    const types = (this.indexed.named.get(essential) ?? [])
      .map((id) => this.inflater.type(id))
      .filter((type) => withoutFlavour(type.name, 1) === essential);
    if (types.length === 0) refuse(noMatch);
    // Where the library drops a flavour it passes over the type that follows: that one stays as it is, whatever its name.
    for (let i = 0; i < types.length; i++) {
      const type = types[i];
      if (type === undefined) break;
      if (type.name === name) this.repair(type);
      else types.splice(i, 1);
    }
    return types;
  }

  private repair(type: Type): void {
    if (type.kind !== "Datasec" || this.repaired.has(type)) return;
    this.repaired.add(type);
    const { name, parts, id } = type;
    if (name === ".ksyms") checkKsyms(type);
    else if (name === ".kconfig") layOutKconfig(type);
    else if (type.size === 0) {
      const size = this.sizes.get(name);
      if (size === undefined) refuse(sizeKnown, `data section ${name}: missing size`, { typeId: id });
      type.size = size;
      for (const part of parts) {
        const offset = this.offsets.get(`${name}\0${part.type.name}`);
        if (offset === undefined) {
          refuse(offsetKnown, `data section ${name}: missing offset for symbol ${part.type.name}`, {
            typeId: id,
          });
        }
        part.offset = offset;
      }
    }
  }
}

function checkKsyms({ parts, id }: Type): void {
  for (const { type } of parts) {
    if (type.kind === "Func" || (type.kind === "Var" && type.ref?.kind === "Void")) continue;
    const end = `not ${goType(type)}: not supported`;
    if (type.kind !== "Var") {
      refuse(ksymsKinds, `data section .ksyms: expected to be either *btf.Func or *btf.Var, ${end}`, { typeId: id });
    }
    refuse(ksymsVoid, `data section .ksyms: expected ${type.name} to be *Void, ${end}`, { typeId: id });
  }
}

function layOutKconfig(datasec: Type): void {
  let end = 0;
  for (const [i, part] of datasec.parts.entries()) {
    const { type } = part;
    const { ref } = type;
    if (type.kind !== "Var" || ref === undefined) {
      refuse(kconfigKinds, `member ${i}: unsupported type ${goType(type)}`, { typeId: datasec.id });
    }
    const size = Number(within(`variable ${type.name}: getting size`, () => sizeOf(ref)) & 0xffff_ffffn);
    const align = within(`variable ${type.name}: getting alignment`, () => alignOf(ref));
    part.offset = Math.floor(((end + align - 1) >>> 0) / align) * align;
    end = (part.offset + size) >>> 0;
  }
  datasec.size = end;
  // An extern one, which the kernel would refuse.
  for (const { type } of datasec.parts) type.detail = GLOBAL;
}
