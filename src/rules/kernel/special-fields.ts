/**
 * Locks, lists, trees, refcounts and kernel pointers in structs (`btf_parse_struct_metas`, `btf_parse_fields`). The kernel says
 * nothing when it refuses them. Not told here, since it depends on the kernel's own types: whether a kptr to one of these is allowed.
 */
import { KIND_NUMBER } from "../../btf/model.ts";
import { ENTRY_SIZE, MEMBER_SIZE, memberBits } from "./lists.ts";
import { E2BIG, EEXIST, EFAULT, ELOOP, ENOENT, type KernelRule, kernelRule } from "./rule.ts";
import { LONGEST_TAG, namesOf } from "./special-names.ts";
import {
  NODE_OF,
  ofMaps,
  ofStructs,
  POINTER,
  pointedStruct,
  type SpecialField,
  type SpecialType,
  specialIds,
  specialTypeNamed,
  TO_USER,
  taggedPointer,
  type WantedFields,
} from "./special-types.ts";
import type { Subject } from "./subject.ts";

const parse = "btf_parse_fields, btf_find_field_one";
const silent: readonly string[] = [];
const SINCE = { since: "6.12" } as const;

const KZ_01 = kernelRule("KZ-01", "A struct has one lock of a kind, and at most 11 special fields.", parse, silent, {
  ...SINCE,
  errno: E2BIG,
});
const KZ_02 = kernelRule(
  "KZ-02",
  "A member of a special type counts as one: its size and place are right.",
  parse,
  silent,
  { ...SINCE, errno: EFAULT },
);
const KZ_03 = kernelRule(
  "KZ-03",
  "A list or tree names a struct and its node in one DECL_TAG.",
  "btf_find_graph_root, btf_parse_graph_root",
  silent,
  SINCE,
);
const KZ_04 = kernelRule(
  "KZ-04",
  "Members of a special struct begin at bytes.",
  "btf_find_struct_field",
  silent,
  SINCE,
);
const KZ_05 = kernelRule("KZ-05", "Special fields suit each other.", parse, silent, SINCE);
const KZ_06 = kernelRule(
  "KZ-06",
  "Owners own no owners, and structs are nested at most 32 deep.",
  "btf_check_and_fixup_fields",
  silent,
  { ...SINCE, errno: ELOOP },
);
const KZ_07 = kernelRule(
  "KZ-07",
  "The tag of a kernel pointer is known, alone, and of a struct.",
  "btf_find_kptr",
  silent,
  SINCE,
);

export const specialFieldRules: readonly KernelRule[] = [KZ_01, KZ_02, KZ_03, KZ_04, KZ_05, KZ_06, KZ_07];

/** Bytes of a member before its type. */
const MEMBER_TYPE = 4;

/** BTF_FIELDS_MAX. */
const MAX_FIELDS = 11;
const MAX_DEPTH = 32;

/** The member of a struct that a head or root owns: its name, and what type it must have. */
interface OwnedNode {
  readonly struct: number;
  readonly name: string;
  readonly type: SpecialType;
}

/** A special field of a struct or section. */
export interface Field {
  readonly type: SpecialType;
  /** Bytes from the start of the struct. */
  readonly offset: number;
  /** Struct that a head or root owns, and the node in it. */
  readonly value?: number;
  readonly node?: OwnedNode;
  /** Struct that a pointer to user memory is to. */
  readonly target?: number;
}

/** The look through one struct: the search, with what it has found to be without fields at which depth. */
interface Search {
  readonly subject: Subject;
  readonly root: number;
  readonly wanted: WantedFields;
  readonly empty: Set<string>;
  readonly locks: Set<SpecialField>;
}

const { array, struct, datasec } = KIND_NUMBER;

/** Checks every STRUCT with a special member, in the order of ids. */
export function checkSpecialFields(subject: Subject): void {
  const special = specialIds(subject);
  if (special.size === 0 || !subject.fact("specialFields")) return;
  const wanted = ofStructs(subject);
  const records = new Map<number, readonly Field[]>();
  for (let id = 1; id < subject.count; id++) {
    if (subject.kind(id) !== struct || !hasMemberOf(subject, id, special)) continue;
    if (isAtFault(subject, id)) continue;
    const search = newSearch(subject, id, wanted);
    try {
      const found = fieldsOf(search, id, MAX_FIELDS, 0);
      if (found.length === 0) refuse(search, KZ_02);
      checkFields(search, found);
      records.set(id, found);
    } catch (thrown) {
      if (thrown !== UNJUDGED) subject.keep(thrown);
      // Nor is anything said of those that contain it.
      subject.setUnknown(id);
    }
  }
  for (const [id, found] of records) subject.attempt(() => checkOwners(subject, id, found, records));
}

/** Thrown where a struct holds a type that is at fault, so that it cannot be looked through: one for all, as there may be many. */
const UNJUDGED = new Error("not judged");

function isAtFault(subject: Subject, id: number): boolean {
  return subject.isTold(id) || subject.isUnknown(id);
}

function newSearch(subject: Subject, root: number, wanted: WantedFields): Search {
  return { subject, root, wanted, empty: new Set(), locks: new Set() };
}

/**
 * Special fields of a map's value that is a STRUCT or DATASEC, of a blob that BPF_BTF_LOAD takes (`btf_parse_fields` as `map_check_btf`
 * calls it). Errors: Refusal where they are not in order, which BPF_MAP_CREATE takes for a value without any.
 */
export function fieldsOfValue(subject: Subject, id: number): readonly Field[] {
  const search = newSearch(subject, id, ofMaps(subject));
  const kind = subject.kind(id);
  let found: readonly Field[] = [];
  if (kind === struct) found = fieldsOf(search, id, MAX_FIELDS, 0);
  else if (kind === datasec) found = fieldsOfSection(search, id);
  checkFields(search, found);
  return found;
}

/** Whether the kernel has looked for special fields in a STRUCT of its own accord (`btf_find_struct_meta`). */
export function isSpecial(subject: Subject, id: number): boolean {
  const special = specialIds(subject);
  return hasMemberOf(subject, id, special);
}

/** `btf_find_datasec_var`. */
function fieldsOfSection(search: Search, id: number): readonly Field[] {
  const { subject } = search;
  const at = subject.at(id);
  const found: Field[] = [];
  const locks = new Set<SpecialField>();
  for (let index = 0; index < subject.vlen(at); index++) {
    const entry = subject.tail(at) + index * ENTRY_SIZE;
    const variable = subject.u32(entry);
    const type = subject.word(subject.at(variable));
    const place = { struct: variable, index: -1, type, offset: subject.u32(entry + 4), size: subject.u32(entry + 8) };
    found.push(...fieldsOfMember(search, { ...place, locks }, MAX_FIELDS - found.length, 0));
  }
  return found;
}

function refuse({ subject, root }: Search, rule: KernelRule, errno: number = rule.errno): void {
  subject.refuse(rule, root, "", errno);
}

/** Notes a field of which there may be but one: in a struct of its own, or together with those around it. */
function noteUnique(search: Search, own: Set<SpecialField>, field: SpecialField): void {
  const { subject, locks } = search;
  if (own.has(field) || (locks.has(field) && subject.fact("nestedLocks"))) refuse(search, KZ_01);
  own.add(field);
  locks.add(field);
}

function memberAt(subject: Subject, id: number, index: number): number {
  return subject.tail(subject.at(id)) + index * MEMBER_SIZE;
}

function hasMemberOf(subject: Subject, id: number, types: ReadonlySet<number>): boolean {
  const at = subject.at(id);
  const first = subject.tail(at) + MEMBER_TYPE;
  const end = first + subject.vlen(at) * MEMBER_SIZE;
  for (let word = first; word < end; word += MEMBER_SIZE) if (types.has(subject.u32(word))) return true;
  return false;
}

/** Special fields of a STRUCT and of those in it, at most `room`. */
function fieldsOf(search: Search, id: number, room: number, depth: number): readonly Field[] {
  const key = `${id} ${depth}`;
  if (search.empty.has(key)) return [];
  const { subject } = search;
  const at = subject.at(id);
  const found: Field[] = [];
  const locks = new Set<SpecialField>();
  const before = search.locks.size;
  for (let index = 0; index < subject.vlen(at); index++) {
    const bits = memberBits(subject, at, memberAt(subject, id, index));
    if (bits % 8 !== 0) refuse(search, KZ_04);
    const type = subject.u32(memberAt(subject, id, index) + 4);
    const place = { struct: id, index, type, offset: bits / 8, size: 0, locks };
    found.push(...fieldsOfMember(search, place, room - found.length, depth));
  }
  if (found.length === 0 && search.locks.size === before) search.empty.add(key);
  return found;
}

/** Where a member of a STRUCT is, or a VAR of a DATASEC, whose index is -1. */
interface Place {
  readonly struct: number;
  readonly index: number;
  readonly type: number;
  readonly offset: number;
  /** Bytes that the type must have to be looked at; 0 for any. */
  readonly size: number;
  readonly locks: Set<SpecialField>;
}

function fieldsOfMember(search: Search, place: Place, room: number, depth: number): readonly Field[] {
  const { subject, wanted } = search;
  const { offset, locks } = place;
  const isSized = (size: number): boolean => place.size === 0 || place.size === Math.imul(size, count) >>> 0;
  let id = place.type;
  let count = 1;
  let levels = 0;
  for (; levels < MAX_DEPTH && subject.kind(id) === array; levels++) {
    const tail = subject.tail(subject.at(id));
    count = Math.imul(count, subject.u32(tail + 8)) >>> 0;
    if (subject.isUnknown(id)) throw UNJUDGED;
    id = subject.u32(tail);
  }
  if (subject.isUnknown(id)) throw UNJUDGED;
  if (levels === MAX_DEPTH) refuse(search, KZ_06, E2BIG);
  if (count === 0) return [];
  const isStruct = subject.kind(id) === struct;
  const special = specialTypeNamed(subject, subject.nameOff(subject.at(id)), wanted);
  if (special !== undefined && isUnique(subject, special)) noteUnique(search, locks, special.field);
  if (special === undefined && isStruct) {
    if (!isSized(subject.word(subject.at(id)))) return [];
    if (depth + 1 === MAX_DEPTH) {
      refuse(search, KZ_06, E2BIG);
      return [];
    }
    const inner = fieldsOf(search, id, room, depth + 1);
    const moved = inner.map((field) => ({ ...field, offset: (field.offset + offset) >>> 0 }));
    return repeated(search, moved, count, room, subject.word(subject.at(id)));
  }
  const type = special ?? POINTER;
  if (!isSized(type.size) || offset % type.alignment !== 0) return [];
  const field = type === POINTER ? pointerField(search, id, offset) : namedField(search, place, id, type);
  if (field === undefined) return [];
  if (room === 0) refuse(search, KZ_01);
  return repeated(search, [field], count, room, type.size);
}

function isUnique(subject: Subject, { field, unique }: SpecialType): boolean {
  return field === "refcount" ? subject.fact("uniqueRefcounts") : unique === true;
}

function pointerField(search: Search, id: number, offset: number): Field | undefined {
  const found = taggedPointer(search.subject, id);
  const { userPointers } = search.wanted;
  if (found === "invalid" || (found === "invalid uptr" && userPointers)) refuse(search, KZ_07);
  if (found === "uptr" && userPointers) return { type: TO_USER, offset, target: pointedStruct(search.subject, id) };
  return found === "kptr" ? { type: POINTER, offset } : undefined;
}

function namedField(search: Search, place: Place, id: number, type: SpecialType): Field | undefined {
  const { subject } = search;
  if (subject.kind(id) !== struct || subject.word(subject.at(id)) !== type.size) return undefined;
  const { offset } = place;
  const node = NODE_OF[type.field];
  return node === undefined ? { type, offset } : { type, offset, ...ownedBy(search, place, node) };
}

const REPEATABLE: ReadonlySet<SpecialField> = new Set(["pointer", "user pointer", "list head", "tree root"]);

/** The fields of every element of an array. */
function repeated(
  search: Search,
  fields: readonly Field[],
  count: number,
  room: number,
  size: number,
): readonly Field[] {
  if (count <= 1 || fields.length === 0) return fields;
  if (fields.some(({ type }) => !REPEATABLE.has(type.field))) refuse(search, KZ_05);
  // Not in 32 bits: kernels that count so write past their memory where the product wraps.
  if (fields.length * count > room) {
    refuse(search, KZ_01);
    return fields;
  }
  const all: Field[] = [...fields];
  for (let index = 1; index < count; index++) {
    for (const field of fields) all.push({ ...field, offset: (field.offset + index * size) >>> 0 });
  }
  return all;
}

/** Which struct and node of this type the DECL_TAG of a head or root names (`btf_find_graph_root`). */
function ownedBy(search: Search, { struct: owner, index }: Place, type: SpecialType): Pick<Field, "value" | "node"> {
  const { contains, structs, doubtful } = namesOf(search.subject);
  if (doubtful.has(owner)) throw UNJUDGED;
  const tags = contains.get(`${owner} ${index}`) ?? [];
  // The first colon ends the name of the struct.
  const [, named, name] = /^([^:]*):(.*)$/s.exec(tags.length === 1 ? tags.join() : "") ?? [];
  const value = named === undefined ? undefined : structs.get(named);
  if (named === undefined) refuse(search, KZ_03);
  else if (value === undefined) refuse(search, KZ_03, ENOENT);
  else if (name === "") refuse(search, KZ_03);
  return value === undefined || name === undefined ? {} : { value, node: { struct: value, name, type } };
}

function checkFields(search: Search, fields: readonly Field[]): void {
  let end = 0;
  for (const field of fields) {
    if (field.offset < end) refuse(search, KZ_05, EEXIST);
    end = field.offset + field.type.size;
    if (field.node !== undefined) checkNode(search, field.node);
  }
  const has = (name: SpecialField): boolean => fields.some(({ type }) => type.field === name);
  if (has("lock") && has("resilient lock")) refuse(search, KZ_05);
  if ((has("list head") || has("tree root")) && !has("lock") && !has("resilient lock")) refuse(search, KZ_05);
  if (has("list node") && has("tree node") && !has("refcount")) refuse(search, KZ_05);
}

/** The member that the DECL_TAG names must be the node of such a head or root (`btf_parse_graph_root`). */
function checkNode(search: Search, { struct: value, name, type: wanted }: OwnedNode): void {
  const { subject } = search;
  if (isAtFault(subject, value)) return;
  let found = false;
  for (let index = 0; index < subject.vlen(subject.at(value)); index++) {
    const member = memberAt(subject, value, index);
    const nameOff = subject.u32(member);
    if ((nameOff === 0 ? "(anon)" : subject.string(nameOff, LONGEST_TAG)) !== name) continue;
    if (found) refuse(search, KZ_03);
    const type = subject.u32(member + 4);
    if (subject.kind(type) !== struct) refuse(search, KZ_03);
    if (specialTypeNamed(subject, subject.nameOff(subject.at(type))) !== wanted) refuse(search, KZ_03);
    // The kernel reads the offset as the node's own kind_flag says, not its struct's.
    const bits = memberBits(subject, subject.at(type), member);
    if (bits % (8 * wanted.alignment) !== 0) refuse(search, KZ_03);
    found = true;
  }
  if (!found) refuse(search, KZ_03, ENOENT);
}

type Records = ReadonlyMap<number, readonly Field[]>;

/** `btf_check_and_fixup_fields`: who owns whom comes to an end. */
function checkOwners(subject: Subject, id: number, fields: readonly Field[], records: Records): void {
  if (fields.every(({ value }) => value === undefined)) return;
  const ownershipLevels = subject.fact("ownershipLevels");
  const isNode = fields.some(({ type }) => type.field === "list node" || type.field === "tree node");
  for (const { value } of fields) {
    if (value === undefined || isAtFault(subject, value)) continue;
    const owned = records.get(value);
    if (owned === undefined) subject.refuse(KZ_06, id, "", EFAULT);
    else if (ownershipLevels === undefined && isNode && owned.some((field) => field.value !== undefined)) {
      subject.refuse(KZ_06, id, "");
    }
  }
  if (ownershipLevels !== undefined && ownsDeeper(subject, id, ownershipLevels, records, new Set())) {
    subject.refuse(KZ_06, id, "");
  }
}

/** Whether more structs than `levels` own each other in a row from this one; `shallow` is those known not to, by what was left. */
function ownsDeeper(subject: Subject, id: number, levels: number, records: Records, shallow: Set<string>): boolean {
  if (levels === 0) return true;
  const key = `${id} ${levels}`;
  if (shallow.has(key)) return false;
  for (const { value } of records.get(id) ?? []) {
    if (value === undefined || isAtFault(subject, value)) continue;
    if (ownsDeeper(subject, value, levels - 1, records, shallow)) return true;
  }
  shallow.add(key);
  return false;
}
