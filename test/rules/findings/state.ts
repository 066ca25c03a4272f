import { encodeBtf } from "../../../src/btf/encode.ts";
import type { Btf } from "../../../src/btf/model.ts";
import { parseBtf } from "../../../src/btf/parse.ts";
import { TAG } from "../../../src/dwarf/constants.ts";
import type { Dwarf, SourcePlace } from "../../../src/dwarf/model.ts";
import type { ElfView } from "../../../src/elf/model.ts";
import type { Correspondence } from "../../../src/join/model.ts";
import type { LoweredFunction, LoweredVariable } from "../../../src/lower/model.ts";
import { openObject, stateOf } from "../../../src/object.ts";
import { type Choices, DEFAULT_CHOICES } from "../../../src/rules/choices.ts";
import { allRules } from "../../../src/rules/index.ts";
import type { Diagnostic } from "../../../src/rules/rule.ts";
import type { ObjectState } from "../../../src/rules/state.ts";
import { Graph } from "../../graph.ts";

/** States of objects, and all that the rules of some families find in them: whole, so that a test compares every part of a finding. */

const FAMILIES = /^(?:btf|datasec|map)\//;

/** What the rules on types, sections of data and maps say of a state, whatever else is wrong with its object. */
export function found(state: ObjectState, families: RegExp = FAMILIES): readonly Diagnostic[] {
  return allRules.filter(({ id }) => families.test(id)).flatMap((rule) => [...rule.check(state)]);
}

/** The types that `make` puts on a graph, encoded and read again. */
export function btfOf(make: (graph: Graph) => unknown, littleEndian = true): Btf {
  const graph = new Graph(littleEndian);
  make(graph);
  return parseBtf(encodeBtf(graph.finish()));
}

/** BTF alone, as of a file without an object around it. */
export function blobState(btf: Btf, choices: Partial<Choices> = {}): ObjectState {
  return {
    elf: undefined,
    btf,
    ext: undefined,
    join: undefined,
    grafts: new Map(),
    refusedAsGiven: false,
    choices: { ...DEFAULT_CHOICES, ...choices },
  };
}

/** A whole object, with what its debug info says if it has some. */
export function objectState(bytes: Uint8Array, choices: Partial<Choices> = {}): ObjectState {
  const object = openObject(bytes);
  return stateOf(object, object.btf, object.ext, { ...DEFAULT_CHOICES, ...choices });
}

/** What debug info says of a type of the second blob, or of something around one. */
export interface Die {
  readonly tag: number;
  readonly name?: string;
  /** Another of the DIEs, by its number. */
  readonly parent?: number;
  /** DW_AT_encoding. */
  readonly encoding?: number;
  /** DW_AT_language of its unit; Rust unless said. */
  readonly language?: number;
}

/** The two witnesses of a test, and which of their types are the same. */
export interface Twins {
  readonly own: (graph: Graph) => unknown;
  readonly lowered: (graph: Graph) => unknown;
  /** Own id → id in the lowered blob. */
  readonly pairs: Readonly<Record<number, number>>;
  /** By lowered id; others (modules, say) by numbers of no type. Those that are not named are structs without a name. */
  readonly dies?: Readonly<Record<number, Die>>;
  /** Lowered ids that were made without a DIE. */
  readonly rowless?: readonly number[];
  readonly variables?: Readonly<Record<number, LoweredVariable>>;
  readonly functions?: Readonly<Record<number, LoweredFunction>>;
  readonly choices?: Partial<Choices>;
  /** The object around the types. */
  readonly elf?: ElfView;
}

const RUST = 0x1c;

/** Where the DIE of that number stands, and the member in it: no two have one place. */
export function placeOfDie(row: number, member = 0): SourcePlace {
  return { file: "src/lib.rs", line: row, column: member + 1 };
}

function never(): never {
  throw new Error("a rule asked for what no rule is to ask");
}

/** Debug info that knows what the rules ask, by a table. */
function dwarfOf(dies: Readonly<Record<number, Die>>): Dwarf {
  const die = (row: number): Die => (row > 0 ? (dies[row] ?? { tag: TAG.structureType }) : never());
  const known: Pick<Dwarf, "tag" | "name" | "parent" | "number" | "place"> & { unitOf(row: number): unknown } = {
    tag: (row) => die(row).tag,
    name: (row) => die(row).name,
    parent: (row) => die(row).parent,
    number: (row) => die(row).encoding,
    place: (row) => placeOfDie(row),
    unitOf: (row) => ({ language: die(row).language ?? RUST }),
  };
  return new Proxy(known as Dwarf, { get: (target, key) => Reflect.get(target, key) ?? never() });
}

/** A state with two witnesses that correspond as the test says. */
export function twinState(twins: Twins): ObjectState {
  const [own, lowered] = [btfOf(twins.own), btfOf(twins.lowered)];
  const { pairs, dies = {}, rowless = [], variables = {}, functions = {} } = twins;
  const join: Correspondence = {
    naming: "escape",
    lowered: {
      dwarf: dwarfOf(dies),
      variables: Object.values(variables),
      functions: Object.values(functions),
      typeId: never,
      rowOf: (id) => (id > 0 && id <= lowered.types.length && !rowless.includes(id) ? id : undefined),
      memberRow: never,
      btf: () => lowered,
    },
    loweredId: (id) => pairs[id],
    ownIds: never,
    variable: (id) => variables[id],
    function: (id) => functions[id],
    row: (id) => pairs[id],
    place: (id, member) => {
      const row = pairs[id];
      return row === undefined ? undefined : placeOfDie(row, member);
    },
  };
  return { ...blobState(own, twins.choices), elf: twins.elf, join };
}
