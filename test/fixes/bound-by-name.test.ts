import { describe, expect } from "vitest";
import { typeById, typesWithIds } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { compileRust, rustc } from "../lower/rustc.ts";

const SOURCE = `
pub mod a { #[repr(C)] pub struct Node { pub v: u64, pub w: u64 } }
pub mod b { #[repr(C)] pub struct Node { pub v: u8 } }
#[repr(C)] pub struct Val { pa: *const a::Node, nb: b::Node, pb: *const b::Node }
#[repr(C)] pub struct Def { r#type: *const [i32; 1], key: *const u32, value: *const Val, max_entries: *const [i32; 4] }
unsafe impl Sync for Def {}
#[no_mangle] #[link_section = ".maps"]
pub static M: Def = Def { r#type: core::ptr::null(), key: core::ptr::null(), value: core::ptr::null(), max_entries: core::ptr::null() };
`;

/** Sizes of the structs that the pointers of `Val` lead to, by member. */
function pointees(object: Uint8Array): Record<string, number | undefined> {
  const btf = parseBtf(sectionNamed(parseElf(object), ".BTF")?.bytes ?? new Uint8Array());
  for (const [, type] of typesWithIds(btf)) {
    if (type.kind !== "struct" || nameText(btf, type.nameOff) !== "Val") continue;
    const sizes = type.members.flatMap((member) => {
      const pointer = typeById(btf, member.type);
      const target = pointer?.kind === "ptr" ? typeById(btf, pointer.type) : undefined;
      return pointer?.kind === "ptr"
        ? [[nameText(btf, member.nameOff), target?.kind === "struct" ? target.size : undefined]]
        : [];
    });
    return Object.fromEntries(sizes);
  }
  return {};
}

describe("pointers to types of one short name", () => {
  judgeTest(rustc())("lead to the type that the source says (size_of: a::Node 16, b::Node 1)", async () => {
    const raw = compileRust(SOURCE);
    // LLVM binds both by name to the one that it emitted in full.
    expect(pointees(raw)).toEqual({ pa: 1, pb: 1 });
    const { bytes } = await fixObject(raw);
    expect(pointees(bytes)).toEqual({ pa: 16, pb: 1 });
  });
});
