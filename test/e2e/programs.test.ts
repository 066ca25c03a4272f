import { testMatrix } from "./matrix.ts";

testMatrix("Programs of several maps");
