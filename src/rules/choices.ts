import type { Btf } from "../btf/model.ts";

/** What a user may decide about a repair; rules and fixes ask it, the command line and the library set it. */
export interface Choices {
  /** Section `maps`: made into typed BTF maps, left as it is, or refused. */
  readonly legacyMaps: "convert" | "keep" | "error";
  /** How an enum with payload is shown: as LLVM does, with a named tag, or as bytes. */
  readonly enums: "union" | "tagged" | "opaque";
  /** How a name that is no identifier becomes one: bpf-linker's escaping, or the last segment of its path. */
  readonly names: "escape" | "short";
  /** Whether integers get the names that C knows them by. */
  readonly cTypes: boolean;
  /** Content of the section `license` where the object has none. */
  readonly license: string | undefined;
  /** The types of the kernel that externs are looked up in, read when first needed; undefined where there are none. */
  readonly vmlinux: () => Btf | undefined;
}

/** What holds where nobody decides. */
export const DEFAULT_CHOICES: Choices = {
  legacyMaps: "convert",
  enums: "tagged",
  names: "escape",
  cTypes: false,
  license: undefined,
  vmlinux: () => undefined,
};
