import type { ElfView, Section } from "../../elf/model.ts";
import { definedSymbols, sectionsNamed } from "../../elf/symbols.ts";
import { MAPS_SECTION } from "../../maps/sites.ts";
import { cannotLoad, cannotOpen, LIBBPF_RELOC, rejects } from "../answers.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

export const duplicateMaps: Rule = {
  id: "elf/duplicate-maps",
  title: "There is one section `.maps`.",
  covers: ["V2", "LE-04", "R16"],
  source: "libbpf bpf_object__elf_collect, bpf_object__init_user_btf_maps",
  fixable: true,
  *check({ elf }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined) return;
    const [first, ...others] = sectionsNamed(elf, MAPS_SECTION);
    if (first === undefined) return;
    const names = (section: Section): string =>
      definedSymbols(elf, section.index)
        .map((symbol) => symbol.name)
        .join(", ");
    for (const section of others) {
      yield {
        rule: duplicateMaps.id,
        severity: "error",
        message: `two sections are called .maps: one holds ${names(first)}, the other ${names(section)}`,
        target: { section: section.index },
        answers: [
          cannotOpen("bad map relo against '…' in section '.maps'", LIBBPF_RELOC),
          rejects("cilium/ebpf", "section .maps: contains … symbols but … btf.Vars", { at: "open" }),
          rejects("aya", "symbol with name … not found in the symbols table", { at: "open" }),
        ],
        help: "make all map statics mutable or none of them (`static mut` and UnsafeCell give a section of their own)",
      };
    }
  },
};

/** Length that the blob at the start of `.BTF` gives itself. */
function blobLength(elf: ElfView, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => view.getUint32(at, elf.littleEndian);
  return bytes.length < 24 ? bytes.length : word(4) + Math.max(word(8) + word(12), word(16) + word(20));
}

/** Whether another blob follows the one at the start of `.BTF`. */
export function isConcatenated(elf: ElfView): boolean {
  const [section] = sectionsNamed(elf, ".BTF");
  if (section === undefined) return false;
  const end = (blobLength(elf, section.bytes) + 3) & ~3;
  const magic = elf.littleEndian ? [0x9f, 0xeb] : [0xeb, 0x9f];
  return section.bytes[end] === magic[0] && section.bytes[end + 1] === magic[1];
}

export const concatenatedBtf: Rule = {
  id: "elf/concatenated-btf",
  title: "Section `.BTF` holds one blob; GNU ld puts those of all inputs one after the other.",
  covers: ["V10"],
  source: "libbpf btf_parse_hdr (reads the first blob only)",
  fixable: true,
  *check({ elf }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined) return;
    const [section] = sectionsNamed(elf, ".BTF");
    if (section === undefined || !isConcatenated(elf)) return;
    yield {
      rule: concatenatedBtf.id,
      severity: "error",
      message: "section .BTF holds more than one blob; readers see the first",
      target: { section: section.index },
      answers: [cannotLoad("missing .BTF.ext function info")],
      help: "link with bpf-linker or `bpftool gen object`",
    };
  },
};
