import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bpftool } from "../btf/bpftool.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { bpftoolTypes } from "./bpftool-types.ts";
import { C_TYPES } from "./c-types.ts";
import { readObject } from "./objects.ts";

const CORPUS = new URL("../../corpus", import.meta.url).pathname;
const FOLDERS = ["shapes", "shapes-linked", "aya"];

/** VARs are visited in the order of LLVM's globals, which the object does not hold. */
const OTHER_ORDER = ["s25_legacy_beside_btf", "s26_globals", "s41_legacy_only_typed"];

// The expectation is LLVM's own `.BTF`, the reader of both is bpftool.
describe("the llvm dialect is what LLVM wrote", () => {
  judgeTest(bpftool())("for every committed object, type by type in LLVM's order", () => {
    let compared = 0;
    for (const folder of FOLDERS.map((name) => join(CORPUS, name)).filter(existsSync)) {
      for (const file of readdirSync(folder).filter((name) => name.endsWith(".o"))) {
        const { own, lowered } = readObject(join(folder, file), { dialect: "llvm" });
        const written = bpftoolTypes(own);
        const ours = bpftoolTypes(lowered.btf());
        const inOrder = !OTHER_ORDER.some((shape) => file.startsWith(shape));
        expect(inOrder ? ours : [...ours].sort(), file).toEqual(inOrder ? written : [...written].sort());
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(90);
  });

  judgeTest(bpftool(), clang())("for all type forms of C", () => {
    const { own, lowered } = readObject(compileC(C_TYPES), { dialect: "llvm" });
    expect(bpftoolTypes(lowered.btf()).sort()).toEqual(bpftoolTypes(own).sort());
  });
});

test("lowering twice gives the same bytes", () => {
  const file = join(CORPUS, "shapes", "s10_enum_values.bpfel.o");
  expect(readObject(file).lowered.btf()).toEqual(readObject(file).lowered.btf());
});
