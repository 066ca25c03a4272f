import { BtfBuilder } from "../btf/builder.ts";
import { escapeName } from "../btf/escape.ts";
import type { Btf, BtfType } from "../btf/model.ts";
import { nameBytes, shownName } from "../btf/names.ts";
import { BtfFixError } from "../errors.ts";
import { nameNotIdentifier, nameTooLong } from "../rules/btf/names.ts";
import { emptyNameNotZero, nameOnNamelessKind } from "../rules/btf/no-name.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { coreTypes } from "./access.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** The type with another name for itself (`member` undefined) or for one of its list. */
export function renamed(type: BtfType, member: number | undefined, nameOff: number): BtfType {
  if (member === undefined) return { ...type, nameOff };
  const put = <T extends { readonly nameOff: number }>(list: readonly T[]): readonly T[] =>
    list.map((item, index) => (index === member ? { ...item, nameOff } : item));
  switch (type.kind) {
    case "struct":
    case "union":
      return { ...type, members: put(type.members) };
    case "enum":
      return { ...type, values: put(type.values) };
    case "enum64":
      return { ...type, values: put(type.values) };
    case "funcProto":
      return { ...type, params: put(type.params) };
    default:
      return type;
  }
}

/** The name offset that a finding is about. */
export function nameOffOf(type: BtfType, member: number | undefined): number {
  if (member === undefined) return type.nameOff;
  switch (type.kind) {
    case "struct":
    case "union":
      return type.members[member]?.nameOff ?? 0;
    case "enum":
    case "enum64":
      return type.values[member]?.nameOff ?? 0;
    case "funcProto":
      return type.params[member]?.nameOff ?? 0;
    default:
      return 0;
  }
}

/** Most bytes of names that are escaped: as many as the string table of a whole kernel has. Names may overlap without end. */
const MAX_ESCAPED = 4 * 1024 * 1024;

const decoder = new TextDecoder();

/** Escapes names by their offset, each once. Errors: LIMIT_EXCEEDED. */
function escaping(btf: Btf): (nameOff: number) => Uint8Array | undefined {
  const known = new Map<number, Uint8Array | undefined>();
  let bytes = 0;
  return (nameOff) => {
    if (known.has(nameOff)) return known.get(nameOff);
    const name = nameBytes(btf, nameOff);
    bytes += name?.length ?? 0;
    if (bytes > MAX_ESCAPED) {
      const span = { section: ".BTF", offset: 0, length: btf.strings.bytes.length };
      throw new BtfFixError("LIMIT_EXCEEDED", `the names to escape have more than ${MAX_ESCAPED} bytes`, span);
    }
    const escaped = name === undefined ? undefined : escapeName(name);
    known.set(nameOff, escaped);
    return escaped;
  };
}

/** N1, N2, N3: names become what bpf-linker would have written. Types that CO-RE matches by name keep theirs. */
export const escapeNames: Fix = {
  rules: [nameNotIdentifier, nameTooLong],
  summary: (count) => `${counted(count, "name")} escaped`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const kept = coreTypes(state.btf, state.ext);
    const escaped = escaping(state.btf);
    const done = findings.map(({ target: { typeId = 0, member } }) => {
      const type = builder.get(typeId);
      if (type === undefined || kept.has(typeId)) return undefined;
      const nameOff = nameOffOf(type, member);
      const name = escaped(nameOff);
      if (name === undefined) return undefined;
      builder.replace(typeId, renamed(type, member, builder.string(name)));
      return `escaped ${shownName(state.btf, nameOff)} to ${decoder.decode(name)}`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};

/** N4: kinds that have no name lose it; an empty name becomes offset 0. */
export const clearNames: Fix = {
  rules: [nameOnNamelessKind, emptyNameNotZero],
  summary: (count) => `${counted(count, "name")} cleared`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const done = findings.map(({ target: { typeId = 0, member } }) => {
      const type = builder.get(typeId);
      if (type === undefined) return undefined;
      builder.replace(typeId, renamed(type, member, 0));
      return `cleared the name "${shownName(state.btf, nameOffOf(type, member))}"`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
