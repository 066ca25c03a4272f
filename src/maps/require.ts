import { type Btf, typeById } from "../btf/model.ts";
import { sizeOf, skipModifiers } from "../btf/walk.ts";
import { TYPE_FIELDS, UINT_FIELDS, type UintField } from "./definition.ts";
import { intForKey } from "./int-key.ts";
import { type MapKind, mapKind } from "./kinds.ts";
import { type MapField, type MapFields, readFields, typeFieldOf, uintOf } from "./read.ts";
import { typeText } from "./text.ts";
import { type Unwrapped, unwrapDefinition } from "./unwrap.ts";

/** Why a definition cannot stand as it is; each is a rule of `rules/maps/`. */
export type DeviationKind =
  | "value-on-ringbuf"
  | "value-size-conflict"
  | "size-contradiction"
  | "redundant-size"
  | "key-zero-size"
  | "key-without-size"
  | "prog-array-key"
  | "key-not-int"
  | "values-not-array"
  | "inner-definition"
  | "extra-as-enum"
  | "extra-too-large"
  | "empty-member";

/** One departure from what the loaders take, with the member it concerns. */
export interface Deviation {
  readonly kind: DeviationKind;
  readonly field: MapField;
  /** The fact, for people: "value is 16 bytes but value_size is 0". */
  readonly fact: string;
  /** What curing it does, in the past tense: "dropped member value". */
  readonly cure: string;
}

/**
 * How a member of the required definition comes about: as it is, as `<field>_size`, pointing
 * at another type, or as the array that `values` must be.
 */
export type RequiredField =
  | { readonly how: "keep"; readonly field: MapField }
  | { readonly how: "size"; readonly name: UintField; readonly field: MapField; readonly value: number }
  | { readonly how: "pointee"; readonly field: MapField; readonly pointee: number }
  | { readonly how: "array"; readonly field: Extract<MapField, { kind: "values" }> };

/** A definition as libbpf, cilium/ebpf and aya all take it, and what had to change for it. */
export interface Requirement {
  readonly kind: MapKind;
  readonly fields: readonly RequiredField[];
  readonly deviations: readonly Deviation[];
}

/** Attributes by name: one of them in another form is a fault to report, not a marker to drop. */
const KNOWN: ReadonlySet<string> = new Set<string>([...UINT_FIELDS, ...TYPE_FIELDS, "values"]);

type Judged = { readonly keep?: RequiredField; readonly deviation?: Deviation };

function dropped(kind: DeviationKind, field: MapField, fact: string): Judged {
  return { deviation: { kind, field, fact, cure: `dropped member ${field.name}` } };
}

/** A `key` or `value` on a kind that has neither (ring buffers). */
function judgeValueless(
  btf: Btf,
  kind: MapKind,
  fields: MapFields,
  field: Extract<MapField, { kind: "type" }>,
): Judged {
  if (field.name === "key" && field.size === 0) {
    return dropped("key-zero-size", field, `key has no size, and a ${kind.name} map has no key`);
  }
  const sizeName = field.name === "key" ? "key_size" : "value_size";
  const given = uintOf(fields, sizeName);
  if (given === undefined || given === field.size) {
    return dropped("value-on-ringbuf", field, `a ${kind.name} map has no ${field.name}`);
  }
  const size = field.size === undefined ? "without size" : `${field.size} bytes`;
  const fact = `${field.name} is ${typeText(btf, field.pointee)} (${size}) but ${sizeName} is ${given}`;
  return dropped("value-size-conflict", field, fact);
}

/** A `key` or `value` that names a type. */
function judgeType(btf: Btf, kind: MapKind, fields: MapFields, field: Extract<MapField, { kind: "type" }>): Judged {
  if (kind.valueless === true) return judgeValueless(btf, kind, fields, field);
  const keep: RequiredField = { how: "keep", field };
  if (field.name === "key" && kind.keyless === true && field.size === 0) {
    return dropped("key-zero-size", field, `key has no size, and a ${kind.name} map has no key`);
  }
  if (field.size === undefined) {
    return {
      keep,
      deviation: {
        kind: "key-without-size",
        field,
        fact: `${field.name} points at a type without size`,
        cure: `took the type of ${field.name} from DWARF`,
      },
    };
  }
  const int = kind.intKey === true && field.name === "key" ? intForKey(btf, field.pointee) : undefined;
  if (int !== undefined) {
    const fact = `key is ${typeText(btf, field.pointee)}, and the kernel wants an INT as key of kind ${kind.name}`;
    const deviation: Deviation = { kind: "key-not-int", field, fact, cure: `wrote key as ${typeText(btf, int)}` };
    return { keep: { how: "pointee", field, pointee: int }, deviation };
  }
  const isProgramKey =
    field.name === "key" && kind.values === "programs" && fields.some((other) => other.kind === "values");
  if (isProgramKey && typeFieldOf(fields, "value") === undefined) {
    // A key id without a value id: the kernel answers EINVAL and libbpf always retries without BTF.
    const cure = "wrote key as key_size";
    return {
      keep: { how: "size", name: "key_size", field, value: field.size },
      deviation: {
        kind: "prog-array-key",
        field,
        fact: "a prog_array with values has a key type but no value type",
        cure,
      },
    };
  }
  return { keep };
}

/** Largest number that the length of an ARRAY can be. */
const MAX_NELEMS = 0xffff_ffffn;

/** `map_extra` as an enum of one value (`__ulong` of libbpf 1.2): the other form holds 32 bits, and every loader takes it. */
function judgeExtra(btf: Btf, field: Extract<MapField, { kind: "uint" }>): Judged {
  const keep: RequiredField = { how: "keep", field };
  if (typeById(btf, skipModifiers(btf, field.typeId))?.kind === "ptr") return { keep };
  if (field.value > MAX_NELEMS) {
    const fact = `map_extra is ${field.value}, which only an enum can hold`;
    return { keep, deviation: { kind: "extra-too-large", field, fact, cure: "" } };
  }
  return {
    keep: { how: "size", name: "map_extra", field, value: Number(field.value) },
    deviation: {
      kind: "extra-as-enum",
      field,
      fact: "map_extra is an enum of one value",
      cure: "wrote map_extra as the length of an array",
    },
  };
}

/** A `key_size` or `value_size` beside the type that says the same, or something else. */
function judgeSize(kind: MapKind, fields: MapFields, field: Extract<MapField, { kind: "uint" }>): Judged {
  const typed = typeFieldOf(fields, field.name === "key_size" ? "key" : "value");
  const size = Number(field.value);
  if (kind.valueless === true && (typed !== undefined || size !== 0)) {
    const what = field.name === "key_size" ? "key" : "value";
    return dropped("redundant-size", field, `${field.name} is ${size}, and a ${kind.name} map has no ${what}`);
  }
  if (typed?.size === undefined) return { keep: { how: "keep", field } };
  const subject = `${typed.name} is ${typed.size} bytes`;
  if (typed.size === size) return dropped("redundant-size", field, `${subject} and ${field.name} says it again`);
  const deviation: Deviation = {
    kind: "size-contradiction",
    field,
    fact: `${subject} but ${field.name} is ${size}`,
    cure: "",
  };
  return { keep: { how: "keep", field }, deviation };
}

/**
 * What the loaders require of a definition with these fields: the members to keep, in order, and each departure with its reason.
 *
 * Sources: libbpf `parse_btf_map_def`, `bpf_object__create_map`; kernel `map_create` and the maps' `map_check_btf`; cilium/ebpf
 * `mapSpecFromBTF`.
 */
export function requirement(btf: Btf, fields: MapFields): Requirement {
  return requirementOf(btf, fields, false);
}

/** The definition of an inner map: what lies behind its wrappers, its fields, and what is required of them. */
export interface InnerDefinition {
  readonly unwrapped: Unwrapped;
  readonly fields: MapFields;
  readonly required: Requirement;
}

/** The inner map that `values` leads to; undefined if it holds programs, or if no definition lies there (a FWD). */
export function innerDefinition(btf: Btf, field: MapField): InnerDefinition | undefined {
  const unwrapped = field.kind === "values" && field.of === "map" ? unwrapDefinition(btf, field.element) : undefined;
  if (unwrapped === undefined) return undefined;
  const fields = readFields(btf, unwrapped.struct);
  return { unwrapped, fields, required: requirementOf(btf, fields, true) };
}

function requirementOf(btf: Btf, fields: MapFields, isInner: boolean): Requirement {
  const kind = mapKind(uintOf(fields, "type"));
  const required: RequiredField[] = [];
  const deviations: Deviation[] = [];
  for (const field of fields) {
    // libbpf refuses maps of maps of maps, so an inner map's own `values` is not followed.
    const judged = isInner && field.kind === "values" ? { keep: keepAs(field) } : judge(btf, kind, fields, field);
    if (judged.keep !== undefined) required.push(judged.keep);
    if (judged.deviation !== undefined) deviations.push(judged.deviation);
  }
  // libbpf wants `values` last.
  required.sort((a, b) => Number(a.field.kind === "values") - Number(b.field.kind === "values"));
  return { kind, fields: required, deviations };
}

function judge(btf: Btf, kind: MapKind, fields: MapFields, field: MapField): Judged {
  if (field.kind === "type") return judgeType(btf, kind, fields, field);
  if (field.kind === "uint" && (field.name === "key_size" || field.name === "value_size")) {
    return judgeSize(kind, fields, field);
  }
  if (field.kind === "uint" && field.name === "map_extra") return judgeExtra(btf, field);
  if (field.kind === "unknown" && !KNOWN.has(field.name) && sizeOf(btf, field.typeId) === 0) {
    return dropped("empty-member", field, `its member ${field.name} has no size and is no map attribute`);
  }
  if (field.kind === "values" && !field.isArray && sizeOf(btf, field.typeId) !== undefined) {
    const cure = "made values an empty array of such pointers";
    return {
      keep: { how: "array", field },
      deviation: {
        kind: "values-not-array",
        field,
        fact: `values is not an empty array of pointers to ${field.of === "programs" ? "programs" : "maps"}`,
        cure,
      },
    };
  }
  return field.kind === "values" ? judgeInner(btf, field) : { keep: keepAs(field) };
}

function keepAs(field: MapField): RequiredField {
  return { how: "keep", field };
}

/** A `values` whose inner map is itself not as the loaders take it. */
function judgeInner(btf: Btf, field: Extract<MapField, { kind: "values" }>): Judged {
  const inner = innerDefinition(btf, field);
  const [first] = inner?.required.deviations ?? [];
  const isWrapped = (inner?.unwrapped.wrappers.length ?? 0) > 0;
  if (!isWrapped && first === undefined) return { keep: keepAs(field) };
  const deviation: Deviation = {
    kind: "inner-definition",
    field,
    fact: `in its inner map, ${isWrapped ? "the definition is wrapped" : first?.fact}`,
    cure: "wrote the inner definition as loaders take it",
  };
  return { keep: { how: "array", field }, deviation };
}
