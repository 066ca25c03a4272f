import { BtfBuilder } from "../../btf/builder.ts";
import {
  type Btf,
  type BtfDatasec,
  type BtfFunc,
  type BtfSecInfo,
  type BtfVar,
  LINKAGE_EXTERN,
  LINKAGE_GLOBAL,
  typeById,
} from "../../btf/model.ts";
import { nameText, stringLength } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { resolvedSize, sizeOf, skipModifiers } from "../../btf/walk.ts";
import type { ElfView } from "../../elf/model.ts";
import { externs } from "../elf/extern.ts";
import type { LoaderRule } from "../loader.ts";
import { alignOf } from "./align.ts";
import { kindText } from "./definition.ts";
import { fallOnId, fallOnName, followed } from "./follow.ts";
import { E2BIG, EINVAL, ENOENT, ENOTSUP, ESRCH, LibbpfRefusal, libbpfRule } from "./rule.ts";

const KSYMS = ".ksyms";
const KCONFIG = ".kconfig";
/** Bytes that every kernel symbol is pretended to take. */
const KSYM_SIZE = 4;

interface Extern {
  readonly name: string;
  readonly id: number;
  readonly section: number;
}

/** The first INT of 32 bits, or 0 (`find_int_btf_id`). */
function intOf32Bits(btf: Btf): number {
  for (const [id, type] of typesOfKind(btf, "int")) if (type.bits === 32) return id;
  return 0;
}

const source = "bpf_object__collect_externs";
const described = libbpfRule(
  "LF-01",
  "An undefined symbol has an extern VAR or FUNC of its name.",
  source,
  "failed to find BTF for extern 'X': E",
  { errno: ENOENT },
);
const listed = libbpfRule(
  "LF-02",
  "An extern is in a DATASEC.",
  source,
  "failed to find BTF for extern 'X' [N] section: E",
  { errno: ENOENT },
);
const configSize = libbpfRule(
  "LF-03",
  "An extern of `.kconfig` has a size.",
  source,
  "failed to resolve size of extern (kcfg) 'X': E",
);
const configEmpty = libbpfRule(
  "LF-09",
  "An extern of `.kconfig` takes bytes.",
  "bpf_object__init_internal_map",
  "failed to alloc map '….kconfig' content buffer: …",
);
const configAlign = libbpfRule(
  "LF-04",
  "An extern of `.kconfig` has an alignment.",
  source,
  "failed to determine alignment of extern (kcfg) 'X': E",
);
const configType = libbpfRule(
  "LF-05",
  "An extern of `.kconfig` is a number, a truth value or a text.",
  source,
  "extern (kcfg) 'X': type is unsupported",
  { errno: ENOTSUP },
);
const configFunction = libbpfRule(
  "LF-06",
  "`.kconfig` has no functions.",
  source,
  "extern function X is unsupported under .kconfig section",
  { errno: ENOTSUP },
);
const section = libbpfRule(
  "LF-07",
  "Externs are in `.kconfig` or `.ksyms`.",
  source,
  "unrecognized extern section 'S'",
  { errno: ENOTSUP },
);
const used = libbpfRule(
  "LF-08",
  "What `.kconfig` and `.ksyms` list are externs of the object.",
  source,
  ["failed to find extern definition for BTF K 'X'", "failed to find extern definition for BTF var 'X'"],
  { errno: ESRCH },
);

export const externRules: readonly LoaderRule[] = [
  described,
  listed,
  configSize,
  configEmpty,
  configAlign,
  configType,
  configFunction,
  section,
  used,
];

/** What finds externs: the first VAR or FUNC of each name, and the first DATASEC that lists each type. */
interface ExternIndex {
  readonly byName: ReadonlyMap<string, number>;
  readonly homes: ReadonlyMap<number, number>;
  /** The first VAR or FUNC whose name is none. */
  readonly nameless: number | undefined;
}

function indexExterns(btf: Btf): ExternIndex {
  const strings = stringLength(btf);
  const byName = new Map<string, number>();
  let nameless: number | undefined;
  for (const [id, { nameOff }] of typesOfKind(btf, "var", "func")) {
    if (nameOff >= strings) nameless ??= id;
    const name = nameText(btf, nameOff);
    if (!byName.has(name)) byName.set(name, id);
  }
  const homes = new Map<number, number>();
  for (const [home, { entries }] of typesOfKind(btf, "datasec")) {
    for (const { type } of entries) if (!homes.has(type)) homes.set(type, home);
  }
  return { byName, homes, nameless };
}

/** The first VAR or FUNC of a name, which must be extern (`find_extern_btf_id`); else a negative errno. */
function externType(btf: Btf, { byName, nameless }: ExternIndex, name: string): number {
  const id = byName.get(name);
  if (nameless !== undefined && nameless < (id ?? Number.POSITIVE_INFINITY)) fallOnName(nameless);
  const type = id === undefined ? undefined : typeById(btf, id);
  if (id === undefined || (type?.kind !== "var" && type?.kind !== "func")) return -ENOENT;
  return type.linkage === LINKAGE_EXTERN ? id : -EINVAL;
}

const BOOL = 4;
const TRISTATE = "libbpf_tristate";

/** Whether libbpf reads values of this type from the kernel's configuration (`find_kcfg_type`). */
function isConfigType(btf: Btf, id: number, asLetters = false): boolean {
  const type = typeById(btf, skipModifiers(btf, id));
  switch (type?.kind) {
    case "int":
      if (asLetters) return (type.encoding & BOOL) === 0 && type.size === 1;
      if ((type.encoding & BOOL) !== 0) return type.size === 1;
      return [1, 2, 4, 8].includes(type.size);
    case "enum":
      return !asLetters && type.size === 4 && nameText(btf, type.nameOff) === TRISTATE;
    case "enum64":
      return !asLetters && nameText(btf, type.nameOff) === TRISTATE;
    case "array":
      return !asLetters && type.nelems > 0 && isConfigType(btf, type.type, true);
    default:
      return false;
  }
}

function checkConfig(btf: Btf, name: string, type: BtfVar | BtfFunc): void {
  if (type.kind === "func") {
    throw new LibbpfRefusal(configFunction, `extern function ${name} is unsupported under .kconfig section`);
  }
  const size = resolvedSize(btf, type.type);
  if (typeof size === "string") {
    const errno = size === "too large" ? E2BIG : EINVAL;
    throw new LibbpfRefusal(configSize, `failed to resolve size of extern (kcfg) '${name}': ${-errno}`, {}, errno);
  }
  // libbpf takes the 0 for success, collects no more externs, and later fails to make a map of no bytes of them.
  if (size === 0) throw new LibbpfRefusal(configEmpty);
  if (alignOf(btf, type.type) === 0) {
    throw new LibbpfRefusal(configAlign, `failed to determine alignment of extern (kcfg) '${name}': 0`);
  }
  if (!isConfigType(btf, type.type))
    throw new LibbpfRefusal(configType, `extern (kcfg) '${name}': type is unsupported`);
}

/** Externs in the order of their symbols, with their records. */
function collect(btf: Btf | undefined, elf: ElfView): readonly Extern[] {
  const found: Extern[] = [];
  const names = externs(elf);
  const index = btf && names.length > 0 ? indexExterns(btf) : undefined;
  for (const name of names) {
    const id = btf === undefined || index === undefined ? -ESRCH : externType(btf, index, name);
    const type = btf && typeById(btf, id);
    if (btf === undefined || id <= 0 || (type?.kind !== "var" && type?.kind !== "func")) {
      throw new LibbpfRefusal(described, `failed to find BTF for extern '${name}': ${id}`, {}, -id);
    }
    const home = index?.homes.get(id) ?? 0;
    if (home === 0) {
      const line = `failed to find BTF for extern '${name}' [${id}] section: -${ENOENT}`;
      throw new LibbpfRefusal(listed, line, { typeId: id });
    }
    const datasec = typeById(btf, home);
    const where = datasec === undefined ? "" : nameText(btf, datasec.nameOff);
    if (where === KCONFIG) checkConfig(btf, name, type);
    else if (where === KSYMS) followed(btf, type.type);
    else throw new LibbpfRefusal(section, `unrecognized extern section '${where}'`);
    found.push({ name, id, section: home });
  }
  return found;
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** An extern of `.kconfig`. */
export interface ConfigExtern {
  readonly name: string;
  /** Its VAR. */
  readonly id: number;
  readonly size: number;
  readonly align: number;
}

/** Those of `.kconfig` in libbpf's order: strictest alignment first, then by size and name (`cmp_externs`). */
function inOrder(btf: Btf, found: readonly Extern[]): readonly ConfigExtern[] {
  const sized = found.map(({ name, id }): ConfigExtern => {
    const variable = typeById(btf, id);
    const align = variable?.kind === "var" ? alignOf(btf, variable.type) : 0;
    return { name, id, size: sizeOf(btf, id) ?? 0, align: align || 1 };
  });
  return sized.sort((a, b) => b.align - a.align || a.size - b.size || compareNames(a.name, b.name));
}

/** The externs of `.kconfig` of an object that opens, in libbpf's order. Throws a `LibbpfRefusal` for another. */
export function configExterns(btf: Btf, elf: ElfView): readonly ConfigExtern[] {
  const isConfig = ({ section: id }: Extern): boolean => {
    const home = typeById(btf, id);
    return home?.kind === "datasec" && nameText(btf, home.nameOff) === KCONFIG;
  };
  return inOrder(btf, collect(btf, elf).filter(isConfig));
}

/** Offset of each extern of `.kconfig` and the size of all. */
function layOutConfig(
  btf: Btf,
  found: readonly Extern[],
): { readonly offsets: ReadonlyMap<string, number>; readonly size: number } {
  const offsets = new Map<string, number>();
  let end = 0;
  for (const { name, size, align } of inOrder(btf, found)) {
    const offset = Math.ceil(end / align) * align;
    offsets.set(name, offset);
    end = offset + size;
  }
  return { offsets, size: end };
}

/** A variable that stands for each function among the kernel symbols (`add_dummy_ksym_var`); 0 where there is none. */
function addStandIn(builder: BtfBuilder, btf: Btf): number {
  const [first] = [...typesOfKind(btf, "datasec")].filter(([, { nameOff }]) => nameText(btf, nameOff) === KSYMS);
  const isFunc = ({ type }: BtfSecInfo): boolean => builder.get(type)?.kind === "func";
  if (first === undefined) return 0;
  const { entries } = first[1];
  const func = entries.findIndex(isFunc);
  const missing = entries.find(({ type }) => type !== 0 && builder.get(type) === undefined);
  if (missing !== undefined && (func < 0 || entries.indexOf(missing) < func)) fallOnId(missing.type);
  if (func < 0) return 0;
  return builder.add({
    kind: "var",
    nameOff: builder.string("dummy_ksym"),
    type: intOf32Bits(btf),
    linkage: LINKAGE_GLOBAL,
  });
}

/** `.ksyms`: every extern becomes an allocated variable of 4 bytes, a function global. */
function allocateSymbols(builder: BtfBuilder, btf: Btf, id: number, section: BtfDatasec, standIn: number): void {
  const int = intOf32Bits(btf);
  const entries = section.entries.map((entry, index): BtfSecInfo => {
    const type = builder.get(entry.type);
    const place = { offset: index * KSYM_SIZE, size: KSYM_SIZE };
    if (type?.kind === "var") builder.replace(entry.type, { ...type, linkage: LINKAGE_GLOBAL, type: int });
    if (type?.kind !== "func") return { ...place, type: entry.type };
    builder.replace(entry.type, { ...type, linkage: LINKAGE_GLOBAL });
    const proto = builder.get(type.type);
    const dummy = builder.get(standIn);
    if (proto?.kind === "funcProto" && dummy !== undefined) {
      const params = proto.params.map((param) =>
        param.type !== 0 && param.nameOff === 0 ? { ...param, nameOff: dummy.nameOff } : param,
      );
      builder.replace(type.type, { ...proto, params });
    }
    return { ...place, type: standIn };
  });
  builder.replace(id, { ...section, entries, size: entries.length * KSYM_SIZE });
}

/** `.kconfig`: every extern becomes an allocated variable at its place in the map of that name. */
function allocateConfig(
  builder: BtfBuilder,
  btf: Btf,
  id: number,
  section: BtfDatasec,
  found: readonly Extern[],
): void {
  const { offsets, size } = layOutConfig(btf, found);
  const entries = section.entries.map((entry) => {
    const type = builder.get(entry.type);
    if (type?.kind !== "var") return entry;
    builder.replace(entry.type, { ...type, linkage: LINKAGE_GLOBAL });
    return { ...entry, offset: offsets.get(nameText(btf, type.nameOff)) ?? entry.offset };
  });
  builder.replace(id, { ...section, entries, size });
}

/** Whether everything in the section is an extern of the object, or else which is not. */
function checkUsed(btf: Btf, name: string, { entries }: BtfDatasec, found: readonly Extern[]): void {
  const names = new Set(found.map((each) => each.name));
  for (const { type: id } of entries) {
    const type = typeById(btf, id);
    if (type === undefined && id !== 0) fallOnId(id);
    const own = type === undefined ? "" : nameText(btf, type.nameOff);
    if (names.has(own)) continue;
    const what = name === KSYMS ? kindText(type) : "var";
    throw new LibbpfRefusal(used, `failed to find extern definition for BTF ${what} '${own}'`, { typeId: id });
  }
}

/**
 * The BTF once libbpf has made variables of its externs, which no kernel takes as such (libbpf `bpf_object__collect_externs`). Throws a
 * `LibbpfRefusal`.
 */
export function withExternsAllocated(btf: Btf, elf: ElfView): Btf {
  const builder = new BtfBuilder(btf);
  const standIn = addStandIn(builder, btf);
  const found = collect(btf, elf);
  const sections = new Set(found.map(({ section }) => section));
  if (sections.size === 0 && standIn === 0) return btf;
  for (const id of sections) {
    const section = builder.get(id);
    if (section?.kind !== "datasec") continue;
    const name = nameText(btf, section.nameOff);
    checkUsed(btf, name, section, found);
    if (name === KSYMS) allocateSymbols(builder, btf, id, section, standIn);
    else if (name === KCONFIG)
      allocateConfig(
        builder,
        btf,
        id,
        section,
        found.filter((each) => each.section === id),
      );
  }
  return builder.finish();
}

/** What libbpf asks of externs where there is no BTF: that there are none. Throws a `LibbpfRefusal`. */
export function checkExternsWithoutBtf(elf: ElfView): void {
  collect(undefined, elf);
}
