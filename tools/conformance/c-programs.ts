import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseBtfExt } from "../../src/btf/ext.ts";
import type { BtfExt } from "../../src/btf/ext-model.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { loadDwarfModule } from "../../src/dwarf/module.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import type { ElfView } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { type EmitOptions, emitBtf } from "../../src/lower/emit-btf.ts";
import { FACTS, type FactName, type Witness } from "../../src/lower/witness.ts";
import { wasmBytes } from "../../wasm/index.ts";
import { idFreeText } from "./id-free.ts";
import { BYTE_ORDERS } from "./llvm-objects.ts";

const FOLDER = new URL("../../corpus/c", import.meta.url).pathname;

/**
 * What is regenerated from DWARF alone, beside what LLVM wrote. `.BTF`: "identical" byte for byte; "order" of types alone; "differs".
 * `.BTF.ext`: "identical"; "repeats" if nothing but line records that repeat the place before them is missing; "other" if ids and string
 * offsets follow another `.BTF`; "none" if LLVM writes none. `lacking` are the facts of the second witness without which `.BTF` differs.
 */
export interface ProgramResult {
  readonly program: string;
  readonly btf: "identical" | "order" | "differs";
  readonly ext: "identical" | "repeats" | "other" | "differs" | "none";
  readonly lacking: readonly FactName[];
}

interface Emitted {
  readonly model: Witness;
  readonly btf: string;
  readonly ext: string | undefined;
}

const module = loadDwarfModule(wasmBytes());

/** Names of the programs in `corpus/c`, sorted. */
export function programNames(): readonly string[] {
  const files = readdirSync(join(FOLDER, "src")).filter((file) => file.endsWith(".c"));
  return files.map((file) => file.slice(0, -".c".length)).sort();
}

/** The results of a program's objects, one a byte order. Errors: a plain Error where the facts do not explain a difference. */
export function programResults(program: string): readonly ProgramResult[] {
  return BYTE_ORDERS.map((order) => judge(program, join(FOLDER, `${program}.${order}.o`)));
}

function judge(program: string, path: string): ProgramResult {
  const elf = parseElf(new Uint8Array(readFileSync(path)));
  const btfBytes = sectionNamed(elf, ".BTF")?.bytes;
  const extBytes = sectionNamed(elf, ".BTF.ext")?.bytes;
  if (btfBytes === undefined) throw new Error(`${path} has no .BTF`);
  const old: Witness = { btf: parseBtf(btfBytes), ext: extBytes && parseBtfExt(extBytes) };
  const [written, writtenExt] = [hex(btfBytes), extBytes && hex(extBytes)];
  const whole = emitted(elf, { from: "both", old });
  if (whole.btf !== written || whole.ext !== writtenExt) throw new Error(`${path} differs with the second witness`);
  const alone = emitted(elf, { from: "dwarf", old });
  const lacking = alone.btf === written ? [] : factsThatMatter(elf, old, written);
  if (alone.btf !== written && emitted(elf, { from: "both", old, facts: new Set(lacking) }).btf !== written)
    throw new Error(`${path} lacks more than ${lacking.join(", ") || "any one fact"}`);
  const sameTypes = (): boolean => idFreeText(alone.model.btf).join("\n") === idFreeText(old.btf).join("\n");
  const btf = alone.btf === written ? "identical" : sameTypes() ? "order" : "differs";
  return { program, btf, ext: extOutcome(alone, old, writtenExt, btf === "identical"), lacking };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function emitted(elf: ElfView, options: Omit<EmitOptions, "dialect">): Emitted {
  const { btf, ext } = emitBtf(elf, openDwarf(elf, module), { dialect: "llvm", ...options });
  const model = { btf: parseBtf(btf), ext: ext && parseBtfExt(ext) };
  return { model, btf: hex(btf), ext: ext && hex(ext) };
}

/** The facts that cannot be left out. */
function factsThatMatter(elf: ElfView, old: Witness, written: string): readonly FactName[] {
  return FACTS.filter((fact) => {
    const facts = new Set(FACTS.filter((other) => other !== fact));
    return emitted(elf, { from: "both", old, facts }).btf !== written;
  });
}

function extOutcome(
  { model, ext }: Emitted,
  old: Witness,
  written: string | undefined,
  sameBtf: boolean,
): ProgramResult["ext"] {
  if (ext === written) return written === undefined ? "none" : "identical";
  // Ids and string offsets are those of `.BTF`.
  if (!sameBtf) return "other";
  return withoutRepeats(model.ext) === withoutRepeats(old.ext) ? "repeats" : "differs";
}

/** `.BTF.ext` with no line record that repeats the place of the one before. */
function withoutRepeats(ext: BtfExt | undefined): string {
  const lines = ext?.lineInfo?.sections.map(({ secNameOff, records }) => {
    const first = records.filter(({ fileNameOff, lineCol }, index) => {
      const before = records[index - 1];
      return before?.fileNameOff !== fileNameOff || before.lineCol !== lineCol;
    });
    return { secNameOff, first };
  });
  return JSON.stringify({ func: ext?.funcInfo, lines, core: ext?.coreRelo });
}

/** The table of all programs, tab-separated; little and big endian are named only where they differ. */
export function programTable(results: readonly (readonly ProgramResult[])[]): string {
  const rows = results.map((orders) => {
    const cell = (of: (result: ProgramResult) => string): string => [...new Set(orders.map(of))].join(" / ");
    return [
      orders[0]?.program ?? "",
      cell(({ btf }) => btf),
      cell(({ ext }) => ext),
      cell(({ lacking }) => lacking.join(", ") || "-"),
    ];
  });
  return `${[["program", ".BTF", ".BTF.ext", "lacking"], ...rows].map((row) => row.join("\t")).join("\n")}\n`;
}
