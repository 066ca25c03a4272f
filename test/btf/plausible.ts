import type { WireRecord } from "./assemble.ts";

/** Random numbers that a record is made from; every number is reduced to what fits. */
export interface Draft {
  readonly kind: number;
  readonly flag: boolean;
  readonly name: number;
  readonly pick: number;
  readonly list: readonly (readonly [number, number, number])[];
}

const FIRST_DRAFTS: readonly Draft[] = [
  { kind: 1, flag: false, name: 0, pick: 2, list: [] },
  { kind: 13, flag: false, name: 0, pick: 0, list: [] },
];

const MODIFIERS = new Set([9, 10, 11]);
const POINTEES = new Set([4, 5]);
const TAGGABLE = new Set([4, 5, 8, 12, 14]);
const ALL = 0xffff_ffff;

function at<T>(list: readonly T[], seed: number): T {
  const item = list[seed % list.length];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}

/**
 * Turns drafts into records that follow the kernel's rules: values refer to lower ids of known size, so nothing is a circle except
 * through pointers to structs; offsets, sizes and sections add up. An INT and a FUNC_PROTO come first, for the others to refer to.
 */
export function plausibleRecords(drafts: readonly Draft[], nameOffsets: readonly number[]): WireRecord[] {
  const records: WireRecord[] = [];
  const all = [...FIRST_DRAFTS, ...drafts];
  const structs = all.flatMap((draft, index) => (POINTEES.has(draft.kind) ? [index + 1] : []));
  /** Ids with a size, and that size. */
  const sizes = new Map<number, number>();
  const ints: number[] = [];
  const byKind = (kinds: ReadonlySet<number>): number[] =>
    records.flatMap((record, index) => (kinds.has(record.kind) ? [index + 1] : []));
  const placed = new Set<number>();
  const name = (seed: number): number => at(nameOffsets, seed);
  const value = (seed: number): number => at([...sizes.keys()], seed);
  const sizeOf = (id: number): number => sizes.get(id) ?? 0;

  for (const draft of all) {
    const id = records.length + 1;
    const add = (fields: Partial<WireRecord>, size?: number): void => {
      const base = { nameOff: 0, kind: draft.kind, vlen: 0, kindFlag: false, sizeOrType: 0, words: [] };
      records.push({ ...base, ...fields });
      if (size !== undefined) sizes.set(id, size);
    };
    const pointer = (): void => add({ kind: 2, sizeOrType: at([0, ...structs, ...sizes.keys()], draft.pick) }, 8);
    const { list, flag, pick } = draft;
    switch (draft.kind) {
      case 1: {
        const size = at([1, 2, 4, 8, 16], pick);
        ints.push(id);
        add(
          { nameOff: name(draft.name), sizeOrType: size, words: [size * 8 + at([0, 1, 2, 4], pick >>> 8) * 2 ** 24] },
          size,
        );
        break;
      }
      case 3: {
        const element = value(pick);
        const count = pick % 17;
        // Grown out of a chain of arrays, sizes would leave 32 bits.
        if (sizeOf(element) * count > 0xffff) pointer();
        else add({ words: [element, at(ints, draft.name), count] }, sizeOf(element) * count);
        break;
      }
      case 4:
      case 5: {
        const isUnion = draft.kind === 5;
        const members = list.map(([a, b]) => ({ nameOff: name(a), type: flag ? at(ints, b) : value(b), seed: a }));
        let offset = 0;
        let size = 0;
        const tail = members.flatMap(({ nameOff, type, seed }) => {
          // Kernels want a FLOAT aligned; every member is, up to 8 bytes.
          const alignment = Math.min(8, 2 ** Math.ceil(Math.log2(Math.max(1, sizeOf(type)))));
          const start = isUnion ? 0 : Math.ceil(offset / alignment) * alignment;
          const bits = start * 8;
          offset = start + sizeOf(type);
          size = Math.max(size, offset);
          const width = flag ? 1 + (seed % Math.min(64, sizeOf(type) * 8)) : 0;
          return [nameOff, type, bits + width * 2 ** 24];
        });
        add({ nameOff: name(draft.name), vlen: list.length, kindFlag: flag, sizeOrType: size, words: tail }, size);
        break;
      }
      case 6:
      case 19: {
        const wide = draft.kind === 19;
        const tail = list.flatMap(([a, b, c]) => (wide ? [name(a), b, c] : [name(a), b]));
        const size = wide ? 8 : 4;
        add({ nameOff: name(draft.name), vlen: list.length, kindFlag: flag, sizeOrType: size, words: tail }, size);
        break;
      }
      case 7:
        add({ nameOff: name(draft.name), kindFlag: flag });
        break;
      case 8:
      case 9:
      case 10:
      case 11: {
        // A type tag may not lie behind a modifier.
        const untagged = [...sizes.keys()].filter((target) => records[target - 1]?.kind !== 18);
        const target = at(untagged, pick);
        add({ nameOff: draft.kind === 8 ? name(draft.name) : 0, sizeOrType: target }, sizeOf(target));
        break;
      }
      case 12:
        add({ nameOff: name(draft.name), vlen: flag ? 1 : 0, sizeOrType: at(byKind(new Set([13])), pick) });
        break;
      case 13: {
        const tail = list.flatMap(([a, b]) => [name(a), value(b)]);
        add({ vlen: list.length, sizeOrType: sizes.size === 0 ? 0 : value(pick), words: tail });
        break;
      }
      case 14:
        add({ nameOff: name(draft.name), sizeOrType: value(pick), words: [flag ? 1 : 0] });
        break;
      case 15: {
        const free = byKind(new Set([14])).filter(
          (entry) => !placed.has(entry) && sizeOf(records[entry - 1]?.sizeOrType ?? 0) > 0,
        );
        const entries = free.slice(0, 1 + (pick % 4));
        let offset = 0;
        const tail = entries.flatMap((entry) => {
          placed.add(entry);
          const size = sizeOf(records[entry - 1]?.sizeOrType ?? 0);
          offset += size;
          return [entry, offset - size, size];
        });
        if (entries.length === 0) pointer();
        else add({ nameOff: name(draft.name), vlen: entries.length, sizeOrType: offset, words: tail });
        break;
      }
      case 16: {
        const size = at([2, 4, 8, 12, 16], pick);
        add({ nameOff: name(draft.name), sizeOrType: size }, size);
        break;
      }
      case 17: {
        const targets = byKind(TAGGABLE);
        if (targets.length === 0) pointer();
        else add({ nameOff: name(draft.name), sizeOrType: at(targets, pick), words: [ALL] });
        break;
      }
      case 18: {
        const targets = [...sizes.keys()].filter((target) => !MODIFIERS.has(records[target - 1]?.kind ?? 0));
        const target = at(targets, pick);
        add({ nameOff: name(draft.name), sizeOrType: target }, sizeOf(target));
        break;
      }
      default:
        pointer();
    }
  }
  return records;
}
