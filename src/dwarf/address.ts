import { type DwarfAddress, UNDEFINED_BASE } from "./model.ts";

/** An address as relocation has left it: the section or undefined symbol in the high half. */
export function addressOf(low: number, high: number): DwarfAddress {
  if (high < UNDEFINED_BASE) return { section: high, undefinedSymbol: undefined, offset: low };
  return { section: undefined, undefinedSymbol: high - UNDEFINED_BASE, offset: low };
}
