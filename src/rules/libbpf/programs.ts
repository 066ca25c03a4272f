import type { CollectedProgram } from "./collect.ts";

/** The program that an instruction is in (libbpf `find_prog_by_sec_insn`): the last that begins before it. `programs` by section and place. */
export function programAt(
  programs: readonly CollectedProgram[],
  section: number,
  offset: number,
): CollectedProgram | undefined {
  let [low, high] = [0, programs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const program = programs[middle];
    if (program === undefined) return undefined;
    const isBefore = program.section < section || (program.section === section && program.offset <= offset);
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  const found = programs[low - 1];
  return found?.section === section && offset < found.offset + found.size ? found : undefined;
}
