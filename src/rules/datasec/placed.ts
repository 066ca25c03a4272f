import { type BtfDatasec, type BtfSecInfo, LINKAGE_GLOBAL, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import type { ElfView, Section } from "../../elf/model.ts";
import { definedSymbols, sectionsNamed } from "../../elf/symbols.ts";
import { label } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { placedDatasecs } from "./entries.ts";

/** A DATASEC as it must be: size of its section, true offsets, ascending order. */
export interface Placement {
  readonly size: number;
  readonly entries: readonly BtfSecInfo[];
}

/**
 * Size, offsets and order of a DATASEC from the ELF file, as libbpf's `btf_fixup_datasec` and `bpftool gen object` fill them.
 * Undefined where the file does not say: no such section, or several of that name.
 *
 * Global VARs lie where the symbol of their name lies; static ones keep the offset that the compiler wrote.
 */
export function placement(state: ObjectState, elf: ElfView, datasec: BtfDatasec, name: string): Placement | undefined {
  const [section, second] = sectionsNamed(elf, name);
  if (section === undefined || second !== undefined) return undefined;
  const offsets = new Map(definedSymbols(elf, section.index).map((symbol) => [symbol.name, symbol.value]));
  const entries = datasec.entries.map((entry) => {
    const variable = typeById(state.btf, entry.type);
    if (variable?.kind !== "var" || variable.linkage !== LINKAGE_GLOBAL) return entry;
    const offset = offsets.get(nameText(state.btf, variable.nameOff));
    return offset === undefined ? entry : { ...entry, offset };
  });
  entries.sort((a, b) => a.offset - b.offset);
  return { size: sizeOfSection(section), entries };
}

/** The kernel takes no DATASEC of size 0, though a section may be empty (zero-sized statics alone): one byte stands for it. */
function sizeOfSection(section: Section): number {
  return Math.max(1, section.size);
}

function isPlaced(datasec: BtfDatasec, placed: Placement): boolean {
  return datasec.entries.every((entry, index) => {
    const wanted = placed.entries[index];
    return wanted?.type === entry.type && wanted.offset === entry.offset;
  });
}

export const unplaced: Rule = {
  id: "datasec/unplaced",
  title: "A DATASEC has the size of its section, and its entries their offsets, in ascending order.",
  covers: ["V1", "KD-01", "KD-04", "LD-03", "LD-07"],
  source: "libbpf btf_fixup_datasec; kernel/bpf/btf.c btf_datasec_check_meta",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    const { btf, elf } = state;
    if (elf === undefined) return;
    for (const [typeId, datasec, name] of placedDatasecs(btf)) {
      const placed = placement(state, elf, datasec, name);
      if (placed === undefined) continue;
      const isEmpty = datasec.size === 0;
      if (!isEmpty && isPlaced(datasec, placed)) continue;
      yield {
        rule: unplaced.id,
        // Every compiler leaves size and offsets to the loader; only what is filled in wrongly is an error.
        severity: isEmpty ? "note" : "error",
        message: isEmpty
          ? `${label(btf, typeId)} has no size yet; loaders fill it in`
          : `${label(btf, typeId)} has a size, but offsets or order that are not those of its section`,
        target: { typeId },
        answers: isEmpty
          ? [{ judge: "libbpf", answer: "repairs" }]
          : [{ judge: "kernel", answer: "drops the BTF", text: "Invalid offset" }],
      };
    }
  },
};
