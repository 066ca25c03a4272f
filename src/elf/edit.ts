/** New values for fields of one symbol; what is absent stays. `symbol` is its index before the patch. */
export interface SymbolEdit {
  readonly symbol: number;
  readonly name?: string;
  /** STB_*, STT_*, STV_*. */
  readonly binding?: number;
  readonly type?: number;
  readonly visibility?: number;
  /** Section index, and offset in it and length in bytes. */
  readonly section?: number;
  readonly value?: number;
  readonly size?: number;
}

/** New values for one relocation entry. `entry` counts from 0 in its section, `symbol` is an index before the patch. */
export interface RelocationEdit {
  readonly relSection: number;
  readonly entry: number;
  readonly offset?: number;
  readonly type?: number;
  readonly symbol?: number;
}

/** New values for fields of one section header; offset and size follow from the content. */
export interface HeaderEdit {
  readonly section: number;
  /** Appended to the table of section names; the old name stays there for whoever shares it. */
  readonly name?: string;
  readonly type?: number;
  readonly flags?: number;
  readonly link?: number;
  readonly info?: number;
  readonly addralign?: number;
  readonly entsize?: number;
}

/** A section that the input lacks; offset and size follow from the content. */
export interface AddedSection {
  readonly name: string;
  /** SHT_*, with content in the file, and SHF_*. */
  readonly type: number;
  readonly flags: number;
  readonly addralign: number;
  readonly entsize: number;
  /** Section indices, or what else the type takes them for; another added section has the number that `applyPlan` gives it. */
  readonly link: number;
  readonly info: number;
  readonly content: Uint8Array;
}

/** Changes of an ELF file, whose instructions never change; every number in it (sections, symbols, entries) is that of the input. */
export interface ElfEdits {
  /** New contents by section index; relocation sections among them still use the input's symbol numbers. */
  readonly sections: ReadonlyMap<number, Uint8Array>;
  readonly symbols: readonly SymbolEdit[];
  readonly relocations: readonly RelocationEdit[];
  readonly headers: readonly HeaderEdit[];
  /** New sections; the first gets the number after the input's last, and so on. */
  readonly added: readonly AddedSection[];
}
