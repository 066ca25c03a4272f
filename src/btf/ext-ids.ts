import type { BtfExt, CoreRelo, ExtTable, FuncInfo, LineInfo } from "./ext-model.ts";

/** What happens to the type ids and the string offsets of `.BTF.ext` when those of `.BTF` change. */
export interface ExtMoves {
  readonly id: (typeId: number) => number;
  readonly name: (nameOff: number) => number;
}

/** The section with every id and name moved: func_info, line_info, core_relo in turn, section names before their records. */
export function moveExt(ext: BtfExt, { id, name }: ExtMoves): BtfExt {
  const funcInfo = moveTable(ext.funcInfo, name, (record: FuncInfo) => ({ ...record, typeId: id(record.typeId) }));
  const lineInfo = moveTable(ext.lineInfo, name, (record: LineInfo) => {
    const fileNameOff = name(record.fileNameOff);
    return { ...record, fileNameOff, lineOff: name(record.lineOff) };
  });
  const coreRelo = moveTable(ext.coreRelo, name, (record: CoreRelo) => ({
    ...record,
    typeId: id(record.typeId),
    accessStrOff: name(record.accessStrOff),
  }));
  return { ...ext, funcInfo, lineInfo, coreRelo };
}

function moveTable<Rec>(
  table: ExtTable<Rec> | undefined,
  name: (nameOff: number) => number,
  move: (record: Rec) => Rec,
): ExtTable<Rec> | undefined {
  if (table === undefined) return undefined;
  const sections = table.sections.map(({ secNameOff, records }) => {
    const moved = name(secNameOff);
    return { secNameOff: moved, records: records.map(move) };
  });
  return { ...table, sections };
}
