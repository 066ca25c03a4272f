import type { ElfView } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { BtfFixError } from "../../src/errors.ts";

/**
 * The object, undefined where our reader refuses it and there is no verdict to compare. Read anew each time: the rules remember what they found
 * in an object, and what is remembered would be of the mutant before.
 */
export function read(bytes: Uint8Array): ElfView | undefined {
  try {
    return parseElf(bytes);
  } catch (error) {
    if (error instanceof BtfFixError) return undefined;
    throw error;
  }
}
