import type { CheckResult, FixResult, KernelVerdict } from "../api.ts";
import type { Diagnostic, Severity } from "../rules/rule.ts";
import { counted, printable } from "./printable.ts";

/** How many findings of each severity no repair took away. */
export type Remaining = Readonly<Record<Severity, number>>;

/** Counts the findings that are left after the repair (all of them, for a check). */
export function remaining(diagnostics: readonly Diagnostic[]): Remaining {
  const counts = { error: 0, warning: 0, note: 0 };
  for (const diagnostic of diagnostics) if (diagnostic.fixed === undefined) counts[diagnostic.severity]++;
  return counts;
}

/**
 * "; kernel 5.15+: BTF accepted", or "" where the rules cannot tell. The bytes as a loader sends them count: every compiler leaves
 * DATASEC sizes to the loader, so the bytes alone say little.
 */
function kernelText(kernel: KernelVerdict): string {
  const name = kernel.version === "" ? "kernel" : `kernel ${kernel.version}`;
  if (kernel.accepted === true || kernel.asSent.accepted === true) return `; ${name}: BTF accepted`;
  return kernel.asSent.accepted === false ? `; ${name}: BTF refused` : "";
}

function countsText(counts: Remaining): string {
  const errors = counted(counts.error, "error");
  return counts.warning === 0 ? errors : `${errors}, ${counted(counts.warning, "warning")}`;
}

/** The closing line of a repair: `fork: 12 names escaped, 1 map unwrapped, 0 errors; kernel 5.15+: BTF accepted`. */
export function fixOutcome(file: string, result: FixResult): string {
  const counts = remaining(result.diagnostics);
  const unchanged = counts.error === 0 ? "already fine" : "nothing repaired";
  const done = result.changed && result.summary.length > 0 ? result.summary.join(", ") : unchanged;
  return printable(`${file}: ${done}, ${countsText(counts)}${kernelText(result.verdicts.kernel)}`);
}

/** The closing line of a check: `fork: 3 errors, 1 warning`. */
export function checkOutcome(file: string, result: CheckResult): string {
  return printable(`${file}: ${countsText(remaining(result.diagnostics))}${kernelText(result.verdicts.kernel)}`);
}
