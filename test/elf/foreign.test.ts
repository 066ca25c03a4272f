import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseElf } from "../../src/elf/parse.ts";
import { relocateSection } from "../../src/elf/relocate.ts";
import { relocationsOf } from "../../src/elf/relocations.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { CLANG, corpusObject, READELF, testWith, withDirectory } from "./objects.ts";
import { refusal } from "./refusal.ts";

const encoder = new TextEncoder();

describe("files that are not ELF are named", () => {
  test.each<[string, Uint8Array]>([
    ["an empty file", new Uint8Array(0)],
    ["a file of 1 byte", Uint8Array.of(0x7f)],
    ["a file of 3 bytes", Uint8Array.of(0x7f, 0x45, 0x4c)],
    ["an ar archive (.a, .rlib)", encoder.encode("!<arch>\n/               0           ")],
    ["a thin ar archive", encoder.encode("!<thin>\n")],
    ["LLVM bitcode", Uint8Array.of(0x42, 0x43, 0xc0, 0xde, 0x35, 0x14)],
    ["a Mach-O file", Uint8Array.of(0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1)],
    ["a PE (Windows) file", Uint8Array.of(0x4d, 0x5a, 0x90, 0)],
    ["a WebAssembly module", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)],
    ["a gzip file", Uint8Array.of(0x1f, 0x8b, 8, 0)],
    ["a raw BTF blob", Uint8Array.of(0x9f, 0xeb, 1, 0, 24, 0, 0, 0)],
    ["a raw BTF blob", Uint8Array.of(0xeb, 0x9f, 1, 0, 0, 0, 0, 24)],
    ["a text file", encoder.encode("#!/bin/sh\necho Grüße\n")],
    ["a file of unknown format", Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
  ])("%s", (what, bytes) => {
    const error = refusal(() => parseElf(bytes));
    expect(error.code).toBe("ELF_NOT_ELF");
    expect(error.message).toBe(`not an ELF object but ${what}`);
    expect(error.span).toEqual({ section: undefined, offset: 0, length: Math.min(4, bytes.length) });
  });
});

describe("foreign ELF files are named", () => {
  const compileFor = (args: readonly string[]): Uint8Array =>
    withDirectory((directory) => {
      execFileSync(CLANG, [...args, "-x", "c", "-", "-o", join(directory, "a.o")], {
        input: "int f(void) { return 1; }",
      });
      return readFileSync(join(directory, "a.o"));
    });
  testWith(CLANG).each([
    ["x86_64-linux-gnu", "an ELF file for x86-64, not for BPF (machine 247)"],
    ["aarch64-linux-gnu", "an ELF file for AArch64, not for BPF (machine 247)"],
    ["riscv64-linux-gnu", "an ELF file for RISC-V, not for BPF (machine 247)"],
    ["i386-linux-gnu", "a 32-bit ELF file; BPF objects are 64-bit"],
  ])("%s", (target, message) => {
    const error = refusal(() => parseElf(compileFor(["-target", target, "-c"])));
    expect([error.code, error.message]).toEqual(["ELF_UNSUPPORTED", message]);
  });
  testWith(CLANG)("LLVM bitcode from -emit-llvm", () => {
    const error = refusal(() => parseElf(compileFor(["-target", "bpf", "-emit-llvm", "-c"])));
    expect(error.message).toBe("not an ELF object but LLVM bitcode");
  });
});

/** A small object, and where in the file the things are that the cases below spoil. */
const original = corpusObject("shapes/s26_globals.bpfel.o");
const view = parseElf(original);
const headerOf = (name: string): number => view.sectionHeaders + (sectionNamed(view, name)?.index ?? 0) * 64;
const contentOf = (name: string): number => sectionNamed(view, name)?.offset ?? 0;

type Patch = readonly [offset: number, width: 1 | 2 | 4 | 8, value: number | bigint];

function spoil(...patches: readonly Patch[]): Uint8Array {
  const bytes = new Uint8Array(original);
  const data = new DataView(bytes.buffer);
  for (const [offset, width, value] of patches) {
    if (width === 1) data.setUint8(offset, Number(value));
    if (width === 2) data.setUint16(offset, Number(value), true);
    if (width === 4) data.setUint32(offset, Number(value), true);
    if (width === 8) data.setBigUint64(offset, BigInt(value), true);
  }
  return bytes;
}

const symtab = contentOf(".symtab");

describe("a broken object is one error with its place", () => {
  test.each<[string, readonly Patch[], string, RegExp, string | undefined]>([
    ["class", [[4, 1, 7]], "ELF_MALFORMED", /ELF class 7/, undefined],
    ["byte order", [[5, 1, 3]], "ELF_MALFORMED", /neither little- nor big-endian/, undefined],
    ["version", [[6, 1, 9]], "ELF_MALFORMED", /ELF version 9/, undefined],
    ["executable", [[16, 2, 2]], "ELF_UNSUPPORTED", /an executable, not a relocatable/, undefined],
    ["no headers", [[40, 8, 0]], "ELF_MALFORMED", /no section headers/, undefined],
    ["header table past the end", [[40, 8, 1 << 20]], "ELF_TRUNCATED", /reach past the end/, undefined],
    ["header table at 2^60", [[40, 8, 1n << 60n]], "ELF_MALFORMED", /e_shoff is 0x1000000000000000/, undefined],
    ["header table inside the ELF header", [[40, 8, 8]], "ELF_MALFORMED", /overlap the ELF header/, undefined],
    ["header size", [[58, 2, 40]], "ELF_MALFORMED", /40 bytes long, not 64/, undefined],
    ["extended numbering", [[60, 2, 0]], "ELF_UNSUPPORTED", /extended section numbering/, undefined],
    ["extended name index", [[62, 2, 0xffff]], "ELF_UNSUPPORTED", /extended section numbering/, undefined],
    ["no name table", [[62, 2, 0]], "ELF_MALFORMED", /section name table/, undefined],
    ["name table that is none", [[62, 2, 3]], "ELF_MALFORMED", /is no string table/, undefined],
    [
      "name past the table",
      [[headerOf(".BTF"), 4, 0xffff_ffff]],
      "ELF_MALFORMED",
      /name offset/,
      "the section name table",
    ],
    ["section past the end", [[headerOf(".BTF") + 32, 8, 1 << 24]], "ELF_TRUNCATED", /\.BTF.*16777216 bytes/, ".BTF"],
    ["section of 4 GiB", [[headerOf(".BTF") + 32, 8, 0xffff_ffff]], "ELF_TRUNCATED", /\.BTF/, ".BTF"],
    ["section of 2^63", [[headerOf(".BTF") + 32, 8, 1n << 63n]], "ELF_MALFORMED", /sh_size/, undefined],
    ["overlap", [[headerOf(".BTF") + 24, 8, contentOf(".BTF.ext")]], "ELF_MALFORMED", /overlaps/, ".BTF.ext"],
    ["overlap with the header", [[headerOf(".BTF") + 24, 8, 16]], "ELF_MALFORMED", /overlaps the ELF header/, ".BTF"],
    ["relocation entry size", [[headerOf(".rel.BTF") + 56, 8, 24]], "ELF_MALFORMED", /24 bytes, not 16/, ".rel.BTF"],
    ["half an entry", [[headerOf(".rel.BTF") + 32, 8, 15]], "ELF_MALFORMED", /no multiple of 16/, ".rel.BTF"],
    ["symbol size", [[headerOf(".symtab") + 56, 8, 16]], "ELF_MALFORMED", /16 bytes long, not 24/, ".symtab"],
    ["symbol names", [[headerOf(".symtab") + 40, 4, 3]], "ELF_MALFORMED", /section 3 is no string table/, ".symtab"],
    ["second table", [[headerOf(".BTF") + 4, 4, 2]], "ELF_MALFORMED", /second symbol table/, ".symtab"],
    ["first global", [[headerOf(".symtab") + 44, 4, 999]], "ELF_MALFORMED", /said to be 999/, ".symtab"],
    ["symbol in no section", [[symtab + 24 + 6, 2, 999]], "ELF_MALFORMED", /symbol 1 lies in section 999/, ".symtab"],
    ["extended symbol", [[symtab + 24 + 6, 2, 0xffff]], "ELF_UNSUPPORTED", /symbol 1: extended/, ".symtab"],
    ["symbol value", [[symtab + 24 + 8, 8, 1n << 63n]], "ELF_MALFORMED", /st_value of symbol 1/, ".symtab"],
    ["symbol name", [[symtab + 24, 4, 1 << 30]], "ELF_MALFORMED", /name offset 1073741824/, ".strtab"],
  ])("%s", (_, patches, code, message, section) => {
    const error = refusal(() => parseElf(spoil(...patches)));
    expect(error.message).toMatch(message);
    expect([error.code, error.span?.section]).toEqual([code, section]);
  });

  test.each<[string, Patch, RegExp]>([
    ["symbol", [contentOf(".rel.BTF") + 12, 4, 5000], /relocation 0 of \.rel\.BTF names symbol 5000/],
    ["offset", [contentOf(".rel.BTF"), 8, 1n << 55n], /r_offset of relocation 0/],
  ])("relocation: %s", (_, patch, message) => {
    const elf = parseElf(spoil(patch));
    const error = refusal(() => relocationsOf(elf, sectionNamed(elf, ".BTF")?.index ?? 0));
    expect(error.message).toMatch(message);
    expect(error.code).toBe("ELF_MALFORMED");
  });

  test("a relocated field must lie in its section", () => {
    const size = sectionNamed(view, ".BTF")?.size ?? 0;
    const elf = parseElf(spoil([contentOf(".rel.BTF"), 8, size - 3]));
    const error = refusal(() => relocateSection(elf, sectionNamed(elf, ".BTF")?.index ?? 0));
    expect(error.message).toBe(`relocation 0 of .BTF changes 4 bytes at ${size - 3}, but it has ${size} bytes`);
    expect(error.span).toEqual({ section: ".BTF", offset: size - 3, length: 4 });
  });
});

test("cut anywhere, an object is an error", () => {
  for (let length = 0; length < original.length; length += 7) {
    const error = refusal(() => parseElf(original.subarray(0, length)));
    expect(["ELF_NOT_ELF", "ELF_TRUNCATED"]).toContain(error.code);
  }
});

testWith(READELF)("the object that the cases spoil is sound", () => {
  expect(spoil()).toEqual(new Uint8Array(original));
  expect(view.sections.length).toBeGreaterThan(20);
});
