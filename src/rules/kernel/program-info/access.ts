/** The access string of a relocation, followed through the program's own types (`bpf_core_parse_spec`). */
import { KIND_NUMBER } from "../../../btf/model.ts";
import { type BtfBlob, MISSING } from "../../btf-blob.ts";
import { isModifier, isStruct, POINTER_SIZE } from "../resolution.ts";
import { E2BIG, EINVAL } from "../rule.ts";

/** By `enum bpf_core_relo_kind`. */
const FIELD_KINDS: readonly number[] = [0, 1, 2, 3, 4, 5];
const TYPE_KINDS: readonly number[] = [6, 7, 8, 9, 12];
const ENUM_VALUE_KINDS: readonly number[] = [10, 11];
export const TYPE_ID_LOCAL = 6;
export const TYPE_SIZE = 9;
/** Whether something exists in the kernel: 1 as the compiler sees it. */
export const EXISTENCE_KINDS: readonly number[] = [2, 8, 10, 12];
/** What has no value where the kernel has no such thing: then the instruction is spoilt. */
export const SPOILING_KINDS: readonly number[] = [0, 1, 3, 4, 5, 11];

/** What may be asked of an array's element, and not only of a named member: where it is, its size, whether it exists. */
const ELEMENT_KINDS: readonly number[] = [0, 1, 2];

/** BPF_CORE_SPEC_MAX_LEN, MAX_RESOLVE_DEPTH. */
const MOST_STEPS = 64;
const DEEPEST = 32;

/** How following an access string ends: an errno, 0 if well; `isElement` if its last step is no named member. */
export interface Access {
  readonly errno: number;
  readonly isElement: boolean;
}

const INVALID: Access = { errno: EINVAL, isElement: false };
const FINE: Access = { errno: 0, isElement: false };

/** The numbers between the colons, as sscanf reads them; an errno if they are none. */
function stepsOf(text: string): readonly number[] | number {
  const steps: number[] = [];
  for (let rest = text; rest !== ""; ) {
    const found = /^:?\s*(-?\d+)/.exec(rest);
    const value = found === null ? -1 : Number(BigInt.asIntN(32, BigInt(found[1] ?? "")));
    if (found === null || value < 0) return EINVAL;
    if (steps.length === MOST_STEPS) return E2BIG;
    steps.push(value);
    rest = rest.slice(found[0].length);
  }
  return steps;
}

function unmodified(btf: BtfBlob, id: number): number {
  let at = id;
  while (isModifier(btf.kind(at))) at = btf.word(btf.at(at));
  return at;
}

/** Bytes of a type; undefined where it has no size (`btf_resolve_size`). */
export function sizeOf(btf: BtfBlob, id: number): number | undefined {
  const { int, ptr, array, struct, union, enum: enum32, enum64, float } = KIND_NUMBER;
  let [at, elements] = [id, 1];
  for (let depth = 0; depth < DEEPEST; depth++) {
    const kind = btf.kind(at);
    const record = btf.at(at);
    if (isModifier(kind)) {
      at = btf.word(record);
    } else if (kind === array) {
      elements *= btf.u32(btf.tail(record) + 8);
      if (elements > 0xffff_ffff) return undefined;
      at = btf.u32(btf.tail(record));
    } else {
      const isSized = [int, ptr, struct, union, enum32, enum64, float].some((known) => known === kind);
      const size = elements * (kind === ptr ? POINTER_SIZE : isSized ? btf.word(record) : 0);
      return isSized && size <= 0xffff_ffff ? size : undefined;
    }
  }
  return undefined;
}

/** The struct's member that the last step went to, if it has a name: what tells an array at its end. */
interface Named {
  readonly struct: number;
  readonly index: number;
}

/** Where a step leads: the next type, and the member if it has a name. */
interface Step {
  readonly id: number;
  readonly named: Named | undefined;
  /** Whether the step counts, which one to a member without a name does not. */
  readonly counts: boolean;
}

function stepInto(btf: BtfBlob, id: number, index: number, last: Named | undefined): Step | undefined {
  const at = btf.at(id);
  if (isStruct(btf.kind(id))) {
    if (index >= btf.vlen(at)) return undefined;
    const member = btf.tail(at) + index * 12;
    const nameOff = btf.u32(member);
    if (nameOff !== 0 && btf.char(nameOff) === 0) return undefined;
    const next = btf.u32(member + 4);
    return { id: next, named: nameOff === 0 ? last : { struct: id, index }, counts: nameOff !== 0 };
  }
  if (btf.kind(id) !== KIND_NUMBER.array) return undefined;
  const elements = btf.u32(btf.tail(at) + 8);
  const isFlexible = elements === 0 && last !== undefined && last.index === btf.vlen(btf.at(last.struct)) - 1;
  const element = unmodified(btf, btf.u32(btf.tail(at)));
  if ((!isFlexible && index >= elements) || sizeOf(btf, element) === undefined) return undefined;
  return { id: element, named: undefined, counts: true };
}

function followFields(btf: BtfBlob, root: number, steps: readonly number[]): Access {
  if (sizeOf(btf, root) === undefined) return INVALID;
  let id = root;
  let named: Named | undefined;
  for (const index of steps.slice(1)) {
    const step = stepInto(btf, unmodified(btf, id), index, named);
    if (step === undefined) return INVALID;
    ({ id, named } = step);
  }
  return { errno: 0, isElement: named === undefined };
}

/** Follows an access string from a type. */
export function followAccess(btf: BtfBlob, type: number, kind: number, text: string): Access {
  if (text === "" || text.startsWith(":")) return INVALID;
  if (TYPE_KINDS.includes(kind)) return text === "0" ? FINE : INVALID;
  const steps = stepsOf(text);
  if (typeof steps === "number") return { errno: steps, isElement: false };
  const root = unmodified(btf, type);
  if (btf.kind(root) === MISSING) return INVALID;
  if (ENUM_VALUE_KINDS.includes(kind)) {
    const isEnum = btf.kind(root) === KIND_NUMBER.enum || btf.kind(root) === KIND_NUMBER.enum64;
    const [index = 0, other] = steps;
    return isEnum && other === undefined && index < btf.vlen(btf.at(root)) ? FINE : INVALID;
  }
  return FIELD_KINDS.includes(kind) ? followFields(btf, root, steps) : INVALID;
}

/** Whether a relocation of the kind may end at an array's element. */
export function suitsElement(kind: number): boolean {
  return ELEMENT_KINDS.includes(kind) || !FIELD_KINDS.includes(kind);
}
