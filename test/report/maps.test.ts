import { expect, test } from "vitest";
import type { MapAttributes, MapDefinition } from "../../src/maps/definition.ts";
import { mapsText } from "../../src/report/maps.ts";
import { paint } from "../../src/report/paint.ts";

const nothing: MapAttributes = {
  type: null,
  typeName: "?",
  key: null,
  value: null,
  keySize: null,
  valueSize: null,
  maxEntries: null,
  mapFlags: null,
  numaNode: null,
  mapExtra: null,
  pinning: null,
  values: null,
};

test("one line a map, columns padded, what is not said is a dash", () => {
  const inner: MapAttributes = {
    ...nothing,
    typeName: "array",
    keySize: 4,
    value: { name: "Event", size: 16, members: null },
    valueSize: 16,
    maxEntries: 8,
  };
  const maps: MapDefinition[] = [
    {
      ...nothing,
      name: "OUTER",
      section: ".maps",
      place: null,
      typeName: "hash_of_maps",
      keySize: 1,
      values: { kind: "map", map: inner },
    },
    {
      ...nothing,
      name: "JUMP",
      section: ".maps",
      place: null,
      typeName: "prog_array",
      values: { kind: "programs" },
      pinning: 0,
    },
    {
      ...nothing,
      name: "B",
      section: ".maps",
      place: null,
      typeName: "bloom_filter",
      mapFlags: 64,
      mapExtra: "3",
      numaNode: 1,
      pinning: 7,
    },
  ];
  expect(mapsText(maps, paint(false))).toBe(
    [
      "name   type          key     value                                        max_entries  flags                  pinning  source",
      "OUTER  hash_of_maps  1 byte  array of 4 bytes to Event (16 bytes), max 8  -            -                      -        -",
      "JUMP   prog_array    -       programs                                     -            -                      -        -",
      "B      bloom_filter  -       -                                            -            0x40, numa 1, extra 3  7        -",
      "",
    ].join("\n"),
  );
});

test("an object without maps says so", () => {
  expect(mapsText([], paint(false))).toBe("no maps\n");
});
