import fc from "fast-check";
import { expect, test } from "vitest";
import { parseBtfExt } from "../../src/btf/ext.ts";
import { encodeExtWords, type WordTable } from "../../src/btf/ext-words.ts";

const word = fc.integer({ min: 0, max: 0xffff_ffff });

/** A table of records of `width` words; a block has one record or more. */
function table(width: number, minBlocks: number): fc.Arbitrary<WordTable> {
  const records = fc.array(fc.array(word, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 });
  const block = fc
    .record({ secNameOff: word, records })
    .map(({ secNameOff, records }) => ({ secNameOff, words: Uint32Array.from(records.flat()) }));
  return fc.array(block, { minLength: minBlocks, maxLength: 4 }).map((blocks) => ({ width, blocks }));
}

/** The words of a table's records as the reader names them, section by section. */
function wordsOf(
  blocks: readonly { readonly secNameOff: number; readonly records: readonly object[] }[] = [],
): unknown {
  return blocks.map(({ secNameOff, records }) => ({ secNameOff, words: records.flatMap((one) => Object.values(one)) }));
}

function given(of: WordTable | undefined): unknown {
  return (of?.blocks ?? []).map(({ secNameOff, words }) => ({ secNameOff, words: [...words] }));
}

test("tables of words read back as the records that they are", () => {
  const core = fc.option(table(4, 1), { nil: undefined });
  fc.assert(
    fc.property(table(2, 1), table(4, 1), core, fc.boolean(), (func, line, relo, littleEndian) => {
      const read = parseBtfExt(encodeExtWords([func, line, relo], littleEndian));
      expect(read.littleEndian).toBe(littleEndian);
      expect(read.gaps).toBeUndefined();
      expect(wordsOf(read.funcInfo?.sections)).toEqual(given(func));
      expect(wordsOf(read.lineInfo?.sections)).toEqual(given(line));
      expect(wordsOf(read.coreRelo?.sections)).toEqual(given(relo));
    }),
    { numRuns: 200 },
  );
});
