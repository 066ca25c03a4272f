import type { CheckResult, FixResult } from "../api.ts";
import type { Difference } from "../diff/model.ts";
import type { MapDefinition } from "../maps/definition.ts";
import type { Explained } from "../report/explain.ts";
import type { Choices } from "../rules/choices.ts";

/** Which rules run: ids ("map/value-size-conflict") or fact ids ("M2"). Empty `only` means all. */
export interface RuleSelection {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

export interface CheckRequest extends RuleSelection {
  /** A kernel release; undefined for all that are known. */
  readonly kernel: string | undefined;
  /** Loaders whose answers count; none: all. */
  readonly loaders: readonly string[];
  /** Whether this is the only object of the run. */
  readonly alone: boolean;
}

export interface EngineFixOptions extends RuleSelection, Omit<Choices, "vmlinux"> {
  /** The bytes of the kernel's BTF, read when a repair first asks for them; undefined where it cannot be read. */
  readonly vmlinux: () => Uint8Array | undefined;
  /** Called when a phase (read, wasm, lower, fix) ends, for the trace. */
  readonly onPhase?: (phase: string) => void;
}

export interface DumpRequest {
  readonly format: "raw" | "json";
  readonly pretty: boolean;
  /** A base blob for split BTF. */
  readonly base: Uint8Array | undefined;
}

export interface EmitRequest {
  readonly from: "dwarf" | "both";
  /** As LLVM should write BTF, not as LLVM 22 does. */
  readonly rust: boolean;
  /** Text of a line of a source file, where it can be had. */
  readonly sourceText: ((file: string, line: number) => Uint8Array | undefined) | undefined;
  /** Called when a phase (read, wasm, lower, write) ends, for the trace. */
  readonly onPhase?: (phase: string) => void;
}

export type MapWitness = "dwarf" | "btf" | "both";

/**
 * What the commands ask of the library. The real one (`library.ts`) loads each part when it is first asked for, since start-up is the
 * budget; tests hand in doubles.
 */
export interface Engine {
  check(bytes: Uint8Array, options: CheckRequest): Promise<CheckResult>;
  fix(bytes: Uint8Array, options: EngineFixOptions): Promise<FixResult>;
  dump(bytes: Uint8Array, request: DumpRequest): Promise<Uint8Array>;
  maps(bytes: Uint8Array, witness: MapWitness): Promise<readonly MapDefinition[]>;
  /** What two objects, or two raw BTF files, say differently. */
  diff(before: Uint8Array, after: Uint8Array): Promise<readonly Difference[]>;
  emit(bytes: Uint8Array, request: EmitRequest): Promise<Uint8Array>;
  /** What there is to say of a rule. */
  explain(rule: string): Promise<Explained>;
}
