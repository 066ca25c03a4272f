import type { Live } from "./live.ts";

/** A helper that only programs with a GPL-compatible license may call; program types as `enum bpf_prog_type` numbers them. */
export interface SeenHelper {
  /** `enum bpf_func_id`. */
  readonly id: number;
  /** Without "bpf_". */
  readonly name: string;
  /** Types in which the kernel bars it; none where only the source tells. */
  readonly barredIn: readonly number[];
  /** Types in which any license will do. */
  readonly openIn: readonly number[];
  readonly seen: "kernel" | "source";
}

/** BPF_PROG_TYPE_PERF_EVENT. */
const PERF_EVENT = 7;

/** What both files say of where it comes from. */
function origin({ kernel, types, typeNames, untried }: Live, sources: readonly string[]): string {
  const name = (type: number): string => typeNames.get(type) ?? String(type);
  return ` * Probed: Linux ${kernel}, every helper in ${types.length} types of programs; not to be tried there: ${untried.map(({ type }) => name(type)).join(", ")}.
 * Cross-checked with \`.gpl_only\` in ${sources.join(" and ")}.
`;
}

/** The table that the rule reads, as a TypeScript file. */
export function render(rows: readonly SeenHelper[], live: Live, sources: readonly string[]): string {
  const open = rows.filter(({ openIn }) => openIn.includes(PERF_EVENT)).map(({ id }) => id);
  return `/**
 * Made by \`npm run gpl-helpers\`, not by hand, of what test/rules/elf/gpl-helpers.ts lists.
 *
${origin(live, sources)} */

/** Helpers that only programs with a GPL-compatible license may call: \`enum bpf_func_id\`, and its name without "bpf_". */
export const GPL_HELPERS: readonly (readonly [id: number, name: string])[] = [
${rows.map(({ id, name }) => `  [${id}, "${name}"],`).join("\n")}
];

/** Those of them that perf_event programs, unlike others, may call with any license. */
export const OPEN_IN_PERF_EVENT: ReadonlySet<number> = new Set([${open.join(", ")}]);
`;
}

/** What was seen of each, for the tests, as a TypeScript file that biome leaves as it is. */
export function renderSeen(rows: readonly SeenHelper[], live: Live, sources: readonly string[]): string {
  const { types } = live;
  // A list of nearly all types is told by what is missing.
  const everywhere = rows.filter(({ barredIn }) => barredIn.length === types.length).length;
  const lines = rows.map(({ id, name: helper, barredIn, openIn, seen }) => {
    const barred = barredIn.length === types.length ? "ALL" : `[${barredIn.join(", ")}]`;
    return `  { id: ${id}, name: "${helper}", barredIn: ${barred}, openIn: [${openIn.join(", ")}], seen: "${seen}" },`;
  });
  return `/**
 * Made by \`npm run gpl-helpers\`, not by hand: what src/rules/elf/gpl-helpers.ts comes from.
 *
${origin(live, sources)} */
import type { SeenHelper } from "../../../tools/gpl-helpers/table.ts";

/** Every type that was tried; ${everywhere} helpers are barred in all of them. */
// biome-ignore format: a generated table
const ALL: readonly number[] = [${types.map(({ type }) => type).join(", ")}];

// biome-ignore format: a generated table
export const SEEN_HELPERS: readonly SeenHelper[] = [
${lines.join("\n")}
];
`;
}
