import { describe, expect, test } from "vitest";
import { type Btf, type BtfType, typeById } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { loadDwarfModule } from "../../src/dwarf/module.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import { type DialectName, dialectOf } from "../../src/lower/dialect.ts";
import { emitBtf } from "../../src/lower/emit-btf.ts";
import { wasmBytes } from "../../wasm/index.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { oldSections, readElf } from "./emitted.ts";
import { compileRust, rustc } from "./rustc.ts";

const module = loadDwarfModule(wasmBytes());
const DATA = `#[no_mangle] #[link_section = ".data"] pub static mut G`;

interface Improvement {
  readonly source: string;
  readonly debuginfo?: 1;
  /** What the two dialects say of it. */
  readonly says: (btf: Btf) => unknown;
  readonly llvm: unknown;
  readonly rust: unknown;
}

function named(btf: Btf, name: string): BtfType | undefined {
  return btf.types.find(({ nameOff, kind }) => kind !== "var" && nameText(btf, nameOff) === name);
}

function offsets(type: BtfType | undefined): readonly number[] | undefined {
  return type?.kind === "struct" || type?.kind === "union" ? type.members.map(({ bitOffset }) => bitOffset) : undefined;
}

function typeOfVar(btf: Btf): string | undefined {
  const variable = btf.types.find(({ kind }) => kind === "var");
  const type = variable?.kind === "var" ? typeById(btf, variable.type) : undefined;
  return type && `${type.kind} ${nameText(btf, type.nameOff)}`;
}

/** One case for each choice of the dialect, after the defect of BTFDebug that it mends. */
const IMPROVEMENTS: Readonly<Record<string, Improvement>> = {
  // Pointees of members stay declarations, and are bound to whichever type of their name comes first.
  prune: {
    source: `pub struct Deep { x: u64 } #[repr(C)] pub struct Node { deep: *const Deep } ${DATA}: Node = Node { deep: core::ptr::null() };`,
    says: (btf) => named(btf, "Deep")?.kind,
    llvm: "fwd",
    rust: "struct",
  },
  utfName: {
    source: `${DATA}: char = 'a';`,
    says: typeOfVar,
    llvm: undefined,
    rust: "int char32_t",
  },
  sortMembers: {
    source: `pub struct R { a: u8, b: u64, c: u16 } ${DATA}: R = R { a: 1, b: 2, c: 3 };`,
    says: (btf) => offsets(named(btf, "R")),
    llvm: [80, 0, 64],
    rust: [0, 64, 80],
  },
  wrapTag: {
    source: `#[repr(C)] pub struct A { x: u64, b: bool } #[repr(C)] pub struct H { o: Option<A> } ${DATA}: H = H { o: None };`,
    says: (btf) => offsets(btf.types.find(({ kind }) => kind === "union")),
    llvm: [64, 0, 0],
    rust: [0, 0, 0],
  },
  // Not a choice of the table, since only the emitter lists functions: without types they have no prototype.
  "functions of line tables": {
    source: `#[no_mangle] #[link_section = "xdp"] pub extern "C" fn prog(_: *mut u8) -> u32 { 0 }`,
    debuginfo: 1,
    says: (btf) => btf.types.map(({ kind }) => kind),
    llvm: ["func"],
    rust: ["funcProto", "func"],
  },
};

function said(name: string, dialect: DialectName): unknown {
  const { source, debuginfo = 2, says } = IMPROVEMENTS[name] as Improvement;
  const elf = readElf(compileRust(source, "bpfel", debuginfo));
  const { btf } = emitBtf(elf, openDwarf(elf, module), { from: "both", dialect, old: oldSections(elf) });
  return says(parseBtf(btf));
}

describe("what --rust writes otherwise than LLVM", () => {
  test("is one case for each choice of the dialect", () => {
    const choices = Object.keys(dialectOf("rust")).filter((key) => key !== "name");
    expect(
      Object.keys(IMPROVEMENTS)
        .filter((name) => !name.includes(" "))
        .sort(),
    ).toEqual(choices.sort());
  });

  for (const [name, { llvm, rust }] of Object.entries(IMPROVEMENTS)) {
    judgeTest(rustc())(name, () => {
      expect([said(name, "llvm"), said(name, "rust")]).toEqual([llvm, rust]);
    });
  }
});
