import type { CheckResult } from "./api.ts";
import { BtfBuilder } from "./btf/builder.ts";
import { byteOrder } from "./btf/header.ts";
import type { Btf } from "./btf/model.ts";
import { parseBtf } from "./btf/parse.ts";
import type { ElfView } from "./elf/model.ts";
import { parseElf } from "./elf/parse.ts";
import { sectionNamed } from "./elf/symbols.ts";
import { BtfFixError } from "./errors.ts";
import { laterDefects } from "./kernel-verdicts.ts";
import { untoldRefusals } from "./refusals.ts";
import type { Rule } from "./rules/rule.ts";
import { type Judges, verdictsOf } from "./verdicts.ts";

/** What judges can be given of an input that is no model for us. */
interface Parts {
  readonly elf: ElfView | undefined;
  readonly blob: Uint8Array;
  readonly littleEndian: boolean;
}

function partsOf(bytes: Uint8Array): Parts | undefined {
  const littleEndian = byteOrder(bytes);
  if (littleEndian !== undefined) return { elf: undefined, blob: bytes, littleEndian };
  const elf = unlessBroken(() => parseElf(bytes));
  const blob = elf && sectionNamed(elf, ".BTF")?.bytes;
  return elf && blob && { elf, blob, littleEndian: elf.littleEndian };
}

function unlessBroken<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BtfFixError)) throw error;
    return undefined;
  }
}

/**
 * What judges say of an object that we cannot take apart, though its ELF file holds a `.BTF`, or of a raw blob that is broken; undefined where
 * there is nothing to give them.
 */
export function checkUnreadable(
  bytes: Uint8Array,
  unreadable: BtfFixError,
  rules: readonly Rule[],
  judges: Judges,
): CheckResult | undefined {
  const parts = partsOf(bytes);
  if (parts === undefined) return undefined;
  const { elf, blob, littleEndian } = parts;
  const btf: Btf | undefined = unlessBroken(() => parseBtf(blob));
  const judged = { elf, btf, blob, littleEndian };
  const verdicts = verdictsOf([], judged, judges);
  const later = laterDefects(judged, judges.kernels);
  const named = {
    btf: btf ?? BtfBuilder.empty(littleEndian).finish(),
    join: undefined,
    isObject: elf !== undefined,
    isRust: false,
  };
  return { diagnostics: untoldRefusals([], verdicts, rules, named, judges, later), verdicts, unreadable };
}
