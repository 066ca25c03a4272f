import { SHDR_SIZE } from "../../../src/elf/model.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { CALL, EXIT, type ObjectParts, type ObjectSymbol, R_BPF_64_32 } from "../../object.ts";
import type { AyaCorner } from "./corner-cases.ts";
import {
  inText,
  LOAD,
  license,
  main,
  mapSymbol,
  maps,
  object,
  patched,
  program,
  R_BPF_64_64,
  relocated,
} from "./draft.ts";

/** ELF as other tools write it: symbols, sections and relocations of kinds that LLVM has no use for. */

const [NOBITS, DYNSYM, NOTE, STRTAB, RELA] = [8, 11, 7, 3, 4];

const corner = (name: string, changed: Partial<ObjectParts>): AyaCorner => ({ name, bytes: () => object(changed) });

/** Fields of a section's header: 4 type, 24 offset, 32 size, 40 link, 44 info, 56 size of an entry. */
function withFields(bytes: Uint8Array, name: string, fields: Readonly<Record<number, number>>): Uint8Array {
  const elf = parseElf(bytes);
  const index = elf.sections.find((one) => one.name === name)?.index ?? 0;
  const at = elf.sectionHeaders + index * SHDR_SIZE;
  return patched(
    bytes,
    Object.entries(fields).map(([field, value]) => [at + Number(field), value] as const),
  );
}

const withField = (bytes: Uint8Array, name: string, field: number, value: number): Uint8Array =>
  withFields(bytes, name, { [field]: value });

const text = { name: ".text", insns: [EXIT, EXIT] };

/** Symbols in `.text`, of every type and binding, beside the function that is there. */
const symbols = (binding: number, name: string): readonly AyaCorner[] =>
  [0, 1, 2, 3, 4, 5, 6, 7, 10, 13].map((type) =>
    corner(`a symbol ${name || "without a name"} of type ${type} and binding ${binding}`, {
      sections: [program, license, maps, text],
      symbols: [main, mapSymbol, inText("whole", 0, 16), { name, section: ".text", value: 8, size: 8, binding, type }],
    }),
  );

/** Calls and references of symbols of every type, in the object and out of it. */
const references = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 13].flatMap((type): readonly AyaCorner[] => {
  const outside: ObjectSymbol = { name: "outside", type };
  const wide = { ...main, size: 24 };
  return [
    corner(`a call of an undefined symbol of type ${type}`, {
      sections: [relocated("outside", R_BPF_64_32, [CALL, EXIT]), license, maps],
      symbols: [main, mapSymbol, outside],
    }),
    corner(`a reference to a symbol of type ${type}`, {
      sections: [relocated("there", R_BPF_64_64, LOAD), license, maps, text],
      symbols: [wide, mapSymbol, inText("whole", 0, 16), { name: "there", section: ".text", value: 0, size: 16, type }],
    }),
    corner(`a reference to data by a symbol of type ${type}`, {
      sections: [relocated("datum", R_BPF_64_64, LOAD), license, maps, { name: ".data", bytes: new Uint8Array(16) }],
      symbols: [wide, mapSymbol, { name: "datum", section: ".data", value: 8, size: 8, type }],
    }),
  ];
});

const dynamic = (size: number): Partial<ObjectParts> => ({
  sections: [program, license, maps, { name: ".dynsym", type: DYNSYM, flags: 0, bytes: new Uint8Array(size) }],
});

const related: Partial<ObjectParts> = {
  sections: [relocated("MAP", R_BPF_64_64, LOAD), license, maps],
  symbols: [{ ...main, size: 24 }, mapSymbol],
};

const thrice: Partial<ObjectParts> = {
  sections: [
    {
      ...relocated("MAP", R_BPF_64_64, LOAD),
      relocations: [0, 8, 16].map((offset) => ({ offset, type: 1, symbol: "MAP" })),
    },
    ...[license, maps],
  ],
  symbols: [{ ...main, size: 24 }, mapSymbol],
};

export const elfCorners: readonly AyaCorner[] = [
  ...["plain", "$d", "$", ""].flatMap((name) => [...symbols(0, name), ...symbols(1, name)]),
  ...symbols(2, "weak"),
  ...references,
  corner("dynamic symbols", dynamic(48)),
  { name: "dynamic symbols linked to code", bytes: () => withField(object(dynamic(48)), ".dynsym", 40, 1) },
  { name: "dynamic symbols linked to no section", bytes: () => withField(object(dynamic(48)), ".dynsym", 40, 99) },
  { name: "dynamic symbols linked to strings", bytes: () => linkedToStrings() },
  corner("a section without bytes", {
    sections: [program, license, maps, { name: ".bss", type: NOBITS, bytes: new Uint8Array(8) }],
  }),
  { name: "a section without bytes, larger than the file", bytes: () => large(NOBITS) },
  { name: "a section of no type, larger than the file", bytes: () => large(0) },
  { name: "a license without bytes", bytes: () => withField(object(), "license", 4, NOBITS) },
  { name: "code without bytes", bytes: () => withField(object(), "socket", 4, NOBITS) },
  { name: "code that is no program's", bytes: () => withField(object(), "socket", 4, NOTE) },
  // Three entries of 16 bytes, or two of 24.
  { name: "relocations as long ones", bytes: () => withFields(object(thrice), ".relsocket", { 4: RELA, 56: 24 }) },
  { name: "relocations of another section's", bytes: () => withField(object(related), ".relsocket", 44, 2) },
  { name: "relocations of themselves", bytes: () => ofThemselves() },
  { name: "relocations of other symbols", bytes: () => withField(object(related), ".relsocket", 40, 1) },
];

function linkedToStrings(): Uint8Array {
  const bytes = object(dynamic(48));
  const strings = parseElf(bytes).sections.find(({ type }) => type === STRTAB)?.index ?? 0;
  return withField(bytes, ".dynsym", 40, strings);
}

function large(type: number): Uint8Array {
  const bytes = object({ sections: [program, license, maps, { name: ".more", type, bytes: new Uint8Array(8) }] });
  return withField(bytes, ".more", 32, 2 ** 20);
}

function ofThemselves(): Uint8Array {
  const bytes = object(related);
  const own = parseElf(bytes).sections.find(({ name }) => name === ".relsocket")?.index ?? 0;
  return withField(bytes, ".relsocket", 44, own);
}
