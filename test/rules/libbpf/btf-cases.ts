import { concat, words } from "../../btf/assemble.ts";
import { type Changes, drawObject } from "./draft.ts";

/** An object that breaks a rule, and its neighbour that keeps it. */
export interface Vector {
  readonly broken: readonly Uint8Array[];
  readonly kept: readonly Uint8Array[];
}

/** `kept` beside the plain object. */
export function vector(broken: readonly Changes[], kept: readonly Changes[] = []): Vector {
  return { broken: broken.map(drawObject), kept: [{}, ...kept].map(drawObject) };
}

/** A change of words of the blob's header. */
export function header(edits: Readonly<Record<number, number | ((before: number, size: number) => number)>>): Changes {
  return {
    blob: (bytes, view) => {
      for (const [at, value] of Object.entries(edits)) {
        const before = view.getUint32(Number(at), true);
        view.setUint32(Number(at), typeof value === "number" ? value : value(before, bytes.length), true);
      }
      return undefined;
    },
  };
}

/** A change of one byte, counted from the end if negative. */
function byte(at: number, value: number): Changes {
  return {
    blob: (bytes) => {
      bytes[at < 0 ? bytes.length + at : at] = value;
      return undefined;
    },
  };
}

const [MAGIC, HDR_LEN, TYPE_OFF, TYPE_LEN, STR_OFF, STR_LEN] = [0, 4, 8, 12, 16, 20];
const HEADER = 24;

/** A record after all others: base words and what follows. */
function record(kind: number, more: readonly number[], { vlen = 0, name = 0, word = 0 } = {}): Changes {
  return {
    blob: (bytes, view) => {
      const end = HEADER + view.getUint32(TYPE_LEN, true);
      const added = words([name, (kind << 24) | vlen, word, ...more], true);
      const blob = concat([bytes.subarray(0, end), added, bytes.subarray(end)]);
      const of = new DataView(blob.buffer);
      of.setUint32(TYPE_LEN, end - HEADER + added.length, true);
      of.setUint32(STR_OFF, end - HEADER + added.length, true);
      return blob;
    },
  };
}

const [PTR, ARRAY, STRUCT, ENUM, FUNC, PROTO, TAG] = [2, 3, 4, 6, 12, 13, 17];
const NOWHERE = 0xffff;

export const BTF_CASES: Readonly<Record<string, Vector>> = {
  "LB-01": vector([{ blob: (bytes) => bytes.subarray(0, 23) }, { blob: () => new Uint8Array(0) }]),
  "LB-02": vector([header({ [MAGIC]: 0x0001_9feb, [HDR_LEN]: 0x1c00_0000 })]),
  "LB-03": vector([header({ [MAGIC]: 0x0001_eb9e })], [header({ [MAGIC]: 0xff07_eb9f })]),
  "LB-04": vector([header({ [HDR_LEN]: (_, size) => size + 1 })]),
  "LB-06": vector([header({ [STR_LEN]: (before) => before + 1 })]),
  "LB-07": vector([header({ [TYPE_LEN]: (before) => before + 4 }), header({ [TYPE_OFF]: 4 })]),
  "LB-08": vector([header({ [TYPE_OFF]: 2, [TYPE_LEN]: (before) => before - 4 })]),
  "LB-10": vector([byte(-1, 65), header({ [STR_LEN]: 0 })]),
  "LB-11": vector([
    {
      blob: (bytes, view) => {
        bytes[HEADER + view.getUint32(STR_OFF, true)] = 65;
        return undefined;
      },
    },
  ]),
  "LB-13": vector([record(20, []), record(0, []), record(31, [])], [record(STRUCT, [])]),
  "LB-15": vector([record(ARRAY, [1, 1]), record(STRUCT, [], { vlen: 1 })], [record(ARRAY, [1, 1, 0])]),
  "LB-16": vector([
    {
      blob: (bytes, view) => {
        const end = HEADER + view.getUint32(TYPE_LEN, true);
        view.setUint32(TYPE_LEN, end - HEADER + 8, true);
        view.setUint32(STR_OFF, end - HEADER + 8, true);
        return concat([bytes.subarray(0, end), new Uint8Array(8), bytes.subarray(end)]);
      },
    },
  ]),
  "LB-17": vector(
    [
      record(STRUCT, [], { name: NOWHERE }),
      record(STRUCT, [NOWHERE, 1, 0], { vlen: 1 }),
      record(ENUM, [NOWHERE, 1], { vlen: 1, word: 4 }),
      record(PROTO, [NOWHERE, 1], { vlen: 1 }),
    ],
    [record(STRUCT, [1, 1, 0], { vlen: 1, name: 1 })],
  ),
  "LB-18": vector(
    [
      record(PTR, [], { word: 999 }),
      record(ARRAY, [999, 1, 0]),
      record(ARRAY, [1, 999, 0]),
      record(STRUCT, [0, 999, 0], { vlen: 1 }),
      record(PROTO, [0, 999], { vlen: 1 }),
      record(TAG, [0], { word: 999 }),
    ],
    [record(PTR, [], { word: 1 }), record(PROTO, [], { word: 999 })],
  ),
  "LB-19": vector([record(FUNC, [], { word: 1, name: 1 })]),
};

/** A `.BTF.ext` of which each subsection is given as words, with the size of its records first. */
function ext(parts: { readonly func?: number[]; readonly line?: number[]; readonly core?: number[] }): Uint8Array {
  const lists = [parts.func ?? [], parts.line ?? [], parts.core ?? []];
  let end = 0;
  const places = lists.flatMap((list) => {
    const at = end;
    end += list.length * 4;
    return [at, list.length * 4];
  });
  return words([0x0001_eb9f, 32, ...places, ...lists.flat()], true);
}

/** One record of each; the name of its section is that of the first string. */
const FUNCS = [8, 1, 1, 0, 9];
const LINES = [16, 1, 1, 0, 1, 1, 0];
const WHOLE = ext({ func: FUNCS, line: LINES });

function changed(edits: Readonly<Record<number, number>>, cut = WHOLE.length): Changes {
  const bytes = WHOLE.slice(0, cut);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of Object.entries(edits)) view.setUint32(Number(at), value, true);
  return { ext: bytes };
}

const kept: readonly Changes[] = [{ ext: WHOLE }, { ext: ext({ func: FUNCS }) }, changed({ 4: 32, 12: 0 })];

export const EXT_CASES: Readonly<Record<string, Vector>> = {
  "LX-01": vector([{ ext: WHOLE.slice(0, 7) }], kept),
  "LX-02": vector([changed({ 0: 0x0001_eb9e })], kept),
  "LX-03": vector([changed({ 0: 0x0002_eb9f }), changed({ 0: 0x0101_eb9f })], kept),
  "LX-04": vector([changed({}, 32), changed({ 4: WHOLE.length + 1 })], kept),
  "LX-05": vector([changed({ 4: 20 })], kept),
  "LX-06": vector([changed({ 8: 2 }), changed({ 16: 2 })], kept),
  "LX-07": vector([changed({ 8: WHOLE.length }), changed({ 12: WHOLE.length + 4 })], kept),
  "LX-08": vector([changed({ 12: 3 }), changed({ 20: 3 })], kept),
  "LX-09": vector([changed({ 32: 4 }), changed({ 32: 10 }), { ext: ext({ core: [12, 1, 1, 0, 1, 1] }) }], kept),
  "LX-10": vector([{ ext: ext({ func: [8] }) }, { ext: ext({ func: FUNCS, core: [16] }) }], kept),
  "LX-11": vector([{ ext: ext({ func: [8, 1] }) }, { ext: ext({ line: [...LINES, 1] }) }], kept),
  "LX-12": vector([{ ext: ext({ func: [8, 1, 2, 0, 9] }) }, { ext: ext({ func: [8, 1, 0, 0, 9] }) }], kept),
};
