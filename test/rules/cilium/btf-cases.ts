import { words } from "../../btf/assemble.ts";
import { type Changes, hashFields } from "../libbpf/draft.ts";
import { ext, header, map, record, SH_FLAGS, SH_TYPE, tail, type Vector, vector, withHeader } from "./draft.ts";

const [FLAGS, HDR_LEN, TYPE_LEN, STR_OFF, STR_LEN] = [0, 4, 12, 16, 20];
const HEADER = 24;
const [PTR, STRUCT, INT] = [2, 4, 1];

function byte(at: (view: DataView, size: number) => number, value: number): Changes {
  return {
    blob: (bytes, view) => {
      bytes[at(view, bytes.length)] = value;
      return undefined;
    },
  };
}

/** A header of `length` bytes, of which those after the 24 known ones are given. */
function longHeader(more: Uint8Array): Changes {
  return {
    blob: (bytes) => {
      const blob = new Uint8Array(bytes.length + more.length);
      blob.set(bytes.subarray(0, HEADER));
      blob.set(more, HEADER);
      blob.set(bytes.subarray(HEADER), HEADER + more.length);
      new DataView(blob.buffer).setUint32(HDR_LEN, HEADER + more.length, true);
      return blob;
    },
  };
}

/** The map's key with something about it. */
function key(type: (types: Parameters<typeof hashFields>[0]) => number): Changes {
  return map((types) =>
    hashFields(types).map(([name, id]) => (name === "key" ? ([name, type(types)] as const) : ([name, id] as const))),
  );
}

/** A tag of what is made for it, which the key is. */
function tagged(make: (types: Parameters<typeof hashFields>[0]) => number, component: number): Changes {
  return key((types) => {
    const id = make(types);
    types.graph.declTag("tag", id, component);
    return types.graph.ptr(id);
  });
}

const structOf = ({ graph, u32 }: Parameters<typeof hashFields>[0]): number => graph.struct("S", 4, [["a", u32, 0]]);
const typedefOf = ({ graph, u32 }: Parameters<typeof hashFields>[0]): number => graph.ref("typedef", u32, "T");
/** A function that the map's key reaches through no number of pointers: what the library asks for itself. */
const func =
  (component: number, isOfProto = true): ((types: Parameters<typeof hashFields>[0]) => void) =>
  ({ graph, u32 }) => {
    const id = graph.func("f", isOfProto ? graph.proto(u32, [["p", u32]]) : u32);
    graph.declTag("tag", id, component);
    graph.datasec(".ksyms", 0, [[id, 0, 0]]);
  };

/** The strings before the types, which then end with the blob. */
const stringsFirst: Changes = {
  blob: (bytes, view) => {
    const [types, strings] = [view.getUint32(TYPE_LEN, true), view.getUint32(STR_LEN, true)];
    const padding = -strings & 3;
    const blob = new Uint8Array(bytes.length + padding);
    blob.set(bytes.subarray(0, HEADER));
    blob.set(bytes.subarray(HEADER + types), HEADER);
    blob.set(bytes.subarray(HEADER, HEADER + types), HEADER + strings + padding);
    const of = new DataView(blob.buffer);
    of.setUint32(8, strings + padding, true);
    of.setUint32(STR_OFF, 0, true);
    return blob;
  },
};

export const BTF_CASES: Readonly<Record<string, Vector>> = {
  "CB-01": vector([{ blob: (bytes) => bytes.subarray(0, 23) }, { blob: () => new Uint8Array(0) }]),
  "CB-02": vector([header({ [FLAGS]: 0x0001_eb9e })]),
  "CB-03": vector([header({ [FLAGS]: 0x0002_eb9f })]),
  "CB-04": vector([header({ [FLAGS]: 0x0101_eb9f })]),
  "CB-05": vector([header({ [HDR_LEN]: 23 })]),
  "CB-06": vector([header({ [HDR_LEN]: (_, size) => size + 1 })]),
  "CB-07": vector(
    [longHeader(Uint8Array.of(0, 0, 0, 1)), longHeader(new Uint8Array(12).fill(1, 8))],
    [longHeader(new Uint8Array(4)), longHeader(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0))],
  ),
  "CB-08": vector([header({ [STR_LEN]: (before) => before + 1 })]),
  "CB-09": vector([header({ [TYPE_LEN]: (_, size) => size })], [stringsFirst]),
  "CB-10": vector([byte((_, size) => size - 1, 65)]),
  "CB-11": vector([byte((view) => HEADER + view.getUint32(STR_OFF, true), 65)]),
  "CB-12": vector([record(STRUCT, [], { name: 0xffff })], [record(STRUCT, [], { name: 1 })]),
  "CB-13": vector([record(STRUCT, [], { name: 2 })]),
  "CB-14": vector([
    {
      blob: (bytes, view) => {
        const blob = record(STRUCT, [], { name: view.getUint32(STR_LEN, true) }).blob;
        return blob?.(bytes, view);
      },
    },
  ]),
  "CB-15": vector([tail(new Uint8Array(8))]),
  "CB-16": vector([record(20, []), record(0, []), record(31, [])]),
  "CB-17": vector([record(INT, []), record(STRUCT, [], { vlen: 1 })], [record(INT, [32], { word: 4, name: 1 })]),
  "CB-18": vector([
    { blob: () => new Uint8Array([...words([0xeb9f_0100, HEADER, 0, 0, 0, 1], false), 0]) },
    { blob: () => new Uint8Array([...words([0xeb9f_0100, HEADER, 0, 0, 0, 1], false), 0]), mapBytes: 0 },
  ]),
  "CB-19": vector(
    [
      {
        types: ({ graph }) => void graph.datasec(".struct_ops.link", 0, [[999, 0, 0]]),
        sections: [{ name: ".struct_ops.link", bytes: new Uint8Array(8) }],
      },
    ],
    [record(PTR, [], { word: 999 })],
  ),
  "CB-20": vector([ksyms(({ graph }) => graph.variable("v", 0, 2), 0)], [tagged(typedefOf, -1)]),
  "CB-21": vector(
    [{ types: func(1) }],
    [tagged(structOf, 0), tagged(structOf, -1), { types: func(0) }, { types: func(-1) }],
  ),
  "CB-22": vector([{ types: func(-2) }]),
  "CB-23": vector([{ types: func(0, false) }]),
  "CB-24": vector([
    ksyms((types) => {
      const lone = types.graph.int("lone", 4);
      types.graph.declTag("other", lone);
      return types.graph.variable("v", lone, 2);
    }, -1),
  ]),
  "CB-25": vector(
    [{ sections: [{ name: ".struct_ops.link", bytes: new Uint8Array(8) }] }],
    [
      withHeader({ sections: [{ name: ".struct_ops.link", bytes: new Uint8Array(8) }] }, ".struct_ops.link", {
        [SH_TYPE]: 8,
      }),
    ],
  ),
  "CB-26": vector(
    [
      {
        types: ({ graph }) => {
          graph.datasec(".ksyms", 0, []);
          graph.datasec(".ksyms", 0, []);
        },
      },
    ],
    [{ types: ({ graph }) => void graph.struct(".maps", 0, []) }],
  ),
};

/** A `.ksyms` with what is made for it, which has a tag. */
function ksyms(make: (types: Parameters<typeof hashFields>[0]) => number, component: number): Changes {
  return {
    types: (types) => {
      const id = make(types);
      types.graph.declTag("tag", id, component);
      types.graph.datasec(".ksyms", 0, [[id, 0, 0]]);
    },
  };
}

/** Id of the program's FUNC, which stands after 10 other types; the name of its section is that of the first string. */
const FUNC = 11;
const FUNCS = [8, 1, 1, 0, FUNC];
const LINES = [16, 1, 1, 0, 1, 1, 0];
const WHOLE = ext({ func: FUNCS, line: LINES });

function changed(edits: Readonly<Record<number, number>>, cut = WHOLE.length): Changes {
  const bytes = WHOLE.slice(0, cut);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of Object.entries(edits)) view.setUint32(Number(at), value, true);
  return { ext: bytes };
}

const both = (func: number[], line: number[] = LINES, core: number[] = []): Changes => ({
  ext: ext({ func, line, core }),
});
const kept: readonly Changes[] = [{ ext: WHOLE }];

export const EXT_CASES: Readonly<Record<string, Vector>> = {
  "CX-01": vector([{ ext: WHOLE.slice(0, 23) }, { ext: new Uint8Array(0) }], kept),
  "CX-02": vector([changed({ 0: 0x0001_eb9e })], kept),
  "CX-03": vector([changed({ 0: 0x0002_eb9f })], kept),
  "CX-04": vector([changed({ 0: 0x0101_eb9f })], kept),
  "CX-05": vector([changed({ 4: 23 })], kept),
  "CX-06": vector([changed({ 4: 24 }, 24), changed({}, 31)], kept),
  "CX-07": vector([{ ext: ext({}) }, { ext: ext({ func: FUNCS }) }, { ext: ext({ line: LINES }) }], kept),
  "CX-08": vector([both([3, 1, 1, 0, FUNC])], kept),
  "CX-09": vector([both([257, 1, 1, 0, FUNC])], [both([256])]),
  "CX-10": vector(
    [both([12, 1, 1, 0, FUNC]), both(FUNCS, [20, 1, 1, 0, 1, 1, 0]), both(FUNCS, LINES, [12])],
    [both([12])],
  ),
  "CX-11": vector([both([8, 1]), both(FUNCS, [16, 1])], kept),
  "CX-12": vector([both([8, 0, 1, 0, FUNC])], kept),
  "CX-13": vector([both([8, 1, 0]), both(FUNCS, LINES, [16, 1, 0])], kept),
  "CX-14": vector(
    [both([8, 1, 2, 0, FUNC]), both(FUNCS, [16, 1, 2, 0, 1, 1, 0, 0]), both(FUNCS, LINES, [16, 1, 1, 0])],
    kept,
  ),
  "CX-15": vector(
    [
      both([8, 1, 1, 4, FUNC]),
      both([8, 1, 2, 4, FUNC]),
      both(FUNCS, [16, 1, 1, 4, 1, 1, 0]),
      both(FUNCS, LINES, [16, 1, 1, 4, 1, 1, 0]),
    ],
    kept,
  ),
  "CX-16": vector([both([8, 1, 1, 0, 1])], [both([8, 1, 1, 0, 999])]),
  "CX-17": vector(
    [
      {
        types: ({ graph, u32 }) => void graph.func("", graph.proto(u32, [])),
        ext: ext({ func: [8, 1, 1, 0, 13], line: LINES }),
      },
    ],
    kept,
  ),
  "CX-19": vector([withHeader({ ext: new Uint8Array(32) }, ".BTF.ext", { [SH_FLAGS]: 0x800 })], kept),
  "CX-18": vector([both(FUNCS, LINES, [16, 1, 1, 0, 1, 0, 0]), both(FUNCS, LINES, [16, 1, 1, 0, 1, 1, 0])], kept),
};
