/** The access string of a relocation, followed through the program's own types (`bpf_core_parse_spec`). */
import { KIND_NUMBER } from "../../../btf/model.ts";
import type { BtfBlob } from "../../btf-blob.ts";
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

/** How following an access string may end but for well: at something that is no named member. */
export const ELEMENT = 1;

const INVALID: number = -EINVAL;

/** The numbers between the colons, as sscanf reads them; an errno below 0 if they are none. */
function stepsOf(text: string): readonly number[] | number {
  const steps: number[] = [];
  for (let rest = text; rest !== ""; ) {
    const [all = "", digits] = /^:?\s*(-?\d+)/.exec(rest) ?? [];
    const value = digits === undefined ? INVALID : Number(BigInt.asIntN(32, BigInt(digits)));
    if (value < 0) return INVALID;
    if (steps.length === MOST_STEPS) return -E2BIG;
    steps.push(value);
    rest = rest.slice(all.length);
  }
  return steps;
}

function unmodified(btf: BtfBlob, id: number): number {
  let at = id;
  while (isModifier(btf.kind(at))) at = btf.word(btf.at(at));
  return at;
}

const { int, ptr, array, struct, union, enum: enum32, enum64, float } = KIND_NUMBER;
const SIZED: readonly number[] = [int, struct, union, enum32, enum64, float];

/** Bytes of a type with a sign, as the kernel has them, so that 2 GiB are below 0; an errno below 0 where it has no size (`btf_resolve_size`). */
export function sizeOf(btf: BtfBlob, id: number): number {
  let [at, elements] = [id, 1];
  for (let depth = 0; depth < DEEPEST; depth++) {
    const kind = btf.kind(at);
    const record = btf.at(at);
    if (isModifier(kind)) {
      at = btf.word(record);
    } else if (kind === array) {
      elements *= btf.u32(btf.tail(record) + 8);
      if (elements > 0xffff_ffff) return INVALID;
      at = btf.u32(btf.tail(record));
    } else if (kind === ptr) {
      return (elements * POINTER_SIZE) | 0;
    } else {
      return SIZED.includes(kind) ? (elements * btf.word(record)) | 0 : INVALID;
    }
  }
  return INVALID;
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
}

function stepInto(btf: BtfBlob, id: number, index: number, last: Named | undefined): Step | number {
  const at = btf.at(id);
  if (isStruct(btf.kind(id))) {
    if (index >= btf.vlen(at)) return INVALID;
    const member = btf.tail(at) + index * 12;
    return { id: btf.u32(member + 4), named: btf.u32(member) === 0 ? last : { struct: id, index } };
  }
  if (btf.kind(id) !== array) return INVALID;
  const elements = btf.u32(btf.tail(at) + 8);
  const isFlexible = elements === 0 && last !== undefined && last.index === btf.vlen(btf.at(last.struct)) - 1;
  if (!isFlexible && index >= elements) return INVALID;
  const element = unmodified(btf, btf.u32(btf.tail(at)));
  const size = sizeOf(btf, element);
  return size < 0 ? size : { id: element, named: undefined };
}

function followFields(btf: BtfBlob, root: number, steps: readonly number[]): number {
  const size = sizeOf(btf, root);
  if (size < 0) return size;
  let id = root;
  let named: Named | undefined;
  for (const index of steps.slice(1)) {
    const step = stepInto(btf, unmodified(btf, id), index, named);
    if (typeof step === "number") return step;
    ({ id, named } = step);
  }
  return named === undefined ? ELEMENT : 0;
}

/** Follows an access string from a type that there is: 0 if it ends well, ELEMENT, or an errno below 0. */
export function followAccess(btf: BtfBlob, type: number, kind: number, text: string): number {
  if (text === "" || text.startsWith(":")) return INVALID;
  if (TYPE_KINDS.includes(kind)) return text === "0" ? 0 : INVALID;
  const steps = stepsOf(text);
  if (typeof steps === "number") return steps;
  const root = unmodified(btf, type);
  if (ENUM_VALUE_KINDS.includes(kind)) {
    const isEnum = btf.kind(root) === enum32 || btf.kind(root) === enum64;
    const [index = 0, other] = steps;
    return isEnum && other === undefined && index < btf.vlen(btf.at(root)) ? 0 : INVALID;
  }
  return FIELD_KINDS.includes(kind) ? followFields(btf, root, steps) : INVALID;
}

/** Whether a relocation of the kind may end at an array's element. */
export function suitsElement(kind: number): boolean {
  return ELEMENT_KINDS.includes(kind) || !FIELD_KINDS.includes(kind);
}
