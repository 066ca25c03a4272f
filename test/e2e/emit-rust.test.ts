import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { emitObject } from "../../src/emit.ts";
import { BtfFixError } from "../../src/errors.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { answer } from "../judges/run.ts";

const CORPUS = new URL("../../corpus", import.meta.url).pathname;

/** Shapes that need more than their BTF repaired: a map's name that no kernel takes, and two sections called `.maps`. */
const NEEDS_ELF_REPAIR = ["s33_static_linkage", "s34_mixed_section_flags"];

function btfOf(object: Uint8Array): Uint8Array {
  return sectionNamed(parseElf(object), ".BTF")?.bytes ?? new Uint8Array(0);
}

describe("BTF as LLVM should write it", () => {
  judgeTest(kernel())("is taken by the kernel for every committed object, which LLVM's own is not", async () => {
    const files = ["shapes", "shapes-linked", "aya"].flatMap((folder) =>
      readdirSync(join(CORPUS, folder))
        .filter((file) => file.includes("bpfel") && file.endsWith(".o"))
        .map((file) => join(folder, file)),
    );
    const refused: string[] = [];
    const blobs: { readonly file: string; readonly blob: Uint8Array }[] = [];
    for (const file of files) {
      try {
        const object = new Uint8Array(readFileSync(join(CORPUS, file)));
        blobs.push({ file, blob: btfOf(await emitObject(object, { dialect: "rust" })) });
      } catch (error) {
        if (!(error instanceof BtfFixError) || error.code !== "REFUSED") throw error;
        refused.push(file);
      }
    }
    const verdicts = answer(kernelBtfLoad(blobs.map(({ blob }) => blob)));
    blobs.forEach(({ file }, index) => {
      if (verdicts[index]?.errno !== 0) refused.push(file);
    });
    expect(refused.filter((file) => !NEEDS_ELF_REPAIR.some((shape) => file.includes(shape)))).toEqual([]);
    expect(blobs.length).toBeGreaterThan(45);
    const own = answer(kernelBtfLoad(files.map((file) => btfOf(new Uint8Array(readFileSync(join(CORPUS, file)))))));
    expect(own.filter(({ errno }) => errno === 0)).toEqual([]);
  });
});
