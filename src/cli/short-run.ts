import { setFlagsFromString } from "node:v8";

/** From this size of an object on a run is long enough for optimised code to pay. In bytes. */
const LONG_RUN = 512 * 1024;

/**
 * Turns the optimising compilers off, of JavaScript and of wasm, for the short run that an ordinary object takes: they work in the
 * background, and it is over before their code would be used. Until then they cost a processor and 5 MiB.
 */
export function skipOptimising(bytes: Uint8Array): void {
  if (bytes.length >= LONG_RUN) return;
  for (const flag of ["--no-opt", "--no-maglev", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering"])
    setFlagsFromString(flag);
}
