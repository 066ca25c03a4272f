import type { LoaderRule } from "../loader.ts";
import { ciliumRule, refuse } from "./rule.ts";

/** Kinds as the library tells them apart: both kinds of enums are one. */
export type Kind =
  | "Void"
  | "Int"
  | "Pointer"
  | "Array"
  | "Struct"
  | "Union"
  | "Enum"
  | "Fwd"
  | "Typedef"
  | "Volatile"
  | "Const"
  | "Restrict"
  | "Func"
  | "FuncProto"
  | "Var"
  | "Datasec"
  | "Float"
  | "declTag"
  | "TypeTag";

/** A member, a parameter or the entry of a DATASEC. */
export interface Part {
  readonly name: string;
  readonly type: Type;
  /** Bits for a member, bytes for an entry. */
  offset: number;
  /** Bits of a bitfield, bytes of an entry. */
  readonly size: number;
  readonly tags: string[];
}

export interface Value {
  readonly name: string;
  /** As an unsigned 64-bit number. */
  readonly value: bigint;
}

/** A type as the library holds it in memory: references are objects, which may be half-filled while a cycle is read. */
export interface Type {
  readonly kind: Kind;
  readonly id: number;
  /** "" for kinds that have none, whatever the record says. */
  readonly name: string;
  size: number;
  /** What it points to, is made of or returns; for an array its element. */
  ref: Type | undefined;
  /** Of an array. */
  index: Type | undefined;
  nelems: number;
  parts: Part[];
  values: Value[];
  /** Linkage of a FUNC or VAR, `kind_flag` of a FWD, encoding of an INT, component of a tag. */
  detail: number;
  signed: boolean;
  /** Text of a tag. */
  readonly text: string;
  /** Texts of its DECL_TAGs, and of those of its parameters. */
  readonly tags: string[];
  paramTags: string[][];
}

/** A type without contents. */
export function newType(kind: Kind, id: number, name: string, size = 0, text = ""): Type {
  return {
    kind,
    id,
    name,
    size,
    ref: undefined,
    index: undefined,
    nelems: 0,
    parts: [],
    values: [],
    detail: 0,
    signed: false,
    text,
    tags: [],
    paramTags: [],
  };
}

export const VOID_TYPE: Type = newType("Void", 0, "");

/** As Go's %T prints it. */
export function goType({ kind }: Type): string {
  return `*btf.${kind}`;
}

/** As Go's %s prints it. */
export function shortForm({ kind, name }: Type): string {
  return name === "" ? kind : `${kind}:${JSON.stringify(name)}`;
}

/** As Go's %v prints it, but for what stands in brackets. */
export function longForm(type: Type): string {
  return type.kind === "Void" ? "Void" : `${shortForm(type)}…`;
}

const QUALIFIERS: ReadonlySet<Kind> = new Set(["Volatile", "Const", "Restrict", "TypeTag"]);
const SIZED: ReadonlySet<Kind> = new Set(["Void", "Int", "Pointer", "Struct", "Union", "Enum", "Datasec", "Float"]);
const DEPTH = 32;

function isSkipped({ kind }: Type): boolean {
  return kind === "Typedef" || QUALIFIERS.has(kind);
}

/** The type behind typedefs and qualifiers; undefined behind more than 33 of them. */
export function underlying(type: Type): Type | undefined {
  let at: Type | undefined = type;
  for (let depth = 0; depth <= DEPTH && at !== undefined; depth++) {
    if (!isSkipped(at)) return at;
    at = at.ref;
  }
  return undefined;
}

/** The first of that kind behind typedefs and qualifiers. */
export function as(type: Type, kind: Kind): Type | undefined {
  const found = underlying(type);
  return found?.kind === kind ? found : undefined;
}

const sized = ciliumRule(
  "CM-20",
  "The type of a key, of a value or of a setting of .kconfig has a size.",
  "btf.Sizeof",
  "type T: type is unsized",
);
const small = ciliumRule("CM-21", "The size of a type is below 2^63.", "btf.Sizeof", "type T: overflow");
const shallow = ciliumRule(
  "CM-22",
  "A size is found behind fewer than 32 arrays, typedefs and qualifiers.",
  "btf.Sizeof",
  "type T: exceeded type depth",
);
const alignable = ciliumRule(
  "CD-01",
  "What .kconfig holds is an INT, an ENUM or an array of them.",
  "btf.alignof",
  "can't calculate alignment of T",
);
const power = ciliumRule(
  "CD-02",
  "The size of what .kconfig holds is a power of two.",
  "btf.alignof",
  "alignment value N is not a power of two",
);

export const sizeRules: readonly LoaderRule[] = [sized, small, shallow, alignable, power];

const MOST = 0x7fff_ffff_ffff_ffffn;

/** Errors: CM-20, CM-21, CM-22. */
export function sizeOf(type: Type): bigint {
  let count = 1n;
  let at: Type = type;
  for (let depth = 0; depth < DEPTH; depth++) {
    const size = BigInt(at.kind === "Array" ? at.nelems : at.kind === "Pointer" ? 8 : at.size);
    const isArray = at.kind === "Array";
    if (isArray || SIZED.has(at.kind)) {
      if (count * size > MOST) refuse(small, `type ${shortForm(at)}: overflow`);
      if (!isArray) return count * size;
      count *= size;
    } else if (!isSkipped(at)) refuse(sized, `type ${goType(at)}: type is unsized`);
    at = at.ref ?? VOID_TYPE;
  }
  refuse(shallow, `type ${shortForm(at)}: exceeded type depth`);
}

/** Errors: CD-01, CD-02. */
export function alignOf(type: Type): number {
  let at = underlying(type);
  const seen = new Set<Type>();
  while (at?.kind === "Array" && at.ref !== undefined && !seen.has(at)) {
    seen.add(at);
    at = underlying(at.ref);
  }
  if (at?.kind !== "Int" && at?.kind !== "Enum") {
    refuse(alignable, `can't calculate alignment of ${goType(at ?? VOID_TYPE)}`);
  }
  const { size } = at;
  if (size === 0 || (BigInt(size) & BigInt(size - 1)) !== 0n) {
    refuse(power, `alignment value ${size} is not a power of two`);
  }
  return size;
}

/** A copy of a type and of all that it refers to: the library copies a key and a value each by itself before it sends them. */
export function copyOf(root: Type): Type {
  const copies = new Map<Type, Type>([[VOID_TYPE, VOID_TYPE]]);
  const open: Type[] = [];
  const copy = (type: Type): Type => {
    const known = copies.get(type);
    if (known !== undefined) return known;
    const made = { ...type };
    copies.set(type, made);
    open.push(made);
    return made;
  };
  const copied = copy(root);
  for (let type = open.pop(); type !== undefined; type = open.pop()) {
    type.ref = type.ref && copy(type.ref);
    type.index = type.index && copy(type.index);
    type.parts = type.parts.map((part) => ({ ...part, type: copy(part.type) }));
  }
  return copied;
}
