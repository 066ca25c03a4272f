import { READELF, read } from "./objects.ts";

interface Named {
  readonly Name: string;
  readonly Value: number;
}

interface ReadelfSection {
  readonly Index: number;
  readonly Name: Named;
  readonly Type: Named;
  readonly Flags: { readonly Value: number };
  readonly Offset: number;
  readonly Size: number;
  readonly Link: number;
  readonly Info: number;
  readonly AddressAlignment: number;
  readonly EntrySize: number;
}

interface ReadelfSymbol {
  readonly Name: Named;
  readonly Value: number;
  readonly Size: number;
  readonly Binding: Named;
  readonly Type: Named;
  readonly Other: { readonly Value: number };
  readonly Section: Named;
}

interface ReadelfRelocation {
  readonly Offset: number;
  readonly Type: Named;
  readonly Symbol: Named;
}

/** What llvm-readelf's JSON says of an object. */
export interface ReadelfObject {
  readonly sections: readonly ReadelfSection[];
  readonly symbols: readonly ReadelfSymbol[];
  readonly relocations: readonly (ReadelfRelocation & { readonly relSection: number })[];
}

interface Output {
  readonly Sections: readonly { readonly Section: ReadelfSection }[];
  readonly Symbols: readonly { readonly Symbol: ReadelfSymbol }[];
  readonly Relocations: readonly {
    readonly SectionIndex: number;
    readonly Relocs: readonly { readonly Relocation: ReadelfRelocation }[];
  }[];
}

/** Reads an object with llvm-readelf; a warning fails the test. */
export function readelf(bytes: Uint8Array): ReadelfObject {
  const args = ["--elf-output-style=JSON", "--sections", "--symbols", "--relocs"];
  const [output] = JSON.parse(read(READELF, args, bytes)) as Output[];
  if (output === undefined) throw new Error("llvm-readelf printed nothing");
  return {
    sections: output.Sections.map((item) => item.Section),
    symbols: output.Symbols.map((item) => item.Symbol),
    relocations: output.Relocations.flatMap(({ SectionIndex, Relocs }) =>
      Relocs.map((item) => ({ ...item.Relocation, relSection: SectionIndex })),
    ),
  };
}
