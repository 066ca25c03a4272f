import { canonicalTypes } from "./canonical-types.ts";
import { sha256 } from "./manifest.ts";
import { run } from "./toolchain.ts";

/**
 * What must be the same in two builds of one program, as sorted lines of text.
 *
 * LLVM's output is not reproducible byte for byte: the FWD types at the end of `.BTF` come in the order of heap addresses
 * (so ids and string offsets differ), and the element type of an array of Rust `char` is an uninitialised number. The
 * sections that the kernel gets are compared as bytes with their relocations by symbol name, `.BTF` by what its records
 * say. Read by LLVM's readobj and bpftool, which know nothing of this project.
 */
export function canonicalForm(file: string): readonly string[] {
  return [...canonicalSections(file), ...canonicalTypes(file)].sort();
}

interface Named {
  readonly Name: string;
}

interface ReadobjSection {
  readonly Index: number;
  readonly Name: Named;
  readonly Type: Named;
  readonly Flags: { readonly Value: number };
  readonly Size: number;
  /** Index of the section that a relocation section applies to. */
  readonly Info: number;
  readonly SectionData?: { readonly Bytes: readonly number[] };
}

interface ReadobjRelocation {
  readonly Offset: number;
  readonly Type: Named;
  readonly Symbol: Named;
}

interface ReadobjSymbol {
  readonly Name: Named;
  readonly Value: number;
  readonly Size: number;
  readonly Binding: Named;
  readonly Type: Named;
  readonly Section: Named;
}

interface ReadobjFile {
  readonly Sections: readonly { readonly Section: ReadobjSection }[];
  readonly Relocations: readonly {
    readonly SectionIndex: number;
    readonly Relocs: readonly { readonly Relocation: ReadobjRelocation }[];
  }[];
  readonly Symbols: readonly { readonly Symbol: ReadobjSymbol }[];
}

/** SHF_ALLOC: the section is part of what a loader uses. */
const SHF_ALLOC = 2;

function canonicalSections(file: string): string[] {
  const args = ["--elf-output-style=JSON", "--sections", "--section-data", "--relocs", "--symbols", file];
  const [dump] = JSON.parse(run("llvm-readobj-22", args)) as ReadobjFile[];
  if (dump === undefined) throw new Error(`llvm-readobj-22 says nothing of ${file}`);
  const sections = dump.Sections.map((entry) => entry.Section);
  const loaded = new Map(sections.filter((section) => section.Flags.Value & SHF_ALLOC).map((s) => [s.Index, s]));
  const lines = [...loaded.values()].map((section) => {
    const bytes = Uint8Array.from(section.SectionData?.Bytes ?? []);
    return `section ${section.Name.Name} ${section.Type.Name} ${section.Flags.Value} ${section.Size} ${sha256(bytes)}`;
  });
  for (const table of dump.Relocations) {
    const info = sections.find((section) => section.Index === table.SectionIndex)?.Info;
    const target = info === undefined ? undefined : loaded.get(info);
    if (target === undefined) continue;
    for (const { Relocation: entry } of table.Relocs) {
      lines.push(`relocation ${target.Name.Name} ${entry.Offset} ${entry.Type.Name} ${entry.Symbol.Name}`);
    }
  }
  for (const { Symbol: symbol } of dump.Symbols) {
    // The names of source files and sections belong to debug information.
    if (symbol.Type.Name !== "Object" && symbol.Type.Name !== "Function" && symbol.Type.Name !== "None") continue;
    const place = `${symbol.Section.Name} ${symbol.Value} ${symbol.Size}`;
    lines.push(`symbol ${symbol.Name.Name} ${symbol.Binding.Name} ${symbol.Type.Name} ${place}`);
  }
  return lines;
}
