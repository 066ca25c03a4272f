import { MATRIX_RELEASES } from "../../tools/matrix/kernels.ts";
import { attach } from "./attach.ts";
import { aya03, aya06 } from "./aya.ts";
import { aya14, aya16 } from "./aya-run.ts";
import { bpftool } from "./bpftool.ts";
import { cilium } from "./cilium.ts";
import { dedup11, dedup17 } from "./dedup.ts";
import type { Judge } from "./judge.ts";
import { kernel } from "./kernel.ts";
import { libbpf11, libbpf17 } from "./libbpf.ts";
import { matrixKernel } from "./qemu.ts";

/** Every judge, asked whether it answers. */
export function probes(): readonly Judge[] {
  return [
    kernel(),
    libbpf17(),
    libbpf11(),
    dedup17(),
    dedup11(),
    bpftool(),
    cilium(),
    aya03(),
    aya06(),
    aya14(),
    aya16(),
    attach(),
    ...MATRIX_RELEASES.map(matrixKernel),
  ];
}

/** "kernel 6.18: usable", or why not. */
export function probeLine(judge: Judge): string {
  const version = judge.version === "" ? "" : ` ${judge.version}`;
  return `${judge.name}${version}: ${judge.usable ? "usable" : `not usable: ${judge.why}`}`;
}
