/**
 * Arguments of each helper of the kernel, a digit a helper from number 1 on; `bpf_trace_printk` (6) takes up to five and counts for the
 * two that it always has. Helpers have not been added since 6.2, and never will be (kfuncs are).
 * Source: the prototypes of include/uapi/linux/bpf.h, counted.
 */
const ARITY =
  "2423020055533002131442215435333231032322103231125434424352242243254544444434141024255132244311111155433344421553333210445" +
  "113053124322221111144434233541421242020315453413231111341454332101144533231442255333220442";

/** `bpf_tail_call`: goes on elsewhere if it succeeds. */
export const TAIL_CALL = 12;

/** `bpf_trace_printk`. */
const TRACE_PRINTK = 6;
const MAX_ARGUMENTS = 5;

/** Mask of r1 to rN. */
export function firstArguments(count: number): number {
  return ((1 << count) - 1) << 1;
}

/** Registers that a helper surely reads, and those that it may read; undefined for a number that no helper has. */
export function helperArguments(helper: number): { readonly certain: number; readonly possible: number } | undefined {
  const digit = ARITY[helper - 1];
  if (digit === undefined) return undefined;
  const certain = firstArguments(Number(digit));
  return { certain, possible: helper === TRACE_PRINTK ? firstArguments(MAX_ARGUMENTS) : certain };
}
