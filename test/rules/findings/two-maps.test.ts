import { describe, expect, test } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import type { LoweredVariable } from "../../../src/lower/model.ts";
import type { Diagnostic, JudgeAnswer } from "../../../src/rules/rule.ts";
import { Graph } from "../../graph.ts";
import { define, event, type Field, u32, u64 } from "../../maps/define.ts";
import { buildObject } from "../../object.ts";
import { closed, def, HASH, type MapFinding, unmade, whole } from "./map-rows.ts";
import { kind, nothing, sizeless, unknown } from "./map-said.ts";
import { blobState, btfOf, found, placeOfDie, type Twins, twinState } from "./state.ts";

/** Maps as BTF has them and as debug info has them: MAP for the linker, EVENTS in the source. */

const elfOf = (symbol: string): ReturnType<typeof parseElf> =>
  parseElf(
    buildObject({
      sections: [{ name: ".maps", bytes: new Uint8Array(64) }],
      symbols: [{ name: symbol, section: ".maps", size: 64 }],
    }),
  );
const ELF = elfOf("MAP");

type Make = (g: Graph) => number;

/** The id of the VAR, behind the types of its definition. */
const varOf =
  (own: Make) =>
  (g: Graph): number => {
    const variable = g.variable("MAP", own(g));
    g.datasec(".maps", 64, [[variable, 0, 64]]);
    return variable;
  };

function twins(own: Make, lowered: Make | undefined): Twins {
  const make = varOf(own);
  const varId = make(new Graph());
  const typeId = lowered === undefined ? undefined : lowered(new Graph());
  const variable = (id: number): LoweredVariable => ({
    row: 1,
    typeId: id,
    symbolName: "MAP",
    symbol: 1,
    section: 1,
    offset: 0,
    place: placeOfDie(70),
    name: "EVENTS",
  });
  return {
    own: make,
    lowered: lowered ?? ((g) => g.fwd("Nothing")),
    pairs: {},
    elf: ELF,
    ...(typeId === undefined ? {} : { variables: { [varId]: variable(typeId) } }),
  };
}

const OTHER = (["libbpf", "cilium/ebpf", "aya"] as const).map(
  (judge): JudgeAnswer => ({ judge, answer: "misreads", how: "the map is made as BTF defines it" }),
);
const differs = (
  fact = "BTF and DWARF define it differently",
  answers: readonly JudgeAnswer[] = OTHER,
): MapFinding => ({
  rule: "map/definition-differs",
  fact,
  answers,
});
const lost = (answer: JudgeAnswer): MapFinding => differs("its VAR leads to no map definition", [answer]);

const changedTo = (...changes: readonly Field[]): Make => {
  const changed = new Map(changes.map((field) => [field[0], field]));
  return def(...HASH.map((field) => changed.get(field[0]) ?? field));
};
const hash = def(...HASH);
/** In the source it is called otherwise. */
const renamed =
  (fields: readonly Field[]): Make =>
  (g) =>
    define(g, fields, "Table");

interface Row {
  readonly about: string;
  readonly own: Make;
  readonly lowered: Make | undefined;
  readonly finds: readonly MapFinding[];
}

const ROWS: readonly Row[] = [
  { about: "one definition", own: hash, lowered: hash, finds: [] },
  { about: "one definition by two names", own: hash, lowered: renamed(HASH), finds: [] },
  { about: "another kind", own: hash, lowered: changedTo(["type", 9]), finds: [differs()] },
  { about: "another number of entries", own: hash, lowered: changedTo(["max_entries", 9]), finds: [differs()] },
  { about: "another key", own: hash, lowered: changedTo(["key", u64]), finds: [differs()] },
  { about: "another value", own: changedTo(["value", u32]), lowered: hash, finds: [differs()] },
  { about: "a key without a size", own: changedTo(["key", () => 0]), lowered: hash, finds: [sizeless("key")] },
  { about: "a number for a definition", own: u32, lowered: hash, finds: [lost(closed("unexpected def kind var."))] },
  { about: "a record for a definition", own: event, lowered: hash, finds: [lost(closed("unknown field 'at'.", 95))] },
  { about: "none on either side", own: event, lowered: event, finds: [nothing("unknown field 'at'.", "Event")] },
  { about: "none in debug info", own: hash, lowered: event, finds: [] },
  { about: "a map that debug info does not know", own: hash, lowered: undefined, finds: [] },
  { about: "a kind that no kernel has in BTF alone", own: changedTo(["type", 99]), lowered: hash, finds: [differs()] },
  {
    about: "a kind that no kernel has in debug info alone",
    own: hash,
    lowered: changedTo(["type", 99]),
    finds: [kind(99, unmade), differs()],
  },
  {
    about: "a kind that no kernel has where debug info defines nothing",
    own: changedTo(["type", 99]),
    lowered: event,
    finds: [kind(99, unmade)],
  },
  {
    about: "a member that nobody knows",
    own: def(...HASH, ["colour", 3]),
    lowered: def(...HASH, ["colour", 3]),
    finds: [unknown("colour")],
  },
];

/** The source's name, type and place, where debug info knows the map. */
function inSource({ lowered }: Row, finding: MapFinding, varId: number): Diagnostic {
  const { subject: _, answers, help, ...rest } = whole(finding, varId);
  const name = lowered === event ? "Event" : "Def";
  const where = { subject: `static EVENTS: ${name}`, place: placeOfDie(70) };
  return { ...rest, ...where, answers, ...(help === undefined ? {} : { help }) };
}

describe("maps of two witnesses", () => {
  test.each(ROWS.map((row) => [row.about, row] as const))("%s", (_about, row) => {
    const varId = varOf(row.own)(new Graph());
    expect(found(twinState(twins(row.own, row.lowered)))).toStrictEqual(
      row.finds.map((each) => inSource(row, each, varId)),
    );
  });

  test("a map that debug info does not know is told by what BTF has", () => {
    const own = def(...HASH, ["colour", 3]);
    const varId = varOf(own)(new Graph());
    expect(found(twinState(twins(own, undefined)))).toStrictEqual([whole(unknown("colour"), varId)]);
  });

  test("a map that BTF does not list is left to other rules", () => {
    const state = twinState({ ...twins(hash, hash), own: (g) => g.fwd("Nothing") });
    expect(found(state)).toEqual([]);
  });

  test("one BTF with another object around it is looked at again", () => {
    const state = twinState(twins(def(...HASH, ["colour", 3]), undefined));
    const symbols = [ELF, elfOf("OTHER"), ELF].map((elf) =>
      found({ ...state, elf }).map(({ target }) => target.symbol),
    );
    expect(symbols).toEqual([[1], [undefined], [1]]);
    const alone = found({ ...state, join: undefined });
    expect(alone.map(({ subject }) => subject)).toEqual(["static MAP: Def"]);
  });

  test("one BTF with other debug info is looked at again", () => {
    const [agreed, other] = [twinState(twins(hash, hash)), twinState(twins(hash, changedTo(["type", 9])))];
    const told = [agreed.join, other.join].map((join) => found({ ...agreed, join }).map(({ rule }) => rule));
    expect(told).toEqual([[], ["map/definition-differs"]]);
  });

  test("a blob alone has no maps", () => {
    expect(found(blobState(btfOf(varOf(def(...HASH, ["colour", 3])))))).toEqual([]);
  });
});
