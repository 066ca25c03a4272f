import type { BtfFixError } from "./errors.ts";
import type { MapVerdict, ProgramVerdict } from "./rules/loader.ts";
import type { Diagnostic } from "./rules/rule.ts";

/** What one judge would say of the object; `accepted` is null until the rules can tell. */
export interface Verdict {
  readonly version: string;
  readonly accepted: boolean | null;
  readonly stage: string | null;
  readonly errno: number | null;
  readonly message: string | null;
  readonly typeId: number | null;
  /** Id of the judge's rule that is broken ("KM-05"), where it is known. */
  readonly rule?: string;
}

export interface KernelVerdict extends Verdict {
  /** The same after libbpf's fix-up: externs allocated, sections laid out, kinds that the kernel does not know rewritten. */
  readonly asSent: Verdict;
}

/**
 * What a loader says of the object: its first failure in its own order. `accepted` is never true: what the verifier makes of the programs, these
 * rules do not tell.
 */
export interface ObjectVerdict extends Verdict {
  /** Whether the loader opens the object, before it gives anything to the kernel; null until the rules can tell. */
  readonly opens: boolean | null;
  /** The map or program at fault, where one is. */
  readonly map?: string;
  readonly program?: string;
  /** What becomes of each map, in the loader's order; absent where it does not come so far. */
  readonly maps?: readonly MapVerdict[];
  /** What the kernel says of each program's records, in the loader's order; absent where it does not come so far. */
  readonly programs?: readonly ProgramVerdict[];
}

/** A loader that was not asked about (`CheckOptions.loaders`) has no answer: `accepted` is null. */
export interface Verdicts {
  /**
   * All kernels that were asked about in one: the newest's answer, and in `version` the oldest from which on all answer so ("5.10+", "6.12+");
   * of a named release its own answer, of one between two known the first that refuses.
   */
  readonly kernel: KernelVerdict;
  /** Each release by itself. */
  readonly [release: `kernel@${string}`]: KernelVerdict;
  /** The newest version that is known of each loader, and an older one. */
  readonly libbpf: ObjectVerdict;
  readonly "libbpf@1.1": ObjectVerdict;
  readonly cilium: ObjectVerdict;
  readonly aya: ObjectVerdict;
  readonly "aya@0.3": ObjectVerdict;
  readonly bpftool: Verdict;
}

/** Result of `checkObject`. */
export interface CheckResult {
  readonly diagnostics: readonly Diagnostic[];
  readonly verdicts: Verdicts;
  /** Why the object could not be taken apart: the findings are then what the judges say of its bytes, and no more. */
  readonly unreadable?: BtfFixError;
}

/** One repair in the plan, in the order in which it was made. */
export interface PlannedChange {
  readonly rule: string;
  /** Past tense: "escaped Limit<u16, 4> to Limit_3C_u16_2C__20_4_3E_". */
  readonly what: string;
  readonly typeId?: number;
  /** Name of the symbol that moved or changed. */
  readonly symbol?: string;
}

/** Result of `fixObject`: the repaired file, what was found and mended, and what is left. */
export interface FixResult {
  readonly bytes: Uint8Array;
  /** False when the input was already fine and comes back byte for byte, or with V1 filled in alone. */
  readonly changed: boolean;
  readonly plan: readonly PlannedChange[];
  /** Findings of the input, each with `fixed` set if a repair took it away. */
  readonly diagnostics: readonly Diagnostic[];
  /** "12 names escaped", "1 map unwrapped": parts of the outcome line, in plan order. */
  readonly summary: readonly string[];
  /** What the kernels and libbpf 1.7 say of the result, and the other loaders as far as findings tell; `checkObject` asks them all. */
  readonly verdicts: Verdicts;
}
