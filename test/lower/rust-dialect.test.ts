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
import { RUST_TYPES } from "./rust-types.ts";
import { compileRust, rustc } from "./rustc.ts";

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
    const { elf, lowered } = readObject(compileRust(RUST_TYPES));
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
    const btf = readObject(compileRust(RUST_TYPES)).lowered.btf();
    expect(btf.types.filter(({ kind }) => kind === "fwd")).toEqual([]);
    const pointee = (member: string): BtfType | undefined => {
      const type = record(btf, idOf(btf, "struct", "Val")).members.find(({ name }) => name === member)?.type;
      return type?.kind === "ptr" ? typeById(btf, type.type) : undefined;
    };
    expect(pointee("pa")).toMatchObject({ kind: "struct", size: 16 });
    expect(pointee("peer")).toMatchObject({ kind: "struct", size: 16 });
  });

  judgeTest(rustc())("puts a niche's tag where a union can hold it, and keeps discriminants", () => {
    const { elf, lowered } = readObject(compileRust(RUST_TYPES));
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
    const { elf, lowered } = readObject(compileRust(RUST_TYPES));
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
    const made = escaped(readObject(compileRust(RUST_TYPES)).lowered.btf());
    const verdicts = answer(kernelBtfLoad([...blobs, made]));
    const refused = verdicts.flatMap(({ errno, log }, i) =>
      errno === 0 ? [] : [`${files[i]} ${errno} ${log.slice(-200)}`],
    );
    expect(refused.filter((text) => !REFUSED.some((name) => text.startsWith(name)))).toEqual([]);
  });
});
