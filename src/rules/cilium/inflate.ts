import { KIND_NUMBER } from "../../btf/model.ts";
import type { LoaderRule } from "../loader.ts";
import type { Indexed } from "./blob.ts";
import { ciliumRule, refuse, within } from "./rule.ts";
import { applyTag } from "./tags.ts";
import { type Kind, newType, type Type, VOID_TYPE } from "./types.ts";

/** Refused alone, this is "not found", which callers of the library's lookups may swallow. */
export const typeMissing: LoaderRule = ciliumRule(
  "CB-19",
  "An id that a type in use refers to is one of a type.",
  "btf.decoder.inflateType",
  "type id N: not found",
);

const K = KIND_NUMBER;

const KINDS: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [K.int, "Int"],
  [K.ptr, "Pointer"],
  [K.array, "Array"],
  [K.struct, "Struct"],
  [K.union, "Union"],
  [K.enum, "Enum"],
  [K.fwd, "Fwd"],
  [K.typedef, "Typedef"],
  [K.volatile, "Volatile"],
  [K.const, "Const"],
  [K.restrict, "Restrict"],
  [K.func, "Func"],
  [K.funcProto, "FuncProto"],
  [K.var, "Var"],
  [K.datasec, "Datasec"],
  [K.float, "Float"],
  [K.declTag, "declTag"],
  [K.typeTag, "TypeTag"],
  [K.enum64, "Enum"],
]);

const NAMELESS: ReadonlySet<Kind> = new Set([
  "Pointer",
  "Array",
  "Volatile",
  "Const",
  "Restrict",
  "FuncProto",
  "declTag",
  "TypeTag",
]);
const SIZED: ReadonlySet<Kind> = new Set(["Int", "Struct", "Union", "Enum", "Datasec", "Float"]);
/** Kinds of which the size-or-type word is a reference, and nothing else is one. */
const REFERRING: ReadonlySet<Kind> = new Set([
  "Pointer",
  "Typedef",
  "Volatile",
  "Const",
  "Restrict",
  "Func",
  "Var",
  "declTag",
  "TypeTag",
]);

/** A type being read: how many references of its record, and then how many of its tags, are done. */
interface Frame {
  readonly type: Type;
  readonly at: number;
  /** Parts so far; the library gives them to the type when all are there. */
  readonly parts: Type["parts"];
  done: number;
  tagged: number;
  /** What the finished reference is for. */
  accept: (child: Type) => void;
}

/**
 * Reads types with all that they refer to when somebody asks for them, and keeps what it has read. As in the library a type whose
 * reading fails is forgotten, but not what came to refer to it meanwhile.
 */
export class Inflater {
  private readonly indexed: Indexed;
  private readonly types = new Map<number, Type>();
  /** Old-style bitfields: offset and size in bits of INTs that are not whole. */
  private readonly bitfields = new Map<number, readonly [offset: number, size: number]>();

  constructor(indexed: Indexed) {
    this.indexed = indexed;
  }

  /** The type of an id. Errors: CB-12 to CB-14, CB-19 and those of tags. */
  type(id: number): Type {
    const stack: Frame[] = [];
    try {
      let child = this.enter(id, stack);
      for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
        if (child !== undefined) frame.accept(child);
        const next = this.next(frame);
        if (next === undefined) {
          stack.pop();
          child = frame.type;
        } else child = this.enter(next, stack);
      }
      return child ?? VOID_TYPE;
    } catch (error) {
      for (const { type } of stack) this.types.delete(type.id);
      throw error;
    }
  }

  /** The type if it is known already; else begins to read it. */
  private enter(id: number, stack: Frame[]): Type | undefined {
    if (id === 0) return VOID_TYPE;
    const known = this.types.get(id);
    if (known !== undefined) return known;
    const { blob, strings } = this.indexed;
    const at = blob.at(id);
    if (at < 0) refuse(typeMissing, `type id ${id}: not found`);
    const name = within(`get name for type id ${id}`, () => strings.at(blob.nameOff(at)), { typeId: id });
    const kind = KINDS.get(blob.kindAt(at)) ?? "Void";
    const named = NAMELESS.has(kind);
    const type = newType(kind, id, named ? "" : name, SIZED.has(kind) ? blob.word(at) : 0, named ? name : "");
    this.fill(type, at);
    this.types.set(id, type);
    stack.push({ type, at, parts: [], done: 0, tagged: 0, accept: () => {} });
    return undefined;
  }

  /** Everything but references. */
  private fill(type: Type, at: number): void {
    const { blob } = this.indexed;
    const tail = blob.tail(at);
    if (type.kind === "Int") {
      const word = blob.u32(tail);
      const [bits, offset] = [word & 0xff, (word >>> 16) & 0xff];
      type.detail = (word >>> 24) & 0xf;
      if (offset > 0 || Math.floor(bits / 8) !== type.size) this.bitfields.set(type.id, [offset, bits]);
    } else if (type.kind === "Array") type.nelems = blob.u32(tail + 8);
    else if (type.kind === "Fwd") type.detail = blob.kindFlag(at) ? 1 : 0;
    else if (type.kind === "Func") type.detail = blob.vlen(at);
    else if (type.kind === "Var") type.detail = blob.u32(tail);
    else if (type.kind === "declTag") type.detail = blob.i32(tail);
    else if (type.kind === "Enum") type.signed = blob.kindFlag(at);
  }

  /** The id of the next reference of a type; undefined when it is complete. */
  private next(frame: Frame): number | undefined {
    const { type } = frame;
    if (REFERRING.has(type.kind)) {
      if (frame.done++ === 0) {
        frame.accept = (child) => {
          type.ref = child;
        };
        return this.indexed.blob.word(frame.at);
      }
    } else if (type.kind === "Array") {
      const step = frame.done++;
      if (step < 2) {
        frame.accept = (child) => {
          if (step === 0) type.index = child;
          else type.ref = child;
        };
        return this.indexed.blob.u32(this.indexed.blob.tail(frame.at) + (step === 0 ? 4 : 0));
      }
    } else {
      const listed = this.nextPart(frame);
      if (listed !== undefined) return listed;
    }
    return this.nextTag(frame);
  }

  private nextPart(frame: Frame): number | undefined {
    const { type, at, parts } = frame;
    const { blob } = this.indexed;
    const count = blob.vlen(at);
    const i = frame.done;
    if (i > count) return undefined;
    frame.done++;
    const tail = blob.tail(at);
    switch (type.kind) {
      case "Struct":
      case "Union": {
        if (i === count) break;
        const word = tail + 12 * i;
        const label = `${type.kind.toLowerCase()} ${type.name} (id ${type.id}): can't get name for member ${i}`;
        const name = this.string(label, blob.u32(word), type);
        const of = blob.u32(word + 4);
        frame.accept = (child) =>
          parts.push({ name, type: child, ...this.place(blob.u32(word + 8), of, at), tags: [] });
        return of;
      }
      case "FuncProto": {
        if (i === count) {
          frame.accept = (child) => {
            type.ref = child;
            type.parts = parts;
          };
          return blob.word(at);
        }
        const name = this.string(`get name for func proto parameter ${i}`, blob.u32(tail + 8 * i), type);
        frame.accept = (child) => parts.push({ name, type: child, offset: 0, size: 0, tags: [] });
        return blob.u32(tail + 8 * i + 4);
      }
      case "Datasec": {
        if (i === count) break;
        const word = tail + 12 * i;
        const [offset, size] = [blob.u32(word + 4), blob.u32(word + 8)];
        frame.accept = (child) => parts.push({ name: "", type: child, offset, size, tags: [] });
        return blob.u32(word);
      }
      case "Enum":
        this.fillValues(type, at);
        frame.done = count + 1;
        return undefined;
      default:
        frame.done = count + 1;
        return undefined;
    }
    type.parts = parts;
    return undefined;
  }

  private place(word: number, of: number, at: number): { readonly offset: number; readonly size: number } {
    if (this.indexed.blob.kindFlag(at)) return { offset: word & 0xff_ffff, size: word >>> 24 };
    const [offset, size] = this.bitfields.get(of) ?? [0, 0];
    return { offset: (word + offset) >>> 0, size };
  }

  private fillValues(type: Type, at: number): void {
    const { blob } = this.indexed;
    const tail = blob.tail(at);
    const isLong = blob.kindAt(at) === K.enum64;
    for (let i = 0; i < blob.vlen(at); i++) {
      const word = tail + (isLong ? 12 : 8) * i;
      const name = this.string(`get name for ${isLong ? "enum64" : "enum"} value ${i}`, blob.u32(word), type);
      const low = isLong || !type.signed ? blob.u32(word + 4) : blob.i32(word + 4);
      const high = isLong ? blob.u32(word + 8) : 0;
      type.values.push({ name, value: BigInt.asUintN(64, (BigInt(high) << 32n) + BigInt(low)) });
    }
  }

  private nextTag(frame: Frame): number | undefined {
    const tags = this.indexed.tags.get(frame.type.id);
    const id = tags?.[frame.tagged++];
    frame.accept = (tag) => applyTag(frame.type, tag);
    return id;
  }

  private string(prefix: string, offset: number, { id }: Type): string {
    return offset === 0 ? "" : within(prefix, () => this.indexed.strings.at(offset), { typeId: id });
  }
}
