import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { BtfBuilder } from "../../src/btf/builder.ts";
import { encodeBtf } from "../../src/btf/encode.ts";
import { escapeName } from "../../src/btf/escape.ts";
import { type Btf, type BtfMember, type BtfType, typeById } from "../../src/btf/model.ts";
import { nameBytes, nameText } from "../../src/btf/names.ts";
import { mapNames } from "../../src/btf/walk.ts";
import type { ElfView } from "../../src/elf/model.ts";
import { rustName } from "../../src/lower/names.ts";
import { discriminantOf } from "../../src/lower/variant-part.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { answer } from "../judges/run.ts";
import { idOf, readObject } from "./objects.ts";
import { compileRust, rustc } from "./rustc.ts";

/** Types that LLVM 22 gets wrong, and beside them in `.rodata` what rustc itself says of their layout. */
const SOURCE = `
use core::mem::{offset_of, size_of};
pub struct Sample { tag: u8, when: u64, len: u16 }
#[repr(C)] pub struct Span { at: u64, open: bool }
#[repr(C)] pub struct Key { initial: char, rest: [char; 3], p: *const char }
#[repr(u8)] pub enum State { Idle = 7, Busy { since: u64 } = 9, Failed(u8) = 200 }
#[repr(i8)] pub enum Small { A = -1, B = 5 }
#[repr(u64)] pub enum Huge { A = 1 << 40, B = 5 }
pub mod a { #[repr(C)] pub struct Node { pub v: u64, pub w: u64 } }
pub mod b { #[repr(C)] pub struct Node { pub v: u8 } }
#[repr(C)] pub struct Peer { x: u32, next: *const Peer }
#[repr(C)] pub struct Val { peer: *const Peer, pa: *const a::Node, nb: b::Node, f: Option<extern "C" fn(u32) -> u64>, s: &'static str }
#[repr(C)] pub struct Wide { a: u128, b: f64, c: f32, d: [[[u16; 4]; 3]; 2], e: (), g: [u8; 0] }
#[no_mangle] pub static mut SAMPLE: Sample = Sample { tag: 1, when: 2, len: 3 };
#[no_mangle] pub static mut SPAN: Option<Span> = None;
#[no_mangle] pub static mut KEY: Key = Key { initial: 'a', rest: ['b'; 3], p: 0 as *const char };
#[no_mangle] pub static mut STATE: State = State::Idle;
#[no_mangle] pub static mut SMALL: Small = Small::A;
#[no_mangle] pub static mut HUGE: Huge = Huge::A;
#[no_mangle] pub static mut VAL: Val = Val { peer: 0 as _, pa: 0 as _, nb: b::Node { v: 0 }, f: None, s: "x" };
#[no_mangle] pub static mut WIDE: Wide = Wide { a: 1, b: 1.0, c: 2.0, d: [[[0; 4]; 3]; 2], e: (), g: [] };
#[no_mangle] pub static LAYOUT: [u64; 17] = [
  size_of::<Sample>() as u64, offset_of!(Sample, when) as u64, offset_of!(Sample, len) as u64, offset_of!(Sample, tag) as u64,
  size_of::<Key>() as u64, offset_of!(Key, initial) as u64, offset_of!(Key, rest) as u64, offset_of!(Key, p) as u64,
  size_of::<Wide>() as u64, offset_of!(Wide, a) as u64, offset_of!(Wide, b) as u64, offset_of!(Wide, c) as u64,
  offset_of!(Wide, d) as u64, offset_of!(Wide, e) as u64, offset_of!(Wide, g) as u64,
  size_of::<Option<Span>>() as u64, offset_of!(Span, open) as u64,
];
#[no_mangle] pub extern "C" fn prog(ctx: *mut core::ffi::c_void, x: (u8, u32)) -> u64 {
  unsafe { SAMPLE.when + x.1 as u64 + ctx as u64 + match STATE { State::Idle => 0, State::Busy { since } => since, State::Failed(x) => x as u64 } }
}
`;

/** The words of a static as they stand in the object. */
function words(elf: ElfView, name: string): number[] {
  const symbol = elf.symbols.find((one) => one.name === name);
  const bytes = symbol && elf.sections[symbol.section]?.bytes.subarray(symbol.value, symbol.value + symbol.size);
  if (bytes === undefined) throw new Error(`no static ${name}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 8 }, (_, i) => Number(view.getBigUint64(i * 8, true)));
}

function record(
  btf: Btf,
  id: number,
): { size: number; members: { name: string; at: number; type: BtfType | undefined }[] } {
  const type = typeById(btf, id);
  if (type?.kind !== "struct" && type?.kind !== "union") throw new Error(`type ${id} is no record`);
  const member = ({ nameOff, bitOffset, type: to }: BtfMember) => ({
    name: nameText(btf, nameOff),
    at: bitOffset / 8,
    type: typeById(btf, to),
  });
  return { size: type.size, members: type.members.map(member) };
}

function layout(btf: Btf, name: string): number[] {
  const { size, members } = record(btf, idOf(btf, "struct", name));
  return [size, ...members.map(({ at }) => at)];
}

describe("the rust dialect", () => {
  judgeTest(rustc())("says what rustc says, where LLVM 22 does not", () => {
    const { elf, lowered } = readObject(compileRust(SOURCE));
    const btf = lowered.btf();
    const said = words(elf, "LAYOUT");
    expect([...layout(btf, "Sample"), ...layout(btf, "Key"), ...layout(btf, "Wide")]).toEqual(said.slice(0, 15));
    const names = (struct: string): string[] =>
      record(btf, idOf(btf, "struct", struct)).members.map(({ name }) => name);
    expect(names("Sample")).toEqual(["when", "len", "tag"]);

    const [initial, rest, pointer] = record(btf, idOf(btf, "struct", "Key")).members.map(({ type }) => type);
    const utf = { kind: "int", size: 4, bits: 32, encoding: 0 };
    expect(initial).toMatchObject(utf);
    expect(rest?.kind === "array" && [rest.nelems, typeById(btf, rest.type)]).toEqual([3, initial]);
    expect(pointer?.kind === "ptr" && typeById(btf, pointer.type)).toEqual(initial);

    const dimensions: number[] = [];
    let at = record(btf, idOf(btf, "struct", "Wide")).members.find(({ name }) => name === "d")?.type;
    for (; at?.kind === "array"; at = typeById(btf, at.type)) dimensions.push(at.nelems);
    expect(dimensions).toEqual([2, 3, 4]);
  });

  judgeTest(rustc())("keeps pointees whole and binds them by DIE", () => {
    const btf = readObject(compileRust(SOURCE)).lowered.btf();
    expect(btf.types.filter(({ kind }) => kind === "fwd")).toEqual([]);
    const pointee = (member: string): BtfType | undefined => {
      const type = record(btf, idOf(btf, "struct", "Val")).members.find(({ name }) => name === member)?.type;
      return type?.kind === "ptr" ? typeById(btf, type.type) : undefined;
    };
    expect(pointee("pa")).toMatchObject({ kind: "struct", size: 16 });
    expect(pointee("peer")).toMatchObject({ kind: "struct", size: 16 });
  });

  judgeTest(rustc())("puts a niche's tag where a union can hold it, and keeps discriminants", () => {
    const { elf, lowered } = readObject(compileRust(SOURCE));
    const btf = lowered.btf();
    const [size, niche] = words(elf, "LAYOUT").slice(15);
    const outer = record(btf, idOf(btf, "struct", "Option<shape::Span>"));
    expect([outer.size, outer.members.length]).toEqual([size, 1]);
    const union = outer.members[0]?.type;
    expect(union?.kind).toBe("union");
    const [tag, ...variants] = union?.kind === "union" ? union.members : [];
    expect([tag?.bitOffset, ...variants.map(({ bitOffset }) => bitOffset)]).toEqual([0, 0, 0]);
    expect(record(btf, tag?.type ?? 0).members).toMatchObject([
      { name: "", at: niche, type: { kind: "int", size: 1 } },
    ]);

    const state = btf.types.findIndex((type) => type.kind === "union" && type.members.length === 4) + 1;
    const values = [1, 2, 3].map((i) => discriminantOf(lowered.dwarf, lowered.memberRow(state, i) ?? 0));
    expect(values).toEqual([7n, 9n, 200n]);
  });

  judgeTest(rustc())("gives functions their parameters, and variables their symbols", () => {
    const { elf, lowered } = readObject(compileRust(SOURCE));
    const prog = lowered.functions.find(({ name }) => name === "prog");
    expect(prog?.params.map(({ name }) => name)).toEqual(["ctx", "x"]);
    expect(prog?.external).toBe(true);
    expect(elf.sections[prog?.section ?? 0]?.name).toBe(".text");
    for (const { name, symbolName, symbol, section, offset } of lowered.variables) {
      expect(symbolName).toBe(name);
      expect(elf.symbols[symbol ?? 0]).toMatchObject({ name, section, value: offset });
    }
    const row = lowered.rowOf(idOf(lowered.btf(), "struct", "(u8, u32)"));
    expect(row === undefined ? "" : rustName(lowered.dwarf, row)).toBe("(u8, u32)");
  });
});

/** The blob with its names escaped, as the escaping repair will leave them. */
function escaped(btf: Btf): Uint8Array {
  const builder = new BtfBuilder(btf);
  const types = btf.types.map((type) =>
    mapNames(type, (nameOff) => {
      const bytes = nameBytes(btf, nameOff);
      return bytes === undefined ? nameOff : builder.string(escapeName(bytes));
    }),
  );
  return encodeBtf({ ...builder.finish(), types });
}

const SHAPES = new URL("../../corpus/shapes", import.meta.url).pathname;
/** An array of `()` is an array of nothing: a matter for a repair (rust-defects 4.2). */
const REFUSED = ["s17_zero_size.bpfel.o"];

describe.runIf(existsSync(SHAPES))("with escaped names", () => {
  judgeTest(kernel(), rustc())("the kernel takes what is lowered from Rust", () => {
    const files = readdirSync(SHAPES).filter((name) => name.endsWith(".bpfel.o"));
    const blobs = files.map((name) => escaped(readObject(join(SHAPES, name)).lowered.btf()));
    const made = escaped(readObject(compileRust(SOURCE)).lowered.btf());
    const verdicts = answer(kernelBtfLoad([...blobs, made]));
    const refused = verdicts.flatMap(({ errno, log }, i) =>
      errno === 0 ? [] : [`${files[i]} ${errno} ${log.slice(-200)}`],
    );
    expect(refused.filter((text) => !REFUSED.some((name) => text.startsWith(name)))).toEqual([]);
  });
});
