import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** Rows of cells under their headings, columns padded with spaces, two apart; no trailing blanks. */
export function tableText(columns: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  const cells = rows.map((row) => columns.map((_, i) => printable(row[i] ?? "")));
  const widths = columns.map((column, i) => cells.reduce((w, row) => Math.max(w, row[i]?.length ?? 0), column.length));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [paint.strong(line(columns)), ...cells.map(line)].map((text) => `${text}\n`).join("");
}
