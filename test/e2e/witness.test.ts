import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type BtfBuilder,
  type BtfType,
  escapeName,
  fixObject,
  type MapDefinition,
  nameText,
  parseBtf,
  readMaps,
} from "../../src/index.ts";
import { dumpedTypes } from "../../tools/scoreboard/btf-types.ts";
import { dwarfMaps } from "../../tools/scoreboard/dwarf-maps.ts";
import { scoreboardJudges } from "../../tools/scoreboard/judges.ts";
import { wrongMaps } from "../../tools/scoreboard/map-ids.ts";
import { corpusObjects } from "../../tools/scoreboard/objects.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { readObjectFile } from "./object-file.ts";
import { withBtf, withoutDwarf } from "./rewrite.ts";

/**
 * DWARF is the witness for map definitions: what it says of the raw object is what the fixed object's `.BTF` says, whatever the raw one's
 * `.BTF` said.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Definitions with all names as the kernel takes them; where they are written in the source is known to DWARF alone. */
function plain(maps: readonly MapDefinition[]): unknown {
  return JSON.parse(JSON.stringify(maps), (key, value: unknown) => {
    if (key === "place") return undefined;
    return typeof value === "string" ? decoder.decode(escapeName(encoder.encode(value))) : value;
  });
}

/** Objects that this release refuses to repair, or whose maps it cannot repair without editing ELF. */
const NOT_YET = /s25_|s33_|s34_|s36_|s41_/;

const objects = corpusObjects().filter(({ name }) => !NOT_YET.test(name));

describe("maps of the raw object by DWARF are maps of the fixed one by BTF", () => {
  for (const { name, path } of objects) {
    test(name, async () => {
      const raw = readFileSync(path);
      const { bytes } = await fixObject(raw);
      const expected = plain(await readMaps(raw, { from: "dwarf" }));
      expect(plain(await readMaps(bytes, { from: "btf" }))).toEqual(expected);
      const symbols = readObjectFile(raw);
      const inMaps = symbols.symbols.filter(
        ({ section, type, name: symbol }) => symbols.sections[section]?.name === ".maps" && type === 1 && symbol !== "",
      );
      expect(expected).toHaveLength(inMaps.length);
    });
  }
});

/** What stands in `.maps`: its VARs, and the STRUCTs that they reach through wrappers. */
interface MapTypes {
  readonly vars: readonly number[];
  readonly structs: readonly number[];
  /** Every STRUCT of the blob: what a VAR may be made to point at. */
  readonly others: readonly number[];
}

function mapTypes(object: Uint8Array): MapTypes {
  const section = readObjectFile(object).sections.find(({ name }) => name === ".BTF");
  const btf = parseBtf(section?.bytes ?? new Uint8Array());
  const get = (id: number): BtfType | undefined => btf.types[id - 1];
  const vars = btf.types.flatMap((type) =>
    type.kind === "datasec" && nameText(btf, type.nameOff) === ".maps" ? type.entries.map((entry) => entry.type) : [],
  );
  const structs = new Set<number>();
  const visit = (id: number): void => {
    const type = get(id);
    if (type?.kind !== "struct" || structs.has(id)) return;
    structs.add(id);
    // A wrapper holds the definition by value, a definition holds pointers.
    for (const member of type.members) visit(member.type);
  };
  for (const id of vars) {
    const type = get(id);
    if (type?.kind === "var") visit(type.type);
  }
  const others = btf.types.flatMap((type, index) => (type.kind === "struct" ? [index + 1] : []));
  return { vars, structs: [...structs], others };
}

/** Decisions of one scrambling: for each VAR a number that chooses its struct, for each map struct an order of its members' types. */
interface Choices {
  readonly targets: readonly number[];
  readonly orders: readonly (readonly number[])[];
}

const choices: fc.Arbitrary<Choices> = fc.record({
  targets: fc.array(fc.nat({ max: 1000 }), { minLength: 8, maxLength: 8 }),
  orders: fc.array(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), { minLength: 8, maxLength: 8 }),
});

/** Which members of a map struct give their types to each other. */
type Permuted = "all" | "pointers";

/** Every `.maps` VAR retargeted to another struct, and the types of the members of every map struct permuted. */
function scramble(
  object: Uint8Array,
  { vars, structs, others }: MapTypes,
  { targets, orders }: Choices,
  permuted: Permuted,
): Buffer {
  const retarget = (builder: BtfBuilder): void => {
    for (const [index, id] of vars.entries()) {
      const type = builder.get(id);
      if (type?.kind !== "var") continue;
      const free = others.filter((other) => other !== type.type);
      const target = free[(targets[index % targets.length] ?? 0) % Math.max(free.length, 1)];
      if (target !== undefined) builder.replace(id, { ...type, type: target });
    }
  };
  const permute = (builder: BtfBuilder): void => {
    for (const [index, id] of structs.entries()) {
      const type = builder.get(id);
      if (type?.kind !== "struct") continue;
      const places = type.members.flatMap((member, at) =>
        permuted === "all" || builder.get(member.type)?.kind === "ptr" ? [at] : [],
      );
      const order = (orders[index % orders.length] ?? []).filter((at) => at < places.length);
      const sources = new Map(places.map((at, turn) => [at, places[order[turn] ?? turn] ?? at]));
      const members = type.members.map((member, at) => ({
        ...member,
        type: type.members[sources.get(at) ?? at]?.type ?? member.type,
      }));
      builder.replace(id, { ...type, members });
    }
  };
  return withBtf(object, (builder) => {
    retarget(builder);
    permute(builder);
  });
}

const withMaps = objects
  .map((object) => ({ ...object, raw: readFileSync(object.path) }))
  .map((object) => ({ ...object, types: mapTypes(object.raw) }))
  .filter(({ types }) => types.vars.length > 0);

/** Scramblings of each object; fast-check prints the seed of one that fails. */
const RUNS = Number(process.env["BTF_FIX_RUNS"] ?? 3);

describe("an object whose map types in BTF are scrambled gets the definitions of the intact one", () => {
  for (const { name, raw, types } of withMaps) {
    test(name, async () => {
      const expected = plain(await readMaps(raw, { from: "dwarf" }));
      await fc.assert(
        fc.asyncProperty(choices, async (choice) => {
          const object = scramble(raw, types, choice, "all");
          // A small definition may come out as it was: another is drawn, and an object that never changes fails.
          fc.pre(Buffer.compare(object, raw) !== 0);
          const { bytes } = await fixObject(object);
          expect(plain(await readMaps(bytes, { from: "btf" }))).toEqual(expected);
          expect(Buffer.compare((await fixObject(bytes)).bytes, bytes)).toBe(0);
        }),
        { numRuns: RUNS },
      );
    });
  }
});

describe("and the kernel holds the types that DWARF names", () => {
  for (const { name, path, raw, types, mustBeFine } of withMaps) {
    if (!mustBeFine || name.includes(".bpfeb.")) continue;
    judgeTest(...scoreboardJudges())(name, async () => {
      const expected = dwarfMaps(path, readObjectFile(raw));
      await fc.assert(
        fc.asyncProperty(choices, async (choice) => {
          // The scrambled struct stays behind unused; with a pointer where `values[]` was, past its end, no kernel would take it.
          const { bytes } = await fixObject(scramble(raw, types, choice, "pointers"));
          const report = answer(runLibbpf("libbpf17", bytes));
          expect([report.open.ok, report.load?.ok, report.maps.some((map) => map.retriedWithoutBtf)]).toEqual([
            true,
            true,
            false,
          ]);
          expect(report.btfFd).toBeGreaterThanOrEqual(0);
          expect(wrongMaps(expected, report, dumpedTypes(bytes))).toEqual([]);
        }),
        { numRuns: 1 },
      );
    });
  }
});

/** What only DWARF knows: the type of a `char` as key or member. */
const NEEDS_DWARF = /s19_|odd_names/;

describe("without debug info, fix works from BTF alone", () => {
  for (const { name, path, raw, mustBeFine } of withMaps) {
    if (!mustBeFine || name.includes(".bpfeb.") || NEEDS_DWARF.test(name)) continue;
    judgeTest(...scoreboardJudges())(name, async () => {
      const blind = withoutDwarf(raw);
      await expect(readMaps(blind, { from: "dwarf" })).rejects.toMatchObject({ code: "DWARF_UNSUPPORTED" });
      const { bytes } = await fixObject(blind);
      const report = answer(runLibbpf("libbpf17", bytes));
      expect([report.open.ok, report.load?.ok, report.btfFd !== null && report.btfFd >= 0]).toEqual([true, true, true]);
      expect(wrongMaps(dwarfMaps(path, readObjectFile(raw)), report, dumpedTypes(bytes))).toEqual([]);
    });
  }
});

describe("without debug info, what only it could tell is left and said", () => {
  for (const { name, raw } of withMaps) {
    if (!NEEDS_DWARF.test(name)) continue;
    test(name, async () => {
      const { diagnostics } = await fixObject(withoutDwarf(raw));
      const left = diagnostics.filter(({ severity, fixed }) => severity === "error" && fixed === undefined);
      expect(left.map(({ rule }) => rule)).toContain("btf/type-missing");
    });
  }
});
