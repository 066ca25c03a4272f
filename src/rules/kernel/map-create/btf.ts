import type { KernelProfile } from "../profile.ts";
import { type HeldBtf, kernelReading } from "../verdict.ts";

export type { HeldBtf } from "../verdict.ts";

/** The BTF as the kernel holds it after BPF_BTF_LOAD; undefined if it is refused. Any bytes are a blob. */
export function heldBtf(blob: Uint8Array, profile: KernelProfile, littleEndian = true): HeldBtf | undefined {
  return kernelReading(blob, profile, littleEndian).held;
}
