import { testMatrix } from "./matrix.ts";

testMatrix("`#[map]`, bpf-linker");
