import type { CoreRelo } from "../btf/ext-model.ts";
import type { WordBlock, WordTable } from "../btf/ext-words.ts";

/** Words of a func_info, a line_info and a core_relo record. */
const WIDTH = { funcInfo: 2, lineInfo: 4, coreRelo: 4 } as const;
/** Words of a new list. */
const FIRST_WORDS = 64;

/** Records of one code section, as words: a large program has millions. */
class RecordWords {
  private words = new Uint32Array(FIRST_WORDS);
  private used = 0;

  push(a: number, b: number): this {
    if (this.used + 2 > this.words.length) {
      const grown = new Uint32Array(2 * this.words.length);
      grown.set(this.words);
      this.words = grown;
    }
    this.words[this.used++] = a;
    this.words[this.used++] = b;
    return this;
  }

  finish(): Uint32Array {
    return this.words.subarray(0, this.used);
  }
}

/** Record tables in the making, by string offset of the code section's name (BTFDebug's FuncInfoTable and its like). */
export interface ExtRecords {
  readonly funcInfo: Map<number, RecordWords>;
  readonly lineInfo: Map<number, RecordWords>;
  readonly coreRelo: Map<number, RecordWords>;
  /** Index of the code section behind each name that has records. */
  readonly codeSections: Map<number, number>;
}

/** Tables without records. */
export function newExtRecords(): ExtRecords {
  return { funcInfo: new Map(), lineInfo: new Map(), coreRelo: new Map(), codeSections: new Map() };
}

function wordsOf(table: Map<number, RecordWords>, secNameOff: number): RecordWords {
  let words = table.get(secNameOff);
  if (words === undefined) {
    words = new RecordWords();
    table.set(secNameOff, words);
  }
  return words;
}

/** Files a function under its code section; `insnOff` in bytes from the section's start, here and below. */
export function addFuncInfo(records: ExtRecords, secNameOff: number, insnOff: number, typeId: number): void {
  wordsOf(records.funcInfo, secNameOff).push(insnOff, typeId);
}

/** Files a line: file and text are string offsets, `lineCol` is line << 10 | column. */
export function addLineInfo(
  records: ExtRecords,
  secNameOff: number,
  line: { readonly insnOff: number; readonly fileNameOff: number; readonly lineOff: number; readonly lineCol: number },
): void {
  wordsOf(records.lineInfo, secNameOff).push(line.insnOff, line.fileNameOff).push(line.lineOff, line.lineCol);
}

/** Files a CO-RE record. */
export function addRelo(records: ExtRecords, secNameOff: number, relo: CoreRelo): void {
  wordsOf(records.coreRelo, secNameOff).push(relo.insnOff, relo.typeId).push(relo.accessStrOff, relo.kind);
}

/** The tables as they lie in `.BTF.ext` (BTFDebug::emitBTFExtSection); core_relo only if it has records. Undefined if none has any. */
export function extTables({
  funcInfo,
  lineInfo,
  coreRelo,
}: ExtRecords): readonly [WordTable, WordTable, WordTable | undefined] | undefined {
  if (funcInfo.size + lineInfo.size + coreRelo.size === 0) return undefined;
  return [
    tableOf(funcInfo, WIDTH.funcInfo),
    tableOf(lineInfo, WIDTH.lineInfo),
    coreRelo.size === 0 ? undefined : tableOf(coreRelo, WIDTH.coreRelo),
  ];
}

/** Sections by string offset of their names; a table without any still states its record size. */
function tableOf(table: ReadonlyMap<number, RecordWords>, width: number): WordTable {
  const blocks = [...table].map(([secNameOff, words]): WordBlock => ({ secNameOff, words: words.finish() }));
  return { width, blocks: blocks.sort((a, b) => a.secNameOff - b.secNameOff) };
}
