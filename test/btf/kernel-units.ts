import { existsSync, readFileSync } from "node:fs";
import type { Btf, BtfType } from "../../src/btf/model.ts";
import { typeById } from "../../src/btf/model.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { mapReferences, references } from "../../src/btf/walk.ts";
import { type Judge, once } from "../judges/judge.ts";
import { joinUnits, shuffled } from "./duplicated.ts";

const path = "/sys/kernel/btf/vmlinux";

/** The types of the running kernel. */
export const kernelTypes: () => Judge = once(() => {
  const usable = existsSync(path);
  return { name: "kernel types", version: "", usable, why: usable ? "" : `no ${path}` };
});

export function kernelBtf(): Btf {
  return parseBtf(new Uint8Array(readFileSync(path)));
}

export interface KernelUnits {
  /** One unit after the other. */
  readonly apart: Btf;
  /** What they are together, from the kernel's own BTF: each type once, and FWDs only for what no unit defines. */
  readonly together: Btf;
}

/**
 * What the kernel's types may have been before they were deduplicated: for each of many functions the types that it reaches, as
 * one unit. A unit defines about `size` of them; structs and unions past that are declared only. Every other unit is in another
 * order.
 */
export function kernelUnits(kernel: Btf, options: { readonly units: number; readonly size: number }): KernelUnits {
  const functions = kernel.types.flatMap((type, index) => (type.kind === "func" ? [index + 1] : []));
  const step = functions.length / options.units;
  const defined = new Set<number>();
  const declared = new Set<number>();
  const units = Array.from({ length: options.units }, (_, index) => {
    const types = reached(kernel, functions[Math.floor(index * step)] ?? 1, options.size);
    for (const [id, type] of types) (type.kind === "fwd" ? declared : defined).add(id);
    const unit = renumbered(types);
    return index % 2 === 0 ? unit : shuffled(unit, index);
  });
  const all = new Map<number, BtfType>();
  for (const id of defined) all.set(id, typeOf(kernel, id));
  for (const id of declared) if (!defined.has(id)) all.set(id, forward(typeOf(kernel, id)));
  return { apart: { ...kernel, types: joinUnits(units) }, together: { ...kernel, types: renumbered(all) } };
}

/** The types below `root` with their ids, nearest first. */
function reached(kernel: Btf, root: number, size: number): Map<number, BtfType> {
  const types = new Map<number, BtfType>();
  const ids = new Set([root]);
  // A set goes on with what is added while it is walked.
  for (const id of ids) {
    const whole = typeOf(kernel, id);
    const type = types.size >= size ? forward(whole) : whole;
    types.set(id, type);
    for (const target of references(type)) if (target !== 0) ids.add(target);
  }
  return types;
}

/** A FWD for a struct or union that has a name, else the type itself. */
function forward(type: BtfType): BtfType {
  if ((type.kind !== "struct" && type.kind !== "union") || type.nameOff === 0) return type;
  return { kind: "fwd", nameOff: type.nameOff, union: type.kind === "union" };
}

function renumbered(types: ReadonlyMap<number, BtfType>): BtfType[] {
  const newIds = new Map([...types.keys()].map((id, index) => [id, index + 1]));
  return [...types.values()].map((type) => mapReferences(type, (id) => newIds.get(id) ?? 0));
}

function typeOf(kernel: Btf, id: number): BtfType {
  const type = typeById(kernel, id);
  if (type === undefined) throw new RangeError(`the kernel has no type ${id}`);
  return type;
}
