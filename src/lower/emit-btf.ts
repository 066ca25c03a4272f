import { assembleBtf } from "../btf/encode.ts";
import type { CoreRelo } from "../btf/ext-model.ts";
import { encodeExtWords } from "../btf/ext-words.ts";
import type { Btf, BtfFuncProto } from "../btf/model.ts";
import { nameBytes } from "../btf/names.ts";
import { TypeRecords } from "../btf/type-records.ts";
import { TAG } from "../dwarf/constants.ts";
import type { Dwarf } from "../dwarf/model.ts";
import { type ElfView, SHT_NOBITS } from "../elf/model.ts";
import { type Adopter, adopterOf } from "./adopt.ts";
import { type CodeFunction, functionsOf } from "./code.ts";
import { lookup } from "./complete.ts";
import { addDatasecs, type DatasecTable, datasec, hasPrivateConstant, variableItem } from "./datasec.ts";
import type { DialectName } from "./dialect.ts";
import { addEntry, type Lowering, newLowering } from "./entries.ts";
import { addFuncInfo, addLineInfo, addRelo, type ExtRecords, extTables, newExtRecords } from "./ext-records.ts";
import {
  addExtern,
  type ExternReference,
  type Externs,
  externReferences,
  functionDeclarations,
  subroutineTypes,
  TRAP,
} from "./extern.ts";
import { type ExternSection, externSection } from "./extern-section.ts";
import { type Global, globalsOf, type KnownPlace } from "./globals.ts";
import { dimension } from "./layout.ts";
import { type LineRecord, lineRecords, NO_ROWS, rowsBySection, type SectionRows } from "./line-info.ts";
import { addBareFunction, isLineTablesOnly } from "./line-tables-only.ts";
import { cutLoops, graphOfRecords } from "./loops.ts";
import { textName, typeOf } from "./names.ts";
import { noDwarf } from "./no-dwarf.ts";
import { between } from "./order.ts";
import { type Passes, passesOver } from "./passes.ts";
import { datasecRelocations, recordRelocations, type WordRelocations } from "./relocations.ts";
import { addFunction } from "./signature.ts";
import { sourceOrder } from "./source-order.ts";
import { embeddedText, lineWord, quotedText, type SourceText } from "./source-text.ts";
import { newStrings, type Strings } from "./strings.ts";
import { addDeclTags } from "./tags.ts";
import { type FunctionFinder, functionFinderByUnit } from "./uses.ts";
import { staticVariables } from "./variables.ts";
import { visitMapType, visitType } from "./visit.ts";
import {
  type CoreRoot,
  codePlace,
  coreRoots,
  externPrototypes,
  externSections,
  type FactName,
  functionNames,
  literalKey,
  literalOrder,
  prototypes,
  repeatedLines,
  variableOrder,
  type Witness,
} from "./witness.ts";
import { type RowFinder, rowFinder } from "./witness-rows.ts";

export interface EmitOptions {
  /** "dwarf": DWARF and ELF alone; "both": with the facts of `witness.ts` from the old sections. */
  readonly from: "dwarf" | "both";
  readonly dialect: DialectName;
  /** The sections that the object has. With "dwarf", only the source lines that line_info quotes are read. */
  readonly old?: Witness;
  /** With "both", which of the witness's facts count; all if undefined. */
  readonly facts?: ReadonlySet<FactName>;
  /** Source lines that neither the old line_info quotes nor the compiler has embedded. */
  readonly sourceText?: SourceText;
}

/** Contents of `.BTF` and `.BTF.ext`, made anew. LLVM would write no `.BTF` without types, and no `.BTF.ext` where that is undefined. */
export interface EmittedBtf {
  /** Number of types. */
  readonly types: number;
  readonly btf: Uint8Array;
  readonly ext: Uint8Array | undefined;
  /** For `.rel.BTF` and `.rel.BTF.ext`, in order of offset. */
  readonly btfRelocations: WordRelocations;
  readonly extRelocations: WordRelocations;
}

/** All that one run works with. */
interface Emission {
  readonly elf: ElfView;
  readonly lowering: Lowering;
  readonly strings: Strings;
  readonly types: TypeRecords;
  readonly passes: Passes;
  readonly sections: DatasecTable;
  readonly externs: Externs;
  readonly records: ExtRecords;
  /** How types come from the second witness. */
  readonly taken: { readonly btf: Btf; readonly adopter: Adopter; readonly rowOf: RowFinder } | undefined;
  readonly known: KnownPlace;
  readonly lines: ReadonlyMap<number, SectionRows>;
  readonly functionOf: FunctionFinder;
  readonly text: SourceText;
  readonly roots: ReadonlyMap<string, readonly CoreRoot[]>;
  readonly protos: ReadonlyMap<string, BtfFuncProto>;
  readonly names: ReadonlyMap<string, string>;
  /** Debug info is line tables, and LLVM's defect is asked for. */
  readonly bare: boolean;
  readonly repeats: ReadonlyMap<string, readonly { readonly offset: number }[]>;
  /** References of a section to what is defined elsewhere, between two offsets. */
  references(section: number, from: number, end: number): readonly ExternReference[];
}

/**
 * Writes the BTF of an object as LLVM's BTFDebug does, from its debug info: same types, ids, strings and records
 * (BTFDebug::beginFunctionImpl, beginInstruction and endModule, in this order). Types that only the second witness knows are taken
 * from there one named fact at a time. Contradictory DWARF gives void in the place of what cannot be said.
 * Errors: those of the line table and of relocation sections.
 */
export function emitBtf(elf: ElfView, dwarf: Dwarf | undefined, options: EmitOptions): EmittedBtf {
  const emission = begin(elf, dwarf ?? noDwarf, options);
  const { lowering, strings, types, passes, sections, externs, records } = emission;
  const functions = functionsOf(lowering.dwarf, elf);
  const variables = [...staticVariables(lowering.dwarf, elf)];
  const ranks = sourceOrder(lowering.dwarf, elf, variables, functions, emission.lines);
  const { maps, others } = globalsOf(elf, variables, ranks, emission.known);

  for (const global of maps) addGlobal(emission, global, visitMapType);
  for (const code of functions) addCode(emission, code);
  if (dwarf !== undefined && hasPrivateConstant(elf)) datasec(sections, ".rodata");
  for (const global of others) addGlobal(emission, global, visitType);
  const trap = elf.symbols.find((symbol) => symbol.name === TRAP && symbol.section === 0);
  if (trap !== undefined) addExtern(lowering, externs, sections, trap);
  addDatasecs(lowering, sections);
  passes.finish();
  cutLoops(graphOfRecords(types));

  const tables = extTables(records);
  return {
    types: types.count,
    btf: assembleBtf(types, strings.finish(), elf.littleEndian),
    ext: tables && encodeExtWords(tables, elf.littleEndian),
    btfRelocations: datasecRelocations(elf, types, lowering.entries),
    extRelocations: recordRelocations(elf, tables ?? [], records.codeSections),
  };
}

function knownPlace(dwarf: Dwarf, witness: Witness): KnownPlace {
  const variables = variableOrder(witness);
  const literals = literalOrder(witness);
  return ({ symbol, type }) => {
    if (symbol !== undefined) return variables.get(symbol.name);
    const element = type === undefined || dwarf.tag(type) !== TAG.arrayType ? undefined : typeOf(dwarf, type);
    if (type === undefined || element === undefined) return undefined;
    for (const child of dwarf.children(type)) {
      if (dwarf.tag(child) === TAG.subrangeType)
        return literals.get(literalKey(textName(dwarf, element), dimension(dwarf, child)));
    }
    return undefined;
  };
}

function begin(elf: ElfView, dwarf: Dwarf, { from, dialect, old, facts, sourceText }: EmitOptions): Emission {
  const lowering = newLowering(dwarf, elf.littleEndian, dialect);
  const strings = newStrings(dwarf);
  const types = new TypeRecords(elf.littleEndian);
  const witness = from === "both" ? old : undefined;
  const taking = (name: FactName): Witness | undefined =>
    facts === undefined || facts.has(name) ? witness : undefined;
  const fact = <T>(name: FactName, of: (witness: Witness) => ReadonlyMap<string, T>): ReadonlyMap<string, T> => {
    const from = taking(name);
    return from === undefined ? new Map() : of(from);
  };
  const order = taking("variable-order");
  const asked = taking("extern-section");
  const rowOf = witness && rowFinder(dwarf, witness.btf);
  const taken = witness && rowOf && { btf: witness.btf, adopter: adopterOf(lowering, witness.btf, rowOf), rowOf };
  const references = new Map<number, readonly ExternReference[]>();
  const declarations = once(() => functionDeclarations(dwarf));
  const subroutines = once(() => subroutineTypes(dwarf));
  const embedded = once(() => embeddedText(dwarf.lines()));
  const quoted: SourceText = old === undefined ? () => undefined : quotedText(old.btf, old.ext);
  return {
    elf,
    lowering,
    strings,
    types,
    passes: passesOver(lowering, strings, types),
    sections: new Map(),
    externs: {
      // Each walks all DIEs, and many objects have no externs.
      get declarations() {
        return declarations();
      },
      get subroutines() {
        return subroutines();
      },
      prototypes: fact("extern-prototype", externPrototypes),
      sectionOf: asked === undefined ? externSection(dwarf, elf) : witnessedSection(asked),
      adopter: taken?.adopter,
      done: new Set(),
    },
    records: newExtRecords(),
    taken,
    known: order === undefined ? () => undefined : knownPlace(dwarf, order),
    lines: rowsBySection(dwarf),
    functionOf: functionFinderByUnit(dwarf),
    text: (file, line) => quoted(file, line) ?? embedded()(file, line) ?? sourceText?.(file, line),
    roots: fact("core-roots", coreRoots),
    protos: fact("prototype", prototypes),
    names: fact("function-name", functionNames),
    bare: dialect === "llvm" && isLineTablesOnly(dwarf),
    repeats: fact("repeated-lines", repeatedLines),
    references(section, from, end): readonly ExternReference[] {
      const known = references.get(section) ?? externReferences(elf, section);
      references.set(section, known);
      return between(known, from, end);
    },
  };
}

/** An extern that the witness puts into no section asks for none. */
function witnessedSection(witness: Witness): ExternSection {
  const sections = externSections(witness);
  return ({ name }) => sections.get(name);
}

/** What `make` gives, made when it is first asked for. */
function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** The type, VAR, tags and DATASEC entry of a global, and the functions that its initializer names (BTFDebug::processGlobals). */
function addGlobal(emission: Emission, global: Global, visit: typeof visitType): void {
  const { elf, lowering, sections, externs } = emission;
  const { row, type, symbol, linkage } = global;
  visit(lowering, type);
  if (symbol === undefined) return;
  const { name } = symbol;
  const id = addEntry(lowering, { entry: "var", row, name, type: { row: type }, linkage }, undefined);
  addDeclTags(lowering, row, id, -1);
  const section = global.section === "" ? externs.sectionOf({ kind: "var", name, row }) : global.section;
  if (section === undefined) return;
  datasec(sections, section).push(variableItem(lowering.dwarf, id, symbol, type));
  const content = elf.sections[symbol.section];
  if (global.section === "" || content === undefined || content.type === SHT_NOBITS) return;
  for (const reference of emission.references(content.index, symbol.value, symbol.value + symbol.size)) {
    addExtern(lowering, externs, sections, reference.symbol);
  }
}

/** One function: its signature, then what its instructions bring in. */
function addCode(emission: Emission, code: CodeFunction): void {
  const { elf, strings, passes, records } = emission;
  const section = elf.sections[code.section]?.name ?? "";
  let secNameOff = 0;
  const id = addSignature(emission, code, codePlace(section, code.offset));
  if (id !== undefined) {
    passes.pass();
    secNameOff = strings.add(section);
    records.codeSections.set(secNameOff, code.section);
    addFuncInfo(records, secNameOff, code.offset, id);
  }
  addInstructions(emission, code, section, secNameOff);
}

/** The FUNC's id; undefined for a function without debug info. */
function addSignature(emission: Emission, code: CodeFunction, place: string): number | undefined {
  const { lowering, protos, names, taken, lines } = emission;
  if (emission.bare) return addBareFunction(lowering, code, lines.get(code.section) ?? NO_ROWS, names.get(place));
  if (code.subprogram === undefined) return undefined;
  const proto = protos.get(place);
  return addFunction(lowering, code.subprogram, proto && taken && { proto, ...taken });
}

interface Event {
  readonly offset: number;
  run(): void;
}

/** What happens at a function's instructions, in their order; at one instruction the line comes last. */
function addInstructions(emission: Emission, code: CodeFunction, section: string, secNameOff: number): void {
  const events = eventsOf(emission, code, section, secNameOff);
  let next = 0;
  const runUpTo = (offset: number): void => {
    for (let event = events[next]; event !== undefined && event.offset <= offset; event = events[++next]) event.run();
  };
  if (secNameOff !== 0) {
    const { lowering, lines, repeats, functionOf } = emission;
    const rows = lines.get(code.section) ?? NO_ROWS;
    for (const line of lineRecords(lowering.dwarf, rows, code, repeats.get(section) ?? [], functionOf)) {
      runUpTo(line.offset);
      addLine(emission, secNameOff, line);
    }
  }
  runUpTo(Infinity);
}

/** What a function's instructions refer to, in their order. */
function eventsOf(emission: Emission, code: CodeFunction, section: string, secNameOff: number): readonly Event[] {
  const { lowering, strings, sections, externs, roots } = emission;
  const events: Event[] = [];
  for (const { offset, symbol } of emission.references(code.section, code.offset, code.end)) {
    events.push({ offset, run: () => addExtern(lowering, externs, sections, symbol) });
  }
  for (const { offset, record } of between(roots.get(section) ?? [], code.offset, code.end)) {
    events.push({ offset, run: () => addCoreRelo(emission, secNameOff || strings.add(section), record) });
  }
  return events.sort((a, b) => a.offset - b.offset);
}

function addLine({ strings, records, text }: Emission, secNameOff: number, record: LineRecord): void {
  const { offset, file, line, column } = record;
  const fileNameOff = strings.add(file);
  const lineOff = strings.add(text(file, line) ?? "");
  addLineInfo(records, secNameOff, { insnOff: offset, fileNameOff, lineOff, lineCol: lineWord(line, column) });
}

/** A CO-RE record of the witness, with its root's id here (BTFDebug::generatePatchImmReloc). */
function addCoreRelo(
  { lowering, strings, passes, records, taken }: Emission,
  secNameOff: number,
  record: CoreRelo,
): void {
  if (taken === undefined) return;
  const root = taken.adopter.visit(record.typeId);
  passes.pass();
  const accessStrOff = strings.add(nameBytes(taken.btf, record.accessStrOff) ?? "");
  addRelo(records, secNameOff, { ...record, typeId: lookup(lowering, root), accessStrOff });
}
