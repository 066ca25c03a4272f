import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { encodeBtfExt, parseBtfExt } from "../../src/btf/ext.ts";
import { looksLikeBtf } from "../../src/btf/header.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { renderJson } from "../../src/btf/render/json.ts";
import { renderRaw } from "../../src/btf/render/raw.ts";
import { references, sizeOf, skipModifiers } from "../../src/btf/walk.ts";
import { BtfFixError } from "../../src/errors.ts";
import { arbitraryBlob } from "./arbitrary.ts";
import { arbitraryExt } from "./arbitrary-ext.ts";
import { assemble, stringTable, type WireBlob, words } from "./assemble.ts";

const good: WireBlob = {
  littleEndian: true,
  records: [{ nameOff: 1, kind: 1, vlen: 0, kindFlag: false, sizeOrType: 4, words: [32] }],
  strings: stringTable(["int"]).bytes,
};

/** The good blob of 16 type and 5 string bytes with one word, at a byte offset, replaced. */
function patched(offset: number, value: number): Uint8Array {
  const bytes = assemble(good);
  new DataView(bytes.buffer).setUint32(offset, value, true);
  return bytes;
}

const faults: readonly (readonly [string, Uint8Array, string, number])[] = [
  ["nothing", new Uint8Array(0), "BTF_TRUNCATED", 0],
  ["half a header", assemble(good).subarray(0, 23), "BTF_TRUNCATED", 0],
  ["no magic", patched(0, 0x464c_457f), "BTF_MALFORMED", 0],
  ["hdr_len of 23", patched(4, 23), "BTF_MALFORMED", 4],
  ["hdr_len past the end", patched(4, 4000), "BTF_TRUNCATED", 0],
  ["type_off of 1", patched(8, 1), "BTF_MALFORMED", 8],
  ["types past the strings", patched(12, 20), "BTF_MALFORMED", 8],
  ["type_len of 4 GiB", patched(12, 0xffff_fffc), "BTF_MALFORMED", 8],
  ["strings past the end", patched(20, 6), "BTF_TRUNCATED", 40],
  ["str_off of 4 GiB", patched(16, 0xffff_ffff), "BTF_TRUNCATED", 0x1_0000_0017],
  ["no strings", patched(20, 0), "BTF_MALFORMED", 20],
  ["strings without an end", patched(20, 4), "BTF_MALFORMED", 43],
  ["a first string that is not empty", assemble({ ...good, strings: Uint8Array.of(0x61, 0) }), "BTF_MALFORMED", 40],
  ["kind 0", patched(28, 0), "BTF_MALFORMED", 28],
  ["kind 20", patched(28, 20 * 2 ** 24), "BTF_MALFORMED", 28],
  ["a struct of 16 million members", patched(28, 0x04ff_ffff), "BTF_MALFORMED", 24],
  ["bytes after the last type", patched(28, 7 * 2 ** 24), "BTF_MALFORMED", 36],
  ["a layout that overlaps the types", assemble({ ...good, moreHeader: words([8, 4], true) }), "BTF_MALFORMED", 24],
  ["a layout in the strings", assemble({ ...good, moreHeader: words([16, 4], true) }), "BTF_MALFORMED", 24],
  ["a layout of 3 bytes", assemble({ ...good, moreHeader: words([16, 3], true) }), "BTF_MALFORMED", 28],
];

test.each(faults)("%s is one error", (_, bytes, code, offset) => {
  expect(() => parseBtf(bytes)).toThrow(
    expect.objectContaining({ code, span: expect.objectContaining({ section: ".BTF", offset }) }),
  );
});

test("the message says what was found", () => {
  expect(() => parseBtf(patched(28, 0x04ff_ffff))).toThrow(
    ".BTF is malformed: type [1] takes 201326592 bytes, but its section has 16 left",
  );
  expect(() => parseBtf(patched(20, 6))).toThrow(".BTF ends at byte 45, inside the string section");
});

test("a raw blob is known by its magic in either order", () => {
  expect(looksLikeBtf(assemble(good))).toBe(true);
  expect(looksLikeBtf(assemble({ ...good, littleEndian: false }))).toBe(true);
  expect(looksLikeBtf(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46))).toBe(false);
  expect(looksLikeBtf(Uint8Array.of(0x9f))).toBe(false);
});

/** Whatever reads the blob either gives a result or one `BtfFixError`; a result can be written and walked. */
function survives(bytes: Uint8Array): void {
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof BtfFixError)) throw error;
      return undefined;
    }
  };
  const btf = attempt(() => parseBtf(bytes));
  if (btf !== undefined) {
    expect(Buffer.compare(encodeBtf(btf), bytes)).toBe(0);
    renderRaw(btf);
    renderJson(btf, { pretty: true });
    btf.types.forEach((type, index) => {
      sizeOf(btf, btf.firstId + index);
      skipModifiers(btf, btf.firstId + index);
      for (const id of references(type)) expect(id).toBeGreaterThanOrEqual(0);
    });
  }
  const ext = attempt(() => parseBtfExt(bytes));
  if (ext !== undefined) expect(Buffer.compare(encodeBtfExt(ext), bytes)).toBe(0);
}

/** Bits flipped, words spliced in, bytes cut off: a few of them at once. */
const mutations = fc.array(
  fc.record({
    at: fc.nat(),
    what: fc.oneof(
      fc.record({ kind: fc.constant("flip" as const), value: fc.integer({ min: 0, max: 7 }) }),
      fc.record({
        kind: fc.constant("word" as const),
        value: fc.constantFrom(0, 1, 4, 24, 0x7fff_ffff, 0xffff_ffff, 0x04ff_ffff),
      }),
      fc.record({ kind: fc.constant("cut" as const), value: fc.nat() }),
    ),
  }),
  { minLength: 1, maxLength: 6 },
);

function mutate(original: Uint8Array, list: typeof mutations extends fc.Arbitrary<infer T> ? T : never): Uint8Array {
  let bytes = original.slice();
  for (const { at, what } of list) {
    if (bytes.length < 4) break;
    const position = at % (bytes.length - 3);
    const view = new DataView(bytes.buffer);
    if (what.kind === "flip") view.setUint8(position, view.getUint8(position) ^ (1 << what.value));
    // Most words lie on a multiple of 4; the start of the blob is where one counts most.
    else if (what.kind === "word")
      view.setUint32((at % 2 === 0 ? position % 64 : position) & ~3, what.value, bytes[0] === 0x9f);
    else bytes = bytes.slice(0, what.value % bytes.length);
  }
  return bytes;
}

test("random bytes with and without a magic", () => {
  const magic = fc.constantFrom([0x9f, 0xeb, 1, 0, 24, 0, 0, 0], [0xeb, 0x9f, 1, 0, 0, 0, 0, 24], []);
  fc.assert(
    fc.property(magic, fc.uint8Array({ maxLength: 4096, size: "max" }), (start, rest) =>
      survives(Uint8Array.from([...start, ...rest])),
    ),
    { numRuns: 300 },
  );
});

test("mutated blobs", () => {
  fc.assert(
    fc.property(arbitraryBlob({ style: "wild", layout: true, odd: true }), mutations, ({ bytes }, list) =>
      survives(mutate(bytes, list)),
    ),
    { numRuns: 2000 },
  );
});

test("mutated .BTF.ext", () => {
  fc.assert(
    fc.property(arbitraryExt(), mutations, ({ bytes }, list) => survives(mutate(bytes, list))),
    { numRuns: 2000 },
  );
});

const corpus = fileURLToPath(new URL("../../corpus/shapes", import.meta.url));
const objects = existsSync(corpus) ? readdirSync(corpus).filter((name) => name.endsWith(".o")) : [];

test.skipIf(objects.length === 0)("mutated sections of real objects", async () => {
  const { parseElf } = await import("../../src/elf/parse.ts");
  const sections = objects.flatMap((name) =>
    parseElf(new Uint8Array(readFileSync(join(corpus, name))))
      .sections.filter((section) => section.name === ".BTF" || section.name === ".BTF.ext")
      .map((section) => section.bytes),
  );
  fc.assert(
    fc.property(fc.constantFrom(...sections), mutations, (bytes, list) => survives(mutate(bytes, list))),
    { numRuns: 2000 },
  );
});
