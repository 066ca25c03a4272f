/** Where in the file after the change a difference stands: a section, and bytes from its start. */
export interface SectionRange {
  /** Empty for the section header table. */
  readonly section: string;
  readonly offset: number;
  readonly length: number;
}

/** One thing that two files say differently. */
export interface Difference {
  /** "type 12", "func_info of xdp at 0", "symbol EVENTS", "relocation 3 of .relxdp", "header of maps", "content of license". */
  readonly what: string;
  /** As text: bpftool's for types, else fields and values; null for what was not there. */
  readonly before: string | null;
  readonly after: string | null;
  /** In the file after the change; for what is gone, in the file before it. */
  readonly range: SectionRange;
  /** The type that it is about, in both files. */
  readonly typeId?: number;
  /** The types that it refers to afterwards: what is new among them is there for its sake. */
  readonly refersTo?: readonly number[];
}
