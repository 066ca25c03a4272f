import type { SourcePlace } from "../dwarf/model.ts";
import type { ObjectState } from "./state.ts";

/** error: some judge refuses the object or throws its BTF away; warning: it loads, and something is lost; note: good to know. */
export type Severity = "error" | "warning" | "note";

export type Judge = "kernel" | "libbpf" | "cilium/ebpf" | "aya" | "bpftool";

/** What one judge does with the defect, and what its user would see. */
export interface JudgeAnswer {
  readonly judge: Judge;
  /** As in "libbpf rejects the object", "aya accepts", "the kernel drops the whole BTF", "libbpf drops the types of the map". */
  readonly answer: "rejects" | "drops the BTF" | "drops the map's types" | "accepts" | "repairs" | "misreads";
  /** The judge's own words, or a part of them; `…` stands for what is known only when it speaks. */
  readonly text?: string;
  /** In our words, where the judge has none: "dies of SIGFPE in …". */
  readonly how?: string;
  /** Where a loader refuses: when it opens the object, or when it gives maps and programs to the kernel. */
  readonly at?: "open" | "load";
  /** Which versions of the judge, where not all: "5.10 and 6.1". */
  readonly versions?: string;
  /** What the refusing call returns, as a positive number; libbpf's own begin at 4000. */
  readonly errno?: number;
}

/** The thing a finding is about, so that a fix finds it again. */
export interface Target {
  readonly typeId?: number;
  /** Member, enumerator, parameter or DATASEC entry by position. */
  readonly member?: number;
  readonly symbol?: number;
  readonly section?: number;
}

/** One finding. Plain data: `report/` formats it. */
export interface Diagnostic {
  /** family/kebab-name. */
  readonly rule: string;
  readonly severity: Severity;
  /** The fact in the object's own names, one line. */
  readonly message: string;
  readonly target: Target;
  readonly place?: SourcePlace;
  /** Rust context for the arrow line: "static EVENTS: RingBuf<Event, 4096>". */
  readonly subject?: string;
  readonly answers: readonly JudgeAnswer[];
  /** What the user can do about it. */
  readonly help?: string;
  /** What a fix did about it, in the past tense: "dropped member value". */
  readonly fixed?: string;
}

export interface Rule {
  /** family/kebab-name: btf/…, ext/…, map/…, elf/…, func/…. */
  readonly id: string;
  /** One sentence: what must hold. */
  readonly title: string;
  /** Ids of the fact pages that the rule covers: "N1", "KM-05", "LM-23". */
  readonly covers: readonly string[];
  /** Spec, kernel, libbpf or BTFDebug function. */
  readonly source: string;
  /** Whether a fix exists (`fixes/`). */
  readonly fixable: boolean;
  /** Whether the check looks at `refusedAsGiven`, and so has to be made again once that is known. */
  readonly asksRefusal?: true;
  check(state: ObjectState): Iterable<Diagnostic>;
}
