import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { EmitRequest } from "./engine.ts";

/** From this size of an object on, in bytes, what is not used any more may be more than what is. */
const HUGE = 64 << 20;

/**
 * The request, with all that was read of a huge object collected before the result is made. V8 knows that its tables are not used any more
 * but sees no haste; half a gigabyte of them beside two copies of the file would be the most that the run ever holds.
 */
export function collectingGarbage(bytes: Uint8Array, request: EmitRequest): EmitRequest {
  if (bytes.length < HUGE) return request;
  return {
    ...request,
    onPhase(phase) {
      request.onPhase?.(phase);
      if (phase === "lower") collect();
    },
  };
}

function collect(): void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  if (typeof gc === "function") gc();
}
