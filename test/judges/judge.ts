import { type JudgeProgram, judgeProgram } from "../../tools/judges/cache.ts";

/** A real program whose verdict counts, and whether it can be asked here. */
export interface Judge {
  readonly name: string;
  /** Its version, or "" when it is not there. */
  readonly version: string;
  readonly usable: boolean;
  /** Why it is not usable, or "". */
  readonly why: string;
}

/** `probe` asked at most once per process. */
export function once(probe: () => Judge): () => Judge {
  let judge: Judge | undefined;
  return () => {
    judge ??= probe();
    return judge;
  };
}

/** Path of a built driver; throws where a test asks a judge without having looked at its probe. */
export function builtProgram(name: JudgeProgram): string {
  const program = judgeProgram(name);
  if (program === undefined) throw new Error(`${notBuilt(name)}; look at the probe first`);
  return program;
}

/** The reason that a probe gives for a driver that is not there. */
export function notBuilt(name: JudgeProgram): string {
  return `${name} is not built from these sources (npm run judges)`;
}
