import { describe, expect, test } from "vitest";
import { legacyMapsOf } from "../../../src/rules/elf/legacy-maps.ts";
import { legacyObject } from "../../maps/legacy.ts";
import { codeState, type Described, objectState } from "../func/described.ts";
import { told } from "./told.ts";

/** Objects with a section `maps`, and every word that is said of it. */

const LICENSE = { name: "license", bytes: new TextEncoder().encode("GPL\0") };
const CODE = { socket: { main: "r0 = 0; exit" } };

describe("legacy maps", () => {
  const which = /^elf\/legacy|^map\/legacy/;
  const of =
    (...args: Parameters<typeof legacyObject>) =>
    (described: Described = {}) =>
      told(objectState(legacyObject(...args), described), which);
  const REFUSAL =
    "libbpf rejects at open, errno 95: elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+";
  const COUNTS = { name: "COUNTS", words: [1, 4, 16, 1024, 0] };
  const finding = {
    rule: "elf/legacy-maps",
    severity: "error",
    message: "map COUNTS: it is a legacy definition (hash, key 4 bytes, value 16 bytes, 1024 entries)",
    target: { symbol: expect.any(Number), section: expect.any(Number) },
    answers: [REFUSAL, "aya accepts"],
  };

  test("are told with their definition", () => {
    expect(of([COUNTS])()).toEqual([finding]);
    expect(of([COUNTS], { littleEndian: false })()).toEqual([finding]);
    const one = of([{ name: "ONE", words: [2, 4, 1, 1, 0] }])();
    expect(one.map(({ message }) => message)).toEqual([
      "map ONE: it is a legacy definition (array, key 4 bytes, value 1 byte, 1 entry)",
    ]);
    expect(told(codeState({ code: CODE }), which)).toEqual([]);
    const state = objectState(legacyObject([COUNTS]));
    expect(legacyMapsOf(state)).toBe(legacyMapsOf(state));
  });

  test("that are to stay are told how they may go", () => {
    expect(of([COUNTS])({ choices: { legacyMaps: "keep" } })).toEqual([
      { ...finding, severity: "warning", help: "--legacy-maps convert makes it a BTF map" },
    ]);
    expect(of([COUNTS])({ choices: { legacyMaps: "error" } })).toEqual([finding]);
  });

  test("without a map are told by their section", () => {
    const empty = of([], { empty: true })();
    expect(empty).toEqual([
      { ...finding, message: "section maps holds no map", target: { section: expect.any(Number) } },
    ]);
    // Beside one that holds some, too.
    const both = of([{ ...COUNTS, section: "maps/more" }], { empty: true })();
    expect(both.map(({ message }) => message)).toEqual([finding.message, "section maps holds no map"]);
  });

  test("that are no definitions", () => {
    const fault = {
      rule: "map/legacy-definition",
      severity: "error",
      message: "map SHORT: its definition has 8 bytes, and the shortest one has 20",
      target: { section: expect.any(Number), symbol: expect.any(Number) },
      answers: [REFUSAL, "kernel rejects: BPF_MAP_CREATE: EINVAL"],
    };
    const found = of([{ name: "SHORT", words: [1, 4] }])();
    expect(found.filter(({ rule }) => rule === "map/legacy-definition")).toEqual([fault]);
    const nameless = told(
      codeState({ code: CODE, sections: [LICENSE, { name: "maps", bytes: Uint8Array.of(1, 2, 3, 4) }] }),
      /^map\/legacy/,
    );
    expect(nameless).toEqual([
      {
        ...fault,
        message: "section maps: its bytes 0 to 4 are not zero and belong to no symbol",
        target: { section: 3 },
      },
    ]);
  });
});
