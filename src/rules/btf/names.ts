import { isPortableName, isPortableNameAt, MAX_NAME_LENGTH, unescapeName } from "../../btf/escape.ts";
import { type Btf, type BtfType, LINKAGE_STATIC, typeById, typesWithIds } from "../../btf/model.ts";
import { nameBytes, shownName } from "../../btf/names.ts";
import { kernelDrops } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** A name with its place: of the type itself (`member` undefined) or of one member, enumerator or parameter. */
export interface NameSite {
  readonly typeId: number;
  readonly member: number | undefined;
  readonly nameOff: number;
}

/** Kinds whose own name the kernel checks (`btf_name_valid_identifier`); VAR is apart, since its name is the symbol's. */
const NAMED: ReadonlySet<BtfType["kind"]> = new Set(["struct", "union", "enum", "enum64", "fwd", "typedef", "func"]);

/** The names inside a type, in order: members, enumerators or parameters. */
export function innerNames(type: BtfType): readonly { readonly nameOff: number }[] {
  if (type.kind === "struct" || type.kind === "union") return type.members;
  if (type.kind === "enum" || type.kind === "enum64") return type.values;
  return type.kind === "funcProto" ? type.params : [];
}

/** What the kernel says of a wrong name: parameters have a text of their own. */
export function wrongName(kind: BtfType["kind"] | undefined, member: number | undefined): string {
  return kind === "funcProto" && member !== undefined ? `Invalid arg#${member + 1}` : "Invalid name";
}

function hasOwnName(type: BtfType): boolean {
  return NAMED.has(type.kind) || (type.kind === "var" && type.linkage === LINKAGE_STATIC);
}

/** Every name that must be an identifier and may be changed without touching a symbol. */
export function* nameSites(btf: Btf): Generator<NameSite> {
  for (const [typeId, type] of typesWithIds(btf)) {
    if (hasOwnName(type)) yield { typeId, member: undefined, nameOff: type.nameOff };
    let member = 0;
    for (const { nameOff } of innerNames(type)) yield { typeId, member: member++, nameOff };
  }
}

/** Longest identifier that kernels from 6.1 on take (KSYM_NAME_LEN). */
const MAX_KERNEL_NAME = 512;

/** A letter of the kernel's own table (`_ctype`), which is Latin-1. */
function isKernelLetter(byte: number): boolean {
  const isAscii = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  return isAscii || (byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7);
}

/** Whether kernels from 6.1 on take the name, with its dots, its length or its Latin-1 letters: then it is lost on older ones only. */
export function isTakenByNewKernels(name: Uint8Array): boolean {
  const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
  const isWord = (byte: number): boolean => isKernelLetter(byte) || byte === 0x5f || byte === 0x2e;
  const [first] = name;
  if (first === undefined || isDigit(first) || name.length > MAX_KERNEL_NAME) return false;
  return name.every((byte) => isWord(byte) || isDigit(byte));
}

/** Whether the name of a VAR needs no word: dots are as common there as harmless. */
export function isAcceptedVarName(name: Uint8Array): boolean {
  if (isPortableName(name)) return true;
  // A name of a megabyte is not copied: too long it is either way.
  return name.length <= MAX_KERNEL_NAME && isPortableName(name.map((byte) => (byte === 0x2e ? 0x5f : byte)));
}

function isWrong(btf: Btf, site: NameSite, name: Uint8Array): boolean {
  const type = btf.types[site.typeId - btf.firstId];
  return type?.kind === "var" ? !isAcceptedVarName(name) : !isPortableName(name);
}

interface WrongName {
  readonly site: NameSite;
  readonly name: Uint8Array;
}

/** By blob, since two rules ask. */
const wrong = new WeakMap<Btf, readonly WrongName[]>();

function wrongNames(btf: Btf): readonly WrongName[] {
  const known = wrong.get(btf);
  if (known !== undefined) return known;
  const found: WrongName[] = [];
  const strings = btf.strings.bytes;
  // A kernel has half a million names, nearly all in order: nothing is made for those.
  const look = (typeId: number, member: number | undefined, nameOff: number): void => {
    if (nameOff === 0 || (btf.base === undefined && isPortableNameAt(strings, nameOff))) return;
    const site = { typeId, member, nameOff };
    const name = nameBytes(btf, nameOff);
    if (name !== undefined && name.length > 0 && isWrong(btf, site, name)) found.push({ site, name });
  };
  let typeId = btf.firstId;
  for (const type of btf.types) {
    if (hasOwnName(type)) look(typeId, undefined, type.nameOff);
    let member = 0;
    for (const { nameOff } of innerNames(type)) look(typeId, member++, nameOff);
    typeId++;
  }
  wrong.set(btf, found);
  return found;
}

function* check(state: ObjectState, tooLong: boolean): Generator<Diagnostic> {
  const { btf, join } = state;
  for (const { site, name } of wrongNames(btf)) {
    if (tooLong !== name.length > MAX_NAME_LENGTH) continue;
    const text = unescapeName(shownName(btf, site.nameOff));
    const what = site.member === undefined ? label(btf, site.typeId) : `${text} in ${label(btf, site.typeId)}`;
    const target = site.member === undefined ? { typeId: site.typeId } : { typeId: site.typeId, member: site.member };
    yield {
      rule: tooLong ? nameTooLong.id : nameNotIdentifier.id,
      severity: isTakenByNewKernels(name) ? "warning" : "error",
      message: tooLong
        ? `${what} has a name of ${name.length} bytes; kernels before 6.1 take ${MAX_NAME_LENGTH}`
        : `${what} has a name that is no C identifier`,
      target,
      ...placeOf(join, site.typeId, site.member),
      answers: kernelDrops(wrongName(typeById(btf, site.typeId)?.kind, site.member)),
    };
  }
}

export const nameNotIdentifier: Rule = {
  id: "btf/name-not-identifier",
  title: "Names of types, members, enumerators, parameters and functions are C identifiers.",
  covers: ["N1", "N2", "KE-03", "KM-02", "KP-05"],
  source: "kernel/bpf/btf.c btf_name_valid_identifier",
  fixable: true,
  check: (state) => check(state, false),
};

export const nameTooLong: Rule = {
  id: "btf/name-too-long",
  title: "Names are at most 128 bytes long.",
  covers: ["N3"],
  source: "kernel/bpf/btf.c btf_name_valid_identifier, KSYM_NAME_LEN (128 before 6.1, 512 since)",
  fixable: true,
  check: (state) => check(state, true),
};
