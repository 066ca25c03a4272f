import { setFlagsFromString } from "node:v8";

/** From these sizes of an object on, in bytes, a run is long enough for code of V8's optimising compilers to pay, and of its baseline one. */
const LONG_RUN = 256 * 1024;
const SHORT_RUN = 96 * 1024;

const NO_OPTIMISING = ["--no-opt", "--no-maglev", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering"];

/** Of gimli, too, only the functions that run are validated: 0.5 ms on Node 24. */
const LAZY_VALIDATION = "--wasm-lazy-validation";

/**
 * Turns the optimising compilers off, of JavaScript and of wasm, for the short run that an ordinary object takes: they work in the
 * background, and it is over before their code would be used. Until then they cost a processor and 5 MiB. For the smallest objects the
 * same holds for the baseline compiler (0.5 to 0.9 ms of a repair of the fork object).
 */
export function skipOptimising(bytes: Uint8Array): void {
  if (bytes.length >= LONG_RUN) return;
  for (const flag of [...NO_OPTIMISING, LAZY_VALIDATION]) setFlagsFromString(flag);
  if (bytes.length < SHORT_RUN) setFlagsFromString("--no-sparkplug");
}
