/** The lines of the kernel's log (`btf_verifier_log_type` and its kin), each byte a character. */
import { KIND_NUMBER } from "../../btf/model.ts";
import { KIND_TEXT } from "../../btf/render/words.ts";
import type { Subject } from "./subject.ts";

/** What one call to the log can print: BPF_VERIFIER_TMP_LOG_SIZE without its NUL. */
const LONGEST_PIECE = 1023;

/** So much of a list of parameters is told: the kernel prints 65,535 of them, each with a name of that length. */
const LONGEST_LIST = 0x4000;

const NAMES: readonly string[] = Object.entries(KIND_NUMBER).reduce<string[]>((names, [kind, number]) => {
  names[number] = KIND_TEXT[kind as keyof typeof KIND_NUMBER];
  return names;
}, []);

const { int, array, struct, union, enum: enum32, enum64, fwd, funcProto, datasec, float, declTag } = KIND_NUMBER;
const variable = KIND_NUMBER.var;

function cut(piece: string): string {
  return piece.slice(0, LONGEST_PIECE);
}

/** `__btf_name_by_offset`. */
export function loggedName(subject: Subject, offset: number): string {
  if (offset === 0) return "(anon)";
  return subject.hasName(offset) ? subject.string(offset, LONGEST_PIECE) : "(invalid-name-offset)";
}

function encodingName(encoding: number): string {
  const names: Readonly<Record<number, string>> = { 0: "(none)", 1: "SIGNED", 2: "CHAR", 4: "BOOL" };
  return names[encoding] ?? "UNKN";
}

function params(subject: Subject, at: number): string {
  const tail = subject.tail(at);
  const count = subject.vlen(at);
  const type = (index: number): number => subject.u32(tail + index * 8 + 4);
  const param = (index: number): string => `${type(index)} ${loggedName(subject, subject.u32(tail + index * 8))}`;
  if (count === 0) return "void";
  if (count === 1 && type(0) === 0) return "vararg";
  let text = cut(param(0));
  for (let index = 1; index < count; index++) {
    if (text.length > LONGEST_LIST) return `${text}, \xe2\x80\xa6`;
    const isVararg = index === count - 1 && type(index) === 0;
    text += cut(`, ${isVararg ? "vararg" : param(index)}`);
  }
  return text;
}

/** What the kernel says of a type by its kind (`log_details`). */
function details(subject: Subject, at: number): string {
  const word = subject.word(at);
  const tail = subject.tail(at);
  switch (subject.kindAt(at)) {
    case int: {
      const data = subject.u32(tail);
      const encoding = encodingName((data >>> 24) & 0x0f);
      return `size=${word} bits_offset=${(data >>> 16) & 0xff} nr_bits=${data & 0xff} encoding=${encoding}`;
    }
    case array:
      return `type_id=${subject.u32(tail)} index_type_id=${subject.u32(tail + 4)} nr_elems=${subject.u32(tail + 8)}`;
    case struct:
    case union:
    case enum32:
    case enum64:
    case datasec:
      return `size=${word} vlen=${subject.vlen(at)}`;
    case fwd:
      return subject.kindFlag(at) ? "union" : "struct";
    case funcProto:
      return `return=${word} args=(${params(subject, at)})`;
    case variable:
      return `type_id=${word} linkage=${subject.u32(tail)}`;
    case float:
      return `size=${word}`;
    case declTag:
      return `type=${word} component_idx=${subject.i32(tail)}`;
    default:
      return `type_id=${word}`;
  }
}

function named(subject: Subject, id: number, at: number): string {
  return `[${id}] ${NAMES[subject.kindAt(at)]} ${loggedName(subject, subject.nameOff(at))}`;
}

/** `[N] KIND name`, before what follows the base words is known to be there. */
export function basicLine(subject: Subject, id: number, at: number, text: string): string {
  return `${cut(named(subject, id, at))} ${text}`;
}

/** `[N] KIND name details text`. */
export function typeLine(subject: Subject, id: number, at: number, text: string): string {
  return `${cut(`${named(subject, id, at)} `)}${details(subject, at)} ${text}`;
}

/** The member at `member` of the struct at `at`; `type` is where its modifiers end, if they were followed. */
export function memberLine(subject: Subject, at: number, member: number, text: string, type?: number): string {
  const name = loggedName(subject, subject.u32(member));
  const offset = subject.u32(member + 8);
  const shown = type ?? subject.u32(member + 4);
  const place = subject.kindFlag(at)
    ? `bitfield_size=${offset >>> 24} bits_offset=${offset & 0xff_ffff}`
    : `bits_offset=${offset}`;
  return `${cut(`\t${name} type_id=${shown} ${place}`)} ${text}`;
}

/** The entry of a DATASEC at `entry`. */
export function entryLine(subject: Subject, entry: number, text: string): string {
  const [type, offset, size] = [subject.u32(entry), subject.u32(entry + 4), subject.u32(entry + 8)];
  return `\t type_id=${type} offset=${offset} size=${size} ${text}`;
}
