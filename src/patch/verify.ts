import { equalBytes } from "../bytes/compare.ts";
import {
  type ElfSymbol,
  type ElfView,
  type Section,
  SHDR_SIZE,
  SHF_EXECINSTR,
  SHT_GROUP,
  STB_LOCAL,
} from "../elf/model.ts";
import { parseElf } from "../elf/parse.ts";
import { relocationSections } from "../elf/relocations.ts";
import { nameTable } from "./added.ts";
import { addrsigSections, readAddrsig } from "./addrsig.ts";
import { sameFields } from "./compare.ts";
import type { PatchPlan } from "./plan.ts";
import { checkLeftovers, checkUntouchedBytes } from "./untouched.ts";
import { fail, reread } from "./verify-failed.ts";
import { checkRelocations } from "./verify-relocations.ts";

/**
 * Reads a patched file again and holds it against the plan, without using the code that applied it; returns the new view.
 *
 * Instructions are the same; every section that the plan does not touch is the same, header and bytes; contents are what was asked; every
 * symbol is what it was with its edits; every relocation means the same symbol as before or the one that the plan names.
 * Errors: VERIFY_FAILED with the section that differs; whatever `parseElf` says of the new file is its cause.
 */
export function verifyPatched(before: ElfView, after: Uint8Array, plan: PatchPlan): ElfView {
  const view = reread(() => parseElf(after));
  const count = before.sections.length + plan.added.length;
  if (view.sections.length !== count) fail(`${view.sections.length} sections instead of ${count}`, undefined);
  checkCode(before, view);
  const numbers = checkSymbols(before, view, plan);
  const rebound = changesBinding(before, plan);
  const derived = derivedSections(before, plan, rebound);
  const change: SectionChange = { derived, rebound, numbers };
  for (const section of before.sections) checkSection(section, view, plan, change);
  if (newNames(plan).length > 0) checkNames(before, view, plan);
  if (plan.added.length > 0) checkAdded(before, view, plan);
  checkRelocations(before, view, plan, change);
  if (rebound) checkAddrsig(before, view, numbers);
  const contents = new Set([...plan.sections.keys(), ...derived]);
  checkLeftovers(before, view, contents);
  checkUntouchedBytes(before, view, {
    contents,
    headers: new Set([...plan.headers.map((edit) => edit.section), ...(rebound ? symbolCounters(before) : [])]),
    names: new Set(plan.headers.flatMap((edit) => (edit.name === undefined ? [] : [edit.section]))),
  });
  return view;
}

type SectionFields = Omit<Section, "bytes">;

const SECTION_FIELDS = [
  "index",
  "name",
  "type",
  "flags",
  "offset",
  "size",
  "link",
  "info",
  "addralign",
  "entsize",
] as const satisfies readonly (keyof Section)[];
const SYMBOL_FIELDS = ["name", "binding", "type", "visibility", "section", "value", "size"] as const;

/** What the symbol and relocation edits of a plan entail. */
interface SectionChange {
  /** Sections whose content follows from the plan without being in it. */
  readonly derived: ReadonlySet<number>;
  /** Whether a symbol changes its binding: then locals move to the front, and numbers change. */
  readonly rebound: boolean;
  /** New index of each old symbol. */
  readonly numbers: readonly number[];
}

function checkCode(before: ElfView, after: ElfView): void {
  for (const section of before.sections) {
    if ((section.flags & SHF_EXECINSTR) === 0) continue;
    const now = after.sections[section.index];
    if (now === undefined || !equalBytes(section.bytes, now.bytes)) fail("instructions changed", section.name);
  }
}

/** Compares every symbol with what the plan makes of it; returns the new index of each old symbol. */
function checkSymbols(before: ElfView, after: ElfView, plan: PatchPlan): readonly number[] {
  const edits = new Map<number, Partial<ElfSymbol>>();
  for (const { symbol, ...fields } of plan.symbols) edits.set(symbol, { ...edits.get(symbol), ...fields });
  const expected = before.symbols.map((symbol) => ({ ...symbol, ...edits.get(symbol.index) }));
  // Stable: symbols of one kind keep their order.
  const order = changesBinding(before, plan) ? expected.toSorted((a, b) => rank(a) - rank(b)) : expected;
  const numbers: number[] = [];
  order.forEach((symbol, index) => {
    numbers[symbol.index] = index;
    const now = after.symbols[index];
    if (now === undefined || !sameFields<ElfSymbol>(symbol, now, SYMBOL_FIELDS)) {
      fail(`symbol ${index} is not ${symbol.name === "" ? `old symbol ${symbol.index}` : symbol.name}`, ".symtab");
    }
  });
  if (after.symbols.length !== order.length) fail("the number of symbols changed", ".symtab");
  return numbers;
}

function changesBinding(before: ElfView, plan: PatchPlan): boolean {
  return plan.symbols.some(
    ({ symbol, binding }) => binding !== undefined && binding !== before.symbols[symbol]?.binding,
  );
}

function rank(symbol: ElfSymbol): number {
  return symbol.binding === STB_LOCAL ? 0 : 1;
}

function derivedSections(before: ElfView, plan: PatchPlan, rebound: boolean): ReadonlySet<number> {
  const derived = new Set<number>();
  if (newNames(plan).length > 0) derived.add(nameTable(before));
  for (const { relSection } of plan.relocations) derived.add(relSection);
  if (before.symtab !== undefined && plan.symbols.length > 0) {
    derived.add(before.symtab);
    const names = before.sections[before.symtab]?.link;
    if (names !== undefined && plan.symbols.some((edit) => edit.name !== undefined)) derived.add(names);
  }
  if (rebound) {
    for (const section of relocationSections(before)) derived.add(section.index);
    for (const section of addrsigSections(before)) derived.add(section.index);
  }
  return derived;
}

/** Sections whose sh_info is a symbol number: the first global one, a group's signature. */
function symbolCounters(before: ElfView): readonly number[] {
  const counters = before.sections.filter((section) => section.type === SHT_GROUP || section.index === before.symtab);
  return counters.map((section) => section.index);
}

function checkSection(section: Section, after: ElfView, plan: PatchPlan, change: SectionChange): void {
  const now = after.sections[section.index];
  if (now === undefined) fail("the section is gone", section.name);
  const content = plan.sections.get(section.index);
  const replaced = content !== undefined || change.derived.has(section.index);
  let expected: SectionFields = { ...section, ...(replaced ? { offset: now.offset, size: now.bytes.length } : {}) };
  if (section.index === after.symtab && change.rebound) {
    expected = { ...expected, info: after.symbols.filter((symbol) => symbol.binding === STB_LOCAL).length };
  }
  if (section.type === SHT_GROUP && change.rebound) {
    expected = { ...expected, info: change.numbers[section.info] ?? -1 };
  }
  for (const { section: index, ...fields } of plan.headers) {
    if (index === section.index) expected = { ...expected, ...fields };
  }
  if (!sameFields<SectionFields>(expected, now, SECTION_FIELDS)) {
    fail("its header is not the planned one", section.name);
  }
  // What derived sections mean, `checkSymbols`, `checkRelocations` and `checkAddrsig` read: a planned one still has the old numbers.
  // With its header, an untouched section keeps its place in the file, which `checkUntouchedBytes` compares as a whole.
  if (content !== undefined && !change.derived.has(section.index) && !equalBytes(content, now.bytes))
    fail("its content is not the planned one", section.name);
}

/** Names that the plan appends to the table of section names, in order. */
function newNames({ headers, added }: PatchPlan): readonly string[] {
  return [...headers, ...added].flatMap(({ name }) => (name === undefined ? [] : [name]));
}

/** New sections are what was planned. */
function checkAdded(before: ElfView, after: ElfView, plan: PatchPlan): void {
  const headers = new DataView(after.bytes.buffer, after.bytes.byteOffset, after.bytes.byteLength);
  plan.added.forEach(({ content, ...fields }, i) => {
    const now = after.sections[before.sections.length + i];
    const header = after.sectionHeaders + (before.sections.length + i) * SHDR_SIZE;
    const expected = { ...fields, size: content.length };
    if (
      now === undefined ||
      !sameFields<SectionFields>({ ...now, ...expected }, now, SECTION_FIELDS) ||
      now.offset % fields.addralign !== 0 ||
      headers.getBigUint64(header + 16) !== 0n
    ) {
      fail("its header is not the planned one", fields.name);
    }
    if (!equalBytes(content, now.bytes)) fail("its content is not the planned one", fields.name);
  });
}

/** The table of section names holds what it held, and the new ones. */
function checkNames(before: ElfView, after: ElfView, plan: PatchPlan): void {
  const names = newNames(plan).flatMap((name) => [...new TextEncoder().encode(`${name}\0`)]);
  const index = nameTable(before);
  const old = plan.sections.get(index) ?? before.sections[index]?.bytes ?? new Uint8Array(0);
  const now = after.sections[index]?.bytes ?? new Uint8Array(0);
  // Between the two stand the names of symbols, if the plan gives any; offset 0 is the empty name.
  const start = plan.symbols.some((edit) => edit.name !== undefined)
    ? Math.max(old.length, now.length - names.length)
    : Math.max(old.length, 1);
  if (!equalBytes(old, now.subarray(0, old.length)) || !equalBytes(Uint8Array.from(names), now.subarray(start))) {
    fail("it does not hold the names that it held and the new ones", after.sections[index]?.name);
  }
}

function checkAddrsig(before: ElfView, after: ElfView, numbers: readonly number[]): void {
  for (const section of addrsigSections(before)) {
    const now = after.sections[section.index];
    const wanted = readAddrsig(section, before.symbols.length).map((symbol) => numbers[symbol]);
    const got = now === undefined ? [] : reread(() => readAddrsig(now, after.symbols.length));
    if (wanted.length !== got.length || wanted.some((symbol, i) => symbol !== got[i])) {
      fail("it lists other symbols than before", section.name);
    }
  }
}
