/** First pass: every record by itself, in the order of ids (`btf_check_all_metas`). */
import { BASE_SIZE } from "../../btf/kind.ts";
import { KIND_NUMBER } from "../../btf/model.ts";
import { RECORD_TAIL } from "../btf-blob.ts";
import { KT_01, KT_02, KT_03, KT_04, type Meta } from "./all-types.ts";
import type { StatedHeader } from "./header.ts";
import { checkDatasecMeta, checkFuncProtoMeta, checkStructMeta } from "./lists.ts";
import { OLDEST } from "./profile.ts";
import { checkArrayMeta, checkDeclTagMeta, checkFuncMeta, checkReferenceMeta, checkVarMeta } from "./references.ts";
import { checkEnumMeta, checkFloatMeta, checkFwdMeta, checkIntMeta, sizeRules } from "./scalars.ts";
import { Refusal, type Subject } from "./subject.ts";

const ENUM_VALUE_SIZE = 8;
const ENUM64_VALUE_SIZE = 12;

/** By kind: checks a record, and returns how many bytes follow its base words. */
const CHECKS: readonly ((meta: Meta) => number)[] = (() => {
  const kinds = KIND_NUMBER;
  const checks = new Array<(meta: Meta) => number>(20).fill(checkReferenceMeta);
  checks[kinds.int] = checkIntMeta;
  checks[kinds.array] = checkArrayMeta;
  checks[kinds.struct] = checkStructMeta;
  checks[kinds.union] = checkStructMeta;
  checks[kinds.enum] = (meta) => checkEnumMeta(meta, ENUM_VALUE_SIZE);
  checks[kinds.fwd] = checkFwdMeta;
  checks[kinds.func] = checkFuncMeta;
  checks[kinds.funcProto] = checkFuncProtoMeta;
  checks[kinds.var] = checkVarMeta;
  checks[kinds.datasec] = checkDatasecMeta;
  checks[kinds.float] = checkFloatMeta;
  checks[kinds.declTag] = checkDeclTagMeta;
  checks[kinds.enum64] = (meta) => checkEnumMeta(meta, ENUM64_VALUE_SIZE);
  return checks;
})();

/** Checks the records one by one, and notes where each begins. */
export function checkRecords(subject: Subject, { headerLength, typeOff, typeLen }: StatedHeader): void {
  let at = headerLength + typeOff;
  const end = at + typeLen;
  for (let id = 1; at < end; id++) {
    let size: number;
    try {
      size = checkRecord(subject, id, at, end - at);
    } catch (thrown) {
      size = sizeOfRefused(subject, id, at, end - at, thrown);
    }
    subject.add(at);
    at += size;
  }
}

/** How many bytes a refused record takes; throws its refusal on where nobody knows, and so cannot say where the next one begins. */
function sizeOfRefused(subject: Subject, id: number, at: number, left: number, thrown: unknown): number {
  if (left < BASE_SIZE) throw thrown;
  const kind = subject.kindAt(at);
  const [fixed, each] = RECORD_TAIL.get(kind) ?? [];
  if (fixed === undefined || each === undefined || kind > subject.profile.maxKind) throw thrown;
  const size = BASE_SIZE + fixed + each * subject.vlen(at);
  if (size > left) throw thrown;
  subject.keep(thrown);
  if (thrown instanceof Refusal && sizeRules.has(thrown.rule)) subject.setUnknown(id);
  return size;
}

function checkRecord(subject: Subject, id: number, at: number, left: number): number {
  if (left < BASE_SIZE) subject.refuse(KT_01, id, `[${id}] meta_left:${left} meta_needed:${BASE_SIZE}`);
  const info = subject.info(at);
  subject.asked.infoBits |= info;
  if ((info & subject.profile.reservedInfo) !== 0) {
    subject.refuse(KT_03, id, `[${id}] Invalid btf_info:${info.toString(16)}`);
  }
  const kind = subject.kindAt(at);
  const isKnown = kind <= OLDEST.maxKind || kind <= subject.fact("maxKind");
  if (kind === 0 || !isKnown) subject.refuse(KT_02, id, `[${id}] Invalid kind:${kind}`);
  const nameOff = subject.nameOff(at);
  if (!subject.hasName(nameOff)) subject.refuse(KT_04, id, `[${id}] Invalid name_offset:${nameOff}`);
  const check = CHECKS[kind];
  return BASE_SIZE + (check === undefined ? 0 : check({ subject, id, at, left: left - BASE_SIZE }));
}
