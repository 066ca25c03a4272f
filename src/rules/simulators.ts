import type { ElfView } from "../elf/model.ts";
import { ayaRules, ayaVerdict } from "./aya/verdict.ts";
import { ciliumRules, ciliumVerdict } from "./cilium/verdict.ts";
import type { KernelProfile } from "./kernel/profile.ts";
import { libbpfRules, libbpfVerdict } from "./libbpf/verdict.ts";
import type { LoaderRule, LoaderVerdict } from "./loader.ts";
import type { LoaderKey } from "./loaders.ts";

/** A loader played by its own rules: what it says of an object on a kernel. */
type Simulator = (elf: ElfView, kernel: KernelProfile) => LoaderVerdict | undefined;

const SIMULATORS: Readonly<Partial<Record<LoaderKey, Simulator>>> = {
  libbpf: (elf, kernel) => libbpfVerdict(elf, "1.7", kernel),
  "libbpf@1.1": (elf, kernel) => libbpfVerdict(elf, "1.1", kernel),
  cilium: ciliumVerdict,
  aya: (elf, kernel) => ayaVerdict(elf, "0.6", kernel),
  "aya@0.3": (elf, kernel) => ayaVerdict(elf, "0.3", kernel),
};

/** What the loader says of the object on this kernel; undefined where nobody can tell: its rules are not known, or it reads more than we do. */
export function simulated(key: LoaderKey, elf: ElfView, kernel: KernelProfile): LoaderVerdict | undefined {
  return SIMULATORS[key]?.(elf, kernel);
}

/** The rules of a loader, by the family that they have in reports: "libbpf/lm-14". */
export interface LoaderRules {
  readonly family: "libbpf" | "cilium" | "aya";
  readonly rules: readonly LoaderRule[];
}

/** Every rule of every loader that is known. */
export const loaderRules: readonly LoaderRules[] = [
  { family: "libbpf", rules: libbpfRules },
  { family: "cilium", rules: ciliumRules },
  { family: "aya", rules: ayaRules },
];
