import type { ProgramInfoVerdict } from "./kernel/program-info.ts";
import type { BtfLoadVerdict } from "./kernel/verdict.ts";

/** The two calls of a loader: it opens an object (parses it), and gives its maps and programs to the kernel. */
export type LoaderStage = "open" | "load";

/** One condition on which a loader refuses an object. Plain data; the check stands beside it. */
export interface LoaderRule {
  /** As numbered in the facts of the project, or by us where they have none: "LM-14", "CM-03", "AP-02". */
  readonly id: string;
  /** What must hold, in one sentence. */
  readonly title: string;
  /** Function of the loader that looks. */
  readonly source: string;
  readonly stage: LoaderStage;
  /** The loader's words; N, M, S… stand for what is known only when it speaks. None where it is silent. */
  readonly text: readonly string[];
  /** What the call returns, as a positive number; libbpf's own begin at 4000. 0 where the loader has no numbers. */
  readonly errno: number;
  /** First and last version that has the rule, of those known ("1.1", "1.7"); absent where all before or after have it. */
  readonly since?: string;
  readonly until?: string;
  /** Why no object can show it, where another rule always speaks first. */
  readonly unreachable?: string;
}

/** How one loader writes its rules: id, title, function, words, and what differs from the common form. */
export type RuleMaker = (
  id: string,
  title: string,
  source: string,
  text: string | readonly string[],
  more?: Partial<LoaderRule>,
) => LoaderRule;

/** Rules of a loader, of the common form: refused when it opens an object, in every version. `errno` is 0 where it has no numbers. */
export function ruleMaker(loader: string, errno: number): RuleMaker {
  return (id, title, source, text, more = {}) => ({
    id,
    title,
    source: `${loader} ${source}`,
    stage: "open",
    text: typeof text === "string" ? [text] : text,
    errno,
    ...more,
  });
}

/** What is at fault, where something is. */
export interface At {
  readonly typeId?: number;
  readonly map?: string;
  readonly program?: string;
}

/**
 * First failure of an object; thrown through the steps of a loader, and caught where its verdict is made. No Error: that would note its stack,
 * which takes longer than all else that a refusal needs, and libraries refuse and go on for many a valid object.
 */
export class LoaderRefusal {
  readonly rule: LoaderRule;
  /** What the loader prints, "" if nothing. */
  readonly message: string;
  readonly at: At;

  constructor(rule: LoaderRule, message: string, at: At = {}) {
    this.rule = rule;
    this.message = message;
    this.at = at;
  }
}

/** What becomes of one map. */
export interface MapVerdict {
  readonly name: string;
  /** Ids of key and value that the loader gives, of the BTF that it sends; 0 for none. */
  readonly keyTypeId: number;
  readonly valueTypeId: number;
  /** Whether the kernel creates it at all, and whether with the type ids that the loader gives it. */
  readonly created: boolean;
  readonly withIds: boolean;
  /** Of the first refusal, with ids if there are any; 0 if there is none. */
  readonly errno: number;
  /** Id of the kernel's rule that is broken. */
  readonly rule: string | undefined;
}

/** What the kernel says of one program's records: func_info, line_info, CO-RE. What its code does is the verifier's to say. */
export interface ProgramVerdict {
  readonly name: string;
  /** Whether the kernel takes the records. */
  readonly recordsTaken: boolean;
  /** Positive; 0 if they are taken. */
  readonly errno: number;
  /** The kernel's line; "" if it says nothing. */
  readonly message: string;
  /** Id of the kernel's rule that is broken. */
  readonly rule: string | undefined;
}

/** A program that a loader sends, and what the kernel says of its records. */
export interface JudgedProgram {
  readonly name: string;
  readonly info: ProgramInfoVerdict;
}

/** As a report tells it. */
export function programVerdict({ name, info }: JudgedProgram): ProgramVerdict {
  const { accepted, errno, message, rule } = info;
  return { name, recordsTaken: accepted, errno, message, rule };
}

/** What a loader says of an object: its first failure, in its own words. */
export interface LoaderVerdict {
  /** False if refused; true if nothing that these rules know stops it, which is less than the kernel knows of maps and programs. */
  readonly accepted: boolean;
  readonly stage: LoaderStage | undefined;
  /** Positive; 0 if accepted, or where the loader has no numbers. */
  readonly errno: number;
  /** The line that says why, as the loader prints it (debug level included); "" if accepted or silent. */
  readonly message: string;
  /** Id of the rule that is broken; undefined if accepted. */
  readonly rule: string | undefined;
  /** The type, map or program at fault, where one is. */
  readonly typeId?: number;
  readonly map?: string;
  readonly program?: string;
  /** What the kernel says of the BTF that the loader sends; undefined if it sends none, or did not come so far. */
  readonly btf?: BtfLoadVerdict;
  /** In the loader's order; empty if it did not come so far. */
  readonly maps: readonly MapVerdict[];
  /** In the loader's order; absent if it did not come so far, or nobody can tell. */
  readonly programs?: readonly ProgramVerdict[];
}

/** The common verdict of a loader that finds nothing wrong. */
export const LOADED: LoaderVerdict = {
  accepted: true,
  stage: undefined,
  errno: 0,
  message: "",
  rule: undefined,
  maps: [],
};
