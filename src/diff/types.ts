import { typeOffsets, typeSectionStart } from "../btf/encode.ts";
import { type Btf, type BtfType, typesWithIds } from "../btf/model.ts";
import { renderRawType } from "../btf/render/raw.ts";
import { references } from "../btf/walk.ts";
import type { Difference, SectionRange } from "./model.ts";

/** Where each own type's record stands in the blob. */
function* records(btf: Btf, section: string): Generator<{ id: number; type: BtfType; range: SectionRange }> {
  const offsets = typeOffsets(btf);
  const start = typeSectionStart(btf);
  let index = 0;
  for (const [id, type] of typesWithIds(btf)) {
    const offset = offsets[index] ?? 0;
    const end = offsets[index + 1];
    const length = end === undefined ? typeSectionLength(btf, offsets) - offset : end - offset;
    yield { id, type, range: { section, offset: start + offset, length } };
    index++;
  }
}

function typeSectionLength(btf: Btf, offsets: Uint32Array): number {
  // A type more, of known size, tells where the last one ends.
  const [, end] = typeOffsets({ ...btf, types: [...btf.types.slice(-1), { kind: "ptr", nameOff: 0, type: 0 }] });
  return (offsets[offsets.length - 1] ?? 0) + (end ?? 0);
}

/** Types of one id that the two say differently, and those that only one has, by id. `section` is where both blobs stand. */
export function diffTypes(before: Btf, after: Btf, section: string): Difference[] {
  const differences: Difference[] = [];
  const old = new Map<number, { readonly text: string; readonly range: SectionRange }>();
  for (const { id, type, range } of records(before, section)) {
    old.set(id, { text: renderRawType(before, id, type), range });
  }
  for (const { id, type, range } of records(after, section)) {
    const was = old.get(id)?.text ?? null;
    const is = renderRawType(after, id, type);
    old.delete(id);
    if (was === is) continue;
    const refersTo = references(type);
    differences.push({ what: `type ${id}`, before: was, after: is, range, typeId: id, refersTo });
  }
  for (const [id, { text, range }] of old) {
    differences.push({ what: `type ${id}`, before: text, after: null, range, typeId: id });
  }
  return differences;
}
