import { BTF_MAGIC } from "../../btf/header.ts";
import { KIND_NUMBER } from "../../btf/model.ts";
import type { LoaderRule } from "../loader.ts";
import { ciliumRule, refuse } from "./rule.ts";
import { nameBytes } from "./strings.ts";
import { longForm, newType, shortForm, type Type } from "./types.ts";

export const valueFits: LoaderRule = ciliumRule(
  "CL-01",
  "The values of an ENUM that is not 8 bytes long fit into 4.",
  "btf.encoder.deflateEnumValues",
  "marshal BTF: deflate T with ID N: value V of enum E exceeds 32 bits",
  { stage: "load" },
);

export const tagOfKnown: LoaderRule = ciliumRule(
  "CL-12",
  "What a DECL_TAG is of is sent with it, if a type of a map refers to the tag itself.",
  "btf.encoder.id",
  "marshal BTF: deflate T with ID N: no ID for type S",
  { stage: "load" },
);

/** What a kernel lacks, and the library replaces. */
export interface Lacking {
  readonly declTags: boolean;
  readonly typeTags: boolean;
  readonly enum64: boolean;
}

const K = KIND_NUMBER;
const FLAG = 0x8000_0000;

/** Direct references of a type in the library's order, with a new tag for each text. */
function children(type: Type): readonly Type[] {
  const tag = (text: string, component: number): Type => {
    const made = newType("declTag", type.id, "", 0, text);
    made.ref = type;
    made.detail = component;
    return made;
  };
  const whole = type.tags.map((text) => tag(text, -1));
  const refs = [type.index, type.ref].filter((of) => of !== undefined);
  switch (type.kind) {
    case "Struct":
    case "Union":
      return [...type.parts.flatMap((part, i) => [part.type, ...part.tags.map((text) => tag(text, i))]), ...whole];
    case "Func":
      return [...refs, ...type.paramTags.flatMap((texts, i) => texts.map((text) => tag(text, i))), ...whole];
    case "FuncProto":
      return [...refs, ...type.parts.map((part) => part.type)];
    case "Datasec":
      return type.parts.map((part) => part.type);
    case "declTag":
      return [];
    default:
      return [...refs, ...whole];
  }
}

const RESOLVED_FIRST: ReadonlySet<string> = new Set(["Typedef", "Volatile", "Const", "Restrict", "TypeTag"]);

/** Collects the types of one blob, those that were asked for first, and writes it. */
export class BlobWriter {
  private readonly lacking: Lacking;
  private readonly order: Type[] = [];
  private readonly ids = new Map<Type, number>();
  private readonly visited = new Set<Type>();
  private readonly strings = new Map<string, number>([["", 0]]);
  private readonly encoded: Uint8Array[] = [];
  private stringsEnd = 1;
  private readonly words: number[] = [];

  constructor(lacking: Lacking) {
    this.lacking = lacking;
  }

  /** The id that a type has in the blob; 0 for void. What a DATASEC's variables are made of comes before it. */
  add(type: Type): number {
    if (type.kind === "Void") return 0;
    if (type.kind === "Datasec") {
      for (const { type: variable } of type.parts) {
        if (variable.kind === "Var" && variable.ref !== undefined && RESOLVED_FIRST.has(variable.ref.kind)) {
          this.add(variable.ref);
        }
      }
    }
    const known = this.ids.get(type);
    if (known !== undefined) return known;
    this.order.push(type);
    this.ids.set(type, this.order.length);
    return this.order.length;
  }

  /** The blob, in little-endian order. Errors: CL-01, CL-12. */
  finish(): Uint8Array {
    if (this.order.length === 0) {
      // A kernel takes no blob without types; the library gives it this one, by mistake twice.
      const dummy = newType("Int", 0, "");
      this.order.push(dummy, dummy);
      this.ids.set(dummy, 1);
    }
    // It grows while it is gone through.
    for (const type of this.order) {
      this.reach(type);
      for (const word of this.encode(type)) this.words.push(word);
    }
    const typeLen = 4 * this.words.length;
    const bytes = new Uint8Array(24 + typeLen + this.stringsEnd);
    const view = new DataView(bytes.buffer);
    const header = [BTF_MAGIC | (1 << 16), 24, 0, typeLen, typeLen, this.stringsEnd];
    for (const [i, word] of [...header, ...this.words].entries()) view.setUint32(4 * i, word, true);
    let at = 24 + typeLen + 1;
    for (const text of this.encoded) {
      bytes.set(text, at);
      at += text.length + 1;
    }
    return bytes;
  }

  /** Gives ids to all that a type refers to, references first. */
  private reach(root: Type): void {
    if (this.visited.has(root)) return;
    this.visited.add(root);
    const stack = [{ type: root, children: children(root), next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const child = top.children[top.next++];
      if (child === undefined) {
        stack.pop();
        if (top.type.kind !== "Void" && !this.ids.has(top.type)) {
          this.order.push(top.type);
          this.ids.set(top.type, this.order.length);
        }
      } else if (!this.visited.has(child)) {
        this.visited.add(child);
        stack.push({ type: child, children: children(child), next: 0 });
      }
    }
  }

  private string(text: string): number {
    const known = this.strings.get(text);
    if (known !== undefined) return known;
    const offset = this.stringsEnd;
    const bytes = nameBytes(text);
    this.strings.set(text, offset);
    this.encoded.push(bytes);
    this.stringsEnd += bytes.length + 1;
    return offset;
  }

  private id(type: Type | undefined): number {
    return (type && this.ids.get(type)) ?? 0;
  }

  private record(
    name: number,
    kind: number,
    vlen: number,
    word: number,
    more: readonly number[] = [],
  ): readonly number[] {
    return [name, ((kind << 24) | vlen) >>> 0, word >>> 0].concat(more);
  }

  private encode(type: Type): readonly number[] {
    const { size, ref, text, detail, parts } = type;
    // Its own name comes before those of its parts.
    const name = this.string(type.name);
    const { declTags, typeTags } = this.lacking;
    switch (type.kind) {
      case "Int":
        return this.record(name, K.int, 0, size, [(detail << 24) | (((size & 0xff) * 8) & 0xff)]);
      case "Pointer":
        return this.record(name, K.ptr, 0, this.id(ref));
      case "Array":
        return this.record(name, K.array, 0, 0, [this.id(ref), this.id(type.index), type.nelems]);
      case "Struct":
        return this.composite(name, type, K.struct);
      case "Union":
        return this.composite(name, type, K.union);
      case "Enum":
        return this.enumeration(name, type);
      case "Fwd":
        return this.record(name, K.fwd, detail === 0 ? 0 : FLAG, 0);
      case "Typedef":
        return this.record(name, K.typedef, 0, this.id(ref));
      case "Volatile":
        return this.record(name, K.volatile, 0, this.id(ref));
      case "Const":
        return this.record(name, K.const, 0, this.id(ref));
      case "Restrict":
        return this.record(name, K.restrict, 0, this.id(ref));
      case "Func":
        return this.record(name, K.func, detail, this.id(ref));
      case "FuncProto": {
        const list = parts.flatMap((part) => [this.string(part.name), this.id(part.type)]);
        return this.record(name, K.funcProto, parts.length, this.id(ref), list);
      }
      case "Var":
        return this.record(name, K.var, 0, this.id(ref), [detail]);
      case "Datasec": {
        const list = parts.flatMap((part) => [this.id(part.type), part.offset, part.size]);
        return this.record(name, K.datasec, parts.length, size, list);
      }
      case "Float":
        return this.record(name, K.float, 0, size);
      case "declTag":
        if (declTags) return this.record(this.string("decl_tag_placeholder"), K.int, 0, 1, [8]);
        if (ref !== undefined && ref.kind !== "Void" && !this.ids.has(ref)) {
          const label = `marshal BTF: deflate declTag… with ID ${this.id(type)}`;
          refuse(tagOfKnown, `${label}: no ID for type ${longForm(ref)}`);
        }
        return this.record(this.string(text), K.declTag, 0, this.id(ref), [detail]);
      // TypeTag; void is never sent.
      default:
        if (typeTags) return this.record(name, K.const, 0, this.id(ref));
        return this.record(this.string(text), K.typeTag, 0, this.id(ref));
    }
  }

  private composite(name: number, { size, parts }: Type, kind: number): readonly number[] {
    let isBitfield = false;
    const list = parts.flatMap((part) => {
      isBitfield ||= part.size > 0;
      const place = isBitfield ? (part.size << 24) | (part.offset & 0xff_ffff) : part.offset;
      return [this.string(part.name), this.id(part.type), place];
    });
    return this.record(name, kind, parts.length | (isBitfield ? FLAG : 0), size, list);
  }

  private enumeration(name: number, type: Type): readonly number[] {
    const { size, signed, values } = type;
    const flag = signed ? FLAG : 0;
    if (size !== 8) {
      const list = values.flatMap(({ name: of, value }) => {
        const read = signed ? BigInt.asIntN(64, value) : value;
        if (read !== (signed ? BigInt.asIntN(32, value) : BigInt.asUintN(32, value))) {
          const label = `marshal BTF: deflate ${shortForm(type)}… with ID ${this.id(type)}`;
          refuse(valueFits, `${label}: value ${read} of enum ${JSON.stringify(of)} exceeds 32 bits`);
        }
        return [this.string(of), Number(BigInt.asUintN(32, value))];
      });
      return this.record(name, K.enum, values.length | (this.lacking.enum64 ? 0 : flag), size, list);
    }
    if (this.lacking.enum64) {
      const placeholder = newType("Int", 0, "enum64_placeholder", size);
      placeholder.detail = signed ? 1 : 0;
      this.reach(placeholder);
      const list = values.flatMap(({ name: of }) => [this.string(of), this.id(placeholder), 0]);
      return this.record(name, K.union, values.length, size, list);
    }
    const list = values.flatMap(({ name: of, value }) => [
      this.string(of),
      Number(BigInt.asUintN(32, value)),
      Number(value >> 32n),
    ]);
    return this.record(name, K.enum64, values.length | flag, size, list);
  }
}
