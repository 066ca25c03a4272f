import { BtfBuilder } from "../btf/builder.ts";
import { escapeName } from "../btf/escape.ts";
import type { BtfExt, ExtTable, FuncInfo, LineInfo } from "../btf/ext-model.ts";
import { LINKAGE_STATIC } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { BtfFixError } from "../errors.ts";
import { signatureReader } from "../rules/func/signature.ts";
import { functionWithoutInfo } from "../rules/func/without-info.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";
import { prototypes, shownText } from "./prototype.ts";

const encoder = new TextEncoder();

/**
 * The table with a record more, in order of its place; the code section is added where the table lacks it. A record that stands there
 * already gives way if `replaces` says so.
 */
function withRecord<Rec extends { readonly insnOff: number }>(
  table: ExtTable<Rec>,
  secNameOff: number,
  isSection: (nameOff: number) => boolean,
  record: Rec,
  replaces = false,
): ExtTable<Rec> {
  const index = table.sections.findIndex((section) => isSection(section.secNameOff));
  const section = table.sections[index];
  if (section === undefined) return { ...table, sections: [...table.sections, { secNameOff, records: [record] }] };
  const { records } = section;
  const at = records.findIndex(({ insnOff }) => insnOff >= record.insnOff);
  const isTaken = records[at]?.insnOff === record.insnOff;
  if (isTaken && !replaces) return table;
  const position = at < 0 ? records.length : at;
  return {
    ...table,
    sections: table.sections.with(index, { ...section, records: records.toSpliced(position, isTaken ? 1 : 0, record) }),
  };
}

/** Largest record that kernel/bpf/check_btf.c takes (MAX_FUNCINFO_REC_SIZE, MAX_LINEINFO_REC_SIZE). */
const MAX_RECORD = 252;

/** Record bytes past the known ones, which a larger record size asks for. */
function restOf(recordSize: number, known: number): { readonly rest?: Uint8Array } {
  if (recordSize > MAX_RECORD) {
    const span = { section: ".BTF.ext", offset: 0, length: 0 };
    throw new BtfFixError("LIMIT_EXCEEDED", `records of ${recordSize} bytes are more than the kernel takes`, span);
  }
  return recordSize > known ? { rest: new Uint8Array(recordSize - known) } : {};
}

/** `ext` with a func_info record, and a line_info record without a line, which the kernel wants at the start of every function. */
function describe(
  ext: BtfExt,
  state: ObjectState,
  builder: BtfBuilder,
  place: {
    readonly section: string;
    readonly offset: number;
    readonly funcId: number;
  },
): BtfExt {
  const { section, offset, funcId } = place;
  const { funcInfo, lineInfo } = ext;
  const secNameOff = builder.string(section);
  const isSection = (nameOff: number): boolean => nameOff === secNameOff || nameText(state.btf, nameOff) === section;
  const func = (table: ExtTable<FuncInfo>): FuncInfo => ({
    insnOff: offset,
    typeId: funcId,
    ...restOf(table.recordSize, 8),
  });
  const line = (table: ExtTable<LineInfo>): LineInfo => ({
    insnOff: offset,
    fileNameOff: 0,
    lineOff: 0,
    lineCol: 0,
    ...restOf(table.recordSize, 16),
  });
  return {
    ...ext,
    // A record that leads to no FUNC describes nothing, and would hide the new one.
    funcInfo: funcInfo && withRecord(funcInfo, secNameOff, isSection, func(funcInfo), true),
    lineInfo: lineInfo && withRecord(lineInfo, secNameOff, isSection, line(lineInfo)),
  };
}

/**
 * F3: a function without debug info gets a static FUNC with as many arguments as its code reads, all of a register's size, and the records
 * that loaders and the kernel ask for. Static, since nothing is known that could be verified alone.
 */
export const describeFunctions: Fix = {
  rules: [functionWithoutInfo],
  summary: (count) => `${counted(count, "function")} described by what the code shows`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const reader = signatureReader(state);
    const builder = new BtfBuilder(state.btf);
    const prototypeOf = prototypes(builder, state);
    let { ext } = state;
    const done = findings.map(({ target }) => {
      const symbol = state.elf?.symbols[target.symbol ?? 0];
      const section = symbol === undefined ? undefined : state.elf?.sections[symbol.section];
      if (symbol === undefined || section === undefined || ext === undefined) return undefined;
      const signature = reader?.signature({ section: section.index, offset: symbol.value });
      if (signature === undefined) return undefined;
      const nameOff = builder.string(escapeName(encoder.encode(symbol.name)));
      const type = prototypeOf(signature);
      const funcId = builder.add({ kind: "func", nameOff, type, linkage: LINKAGE_STATIC });
      ext = describe(ext, state, builder, { section: section.name, offset: symbol.value, funcId });
      return `described it as a static function ${shownText(signature)}`;
    });
    return { state: { ...state, btf: builder.finish(), ext }, done };
  },
};
