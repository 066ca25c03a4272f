/** Kinds that refer to one type, by themselves: PTR, the modifiers, ARRAY, FUNC, VAR, DECL_TAG. */
import { KIND_NUMBER } from "../../btf/model.ts";
import {
  checkKindFlag,
  checkName,
  checkNameless,
  checkNoList,
  checkRoom,
  checkTypeId,
  isTypeId,
  type Meta,
} from "./all-types.ts";
import { typeLine } from "./log.ts";
import { isNamedIdentifier } from "./names.ts";
import { type KernelRule, kernelRule } from "./rule.ts";

const KG_05 = kernelRule("KG-05", "A DECL_TAG says something.", "btf_decl_tag_check_meta", "Invalid value", {
  since: "6.1",
});
const KG_06 = kernelRule("KG-06", "A TYPE_TAG says something.", "btf_ref_type_check_meta", "Invalid name", {
  since: "6.1",
});
const KG_01 = kernelRule("KG-01", "component_idx is at least -1.", "btf_decl_tag_check_meta", "Invalid component_idx", {
  since: "6.1",
});
const KY_01 = kernelRule("KY-01", "An ARRAY's own size is 0.", "btf_array_check_meta", "size != 0");
/** Looked at again in the second pass, under the same numbers. */
export const KY_02: KernelRule = kernelRule(
  "KY-02",
  "An ARRAY has elements of known size.",
  "btf_array_check_meta",
  "Invalid elem",
);
export const KY_03: KernelRule = kernelRule(
  "KY-03",
  "An ARRAY is indexed by a regular INT.",
  "btf_array_check_meta",
  "Invalid index",
);
const KF_01 = kernelRule("KF-01", "A FUNC is static or global.", "btf_func_check_meta", "Invalid func linkage");
const KV_01 = kernelRule("KV-01", "A VAR has a type.", "btf_var_check_meta", "Invalid type_id");
const KV_02 = kernelRule("KV-02", "A VAR is static or global.", "btf_var_check_meta", "Linkage not supported");

export const referenceRules: readonly KernelRule[] = [KG_01, KG_05, KG_06, KY_01, KY_02, KY_03, KF_01, KV_01, KV_02];

export function checkReferenceMeta(meta: Meta): number {
  const { subject, id, at } = meta;
  checkNoList(meta);
  checkKindFlag(meta);
  checkTypeId(meta, subject.word(at), "Invalid type_id");
  const kind = subject.kindAt(at);
  if (kind === KIND_NUMBER.typedef) checkName(meta, isNamedIdentifier);
  else if (kind !== KIND_NUMBER.typeTag) checkNameless(meta);
  else if (subject.char(subject.nameOff(at)) === 0)
    subject.refuse(KG_06, id, typeLine(subject, id, at, "Invalid name"));
  return 0;
}

export function checkArrayMeta(meta: Meta): number {
  const { subject, id, at } = meta;
  const needed = checkRoom(meta, 12);
  checkNameless(meta);
  checkNoList(meta);
  checkKindFlag(meta);
  if (subject.word(at) !== 0) subject.refuse(KY_01, id, typeLine(subject, id, at, "size != 0"));
  const element = subject.u32(subject.tail(at));
  const index = subject.u32(subject.tail(at) + 4);
  if (element === 0) subject.refuse(KY_02, id, typeLine(subject, id, at, "Invalid elem"));
  checkTypeId(meta, element, "Invalid elem");
  if (index === 0) subject.refuse(KY_03, id, typeLine(subject, id, at, "Invalid index"));
  checkTypeId(meta, index, "Invalid index");
  return needed;
}

const BTF_FUNC_GLOBAL = 1;

export function checkFuncMeta(meta: Meta): number {
  const { subject, id, at } = meta;
  checkName(meta, isNamedIdentifier);
  if (subject.vlen(at) > BTF_FUNC_GLOBAL) {
    subject.refuse(KF_01, id, typeLine(subject, id, at, "Invalid func linkage"));
  }
  checkKindFlag(meta);
  return 0;
}

const BTF_VAR_GLOBAL_ALLOCATED = 1;

export function checkVarMeta(meta: Meta): number {
  const { subject, id, at } = meta;
  const needed = checkRoom(meta, 4);
  checkNoList(meta);
  checkKindFlag(meta);
  checkName(meta, isNamedIdentifier);
  const type = subject.word(at);
  if (type === 0 || !isTypeId(type)) subject.refuse(KV_01, id, typeLine(subject, id, at, "Invalid type_id"));
  if (subject.u32(subject.tail(at)) > BTF_VAR_GLOBAL_ALLOCATED) {
    subject.refuse(KV_02, id, typeLine(subject, id, at, "Linkage not supported"));
  }
  return needed;
}

export function checkDeclTagMeta(meta: Meta): number {
  const { subject, id, at } = meta;
  const needed = checkRoom(meta, 4);
  if (subject.char(subject.nameOff(at)) === 0) subject.refuse(KG_05, id, typeLine(subject, id, at, "Invalid value"));
  checkNoList(meta);
  checkKindFlag(meta);
  if (subject.i32(subject.tail(at)) < -1) {
    subject.refuse(KG_01, id, typeLine(subject, id, at, "Invalid component_idx"));
  }
  return needed;
}
