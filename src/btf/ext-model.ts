/** `.BTF.ext` as data: what each record says, grouped by code section as in the blob. Offsets are bytes from the section's start. */

export interface FuncInfo {
  readonly insnOff: number;
  readonly typeId: number;
  /** Bytes of the record past the known ones, if the blob's record size is larger. */
  readonly rest?: Uint8Array;
}

export interface LineInfo {
  readonly insnOff: number;
  readonly fileNameOff: number;
  readonly lineOff: number;
  /** line << 10 | column. */
  readonly lineCol: number;
  readonly rest?: Uint8Array;
}

export interface CoreRelo {
  readonly insnOff: number;
  readonly typeId: number;
  readonly accessStrOff: number;
  /** `enum bpf_core_relo_kind`, 0 to 12. */
  readonly kind: number;
  readonly rest?: Uint8Array;
}

/** The records of one code section; `secNameOff` is a string offset in `.BTF`. */
export interface ExtSection<Rec> {
  readonly secNameOff: number;
  readonly records: readonly Rec[];
}

/** One of the three subsections. */
export interface ExtTable<Rec> {
  readonly recordSize: number;
  readonly sections: readonly ExtSection<Rec>[];
}

/**
 * A parsed `.BTF.ext`. A table is undefined when its length is 0; `header` is what follows magic, version, flags and hdr_len in the
 * blob's header (16 bytes without core_relo, 24 with, or more), as found.
 */
export interface BtfExt {
  readonly littleEndian: boolean;
  readonly version: number;
  readonly flags: number;
  readonly header: Uint8Array;
  readonly funcInfo: ExtTable<FuncInfo> | undefined;
  readonly lineInfo: ExtTable<LineInfo> | undefined;
  readonly coreRelo: ExtTable<CoreRelo> | undefined;
  /** Bytes that belong to no table: before the first by offset, between each two, after the last. Absent when all are empty. */
  readonly gaps?: readonly Uint8Array[];
}
