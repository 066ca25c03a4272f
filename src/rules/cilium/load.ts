import { KIND_NUMBER } from "../../btf/model.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import { type BtfLoadVerdict, type HeldBtf, kernelReading } from "../kernel/verdict.ts";
import type { LoaderRule } from "../loader.ts";
import type { Variable } from "./data.ts";
import { MAP_TYPE, type MapSpec } from "./map-spec.ts";
import { type Budget, ciliumRule, refuse, within } from "./rule.ts";
import { BlobWriter, type Lacking, tagOfKnown, valueFits } from "./sent.ts";
import { copyOf, type Type } from "./types.ts";

const load = { stage: "load" } as const;
const apart = ciliumRule(
  "CL-02",
  "The variables of a data section do not overlap.",
  "MapSpec.updateDataSection",
  "assembling contents of map M: variable V (offset N) overlaps with previous variable (offset L)",
  load,
);
const pinKnown = ciliumRule(
  "CL-03",
  "A map is pinned by name or not at all.",
  "newMapWithOptions",
  "map M: pin type N: not supported",
  load,
);
const innerThere = ciliumRule(
  "CL-04",
  "An array or hash of maps says what the maps are.",
  "newMapWithOptions",
  "map M: K requires InnerMap",
  load,
);
const tailZero = ciliumRule(
  "CL-05",
  "What an old-style definition holds after its first 20 bytes is zero.",
  "MapSpec.createMap",
  "map M: extra contains unhandled non-zero bytes, drain before creating map",
  load,
);
const outerValue = ciliumRule(
  "CL-06",
  "A value of an array or hash of maps has 4 bytes, if it says so.",
  "MapSpec.fixupMagicFields",
  "map M: ValueSize must be zero or four for map of map",
  load,
);
const perfKey = ciliumRule(
  "CL-07",
  "A key of an array of perf events has 4 bytes, if it says so.",
  "MapSpec.fixupMagicFields",
  "map M: KeySize must be zero or four for perf event array",
  load,
);
const perfValue = ciliumRule(
  "CL-08",
  "A value of an array of perf events has 4 bytes, if it says so.",
  "MapSpec.fixupMagicFields",
  "map M: ValueSize must be zero or four for perf event array",
  load,
);
const ownKind = ciliumRule(
  "CL-09",
  "The kind of a map is below 2^28: those above are of other systems.",
  "MapSpec.createMap",
  "map M: map type T (P): not supported on linux",
  load,
);
const btfTaken = ciliumRule(
  "CL-10",
  "The kernel takes the BTF of a map's key and value.",
  "btf.MarshalMapKV",
  "map M: load BTF: load btf: E: the kernel's words",
  load,
);

export const loadRules: readonly LoaderRule[] = [
  valueFits,
  tagOfKnown,
  apart,
  pinKnown,
  innerThere,
  tailZero,
  outerValue,
  perfKey,
  perfValue,
  ownKind,
  btfTaken,
];

const MMAPABLE = 1 << 10;
const PIN_BY_NAME = 1;
const PLATFORM = 0x1000_0000;
const ERRNOS: Readonly<Record<number, string>> = {
  2: "no such file or directory",
  7: "argument list too long",
  14: "bad address",
  17: "file exists",
  22: "invalid argument",
  40: "too many levels of symbolic links",
};

/** The types of a map as they are sent: the blob, the ids in it (0 for none), and what the kernel then holds. */
export interface SentTypes {
  readonly blob: Uint8Array;
  readonly keyId: number;
  readonly valueId: number;
  readonly held: HeldBtf | undefined;
}

/** A map as the kernel is asked for it. */
export interface MapRequest extends MapSpec {
  /** The blob with its types, and their ids in it; undefined where it names none. */
  readonly btf: SentTypes | undefined;
  readonly template: MapRequest | undefined;
}

/** What the library replaces for a kernel: tags and 64-bit enums. */
function lackingIn({ maxKind }: KernelProfile): Lacking {
  return {
    declTags: maxKind < KIND_NUMBER.declTag,
    typeTags: maxKind < KIND_NUMBER.typeTag,
    enum64: maxKind < KIND_NUMBER.enum64,
  };
}

function checkVariables(name: string, variables: readonly Variable[]): void {
  let end = 0;
  for (const variable of variables.toSorted((a, b) => a.offset - b.offset)) {
    if (variable.offset < end) {
      const line = `variable ${variable.name} (offset ${variable.offset}) overlaps with previous variable (offset ${end})`;
      refuse(apart, `assembling contents of map ${name}: ${line}`);
    }
    end = variable.offset + variable.size;
  }
}

function kernelWords({ errno, message }: BtfLoadVerdict): string {
  const said = message === "" ? "" : `: ${message.trim()}`;
  return `load BTF: load btf: ${ERRNOS[errno] ?? "…"}${message.startsWith("\t") ? ": …" : ""}${said}`;
}

/** The types of a key and a value, as the library sends them to the kernel. Errors: CL-01, CL-10, CL-12. */
function sendTypes(key: Type | undefined, value: Type | undefined, { kernel, told, budget }: Ask): MapRequest["btf"] {
  if (key === undefined && value === undefined) return undefined;
  const writer = new BlobWriter(lackingIn(kernel));
  const keyId = key === undefined ? 0 : writer.add(copyOf(key));
  const valueId = value === undefined ? 0 : writer.add(copyOf(value));
  const blob = within("load BTF", () => writer.finish());
  budget.spend(8 * blob.length);
  const { verdict, held } = kernelReading(blob, kernel);
  told(verdict);
  if (!verdict.accepted) refuse(btfTaken, kernelWords(verdict));
  return { blob, keyId, valueId, held };
}

function fixSizes(spec: MapSpec): MapSpec {
  const isSmall = (size: number): boolean => size === 0 || size === 4;
  if (spec.type === MAP_TYPE.arrayOfMaps || spec.type === MAP_TYPE.hashOfMaps) {
    // Only one that is inside of another may say something else: what says which maps they are makes it 4.
    if (!isSmall(spec.valueSize)) refuse(outerValue, "ValueSize must be zero or four for map of map");
    return { ...spec, valueSize: 4 };
  }
  if (spec.type !== MAP_TYPE.perfEventArray) return spec;
  if (!isSmall(spec.keySize)) refuse(perfKey, "KeySize must be zero or four for perf event array");
  if (!isSmall(spec.valueSize)) refuse(perfValue, "ValueSize must be zero or four for perf event array");
  return { ...spec, keySize: 4, valueSize: 4 };
}

function request(spec: MapSpec, template: MapRequest | undefined, ask: Ask): MapRequest {
  if (spec.hasTail === true) refuse(tailZero, "extra contains unhandled non-zero bytes, drain before creating map");
  const fixed = fixSizes(spec);
  if (fixed.type >= PLATFORM) refuse(ownKind, "map type …: not supported on linux");
  return { ...fixed, btf: sendTypes(fixed.key, fixed.value, ask), template };
}

/** Whom a map is asked of, and who hears what the kernel says of its types. */
export interface Ask {
  readonly budget: Budget;
  readonly kernel: KernelProfile;
  readonly told: (verdict: BtfLoadVerdict) => void;
}

/** What the library asks the kernel for to create a map; `variables` are those of its section; pins are taken to succeed. Errors: CL-01 to CL-10, CL-12. */
export function mapRequest(name: string, given: MapSpec, variables: readonly Variable[], ask: Ask): MapRequest {
  const isData = given.name === ".bss" || given.name.startsWith(".data") || given.name.startsWith(".rodata");
  const spec = isData ? { ...given, flags: given.flags | MMAPABLE } : given;
  checkVariables(name, variables);
  return within(`map ${name}`, () => {
    if (spec.pinning !== 0 && spec.pinning !== PIN_BY_NAME) refuse(pinKnown, `pin type ${spec.pinning}: not supported`);
    const isOuter = spec.type === MAP_TYPE.arrayOfMaps || spec.type === MAP_TYPE.hashOfMaps;
    const { inner } = spec;
    if (!isOuter) return request(spec, undefined, ask);
    if (inner === undefined) {
      refuse(innerThere, `${spec.type === MAP_TYPE.arrayOfMaps ? "ArrayOfMaps" : "HashOfMaps"} requires InnerMap`);
    }
    return request(
      spec,
      within("inner map", () => request(inner, undefined, ask)),
      ask,
    );
  });
}
