/**
 * `npm run conformance:llvm`: LLVM's own BTF tests, compiled by LLVM and regenerated from DWARF. LLVM's `.BTF` is the expectation; what
 * may differ from DWARF alone, and why, stands in `llvm-btf-tests.tsv`. Fails if a test that should be identical is not.
 */
import { readFileSync } from "node:fs";
import { parseBtfExt } from "../../src/btf/ext.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { loadDwarfModule } from "../../src/dwarf/module.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import type { ElfView } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { relocationsOf } from "../../src/elf/relocations.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { type EmittedBtf, emitBtf } from "../../src/lower/emit-btf.ts";
import type { Witness } from "../../src/lower/witness.ts";
import { wasmBytes } from "../../wasm/index.ts";
import { compareBtf, sameRecords } from "./canonical.ts";
import { BYTE_ORDERS, compileTest } from "./llvm-objects.ts";
import { llvmTests, type TestGroup, testNames } from "./llvm-tests.ts";

/** How an object is regenerated: with the old sections, from DWARF and the quoted source lines, or with neither section there. */
const MODES = ["both", "dwarf", "removed"] as const;
type Mode = (typeof MODES)[number];

/**
 * "same": every byte; "canonical": up to LLVM's own disorder; "records": the same records and ids, but other strings beside theirs (source
 * lines, CO-RE access strings); "none": LLVM writes no such section, nor do we.
 */
type Outcome = "same" | "canonical" | "records" | "differs" | "none";

interface Result {
  readonly btf: Outcome;
  /** `.BTF.ext` byte for byte, and the relocations of both sections. */
  readonly ext: boolean;
  readonly relocations: boolean;
}

const module = loadDwarfModule(wasmBytes());

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;
}

function witnessOf(elf: ElfView): Witness | undefined {
  const btf = sectionNamed(elf, ".BTF");
  const ext = sectionNamed(elf, ".BTF.ext");
  return btf && { btf: parseBtf(btf.bytes), ext: ext && parseBtfExt(ext.bytes) };
}

function regenerate(elf: ElfView, plain: ElfView, old: Witness | undefined, mode: Mode): EmittedBtf {
  const from = mode === "both" ? "both" : "dwarf";
  const given = mode === "removed" ? plain : elf;
  const known = mode === "removed" || old === undefined ? {} : { old };
  return emitBtf(given, openDwarf(given, module), { from, dialect: "llvm", ...known });
}

/** Relocations by symbol name and place: objcopy numbers symbols anew. */
function relocationsText(
  elf: ElfView,
  relocations: Iterable<{ offset: number; type: number; symbol: number }>,
): string {
  return [...relocations]
    .map(({ offset, type, symbol }) => {
      const target = elf.symbols[symbol];
      const section = elf.sections[target?.section ?? 0]?.name;
      return `${offset} ${type} ${target?.name || section}`;
    })
    .join("\n");
}

function judge(elf: ElfView, plain: ElfView, mode: Mode): Result {
  const old = witnessOf(elf);
  const made = regenerate(elf, plain, old, mode);
  const sections = [".BTF", ".BTF.ext"].map((name) => sectionNamed(elf, name));
  const written = sections.map((section) => relocationsText(elf, section ? relocationsOf(elf, section.index) : []));
  const own = [made.btfRelocations, made.extRelocations].map((list) =>
    relocationsText(mode === "removed" ? plain : elf, list),
  );
  const bytes = made.types === 0 ? undefined : made.btf;
  let btf: Outcome = "differs";
  if (same(bytes, sections[0]?.bytes)) btf = bytes === undefined ? "none" : "same";
  else if (old !== undefined && typeof compareBtf(parseBtf(made.btf), old.btf) !== "string") btf = "canonical";
  else if (old !== undefined && sameRecords(parseBtf(made.btf), old.btf)) btf = "records";
  return {
    btf,
    ext: same(made.ext, sections[1]?.bytes),
    relocations: written.join("\n\n") === own.join("\n\n"),
  };
}

interface Expectation {
  readonly dwarf: string;
  readonly reason: string;
}

function expectations(): ReadonlyMap<string, Expectation> {
  const lines = readFileSync(new URL("llvm-btf-tests.tsv", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .slice(1);
  return new Map(
    lines.map((line) => {
      const [test = "", , , , dwarf = "", reason = ""] = line.split("\t");
      return [test.replace(/\.ll$/, ""), { dwarf, reason }];
    }),
  );
}

interface Total {
  count: number;
  same: number;
  canonical: number;
  records: number;
  ext: number;
  relocations: number;
}

/** One line a test, one column a mode; little and big endian are named only where they differ. */
function run(group: TestGroup, expected: ReadonlyMap<string, Expectation> | undefined): boolean {
  const folder = llvmTests(group, console.log);
  const totals = new Map<string, Total>();
  let good = true;
  const tests = testNames(folder);
  for (const test of tests) {
    const cells = MODES.map((mode) => {
      const outcomes = BYTE_ORDERS.map((order) => {
        const { object, withoutBtf } = compileTest(group, folder, test, order);
        const result = judge(parseElf(object), parseElf(withoutBtf), mode);
        const total = totals.get(`${mode} ${order}`) ?? {
          count: 0,
          same: 0,
          canonical: 0,
          records: 0,
          ext: 0,
          relocations: 0,
        };
        totals.set(`${mode} ${order}`, total);
        if (result.btf === "none") return "none";
        total.count++;
        if (result.btf === "same") total.same++;
        if (result.btf === "canonical") total.canonical++;
        if (result.btf === "records") total.records++;
        if (result.ext) total.ext++;
        if (result.relocations) total.relocations++;
        const whole = result.btf === "same" && result.ext && result.relocations;
        if (mode === "both" && !whole) good = false;
        return whole || result.btf !== "same" ? result.btf : `same but ${result.ext ? "relocations" : ".BTF.ext"}`;
      });
      const [little = "", big = ""] = outcomes;
      return little === big ? little : `${little} / ${big}`;
    });
    const { dwarf, reason } = expected?.get(test) ?? { dwarf: "", reason: "" };
    if (expected !== undefined && dwarf === "identical" && cells[1] !== "same") good = false;
    if (expected !== undefined && dwarf === "no-btf" && cells[1] !== "none") good = false;
    const note = cells[1] === "same" || cells[1] === "none" || reason === "-" ? "" : reason;
    console.log(`${test.padEnd(46)} ${cells.map((cell) => cell.padEnd(10)).join(" ")} ${note}`.trimEnd());
  }
  console.log("");
  for (const [name, total] of totals) {
    const { count, same: identical, canonical, records, ext, relocations } = total;
    const forgiven = canonical === 0 ? "" : ` (and ${canonical} up to the canonical rule)`;
    const other = records === 0 ? "" : ` (and ${records} in all records and ids)`;
    console.log(
      `${group} ${name.padEnd(13)} .BTF identical ${identical} of ${count}${forgiven}${other}, .BTF.ext ${ext}, relocations ${relocations}`,
    );
  }
  console.log("");
  return good;
}

console.log(`${"test".padEnd(46)} ${MODES.map((mode) => mode.padEnd(10)).join(" ")}`);
const btf = run("BTF", expectations());
const core = run("CORE", undefined);
process.exitCode = btf && core ? 0 : 1;
