import type { AddedSection } from "../elf/edit.ts";
import { SHF_ALLOC, SHF_WRITE, SHT_PROGBITS } from "../elf/model.ts";
import { BtfFixError } from "../errors.ts";
import { LICENSE_SECTION, licenseMissing } from "../rules/elf/license.ts";
import type { Diagnostic } from "../rules/rule.ts";
import { type ElfFix, type ElfState, type ElfStep, NO_EDITS } from "./elf-fix.ts";

/** What libbpf keeps of a license (the field `license` of struct bpf_object), without the NUL. */
const MAX_LICENSE = 63;

/** As clang writes `SEC("license")`, so that libbpf's linker finds equal sections equal. Loaders look for no symbol and no VAR in it. */
function licenseSection(text: string): AddedSection {
  const content = new TextEncoder().encode(`${text}\0`);
  if (text === "" || text.includes("\0") || content.length > MAX_LICENSE + 1) {
    throw new BtfFixError("USAGE", `a license has 1 to ${MAX_LICENSE} bytes and no NUL`);
  }
  return {
    name: LICENSE_SECTION,
    type: SHT_PROGBITS,
    flags: SHF_WRITE | SHF_ALLOC,
    addralign: 1,
    entsize: 0,
    link: 0,
    info: 0,
    content,
  };
}

/** Adds the license that the user gave to an object that has none. */
export const addLicense: ElfFix = {
  rules: [licenseMissing],
  summary: () => "a license added",
  apply({ btf, ext, choices }: ElfState, findings: readonly Diagnostic[]): ElfStep {
    const { license } = choices;
    if (license === undefined) return { edits: NO_EDITS, btf, ext, done: findings.map(() => undefined) };
    const done = findings.map(() => `added section license with "${license}"`);
    return { edits: { ...NO_EDITS, added: [licenseSection(license)] }, btf, ext, done };
  },
};
