import type { CollectedProgram } from "./collect.ts";

/** The program that an instruction is in (libbpf `find_prog_by_sec_insn`): the last that begins before it. `programs` by section and place. */
export function programAt(
  programs: readonly CollectedProgram[],
  section: number,
  offset: number,
): CollectedProgram | undefined {
  const found = programs.findLast((program) => program.section === section && program.offset <= offset);
  return found !== undefined && offset < found.offset + found.size ? found : undefined;
}
