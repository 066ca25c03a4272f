import type { ElfView } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { BtfFixError } from "../../src/errors.ts";

const known = new WeakMap<Uint8Array, ElfView | null>();

/** The object, read once; undefined where our reader refuses it, and there is no verdict to compare. */
export function read(bytes: Uint8Array): ElfView | undefined {
  let elf = known.get(bytes);
  if (elf === undefined) {
    try {
      elf = parseElf(bytes);
    } catch (error) {
      if (!(error instanceof BtfFixError)) throw error;
      elf = null;
    }
    known.set(bytes, elf);
  }
  return elf ?? undefined;
}
