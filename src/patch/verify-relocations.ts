import type { ElfRelocation, ElfView, Section } from "../elf/model.ts";
import { type EntryTable, entryTable, relocationEntries, relocationSections } from "../elf/relocations.ts";
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
  const leftWords = wordsOf(left);
  const rightWords = wordsOf(right);
  const stride = left.stride / 4;
  const symbolAt = before.littleEndian ? 3 : 2;
  let known = -1;
  let knownNow = -1;
  for (let at = 0; at < leftWords.length; at += stride) {
    for (let word = at; word < at + stride; word++)
      if (leftWords[word] !== rightWords[word] && word !== at + symbolAt) return false;
    const raw = leftWords[at + symbolAt] ?? 0;
    const rawNow = rightWords[at + symbolAt] ?? 0;
    // Entries of one symbol stand together.
    if (raw === known && rawNow === knownNow) continue;
    const offset = (at + symbolAt) * 4;
    const symbol = numbers[left.view.getUint32(offset, before.littleEndian)];
    if (symbol !== right.view.getUint32(offset, after.littleEndian)) return false;
    known = raw;
    knownNow = rawNow;
  }
  return true;
}

/** The entries as words in the machine's own byte order, which say whether two are equal, not what they are. */
function wordsOf({ view, count, stride }: EntryTable): Uint32Array {
  const { buffer, byteOffset } = view;
  const length = count * stride;
  if (byteOffset % 4 === 0) return new Uint32Array(buffer, byteOffset, length / 4);
  return new Uint32Array(buffer.slice(byteOffset, byteOffset + length));
}
