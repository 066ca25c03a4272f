import { moveExt } from "../ext-ids.ts";
import type { BtfExt, ExtSection, ExtTable } from "../ext-model.ts";
import type { StringTable } from "../model.ts";
import { stringBytes } from "../names.ts";
import type { MovedPart } from "./part.ts";

interface Rec {
  readonly insnOff: number;
  readonly rest?: Uint8Array;
}

/** Bytes of a header with core_relo, after magic, version, flags and hdr_len. */
const CORE_HEADER = 24;

const decoder = new TextDecoder("latin1");

/**
 * One `.BTF.ext` of those of all parts: the records of one code section in one block, in order of instructions. Undefined if no
 * part has any. `strings` is the merged table, in which sections of one name are found.
 */
export function mergeExts(parts: readonly MovedPart[], strings: StringTable): BtfExt | undefined {
  const text = (nameOff: number): string => decoder.decode(stringBytes(strings, nameOff));
  const moved = parts.flatMap(({ part, id, name, sectionStart }) =>
    part.ext === undefined
      ? []
      : [shifted(moveExt(part.ext, { id, name }), (secNameOff) => sectionStart(text(secNameOff)))],
  );
  const [first] = moved;
  if (first === undefined) return undefined;
  return {
    littleEndian: first.littleEndian,
    version: first.version,
    flags: first.flags,
    // With room for core_relo where the parts have it, used or not: cilium/ebpf expects it.
    header: new Uint8Array(Math.max(...moved.map(({ header }) => Math.min(header.length, CORE_HEADER)))),
    funcInfo: mergeTables(
      moved.map((ext) => ext.funcInfo),
      text,
    ),
    lineInfo: mergeTables(
      moved.map((ext) => ext.lineInfo),
      text,
    ),
    coreRelo: mergeTables(
      moved.map((ext) => ext.coreRelo),
      text,
    ),
  };
}

/** Every record moved by where its section's piece starts. */
function shifted(ext: BtfExt, start: (secNameOff: number) => number): BtfExt {
  const table = <R extends Rec>(of: ExtTable<R> | undefined): ExtTable<R> | undefined =>
    of && { ...of, sections: of.sections.map(section) };
  const section = <R extends Rec>({ secNameOff, records }: ExtSection<R>): ExtSection<R> => {
    const by = start(secNameOff);
    return { secNameOff, records: by === 0 ? records : records.map((r) => ({ ...r, insnOff: r.insnOff + by })) };
  };
  return { ...ext, funcInfo: table(ext.funcInfo), lineInfo: table(ext.lineInfo), coreRelo: table(ext.coreRelo) };
}

function mergeTables<R extends Rec>(
  tables: readonly (ExtTable<R> | undefined)[],
  text: (nameOff: number) => string,
): ExtTable<R> | undefined {
  const present = tables.filter((table) => table !== undefined);
  if (present.length === 0) return undefined;
  const recordSize = Math.max(...present.map((table) => table.recordSize));
  const byName = new Map<string, { secNameOff: number; records: R[] }>();
  for (const table of present) {
    for (const { secNameOff, records } of table.sections) {
      const joined = byName.get(text(secNameOff)) ?? { secNameOff, records: [] };
      for (const record of records) joined.records.push(widened(record, recordSize - table.recordSize));
      byName.set(text(secNameOff), joined);
    }
  }
  const sections = [...byName.values()].map(({ secNameOff, records }) => ({
    secNameOff,
    records: records.sort((a, b) => a.insnOff - b.insnOff),
  }));
  return { recordSize, sections };
}

/** The record with as many zero bytes more, so that it fits among longer ones. */
function widened<R extends Rec>(record: R, by: number): R {
  if (by === 0) return record;
  const rest = new Uint8Array((record.rest?.length ?? 0) + by);
  if (record.rest !== undefined) rest.set(record.rest);
  return { ...record, rest };
}
