import type { Target, Toolchain } from "./toolchain.ts";

/** Tools and libraries whose versions a group's MANIFEST names. */
export type ToolName = "rustc" | "llvm" | "llc" | "clang" | "bpf-linker" | "aya-ebpf";

/** One object of the corpus and how it is made. */
export interface Recipe {
  /** File name inside the group's folder. */
  readonly file: string;
  /** Source of the program, relative to the repository. */
  readonly source: string;
  /** Other files that decide the result (manifests, lock file), relative to the repository. */
  readonly inputs: readonly string[];
  readonly target: Target;
  /** For a reader to repeat: shell text; `$REGISTRY` and `$PWD` stand for local folders. */
  readonly command: string;
  /** Builds the object into the file `output` (absolute path). */
  build(toolchain: Toolchain, output: string): void;
}

/** A folder of `corpus/` whose objects were made in the same way. */
export interface Group {
  /** Folder below `corpus/`; also the group's name. */
  readonly name: string;
  readonly tools: readonly ToolName[];
  readonly recipes: readonly Recipe[];
}
