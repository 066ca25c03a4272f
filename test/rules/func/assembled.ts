import type { ElfView } from "../../../src/elf/model.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { buildObject, type ObjectParts, type ObjectSymbol } from "../../object.ts";
import { assemble, type Functions } from "./assembly.ts";

/** Code by section, and what else the object holds. */
export interface CodeParts extends Omit<ObjectParts, "symbols"> {
  readonly code: Readonly<Record<string, Functions>>;
  /** Symbols beside those of the functions; one of the same name replaces that. */
  readonly symbols?: readonly ObjectSymbol[];
}

/** The object. Section `.text` is the first, so that it has index 1, if it has code; other code follows as given, and then `sections`. */
export function assembledObject({ code, sections = [], symbols = [], ...others }: CodeParts): Uint8Array {
  const parts = Object.entries(code).map(([name, functions]) => assemble(name, functions));
  const own = parts.flatMap((part) => part.symbols).filter(({ name }) => !symbols.some((one) => one.name === name));
  return buildObject({
    ...others,
    sections: [...parts.map(({ section }) => section), ...sections],
    symbols: [...own, ...symbols],
  });
}

/** As our reader sees it. */
export function assembledView(parts: CodeParts): ElfView {
  return parseElf(assembledObject(parts));
}
