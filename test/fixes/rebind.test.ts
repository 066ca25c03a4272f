import { describe, expect } from "vitest";
import { BtfBuilder } from "../../src/btf/builder.ts";
import { encodeBtf } from "../../src/btf/encode.ts";
import { type BtfType, typeById, typesWithIds } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17 } from "../judges/libbpf.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { DEFINITION, GLUE, loadMended } from "./mended.ts";

/** Three types of one short name, whose pointers LLVM binds to one; putting one right brings in records that point at the others. */
const SOURCE = `${DEFINITION}${GLUE}
use core::marker::PhantomData;
pub mod a { #[repr(C)] pub enum Data { A, B(usize), C { x: [i32; 1], y: u64 } } }
pub mod b { use super::*;
    pub struct Data(pub PhantomData<(Option<fn(i16) -> u8>, *const a::Data, [i16; 1], *const [u16])>);
}
pub mod c { use super::*;
    pub enum Entry {
        A, B(*const Result<(*const b::Data, (i16, u8, u32), f64), *const i16>, *const [[*const a::Data; 0]], i64),
        C { x: [*const char; 0], y: *const a::Data },
    }
}
pub mod d { use super::*;
    pub enum Data {
        A, B(*const Result<([u16; 0], *const Option<i64>), Option<fn(usize) -> i16>>),
        C { x: PhantomData<u64>, y: *const c::Entry },
    }
}
#[no_mangle] #[link_section = ".maps"]
pub static FIRST: Def<u64, (([*const Result<*const i16, *const dyn core::fmt::Debug>; 3], b::Data), u8), 1> = Def::new();
#[no_mangle] #[link_section = ".maps"] pub static SECOND: Def<(u8, u32), (*const d::Data, u8), 1> = Def::new();
#[no_mangle] #[link_section = "socket"]
pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&FIRST, &0u64) + lookup(&SECOND, &(0u8, 0u32)) }
`;

/** A pruned pointee that is bound to another type, and an enum whose payload points at that type. */
const WITH_ENUM = `${DEFINITION}${GLUE}
pub mod a { pub struct Item { pub size: u64, pub tag: u16 } }
pub mod b { pub struct Item { pub size: u64, pub more: u64, pub tag: u8 } }
pub enum Event { None, One(*const a::Item), Two { at: u64, of: *const *const a::Item } }
#[no_mangle] #[link_section = ".maps"] pub static FIRST: Def<u64, (a::Item, *const b::Item), 1> = Def::new();
#[no_mangle] #[link_section = ".maps"] pub static SECOND: Def<u64, (Event, u8), 1> = Def::new();
#[no_mangle] #[link_section = "socket"]
pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&FIRST, &0u64) + lookup(&SECOND, &1u64) }
`;

/** The object as LLVM before 21.1.5 makes it: no type for the variant part of `Event`, and none of what only that reaches. */
function withoutVariantPart(object: Uint8Array): Uint8Array {
  const section = sectionNamed(parseElf(object), ".BTF");
  const btf = parseBtf(section?.bytes ?? new Uint8Array(0));
  const builder = new BtfBuilder(btf);
  const isNamed = (type: BtfType, name: string): boolean => nameText(btf, type.nameOff) === name;
  const item = btf.types.findIndex((type) => isNamed(type, "Item")) + btf.firstId;
  const pair = btf.types.find((type) => isNamed(type, "(shape::a::Item, *const shape::b::Item)"));
  const misbound = pair?.kind === "struct" ? pair.members[1]?.type : undefined;
  expect(typeById(btf, misbound ?? 0)).toMatchObject({ kind: "ptr", type: item });
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind === "ptr" && type.type === item && id !== misbound) builder.replace(id, { ...type, type: 0 });
    if (type.kind !== "struct" || !isNamed(type, "Event")) continue;
    builder.replace(id, { ...type, members: type.members.map((member) => ({ ...member, type: 0 })) });
  }
  const old = object.slice();
  old.set(encodeBtf(builder.finish()), section?.offset);
  return old;
}

/** Two enums of one name and size, which only their variants tell apart. */
const ENUMS = `${DEFINITION}${GLUE}
pub mod a { pub enum Event { Idle, Busy(u64) } }
pub mod b { pub enum Event { Open { since: u64 }, Shut } }
#[no_mangle] #[link_section = ".maps"] pub static FIRST: Def<u64, (a::Event, *const b::Event), 1> = Def::new();
#[no_mangle] #[link_section = "socket"] pub extern "C" fn prog(_: *mut u8) -> u32 { lookup(&FIRST, &0u64) }
`;

/** Names of the variants of the enum behind the second member of FIRST's value. */
function variantsBehind(object: Uint8Array): readonly string[] {
  const btf = parseBtf(sectionNamed(parseElf(object), ".BTF")?.bytes ?? new Uint8Array(0));
  const inside = (id: number | undefined, member: number): BtfType | undefined => {
    const type = typeById(btf, id ?? 0);
    return type?.kind === "struct" ? typeById(btf, type.members[member]?.type ?? 0) : type;
  };
  const pair = btf.types.find((type) => type.kind === "struct" && type.members.length === 2 && type.size === 24);
  const pointer = pair?.kind === "struct" ? typeById(btf, pair.members[1]?.type ?? 0) : undefined;
  const union = pointer?.kind === "ptr" ? inside(pointer.type, 0) : undefined;
  return union?.kind === "union" ? union.members.map(({ nameOff }) => nameText(btf, nameOff)) : [];
}

describe("pointers that LLVM bound by name", () => {
  judgeTest(rustc(), libbpf17())("lead to the enum that has the variants of the source", async () => {
    const raw = compileRust(ENUMS);
    expect(variantsBehind(raw)).toContain("Busy");
    await loadMended(raw);
    expect(variantsBehind((await fixObject(raw)).bytes)).toEqual(["tag", "Open", "Shut"]);
  });

  judgeTest(rustc(), libbpf17())("are not taken for what they are bound to when an enum is supplied", async () => {
    const raw = withoutVariantPart(compileRust(WITH_ENUM));
    await loadMended(raw);
    const btf = parseBtf(sectionNamed(parseElf((await fixObject(raw)).bytes), ".BTF")?.bytes ?? new Uint8Array(0));
    const payload = btf.types.filter((type) => type.kind === "struct" && nameText(btf, type.nameOff) === "One").at(-1);
    const pointer = payload?.kind === "struct" ? typeById(btf, payload.members[0]?.type ?? 0) : undefined;
    expect(pointer?.kind === "ptr" && typeById(btf, pointer.type)).toMatchObject({ kind: "struct", size: 16 });
  });

  judgeTest(rustc(), libbpf17())("come to rest where rebinding one brings in more of them", async () => {
    await loadMended(compileRust(SOURCE));
  });
});
