import type { ElfView } from "../../elf/model.ts";
import { sectionNamed } from "../../elf/symbols.ts";
import { codeOf } from "./code.ts";

const reached = new WeakMap<ElfView, ReadonlySet<number>>();

function reach(elf: ElfView, text: number): ReadonlySet<number> {
  const code = codeOf(elf);
  const seen = new Set<number>();
  const inner = new Map<number, number[]>();
  for (const { from, to } of code.references) {
    if (to.section !== text) continue;
    if (from.section !== text) seen.add(to.offset);
    const caller = from.section === text ? code.functionAt(from)?.start : undefined;
    if (caller === undefined) continue;
    const callees = inner.get(caller);
    if (callees === undefined) inner.set(caller, [to.offset]);
    else callees.push(to.offset);
  }
  // A set grows while it is walked, and the walk sees what came in.
  for (const start of seen) for (const target of inner.get(start) ?? []) seen.add(target);
  return seen;
}

/**
 * Offsets in `.text` of the functions that programs call or pass as callbacks, themselves or through others. Loaders add no other function
 * to a program (libbpf `bpf_object__reloc_code`, cilium/ebpf `flattenInstructions`), so the kernel never sees the rest.
 */
export function reachedFunctions(elf: ElfView): ReadonlySet<number> {
  let offsets = reached.get(elf);
  if (offsets === undefined) {
    const text = sectionNamed(elf, ".text");
    offsets = text === undefined ? new Set<number>() : reach(elf, text.index);
    reached.set(elf, offsets);
  }
  return offsets;
}
