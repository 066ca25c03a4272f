import { ayaRules } from "./aya/verdict.ts";
import { ciliumRules } from "./cilium/verdict.ts";
import { libbpfRules } from "./libbpf/verdict.ts";
import type { LoaderRule } from "./loader.ts";

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
