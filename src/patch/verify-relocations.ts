import type { ElfRelocation, ElfView, Section } from "../elf/model.ts";
import { entryTable, entryWords, relocationEntries, relocationSections } from "../elf/relocations.ts";
import { sameFields } from "./compare.ts";
import type { PatchPlan } from "./plan.ts";
import { fail, reread } from "./verify-failed.ts";

const RELOCATION_FIELDS = ["target", "offset", "type", "symbol", "addend"] as const;

/**
 * Entry by entry: place and type as before or planned, and the same symbol by its new number.
 *
 * `derived` holds the indices of sections whose content follows from the plan without being in it, `numbers` the new index of each old
 * symbol. Error: VERIFY_FAILED with the section that differs.
 */
export function checkRelocations(
  before: ElfView,
  after: ElfView,
  plan: PatchPlan,
  { derived, numbers }: { readonly derived: ReadonlySet<number>; readonly numbers: readonly number[] },
): void {
  for (const section of relocationSections(before)) {
    // The same bytes and the same numbers mean the same.
    if (!plan.sections.has(section.index) && !derived.has(section.index)) continue;
    const old = { ...section, bytes: plan.sections.get(section.index) ?? section.bytes };
    const now = after.sections[section.index];
    if (now !== undefined && isRenumbered(before, old, after, now, numbers)) continue;
    checkEntries(plan, section, {
      old: relocationEntries(before, old),
      actual: now === undefined ? [] : reread(() => relocationEntries(after, now)),
      numbers,
    });
  }
}

function checkEntries(
  plan: PatchPlan,
  section: Section,
  tables: {
    readonly old: readonly ElfRelocation[];
    readonly actual: readonly ElfRelocation[];
    readonly numbers: readonly number[];
  },
): void {
  const { old, actual, numbers } = tables;
  const expected: ElfRelocation[] = old.map((entry) => ({ ...entry }));
  for (const { relSection, entry, ...fields } of plan.relocations) {
    const target = expected[entry];
    if (relSection === section.index && target !== undefined) expected[entry] = { ...target, ...fields };
  }
  if (actual.length !== expected.length) fail("the number of relocations is not the planned one", section.name);
  expected.forEach((entry, i) => {
    const got = actual[i];
    const wanted = { ...entry, symbol: numbers[entry.symbol] ?? -1 };
    if (got === undefined || !sameFields<ElfRelocation>(wanted, got, RELOCATION_FIELDS))
      fail(`relocation ${i} is not the planned one`, section.name);
  });
}

/**
 * Whether two relocation sections are the same but for the new numbers of their symbols, as nearly all are: told by their words, since
 * an object of each of the thousands of entries, twice, costs a short run a millisecond. False means no more than that it is not so plain.
 */
function isRenumbered(
  before: ElfView,
  old: Section,
  after: ElfView,
  now: Section,
  numbers: readonly number[],
): boolean {
  const left = entryTable(before, old);
  const right = reread(() => entryTable(after, now));
  if (left.count !== right.count || left.stride !== right.stride) return false;
  const leftWords = entryWords(left, before.littleEndian);
  const rightWords = entryWords(right, after.littleEndian);
  const stride = left.stride / 4;
  const typeAt = before.littleEndian ? 2 : 3;
  const symbolAt = before.littleEndian ? 3 : 2;
  for (let at = 0; at < leftWords.length; at += stride) {
    if (
      leftWords[at] !== rightWords[at] ||
      leftWords[at + 1] !== rightWords[at + 1] ||
      leftWords[at + typeAt] !== rightWords[at + typeAt] ||
      numbers[leftWords[at + symbolAt] ?? 0] !== rightWords[at + symbolAt]
    ) {
      return false;
    }
    for (let word = at + 4; word < at + stride; word++) if (leftWords[word] !== rightWords[word]) return false;
  }
  return true;
}
