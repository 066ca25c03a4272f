import type { ElfView } from "../elf/model.ts";
import { ayaVerdict } from "./aya/verdict.ts";
import { ciliumVerdict } from "./cilium/verdict.ts";
import type { KernelProfile } from "./kernel/profile.ts";
import { libbpfVerdict } from "./libbpf/verdict.ts";
import type { LoaderVerdict } from "./loader.ts";
import type { LoaderKey } from "./loaders.ts";

/**
 * What a loader, played by its own rules, says of an object on a kernel; undefined where nobody can tell: its rules are not known, or it reads
 * more than we do.
 */
export type Simulate = (key: LoaderKey, elf: ElfView, kernel: KernelProfile) => LoaderVerdict | undefined;

/** Every loader. */
export const simulateAll: Simulate = (key, elf, kernel) => {
  switch (key) {
    case "libbpf":
      return libbpfVerdict(elf, "1.7", kernel);
    case "libbpf@1.1":
      return libbpfVerdict(elf, "1.1", kernel);
    case "cilium":
      return ciliumVerdict(elf, kernel);
    case "aya":
      return ayaVerdict(elf, "0.6", kernel);
    case "aya@0.3":
      return ayaVerdict(elf, "0.3", kernel);
  }
};

/** The one that decides where none is named: a repair, which has no time for the others, asks no more. */
export const simulateLibbpf: Simulate = (key, elf, kernel) =>
  key === "libbpf" ? libbpfVerdict(elf, "1.7", kernel) : undefined;
