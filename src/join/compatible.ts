import { type BtfType, typeById } from "../btf/model.ts";
import { optionPointer } from "../btf/option-pointer.ts";
import { type BtfRecord, isForwardOf, isRecordLike, sameHead } from "./heads.ts";
import { matchMembers, OPAQUE_NAME, unwrappedMembers } from "./members.ts";
import type { Side } from "./names.ts";
import { referencePairs } from "./same-type.ts";

/** Whether an own type may be the counterpart of a lowered one, LLVM's known defects forgiven. */
export type Compatible = (ownId: number, loweredId: number) => boolean;

/**
 * How a type was reached. `root`: the type in question, or along its own pointers and qualifiers. `value`: a part of it. `pointee`: behind
 * a pointer of a part, where LLVM may have left a FWD or bound another record of the same name.
 */
type Position = "root" | "value" | "pointee";

interface Question {
  readonly own: number;
  readonly lowered: number;
  readonly position: Position;
  /** Reached as the element of an array: LLVM 22 writes a random id where the element is a Rust `char`. */
  readonly element: boolean;
}

/** Steps that all questions of one correspondence may take together; hostile graphs could ask for the square of their size. */
const MAX_STEPS = 20_000_000;
const IDS = 2 ** 26;
const UTF_NAMES: readonly string[] = ["char", "char32_t"];

/**
 * A comparison that looks through what has no name of its own (pointers, qualifiers, arrays, prototypes, anonymous records) and stops at
 * named records, of which it asks the head: so a defect in one type does not hide the counterparts of all that point to it. The type
 * asked about is compared with all its members by name and place. Forgiven: own void, random ids or LLVM 23's `char` for a Rust `char`
 * (`isUtf`); own FWD for a record; behind pointers another record of the same name; a variant tag outside its wrapper; and what repairs
 * write for a variant part.
 */
export function compatibility(own: Side, lowered: Side, isUtf: (loweredId: number) => boolean): Compatible {
  let steps = 0;
  return (ownId, loweredId) => {
    const questions: Question[] = [{ own: ownId, lowered: loweredId, position: "root", element: false }];
    const seen = new Set<number>();
    for (let question = questions.pop(); question !== undefined; question = questions.pop()) {
      steps += 1 + membersOf(own, question.own);
      if (steps > MAX_STEPS) return false;
      const key = question.own * IDS + question.lowered;
      if (seen.has(key)) continue;
      seen.add(key);
      const more = ask(own, lowered, isUtf, question);
      if (more === undefined) return false;
      questions.push(...more);
    }
    return true;
  };
}

function membersOf(side: Side, id: number): number {
  const type = typeById(side.btf(), id);
  return type?.kind === "struct" || type?.kind === "union" ? type.members.length : 0;
}

/** Further questions on which the answer hangs; undefined if it is no. */
function ask(
  own: Side,
  lowered: Side,
  isUtf: (loweredId: number) => boolean,
  question: Question,
): readonly Question[] | undefined {
  const { position, element } = question;
  const a = typeById(own.btf(), question.own);
  if (question.lowered !== 0 && isUtf(question.lowered)) {
    return element || isUtfStandIn(own, a, position) ? [] : undefined;
  }
  if (question.own === 0 || question.lowered === 0) return question.own === question.lowered ? [] : undefined;
  const b = typeById(lowered.btf(), question.lowered);
  if (a === undefined || b === undefined) return undefined;
  if (isWrittenAnew(lowered, a, b, question.lowered)) return [];
  if (isRecordLike(a) && isRecordLike(b)) {
    if (position === "pointee") return own.name(a.nameOff) === lowered.name(b.nameOff) ? [] : undefined;
    if (a.kind === "fwd" || b.kind === "fwd") return askForward(own, a, lowered, b);
    return askRecord(own, a, lowered, b, position);
  }
  if (!sameHead(own, a, lowered, b)) return undefined;
  return referencePairs(a, b).map(([from, to]) => ({
    own: from,
    lowered: to,
    position: position !== "root" ? behind(position, a) : a.kind === "funcProto" ? "value" : "root",
    element: a.kind === "array",
  }));
}

/** What our own repairs write for a type: the ENUM of a variant part's tag, the PTR for an `Option` of a pointer. */
function isWrittenAnew(lowered: Side, a: BtfType, b: BtfType, loweredId: number): boolean {
  if (a.kind === "enum" || a.kind === "enum64") return b.kind === "int" && a.nameOff === 0 && a.size === b.size;
  return a.kind === "ptr" && b.kind === "struct" && optionPointer(lowered.btf(), loweredId) !== undefined;
}

function behind(position: Position, type: BtfType): Position {
  return type.kind === "ptr" ? "pointee" : type.kind === "funcProto" ? "value" : position;
}

/**
 * What stands for a Rust `char` in `.BTF`: nothing (LLVM up to 22), or an unsigned INT of four bytes. Its name counts where the INT itself
 * is in question: LLVM 23 says `char`, a repair `char32_t`.
 */
function isUtfStandIn(own: Side, type: BtfType | undefined, position: Position): boolean {
  if (type === undefined) return true;
  if (type.kind !== "int" || type.size !== 4 || type.encoding !== 0) return false;
  return position !== "root" || UTF_NAMES.includes(own.name(type.nameOff));
}

function askForward(own: Side, a: BtfType, lowered: Side, b: BtfType): readonly Question[] | undefined {
  if (a.kind !== "fwd") return undefined;
  if (b.kind === "struct" || b.kind === "union") return isForwardOf(own, a, lowered, b) ? [] : undefined;
  return sameHead(own, a, lowered, b) ? [] : undefined;
}

/** An enum with payload that was left as bytes (`--enum opaque`). */
function isOpaque(own: Side, a: BtfRecord, lowered: Side, b: BtfRecord): boolean {
  const [bytes] = a.members;
  const [payload] = b.members;
  if (bytes === undefined || payload?.nameOff !== 0 || own.name(bytes.nameOff) !== OPAQUE_NAME) return false;
  return typeById(own.btf(), bytes.type)?.kind === "array" && typeById(lowered.btf(), payload.type)?.kind === "union";
}

function askRecord(
  own: Side,
  a: BtfRecord,
  lowered: Side,
  b: BtfRecord,
  position: Position,
): readonly Question[] | undefined {
  if (!sameHead(own, a, lowered, b)) return undefined;
  if ((position === "value" && a.nameOff !== 0) || isOpaque(own, a, lowered, b)) return [];
  const members = matchMembers(unwrappedMembers(own, a), unwrappedMembers(lowered, b));
  if (members.length !== a.members.length) return undefined;
  return members.map((pair) => ({
    own: pair.own.type,
    lowered: pair.lowered.type,
    position: "value",
    element: false,
  }));
}
