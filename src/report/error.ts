import type { BtfFixError } from "../errors.ts";
import type { Paint } from "./paint.ts";
import { hexOffset, printable } from "./printable.ts";

/** An unusable input on one line: `fork: error[BTF_TRUNCATED]: … (section .BTF, offset 0x18)`. */
export function errorText(file: string | undefined, error: BtfFixError, paint: Paint): string {
  const at: string[] = [];
  if (error.span?.section !== undefined) at.push(`section ${error.span.section}`);
  if (error.span !== undefined) at.push(hexOffset(error.span.offset));
  const where = at.length === 0 ? "" : ` (${at.join(", ")})`;
  const head = paint.severity("error", `error[${error.code}]`);
  return `${file === undefined ? "btf-fix" : printable(file)}: ${head}: ${printable(`${error.message}${where}`)}\n`;
}
