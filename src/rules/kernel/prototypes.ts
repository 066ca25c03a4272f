/** FUNC_PROTO and FUNC in the second pass (`btf_func_proto_check`, `btf_func_check`). */
import { KIND_NUMBER } from "../../btf/model.ts";
import { PARAM_SIZE } from "./lists.ts";
import { typeLine } from "./log.ts";
import { isIdentifier } from "./names.ts";
import { isDone, isSourceOnly, needsResolve, type Resolution, sizedType } from "./resolution.ts";
import { type KernelRule, kernelRule } from "./rule.ts";
import { MISSING, type Subject } from "./subject.ts";

const checkProto = "btf_func_proto_check";
const INVALID_ARG = "Invalid arg#N";
const RETURN_TYPE = "Invalid return type";

const KP_01 = kernelRule("KP-01", "A function returns nothing, or a type of known size.", checkProto, RETURN_TYPE);
const KP_02 = kernelRule("KP-02", "The mark of variable arguments has no name.", checkProto, INVALID_ARG);
const KP_03 = kernelRule("KP-03", "Only the last parameter is without a type.", checkProto, INVALID_ARG);
const KP_04 = kernelRule("KP-04", "A parameter's type has a size.", checkProto, INVALID_ARG);
const KP_05 = kernelRule("KP-05", "Names of parameters are identifiers.", checkProto, INVALID_ARG);
const KF_02 = kernelRule("KF-02", "A FUNC is of a FUNC_PROTO.", "btf_func_check", "Invalid type_id");
export const KF_03: KernelRule = kernelRule("KF-03", "Parameters of a FUNC have names.", "btf_func_check", INVALID_ARG);

export const prototypeRules: readonly KernelRule[] = [KP_01, KP_02, KP_03, KP_04, KP_05, KF_02, KF_03];

function argLine(subject: Subject, id: number, index: number): string {
  return typeLine(subject, id, subject.at(id), `Invalid arg#${index + 1}`);
}

/** Checks what a FUNC_PROTO refers to; `resolve` has the walk begin at a type that is not done. */
export function checkPrototype<Walk extends Resolution>(
  walk: Walk,
  id: number,
  resolve: (walk: Walk, id: number) => void,
): void {
  const { subject } = walk;
  const at = subject.at(id);
  const returned = subject.word(at);
  if (returned !== 0) {
    const kind = subject.kind(returned);
    if (kind === MISSING || (isSourceOnly(kind) && subject.fact("returnsValues"))) {
      subject.refuse(KP_01, id, typeLine(subject, id, at, RETURN_TYPE));
    }
    if (needsResolve(walk, kind) && !isDone(walk, returned)) resolve(walk, returned);
    if (sizedType(walk, returned) === 0 && !subject.isUnknown(returned))
      subject.refuse(KP_01, id, typeLine(subject, id, at, RETURN_TYPE));
  }
  const tail = subject.tail(at);
  let count = subject.vlen(at);
  if (count === 0) return;
  const last = tail + (count - 1) * PARAM_SIZE;
  if (subject.u32(last + 4) === 0) {
    if (subject.u32(last) !== 0) subject.refuse(KP_02, id, typeLine(subject, id, at, `Invalid arg#${count}`));
    count--;
  }
  for (let index = 0; index < count; index++) {
    const nameOff = subject.u32(tail + index * PARAM_SIZE);
    const type = subject.u32(tail + index * PARAM_SIZE + 4);
    const kind = subject.kind(type);
    if (kind === MISSING || isSourceOnly(kind)) subject.refuse(KP_04, id, argLine(subject, id, index));
    const isNamed = nameOff === 0 || (subject.hasName(nameOff) && isIdentifier(subject, nameOff));
    if (!isNamed) subject.refuse(KP_05, id, argLine(subject, id, index));
    if (needsResolve(walk, kind) && !isDone(walk, type)) resolve(walk, type);
    if (sizedType(walk, type) === 0 && !subject.isUnknown(type))
      subject.refuse(type === 0 ? KP_03 : KP_04, id, argLine(subject, id, index));
  }
}

/** Checks that a FUNC refers to a FUNC_PROTO whose parameters all have names. */
export function checkFunction({ subject }: Resolution, id: number): void {
  const at = subject.at(id);
  const prototype = subject.word(at);
  if (subject.kind(prototype) !== KIND_NUMBER.funcProto) {
    subject.refuse(KF_02, id, typeLine(subject, id, at, "Invalid type_id"));
    return;
  }
  if (subject.isTold(prototype)) return;
  const record = subject.at(prototype);
  const count = subject.vlen(record);
  for (let index = 0; index < count; index++) {
    const param = subject.tail(record) + index * PARAM_SIZE;
    if (subject.u32(param) === 0 && subject.u32(param + 4) !== 0) {
      subject.refuse(KF_03, id, argLine(subject, id, index));
    }
  }
}
