import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseBtfExt } from "../../src/btf/ext.ts";
import type { CoreRelo } from "../../src/btf/ext-model.ts";
import { type Btf, type BtfComposite, typeById, typesWithIds } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { skipModifiers } from "../../src/btf/walk.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { Graph } from "../graph.ts";
import { buildObject, EXIT, makeExt, move } from "../object.ts";

interface Opened {
  readonly btf: Btf;
  readonly relos: readonly CoreRelo[];
}

function open(object: Uint8Array): Opened {
  const elf = parseElf(object);
  const btf = parseBtf(sectionNamed(elf, ".BTF")?.bytes ?? new Uint8Array(0));
  const ext = parseBtfExt(sectionNamed(elf, ".BTF.ext")?.bytes ?? new Uint8Array(0));
  return { btf, relos: ext.coreRelo?.sections.flatMap(({ records }) => records) ?? [] };
}

/** Where an access string leads: names of the members on the way that have one, and the bits from the start of the root. */
function follow(
  btf: Btf,
  { typeId, accessStrOff }: CoreRelo,
): { readonly path: readonly string[]; readonly bits: number } {
  const [, ...steps] = nameText(btf, accessStrOff).split(":").map(Number);
  const path: string[] = [];
  let [at, bits] = [skipModifiers(btf, typeId), 0];
  for (const step of steps) {
    const type = typeById(btf, at);
    if (type?.kind === "array") {
      path.push(`[${step}]`);
      at = skipModifiers(btf, type.type);
      continue;
    }
    const member = type?.kind === "struct" || type?.kind === "union" ? type.members[step] : undefined;
    if (member === undefined) throw new Error(`no member ${step} in type [${at}]`);
    if (member.nameOff !== 0) path.push(nameText(btf, member.nameOff));
    bits += member.bitOffset;
    at = skipModifiers(btf, member.type);
  }
  return { path, bits };
}

/** An object whose program has these CO-RE records, made on the graph. */
function object(
  make: (graph: Graph) => readonly (readonly [typeId: number, access: string, kind: number])[],
): Uint8Array {
  const graph = new Graph();
  const main = graph.func("main", graph.proto(graph.int("i32", 4, 1), []));
  const section = graph.string("socket");
  const records = make(graph).map(([typeId, access, kind]) => ({
    insnOff: 0,
    typeId,
    accessStrOff: graph.string(access),
    kind,
  }));
  const ext = makeExt(true, {
    funcInfo: [[section, [{ insnOff: 0, typeId: main }]]],
    coreRelo: [[section, records]],
  });
  return buildObject({
    sections: [{ name: "socket", insns: [move(0, 0), EXIT] }],
    symbols: [{ name: "main", section: "socket", size: 16 }],
    btf: graph.finish(),
    ext,
  });
}

/** Root { second @64, first @0: [Inner; 2], third: union { tag @32, whole } }, Inner { b @32, a @0 }: nothing in its place. */
function spoilt(graph: Graph): number {
  const u32 = graph.int("u32", 4);
  const inner = graph.struct("Inner", 8, [
    ["b", u32, 32],
    ["a", u32, 0],
  ]);
  const niche = graph.union("", 8, [
    ["whole", inner, 0],
    ["tag", u32, 32],
  ]);
  const root = graph.struct("Root", 32, [
    ["third", niche, 192],
    ["second", u32, 128],
    ["first", graph.array(graph.ref("const", inner), u32, 2), 0],
  ]);
  graph.declTag("second", root, 1);
  graph.declTag("tag", niche, 1);
  return graph.ref("typedef", root, "root_t");
}

const FIELD_KINDS = [0, 1, 2, 3, 4, 5] as const;

describe("access strings", () => {
  test("lead to the same bits through the same names after members moved", async () => {
    const accesses = ["0", "0:0:1", "0:0:0:0", "0:1", "0:2:1:0", "0:2:0:1", "3:2:1"];
    const raw = object((graph) => {
      const root = spoilt(graph);
      return accesses.flatMap((access) => FIELD_KINDS.map((kind) => [root, access, kind] as const));
    });
    const { bytes } = await fixObject(raw);
    const [before, after] = [open(raw), open(bytes)];
    expect(after.relos.map((relo) => follow(after.btf, relo))).toEqual(
      before.relos.map((relo) => follow(before.btf, relo)),
    );
    expect(after.relos.map(({ accessStrOff }) => nameText(after.btf, accessStrOff)).slice(0, 7)).toEqual([
      ...FIELD_KINDS.map(() => "0"),
      "0:2:1:0",
    ]);
    // The first number counts whole records and stays.
    expect(after.relos.map(({ accessStrOff }) => nameText(after.btf, accessStrOff)).at(-1)).toBe("3:0:1");
    expect(after.relos.map(({ typeId, kind, insnOff }) => [typeId, kind, insnOff])).toEqual(
      before.relos.map(({ typeId, kind, insnOff }) => [typeId, kind, insnOff]),
    );
    expect((await fixObject(bytes)).bytes).toEqual(bytes);
  });

  test("of types and enumerators are no paths and stay", async () => {
    const raw = object((graph) => {
      const root = spoilt(graph);
      const values = graph.enum("E", [["A", 1]]);
      return [6, 7, 8, 9, 12]
        .map((kind) => [root, "0", kind] as const)
        .concat([
          [values, "0", 10],
          [values, "0", 11],
        ]);
    });
    const { bytes } = await fixObject(raw);
    const texts = ({ btf, relos }: Opened) =>
      relos.map(({ typeId, accessStrOff, kind }) => [typeId, nameText(btf, accessStrOff), kind]);
    expect(texts(open(bytes))).toEqual(texts(open(raw)));
  });

  test("DECL_TAGs stay on their members", async () => {
    const { bytes } = await fixObject(object((graph) => [[spoilt(graph), "0", 0]]));
    const { btf } = open(bytes);
    const tagged = [...typesWithIds(btf)].flatMap(([, tag]) => {
      if (tag.kind !== "declTag") return [];
      const target = typeById(btf, tag.type) as BtfComposite;
      const member = target.members[tag.component];
      const inside = member === undefined || member.nameOff !== 0 ? undefined : typeById(btf, member.type);
      const named = inside?.kind === "struct" ? inside.members[0] : member;
      return [[nameText(btf, tag.nameOff), nameText(btf, named?.nameOff ?? 0)]];
    });
    expect(tagged).toEqual([
      ["second", "second"],
      ["tag", "tag"],
    ]);
  });

  test("follow any order of members", async () => {
    const order = fc.uniqueArray(fc.nat(7), { minLength: 2, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(order, order, async (outer, inner) => {
        const raw = object((graph) => {
          const u32 = graph.int("u32", 4);
          const small = graph.struct(
            "In",
            32,
            inner.map((place) => [`i${place}`, u32, place * 32] as const),
          );
          const large = graph.struct(
            "Out",
            256,
            outer.map((place) => [`o${place}`, small, place * 256] as const),
          );
          return outer.flatMap((_, i) => inner.map((__, j) => [large, `0:${i}:${j}`, 0] as const));
        });
        const { bytes } = await fixObject(raw);
        const [before, after] = [open(raw), open(bytes)];
        expect(after.relos.map((relo) => follow(after.btf, relo))).toEqual(
          before.relos.map((relo) => follow(before.btf, relo)),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe("names that CO-RE looks for", () => {
  const NAMES = ["task struct<T>", "comm[16]", "mm<u8>", "inner::x"] as const;
  const roots = (graph: Graph) => {
    const u32 = graph.int("u32", 4);
    const inner = graph.struct(NAMES[2], 4, [[NAMES[3], u32, 0]]);
    const root = graph.struct(NAMES[0], 8, [
      [NAMES[1], u32, 0],
      ["mm", inner, 32],
    ]);
    graph.struct("Other<T>", 0, []);
    return root;
  };
  const names = ({ btf }: Opened) =>
    [...typesWithIds(btf)].flatMap(([, type]) =>
      type.kind === "struct"
        ? [nameText(btf, type.nameOff), ...type.members.map(({ nameOff }) => nameText(btf, nameOff))]
        : [],
    );

  test("stay, of the root, its members and the records in it; others are escaped", async () => {
    const { bytes, diagnostics } = await fixObject(object((graph) => [[roots(graph), "0:1:0", 0]]));
    expect(names(open(bytes))).toEqual([NAMES[2], NAMES[3], NAMES[0], NAMES[1], "mm", "Other_3C_T_3E_"]);
    // They are told, but not cured.
    expect(
      diagnostics.filter(({ fixed, severity }) => fixed === undefined && severity !== "note").map(({ rule }) => rule),
    ).toEqual(NAMES.map(() => "btf/name-not-identifier"));
  });

  test("are escaped where no record starts from them", async () => {
    const raw = object((graph) => {
      roots(graph);
      return [[graph.struct("plain", 0, []), "0", 0]];
    });
    const { bytes, diagnostics } = await fixObject(raw);
    expect(names(open(bytes)).filter((name) => /\W/.test(name))).toEqual([]);
    expect(diagnostics.filter(({ fixed, severity }) => fixed === undefined && severity !== "note")).toEqual([]);
  });
});
