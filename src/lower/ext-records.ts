import type { BtfExt, CoreRelo, ExtSection, ExtTable, FuncInfo, LineInfo } from "../btf/ext-model.ts";

/** Bytes of a `.BTF.ext` header behind magic, version, flags and hdr_len: six words, for three tables. */
const HEADER_REST = 24;

/** Record tables in the making, by string offset of the code section's name (BTFDebug's FuncInfoTable and its like). */
export interface ExtRecords {
  readonly funcInfo: Map<number, FuncInfo[]>;
  readonly lineInfo: Map<number, LineInfo[]>;
  readonly coreRelo: Map<number, CoreRelo[]>;
  /** Index of the code section behind each name that has records. */
  readonly codeSections: Map<number, number>;
}

/** Tables without records. */
export function newExtRecords(): ExtRecords {
  return { funcInfo: new Map(), lineInfo: new Map(), coreRelo: new Map(), codeSections: new Map() };
}

/** Files a record under its code section. */
export function addRecord<Rec>(table: Map<number, Rec[]>, secNameOff: number, record: Rec): void {
  const records = table.get(secNameOff);
  if (records === undefined) table.set(secNameOff, [record]);
  else records.push(record);
}

/** The finished `.BTF.ext`; undefined without records (BTFDebug::emitBTFExtSection). */
export function finishExt(records: ExtRecords, littleEndian: boolean): BtfExt | undefined {
  const { funcInfo, lineInfo, coreRelo } = records;
  if (funcInfo.size + lineInfo.size + coreRelo.size === 0) return undefined;
  return {
    littleEndian,
    version: 1,
    flags: 0,
    header: new Uint8Array(HEADER_REST),
    funcInfo: tableOf(funcInfo, 8),
    lineInfo: tableOf(lineInfo, 16),
    coreRelo: coreRelo.size === 0 ? undefined : tableOf(coreRelo, 16),
  };
}

/** Sections by string offset of their names; a table without any still states its record size. */
function tableOf<Rec>(table: ReadonlyMap<number, readonly Rec[]>, recordSize: number): ExtTable<Rec> {
  const sections = [...table].map(([secNameOff, records]): ExtSection<Rec> => ({ secNameOff, records }));
  return { recordSize, sections: sections.sort((a, b) => a.secNameOff - b.secNameOff) };
}
