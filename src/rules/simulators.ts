import type { ElfView } from "../elf/model.ts";
import type { KernelProfile } from "./kernel/profile.ts";
import type { LoaderRule, LoaderVerdict } from "./loader.ts";
import type { LoaderKey } from "./loaders.ts";

/** A loader played by its own rules: what it says of an object on a kernel. */
type Simulator = (elf: ElfView, kernel: KernelProfile) => LoaderVerdict;

const SIMULATORS: Readonly<Partial<Record<LoaderKey, Simulator>>> = {};

/** What the loader says of the object on this kernel; undefined for one whose rules are not known. */
export function simulated(key: LoaderKey, elf: ElfView, kernel: KernelProfile): LoaderVerdict | undefined {
  return SIMULATORS[key]?.(elf, kernel);
}

/** The rules of a loader, by the family that they have in reports: "libbpf/lm-14". */
export interface LoaderRules {
  readonly family: "libbpf" | "cilium" | "aya";
  readonly rules: readonly LoaderRule[];
}

/** Every rule of every loader that is known. */
export const loaderRules: readonly LoaderRules[] = [];
