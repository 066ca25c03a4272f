/** What Stryker says of one mutant, as far as it is read here (mutation-testing-report-schema). */
export interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}

/** Stryker's JSON report. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

/**
 * How many mutants of some files were noticed, of those that count. Where but one in `sample` was tried, Stryker still counts every mutant
 * that no replay comes by, so these weigh less.
 */
export function score(mutants: readonly Mutant[], sample = 1): { readonly killed: number; readonly valid: number } {
  const count = (...statuses: readonly string[]): number =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  const killed = count("Killed", "Timeout");
  return { killed, valid: Math.round(killed + count("Survived") + count("NoCoverage") / sample) };
}

/** A line for each file and one for all: "src/rules/kernel/chains.ts 35 of 43, 81.4 %". */
export function scoreLines(name: string, { files }: Report, sample = 1): readonly string[] {
  const line = (what: string, mutants: readonly Mutant[]): string => {
    const { killed, valid } = score(mutants, sample);
    return `${what} ${killed} of ${valid}, ${((100 * killed) / Math.max(1, valid)).toFixed(1)} %`;
  };
  const all = Object.values(files).flatMap(({ mutants }) => mutants);
  return [...Object.entries(files).map(([file, { mutants }]) => line(file, mutants)), line(name, all)];
}
