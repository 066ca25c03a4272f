import type { Dwarf } from "../dwarf/model.ts";

const NOTHING = new Uint32Array(0);

/** The DWARF of an object that has none. */
export const noDwarf: Dwarf = {
  units: [],
  count: 0,
  offset: () => 0,
  rowAt: () => undefined,
  tag: () => 0,
  parent: () => undefined,
  hasChildren: () => false,
  behind: (row) => row + 1,
  children: () => [],
  tagged: () => [],
  linked: () => [],
  unitOf: () => {
    throw new RangeError("there is no unit");
  },
  name: () => undefined,
  nameBytes: () => undefined,
  namePlace: () => undefined,
  namePlaces: 0,
  linkageName: () => undefined,
  type: () => undefined,
  reference: () => undefined,
  has: () => false,
  flag: () => false,
  number: () => undefined,
  bigint: () => undefined,
  string: () => undefined,
  expression: () => undefined,
  lowPc: () => undefined,
  staticAddress: () => undefined,
  pieces: () => [],
  codeLength: () => undefined,
  place: () => undefined,
  files: () => [],
  lines: () => ({ length: 0, section: NOTHING, offset: NOTHING, row: () => undefined, source: () => undefined }),
  release: () => {},
};
