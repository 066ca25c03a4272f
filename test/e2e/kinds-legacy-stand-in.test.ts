import { testMatrix } from "./matrix.ts";

testMatrix("`#[map]`, LLVM's own linker");
