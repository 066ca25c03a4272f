import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { escapeName, isPortableName, MAX_NAME_LENGTH, unescapeName } from "../../src/btf/escape.ts";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { typeText } from "../../src/maps/text.ts";
import { label } from "../../src/rules/label.ts";
import { Graph } from "../graph.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const escapeText = (name: string): string => decoder.decode(escapeName(encoder.encode(name)));

/** Names as rustc writes them, as bpf-linker leaves them, and as nobody does. */
const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.string({ unit: fc.constantFrom("_", "3", "C", "E", "2", "0", "a", "<", " ", "::"), maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom("HashMap", "_3C_", "_2C_", "_20_", "u32", "_3E_", "_", "_5F_", "_C3_", "_B6_"),
    maxLength: 20,
  }),
);

test("escaping gives portable names and changes no portable one", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (name) => {
      const escaped = escapeName(name);
      expect(isPortableName(escaped)).toBe(true);
      expect(escapeName(escaped)).toEqual(escaped);
      if (isPortableName(name)) expect(escaped).toEqual(name);
    }),
    { numRuns: 2000 },
  );
});

test("escaping undoes unescaping of every escaped name", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const name = escapeText(text);
      expect(escapeText(unescapeName(name))).toBe(name);
      // Told twice, a name reads the same.
      expect(escapeText(unescapeName(unescapeName(name)))).toBe(name);
    }),
    { numRuns: 2000 },
  );
});

test("unescaping gives a Rust name back", () => {
  const path = fc.stringMatching(/^[A-Za-z][a-z]{0,8}$/);
  const generic = fc
    .tuple(path, fc.array(path, { minLength: 1, maxLength: 3 }))
    .map(([head, list]) => `${head}<${list.join(", ")}>`);
  const name = fc.oneof(
    generic,
    fc.tuple(path, path).map((parts) => parts.join("::")),
    path.map((item) => `&[${item}; 4]`),
    path.map((item) => `(${item}, größe)`),
  );
  fc.assert(
    fc.property(
      name.filter((text) => escapeText(text).length <= MAX_NAME_LENGTH && !/^\d/.test(text)),
      (text) => {
        expect(unescapeName(escapeText(text))).toBe(text);
      },
    ),
    { numRuns: 1000 },
  );
});

test("messages and map listings name types as the source does, escaped or not", () => {
  for (const name of ["Limit<u16, 4>", "Limit_3C_u16_2C__20_4_3E_"]) {
    const graph = new Graph();
    const struct = graph.struct(name, 8, []);
    const array = graph.array(struct, graph.int("u32", 4), 3);
    const pointer = graph.ptr(graph.ref("const", array));
    const anonymous = graph.union("", 4, []);
    const proto = graph.proto(0, []);
    const btf = graph.finish();
    expect(label(btf, struct)).toBe("STRUCT Limit<u16, 4> [1]");
    expect([label(btf, anonymous), label(btf, 99)]).toEqual(["UNION [6]", "type [99]"]);
    expect([struct, array, pointer, anonymous, 0].map((id) => typeText(btf, id))).toEqual([
      "Limit<u16, 4>",
      "[Limit<u16, 4>; 3]",
      "*const [Limit<u16, 4>; 3]",
      "union",
      "void",
    ]);
    expect(typeText(btf, proto)).toBe("fn");
  }
});

test("the text of a type that leads to itself ends", () => {
  const graph = new Graph();
  const pointer = graph.ptr(graph.builder.nextId);
  expect(typeText(graph.finish(), pointer).length).toBeLessThan(100);
});

test("names that overlap by the megabyte end in one error, not in minutes", async () => {
  const graph = new Graph(true);
  const first = graph.string("<".repeat(1_000_000));
  for (let start = 0; start < 20_000; start++) {
    graph.add({ kind: "struct", nameOff: first + start, size: 0, bitfields: false, members: [] });
  }
  const blob = encodeBtf(graph.finish());
  const { diagnostics } = await checkObject(blob);
  expect(diagnostics).toHaveLength(20_000);
  expect(diagnostics[0]?.message).toMatch(/^STRUCT <{640}… \[1\] has a name of 1000000 bytes/);
  await expect(fixObject(blob)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED", span: { section: ".BTF" } });
});
