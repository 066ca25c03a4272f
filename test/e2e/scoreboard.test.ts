import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { type BtfBuilder, type BtfType, type FixResult, fixObject } from "../../src/index.ts";
import { judgeFine, judgeResult } from "../../tools/scoreboard/fine.ts";
import { scoreboardJudges } from "../../tools/scoreboard/judges.ts";
import { corpusObjects, expectedColumns } from "../../tools/scoreboard/objects.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { readObjectFile } from "./object-file.ts";
import { withBtf } from "./rewrite.ts";

/** The C programs have a test of their own: they are fine as they are. */
const objects = corpusObjects().filter(({ name }) => !name.startsWith("c/"));
const judged = judgeTest(...scoreboardJudges());

test("the corpus has the objects that must be fine", () => {
  // 23 shapes, as rustc and as bpf-linker leave them, 4 fork objects and 12 further programs; both byte orders.
  expect(objects.filter(({ mustBeFine }) => mustBeFine)).toHaveLength(23 * 2 * 2 + 4 + 12 * 2);
  expect(expectedColumns().size).toBe(24);
});

describe("fine once fixed", () => {
  for (const { name, path, mustBeFine } of objects) {
    if (!mustBeFine) continue;
    judged(name, async () => {
      const { raw, fixed, reasons } = await judgeFine(path);
      expect(reasons).toEqual([]);
      if (raw !== null) expect(fixed).toEqual({ column: "OK/OK/yes", complaint: "" });
    });
  }
});

describe("raw as RESULTS.tsv has it", () => {
  for (const [shape, column] of expectedColumns()) {
    const object = objects.find(({ name }) => basename(name) === `${shape}.bpfel.o` && name.startsWith("shapes/"));
    judged(shape, async () => {
      expect(object).toBeDefined();
      expect((await judgeFine(object?.path ?? "")).raw?.column).toBe(column);
    });
  }
});

/** A verdict of "fine" is worth what the judge can see: each of these results looks well to libbpf and is wrong. */
describe("not fine", () => {
  const path = (name: string): string => objects.find((object) => object.name === name)?.path ?? "";

  async function reasons(name: string, spoil: (fixed: FixResult) => Uint8Array): Promise<readonly string[]> {
    const raw = readFileSync(path(name));
    const result = await fixObject(raw);
    expect((await judgeResult(path(name), raw, result)).reasons).toEqual([]);
    return (await judgeResult(path(name), raw, { ...result, bytes: spoil(result) })).reasons;
  }

  function replaceAll(object: Uint8Array, change: (type: BtfType, builder: BtfBuilder) => BtfType): Buffer {
    return withBtf(object, (builder) => {
      for (let id = 1; id < builder.nextId; id++) {
        const type = builder.get(id);
        if (type !== undefined) builder.replace(id, change(type, builder));
      }
    });
  }

  judged("a map whose reference is bound to another map of the same kind", async () => {
    const found = await reasons("shapes/s24_two_maps_same_type.bpfel.o", ({ bytes }) => {
      const copy = Buffer.from(bytes);
      const file = readObjectFile(copy);
      const maps = file.symbols.map(({ section }) => file.sections[section]?.name === ".maps");
      const [first, second] = maps.flatMap((isMap, index) =>
        isMap && file.symbols[index]?.name !== "" ? [index] : [],
      );
      for (const { type, info, bytes: rel } of file.sections) {
        if (type !== 9 || file.sections[info]?.isCode !== true) continue;
        for (let at = 12; at < rel.length; at += 16) {
          if (rel.readUInt32LE(at) === second) rel.writeUInt32LE(first ?? 0, at);
        }
      }
      return copy;
    });
    expect(found.join()).toMatch(/carries \w+, its relocation names \w+/);
  });

  judged("a key or value of another type of the same size", async () => {
    const found = await reasons("aya/fork.bpfel.release.o", ({ bytes }) =>
      replaceAll(bytes, (type, builder) => {
        const target = type.kind === "ptr" ? builder.get(type.type) : undefined;
        if (target?.kind !== "int" || target.size !== 4 || type.kind !== "ptr") return type;
        return { ...type, type: 2 };
      }),
    );
    expect(found).toContain("map PID_MAP key is i32/4, DWARF says u32/4");
  });

  judged("a member that nobody said was dropped", async () => {
    const found = await reasons("shapes/s10_enum_values.bpfel.o", ({ bytes }) =>
      replaceAll(bytes, (type) => {
        const [first, ...rest] = type.kind === "enum" ? type.values : [];
        return type.kind !== "enum" || first === undefined
          ? type
          : { ...type, values: [first, ...rest.map(() => first)] };
      }),
    );
    expect(found.join()).toMatch(/ENUM \w+ \[\d+\] lost \w+, which no repair says/);
  });

  judged("instructions that changed", async () => {
    const found = await reasons("shapes/s01_plain_repr_c.bpfel.o", ({ bytes }) => {
      const copy = Buffer.from(bytes);
      const code = readObjectFile(copy).sections.find(({ isCode, bytes: content }) => isCode && content.length > 0);
      code?.bytes.writeInt32LE(7, code.bytes.length - 12);
      return copy;
    });
    expect(found.join()).toMatch(/the code in .* changed/);
  });
});
