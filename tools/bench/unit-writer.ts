import { type AbbreviationName, CODE } from "./abbreviations.ts";
import { Bytes } from "./object-bytes.ts";
import {
  BASES,
  enumerators,
  enumName,
  type ModelMember,
  numbersFrom,
  SHARED,
  signature,
  simpleType,
  sizeOf,
  structMembers,
  structName,
  type TypeText,
  typedefName,
  typedefTarget,
  unionMembers,
  word,
} from "./program-model.ts";

/** What one unit asks for. */
export interface UnitPlan {
  readonly number: number;
  /** Bytes that its DIEs should take; it ends with the function that reaches them. */
  readonly size: number;
  /** Of 1000 shared structs, how many it defines; the others are declared where a pointer needs them. */
  readonly share: number;
}

/** A function or variable of a unit; offsets in bytes from the unit's first. */
export interface Defined {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly global: boolean;
}

/** A unit's DIEs and what stands beside them. */
export interface WrittenUnit {
  /** Without the unit header; references are counted from that header's first byte. */
  readonly dies: Uint8Array;
  readonly count: number;
  /** Strings of the unit by index. */
  readonly strings: readonly string[];
  /** Addresses of the unit by index: code, or a variable. */
  readonly addresses: readonly { readonly code: boolean; readonly offset: number }[];
  readonly functions: readonly Defined[];
  readonly variables: readonly Defined[];
}

/** Offsets into other sections that the unit DIE names. */
export interface UnitPlaces {
  readonly strOffsets: number;
  readonly addresses: number;
  readonly lines: number;
}

/** Bytes of a DWARF 5 unit header of 32 bits, and of one function. */
export const UNIT_HEADER = 12;
export const FUNCTION_SIZE = 128;
const OWN_STRUCTS = 250;
const OWN_RANGE = 1000;
const VARIABLE_SIZE = 8;
const INLINE_FUNCTIONS = 8;
const DW_OP_ADDRX = 0xa1;
const DW_OP_REG1 = 0x51;
const DW_OP_FBREG = 0x91;
const LANGUAGE_C11 = 0x1d;

/** Writes the DIEs of one unit as clang orders them: what code asks for first, types as they are needed. */
export function writeUnit(plan: UnitPlan, places: UnitPlaces): WrittenUnit {
  const out = new Bytes();
  const random = numbersFrom(plan.number + 1_000_000);
  const strings = new Map<string, number>();
  const addresses: { code: boolean; offset: number }[] = [];
  const placed = new Map<TypeText, number>();
  const asked = new Map<TypeText, number[]>();
  const queue: TypeText[] = [];
  const declared: TypeText[] = [];
  const functions: Defined[] = [];
  const variables: Defined[] = [];
  const inlines: { readonly at: number; readonly parameter: number }[] = [];
  let count = 0;
  let line = 0;

  const die = (name: AbbreviationName): void => {
    out.uleb(CODE[name]);
    count++;
  };
  const string = (text: string): void => {
    const index = strings.get(text) ?? strings.size;
    strings.set(text, index);
    out.u16(index);
  };
  const place = (): void => {
    line = (line % 60_000) + 1;
    out.u8(1).u16(line);
  };
  const range = (offset: number, size: number): void => {
    out.uleb(addresses.length).u32(size);
    addresses.push({ code: true, offset });
  };
  /** A reference to a type; the type comes behind the DIE that is being written. */
  const type = (text: TypeText): void => {
    const at = placed.get(text);
    if (at === undefined) {
      const others = asked.get(text);
      if (others === undefined) {
        asked.set(text, [out.length]);
        // Whether a struct is only declared shows at the end: it may become a part of another one.
        (text.startsWith("d") ? declared : queue).push(text);
      } else others.push(out.length);
    }
    out.u32(at ?? 0);
  };
  const flush = (): void => {
    for (let text = queue.pop(); text !== undefined; text = queue.pop()) {
      const at = out.length + UNIT_HEADER;
      placed.set(text, at);
      writeType(text);
      settle(text, at);
    }
  };
  const settle = (text: TypeText, at: number): void => {
    for (const reference of asked.get(text) ?? []) out.set32(reference, at);
    asked.delete(text);
  };

  const isDefined = (id: number): boolean =>
    id >= SHARED || numbersFrom(id * 7919 + plan.number * 104_729)(1000) < plan.share;

  function writeMembers(members: readonly ModelMember[]): void {
    for (const { name, type: of, offset, bits } of members) {
      die(bits === 0 ? "member" : "bitField");
      string(name);
      type(of);
      place();
      if (bits === 0) out.u16(offset);
      else out.u8(bits).uleb(offset * 8);
    }
    out.u8(0);
  }

  function writeType(text: TypeText): void {
    const rest = text.slice(1);
    const id = Number.parseInt(rest, 10);
    switch (text[0]) {
      case "b": {
        const [name, size, encoding] = BASES[id] ?? ["", 0, 0];
        die("base");
        string(name);
        out.u8(encoding).u8(size);
        return;
      }
      case "P":
        die("voidPointer");
        return;
      case "p":
        die("pointer");
        type(rest.startsWith("s") && !isDefined(Number(rest.slice(1))) ? `d${rest.slice(1)}` : rest);
        return;
      case "c":
        die("const");
        type(rest);
        return;
      case "a":
        die("array");
        type(rest.slice(rest.indexOf(":") + 1));
        die("subrange");
        type("b3");
        out.u16(id).u8(0);
        return;
      case "t":
        die("typedef");
        type(typedefTarget(id));
        string(typedefName(id));
        place();
        return;
      case "e":
        die("enum");
        type("b1");
        string(enumName(id));
        out.u8(4);
        place();
        for (const [value, name] of enumerators(id).entries()) {
          die("enumerator");
          string(name);
          out.uleb(value);
        }
        out.u8(0);
        return;
      case "x": {
        const [result = "b0", ...parameters] = signature(id);
        die("subroutine");
        type(result);
        for (const parameter of parameters) {
          die("unnamedParameter");
          type(parameter);
        }
        out.u8(0);
        return;
      }
      case "u":
        die("union");
        string(`${word(id)}_u${id}`);
        out.u16(sizeOf(text));
        place();
        writeMembers(unionMembers(id));
        return;
      default:
        die("struct");
        string(structName(id));
        out.u16(sizeOf(text));
        place();
        writeMembers(structMembers(id));
    }
  }

  const ownStruct = (): number =>
    SHARED + plan.number * OWN_RANGE + random(Math.ceil((OWN_STRUCTS * plan.share) / 1000));
  const passed = (): TypeText => (random(6) === 0 ? `ps${ownStruct()}` : simpleType(random, random(SHARED)));

  function variableLike(name: AbbreviationName, text: string): void {
    die(name);
    if (name === "parameter") out.u8(1).u8(DW_OP_REG1);
    else if (name === "local") out.u8(2).u8(DW_OP_FBREG).u8(random(128));
    string(text);
    place();
    type(passed());
  }

  function writeInline(number: number): void {
    const at = out.length + UNIT_HEADER;
    die("inlineFunction");
    string(`inline_${plan.number}_${number}`);
    place();
    type("b0");
    out.u8(1);
    const parameter = out.length + UNIT_HEADER;
    variableLike("inlineParameter", "arg");
    out.u8(0);
    inlines.push({ at, parameter });
  }

  function writeFunction(): void {
    const offset = functions.length * FUNCTION_SIZE;
    const global = functions.length % 8 === 0;
    const name = `${word(random(1000))}_${plan.number}_${functions.length}`;
    functions.push({ name, offset, size: FUNCTION_SIZE, global });
    die(global ? "function" : "static");
    range(offset, FUNCTION_SIZE);
    string(name);
    place();
    type("b0");
    for (let i = random(5); i >= 0; i--) variableLike("parameter", `arg${i}`);
    for (let i = random(6); i >= 0; i--) variableLike("local", `${word(random(100))}${i}`);
    for (let i = random(3); i > 0; i--) {
      die("block");
      range(offset + 32 * i, 32);
      variableLike("local", `inner${i}`);
      const inline = inlines[random(INLINE_FUNCTIONS)];
      if (inline !== undefined) {
        die("inlined");
        out.u32(inline.at);
        range(offset + 32 * i, 16);
        out.u8(1).u16(line).u8(9);
        die("inlinedParameter");
        out.u8(1).u8(DW_OP_REG1).u32(inline.parameter).u8(0);
      }
      out.u8(0);
    }
    out.u8(0);
  }

  function writeGlobal(number: number): void {
    const name = `global_${plan.number}_${number}`;
    const offset = variables.length * VARIABLE_SIZE;
    variables.push({ name, offset, size: VARIABLE_SIZE, global: true });
    die("global");
    string(name);
    type(random(2) === 0 ? "b2" : `ps${ownStruct()}`);
    place();
    const index = new Bytes().u8(DW_OP_ADDRX).uleb(addresses.length).finish();
    addresses.push({ code: false, offset });
    out.uleb(index.length).bytes(index);
  }

  die("unit");
  string("made-up compiler 1.0");
  out.u16(LANGUAGE_C11);
  string(`unit_${plan.number}.c`);
  out.u32(places.strOffsets).u32(places.lines);
  string("/src");
  out.u32(places.addresses).uleb(0);
  addresses.push({ code: true, offset: 0 });
  const length = out.length;
  out.u32(0);
  for (let i = 0; i < 6; i++) writeGlobal(i);
  flush();
  for (let i = 0; i < INLINE_FUNCTIONS; i++) writeInline(i);
  flush();
  while (out.length < plan.size) {
    writeFunction();
    flush();
  }
  for (const text of declared) {
    const defined = placed.get(`s${text.slice(1)}`);
    settle(text, defined ?? out.length + UNIT_HEADER);
    if (defined !== undefined) continue;
    die("declared");
    string(structName(Number(text.slice(1))));
  }
  out.u8(0);
  out.set32(length, functions.length * FUNCTION_SIZE);
  return { dies: out.finish(), count, strings: [...strings.keys()], addresses, functions, variables };
}
