import { KIND_NUMBER } from "../../btf/model.ts";
import type { LoaderRule } from "../loader.ts";
import type { AyaBtf } from "./btf.ts";
import { ayaRule, refuseBtf } from "./rule.ts";

const { func, var: variable, int, datasec, funcProto } = KIND_NUMBER;
const SECTION = ".ksyms";
const LINKAGE_GLOBAL = 1;
const SIZE = 4;

const entryKind = ayaRule(
  "AK-01",
  "An entry of .ksyms is a variable or a function.",
  "Btf::process_datasec_entry",
  "BTF type that is not VAR was found in DATASEC",
  { since: "0.6" },
);
const symbol = ayaRule(
  "AK-02",
  "A kernel symbol of .ksyms has a symbol of the object.",
  "Btf::process_datasec_entry",
  "Unable to get symbol name",
  { since: "0.6" },
);

export const externRules: readonly LoaderRule[] = [entryKind, symbol];

/** The kernel symbols that an object asks for. */
export interface AyaExterns {
  readonly section: number;
  /** The variable that stands for each function; undefined without functions. */
  readonly placeholder: number | undefined;
  readonly names: ReadonlySet<string>;
}

function intOf(btf: AyaBtf): number {
  const known = btf.types.findIndex(({ kind, word }) => kind === int && word === SIZE);
  if (known !== -1) return known;
  const name = btf.addString("int");
  return btf.addType({ kind: int, name, info: int << 24, word: SIZE, rest: [(1 << 24) | 32] });
}

function addPlaceholder(btf: AyaBtf): number {
  const type = intOf(btf);
  const name = btf.addString("ksym_func_placeholder");
  return btf.addType({ kind: variable, name, info: variable << 24, word: type, rest: [LINKAGE_GLOBAL] });
}

/** The entries of a DATASEC: ids of types. */
function entriesOf(rest: readonly number[]): number[] {
  return rest.filter((_, index) => index % 3 === 0);
}

/** Collects `.ksyms` as aya-obj 0.6 does when it has read BTF: which adds types to it. Throws an `AyaRefusal`. */
export function collectExterns(btf: AyaBtf, names: ReadonlySet<string>): AyaExterns | undefined {
  const section = btf.types.findIndex((type) => type.kind === datasec && btf.string(type.name) === SECTION);
  if (section === -1) return undefined;
  const entries = entriesOf(btf.type(section).rest);
  const hasFunctions = entries.some((entry) => btf.type(entry).kind === func);
  const placeholder = hasFunctions ? addPlaceholder(btf) : undefined;
  const externs = new Set<string>();
  for (const entry of entries) {
    const type = btf.type(entry);
    if (type.kind !== func && type.kind !== variable) {
      refuseBtf(entryKind, "BTF type that is not VAR was found in DATASEC", { typeId: entry });
    }
    const name = btf.string(type.name);
    if (!names.has(name)) refuseBtf(symbol, "Unable to get symbol name", { typeId: entry });
    externs.add(name);
    btf.resolve(type.word);
  }
  return entries.length === 0 ? undefined : { section, placeholder, names: externs };
}

/** Turns `.ksyms` into what the kernel takes, as the first step of the fix-up: variables of four bytes, one after another. */
export function fixExterns(btf: AyaBtf, { section, placeholder }: AyaExterns): void {
  const type = intOf(btf);
  const { rest } = btf.type(section);
  let offset = 0;
  for (let at = 0; at < rest.length; at += 3) {
    const entry = btf.type(rest[at] ?? 0);
    if (entry.kind === func && placeholder !== undefined) {
      entry.info = ((entry.info & 0xffff_0000) | LINKAGE_GLOBAL) >>> 0;
      const proto = btf.type(entry.word);
      if (proto.kind === funcProto) nameParameters(proto.rest, btf.type(placeholder).name);
      rest[at] = placeholder;
    } else {
      entry.rest[0] = LINKAGE_GLOBAL;
      entry.word = type;
    }
    rest[at + 1] = offset;
    rest[at + 2] = SIZE;
    offset += SIZE;
  }
  btf.type(section).word = offset;
}

function nameParameters(parameters: number[], name: number): void {
  for (let at = 0; at < parameters.length; at += 2) {
    if (parameters[at] === 0 && parameters[at + 1] !== 0) parameters[at] = name;
  }
}
