import { testMatrix } from "./matrix.ts";

testMatrix("`#[btf_map]`, LLVM's own linker");
