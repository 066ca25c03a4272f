import type { Live } from "./live.ts";

/** One helper of the table; program types are numbers of `enum bpf_prog_type`. */
export interface Row {
  readonly id: number;
  readonly name: string;
  readonly barredIn: readonly number[];
  readonly openIn: readonly number[];
  readonly seen: "kernel" | "source";
}

/** The committed table as a TypeScript file that biome leaves as it is. */
export function render(
  rows: readonly Row[],
  { kernel, types, typeNames, untried }: Live,
  sources: readonly string[],
): string {
  const name = (type: number): string => typeNames.get(type) ?? String(type);
  // A list of nearly all types is told by what is missing.
  const everywhere = rows.filter(({ barredIn }) => barredIn.length === types.length).length;
  const lines = rows.map(({ id, name: helper, barredIn, openIn, seen }) => {
    const barred = barredIn.length === types.length ? "ALL" : `[${barredIn.join(", ")}]`;
    return `  { id: ${id}, name: "${helper}", barredIn: ${barred}, openIn: [${openIn.join(", ")}], seen: "${seen}" },`;
  });
  return `/**
 * Made by \`npm run gpl-helpers\`, not by hand.
 *
 * Probed: Linux ${kernel}, every helper in ${types.length} types of programs; not to be tried there: ${untried.map(({ type }) => name(type)).join(", ")}.
 * Cross-checked with \`.gpl_only\` in ${sources.join(" and ")}.
 */

/** A helper that only programs with a GPL-compatible license may call; program types as \`enum bpf_prog_type\` numbers them. */
export interface GplHelper {
  /** \`enum bpf_func_id\`. */
  readonly id: number;
  /** Without "bpf_". */
  readonly name: string;
  /** Types in which the kernel bars it; none where only the source tells. */
  readonly barredIn: readonly number[];
  /** Types in which any license will do. */
  readonly openIn: readonly number[];
  readonly seen: "kernel" | "source";
}

/** Every type that was tried; ${everywhere} helpers are barred in all of them. */
// biome-ignore format: a generated table
const ALL: readonly number[] = [${types.map(({ type }) => type).join(", ")}];

// biome-ignore format: a generated table
export const GPL_HELPERS: readonly GplHelper[] = [
${lines.join("\n")}
];
`;
}
