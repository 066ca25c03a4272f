import { type ElfView, type Section, SHDR_SIZE } from "../elf/model.ts";
import { differingFields, fieldsText } from "./fields.ts";
import type { Difference } from "./model.ts";

/** Offset and size follow from the content, and are no change of their own. */
const FIELDS = ["name", "type", "flags", "link", "info", "addralign", "entsize"] as const;

/** Bytes of a content that a difference shows. */
const SHOWN = 32;

function hex(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, SHOWN)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return bytes.length > SHOWN ? `${shown}… (${bytes.length} bytes)` : shown;
}

/** Headers that the two say differently, and sections that only one has. */
export function diffHeaders(before: ElfView, after: ElfView): Difference[] {
  return after.sections.flatMap((section) => {
    const old = before.sections[section.index];
    const change =
      old === undefined
        ? { before: null, after: fieldsText(section, FIELDS) }
        : differingFields<Section>(old, section, FIELDS);
    if (change === undefined) return [];
    const range = { section: "", offset: section.index * SHDR_SIZE, length: SHDR_SIZE };
    return [{ what: `header of section ${section.index} (${section.name})`, ...change, range }];
  });
}

/** Ends of what is equal in both at the start and at the end. */
function differingPart(a: Uint8Array, b: Uint8Array): { readonly start: number; readonly common: number } {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let common = 0;
  while (common < shorter - start && a[a.length - 1 - common] === b[b.length - 1 - common]) common++;
  return { start, common };
}

/** The part of each section's content that differs, as hexadecimal text; `skip` holds sections that are told apart in their own terms. */
export function diffContents(before: ElfView, after: ElfView, skip: ReadonlySet<number>): Difference[] {
  return after.sections.flatMap((section) => {
    const old = before.sections[section.index]?.bytes;
    if (skip.has(section.index)) return [];
    const { start, common } = differingPart(old ?? new Uint8Array(0), section.bytes);
    const length = section.bytes.length - common - start;
    const was = old?.subarray(start, old.length - common);
    if (length === 0 && (was?.length ?? 0) === 0) return [];
    return [
      {
        what: `content of ${section.name}`,
        before: was === undefined ? null : hex(was),
        after: hex(section.bytes.subarray(start, start + length)),
        range: { section: section.name, offset: start, length },
      },
    ];
  });
}
