import { testMatrix } from "./matrix.ts";

testMatrix("`#[btf_map]`, bpf-linker");
