/**
 * The two texts that DWARF can be lowered to. "llvm" is what LLVM 22's BTFDebug writes, defects included; "rust" is what it should
 * have written: the second witness of `join/`, and what `emit --rust` will print.
 */
export type DialectName = "llvm" | "rust";

/** One named choice for each point where the dialects part. */
export interface Dialect {
  readonly name: DialectName;
  /** Leave struct and union pointees of members as forward declarations (BTFDebug's CheckPointer and SeenPointer). */
  readonly prune: boolean;
  /** Name of the unsigned INT that a UTF base type (Rust `char`) becomes; undefined: no type, as LLVM up to 22 does. */
  readonly utfName: string | undefined;
  /** Put members in ascending order of bit offset; the kernel refuses any other. */
  readonly sortMembers: boolean;
  /** Wrap a variant part's tag that does not lie at offset 0: a member of a UNION must. */
  readonly wrapTag: boolean;
}

const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  llvm: { name: "llvm", prune: true, utfName: undefined, sortMembers: false, wrapTag: false },
  rust: { name: "rust", prune: false, utfName: "char32_t", sortMembers: true, wrapTag: true },
};

/** The choices of a dialect by its name. */
export function dialectOf(name: DialectName): Dialect {
  return DIALECTS[name];
}
