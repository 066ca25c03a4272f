import { type ElfSymbol, type ElfView, SYM_SIZE } from "../elf/model.ts";
import { differingFields, fieldsText } from "./fields.ts";
import type { Difference, SectionRange } from "./model.ts";

const FIELDS = ["name", "binding", "type", "visibility", "section", "value", "size"] as const;

/** What a symbol is called in messages: a section's symbol has no name of its own. */
export function symbolLabel(elf: ElfView, symbol: ElfSymbol | undefined): string {
  if (symbol === undefined) return "?";
  if (symbol.name !== "") return symbol.name;
  const section = elf.sections[symbol.section];
  return section === undefined ? `#${symbol.index}` : `section ${section.name}`;
}

function rangeOf(elf: ElfView, { index }: ElfSymbol): SectionRange {
  const section = elf.symtab === undefined ? undefined : elf.sections[elf.symtab];
  return { section: section?.name ?? "", offset: index * SYM_SIZE, length: SYM_SIZE };
}

/**
 * Symbols tied together by name (those of one name, and those without any, by turn), since their numbers change with their bindings.
 */
export function diffSymbols(before: ElfView, after: ElfView): Difference[] {
  const differences: Difference[] = [];
  const old = new Map<string, ElfSymbol[]>();
  for (const symbol of before.symbols) {
    const same = old.get(symbol.name);
    if (same === undefined) old.set(symbol.name, [symbol]);
    else same.push(symbol);
  }
  const turn = new Map<string, number>();
  for (const symbol of after.symbols) {
    const at = turn.get(symbol.name) ?? 0;
    turn.set(symbol.name, at + 1);
    const was = old.get(symbol.name)?.[at];
    const change =
      was === undefined ? { before: null, after: fieldsText(symbol, FIELDS) } : differingFields(was, symbol, FIELDS);
    if (change === undefined) continue;
    differences.push({ what: `symbol ${symbolLabel(after, symbol)}`, ...change, range: rangeOf(after, symbol) });
  }
  for (const [name, symbols] of old) {
    for (const symbol of symbols.slice(turn.get(name) ?? 0)) {
      const text = fieldsText(symbol, FIELDS);
      const range = rangeOf(before, symbol);
      differences.push({ what: `symbol ${symbolLabel(before, symbol)}`, before: text, after: null, range });
    }
  }
  return differences;
}
