import type { KernelProfile } from "../../src/rules/kernel/profile.ts";
import { type Draft, type DraftRecord, KIND } from "../../test/rules/kernel/draft.ts";
import { copyOf } from "../../test/rules/kernel/real.ts";

/** The record without what the release does not know, for the nearest thing that it does. */
function fitted(record: DraftRecord, profile: KernelProfile, plainName: number): DraftRecord {
  const knows = (kind: number): boolean => kind <= profile.maxKind;
  const { kind, words } = record;
  const kindFlag = record.kindFlag && profile.kindFlags.has(kind);
  if (kind === KIND.float && !knows(kind)) {
    // A smaller one fits wherever the larger did.
    const size = record.sizeOrType === 12 ? 8 : record.sizeOrType;
    return { ...record, kind: KIND.int, sizeOrType: size, words: [size * 8] };
  }
  if (kind === KIND.typeTag && !knows(kind)) return { ...record, kind: KIND.const, nameOff: 0, kindFlag: false };
  if (kind === KIND.declTag && !knows(kind)) return forward(plainName);
  if (kind === KIND.enum64 && !knows(kind)) {
    return { ...record, kind: KIND.enum, kindFlag: false, words: words.filter((_, index) => index % 3 < 2) };
  }
  if (kind === KIND.datasec && !profile.printableSections) {
    if (record.vlen === 0) return forward(plainName);
    return { ...record, nameOff: plainName };
  }
  return { ...record, kindFlag };
}

function forward(nameOff: number): DraftRecord {
  return { kind: KIND.fwd, nameOff, vlen: 0, kindFlag: false, sizeOrType: 0, words: [] };
}

/**
 * A draft for an older release: kinds, flags and names that it does not know become others. Generated graphs hold all kinds, so that an old
 * kernel would refuse nearly all of them for the same few reasons.
 */
export function fittedTo(draft: Draft, profile: KernelProfile): Draft {
  const copy = copyOf(draft);
  const plainName = copy.name("plain");
  draft.records.forEach((record, index) => {
    copy.records[index] = fitted(record, profile, plainName);
  });
  return copy;
}
