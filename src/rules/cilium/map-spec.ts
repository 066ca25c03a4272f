import type { LoaderRule } from "../loader.ts";
import { ciliumRule, refuse } from "./rule.ts";
import { longForm, type Part, type Type } from "./types.ts";

const isNumber = ciliumRule(
  "CM-23",
  "A number is a pointer or an enum, without typedefs.",
  "uintFromBTF",
  "not a pointer or enum: T",
);
const ofArray = ciliumRule(
  "CM-24",
  "A number that is a pointer is one to an array.",
  "uintFromBTF",
  "not a pointer to array: T",
);
const hasValue = ciliumRule("CM-25", "A number that is an enum has a value.", "uintFromBTF", "enum has no values");
export const numberRules: readonly LoaderRule[] = [isNumber, ofArray, hasValue];

/** A map as the library understands it, its numbers as the kernel will get them. */
export interface MapSpec {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly mapExtra: bigint;
  readonly pinning: number;
  readonly key: Type | undefined;
  readonly value: Type | undefined;
  readonly inner: MapSpec | undefined;
  /** Names of the maps or programs that its values are, by their keys. */
  readonly contents: ReadonlyMap<number, string>;
  /** Whether an old-style definition goes on with bytes that are not zero. */
  readonly hasTail?: boolean;
}

/** Map types (uapi/linux/bpf.h). */
export const MAP_TYPE = {
  array: 2,
  programArray: 3,
  perfEventArray: 4,
  arrayOfMaps: 12,
  hashOfMaps: 13,
  cpuMap: 16,
  structOps: 26,
  ringBuffer: 27,
  arena: 33,
} as const;

/** The number that a member of a definition is. Errors: CM-23, CM-24, CM-25. */
export function numberOf({ type }: Part): bigint {
  if (type.kind === "Pointer") {
    const array = type.ref;
    if (array?.kind !== "Array") refuse(ofArray, `not a pointer to array: ${longForm(type)}`);
    return BigInt(array.nelems);
  }
  if (type.kind !== "Enum") refuse(isNumber, `not a pointer or enum: ${longForm(type)}`);
  return type.values[0]?.value ?? refuse(hasValue);
}
