import type { CheckResult, FixResult, Verdict, Verdicts } from "../../src/api.ts";
import { allCommands } from "../../src/cli/all-commands.ts";
import type { Engine } from "../../src/cli/engine.ts";
import type { Host, InputFile, ReplaceRequest } from "../../src/cli/host.ts";
import { run } from "../../src/cli/run.ts";
import { BtfFixError } from "../../src/errors.ts";
import type { Diagnostic } from "../../src/rules/rule.ts";

/** A diagnostic with the fields a test does not care for filled in. */
export function diagnostic(fields: Partial<Diagnostic>): Diagnostic {
  return { rule: "btf/x", severity: "error", message: "m", target: {}, answers: [], ...fields };
}

/** A verdict nobody can give yet, unless told otherwise. */
export function verdict(accepted: boolean | null, version = ""): Verdict {
  return { version, accepted, stage: null, errno: null, message: null, typeId: null };
}

export function verdicts(kernel: boolean | null, asSent: boolean | null = kernel, version = ""): Verdicts {
  const none = { ...verdict(null), opens: null };
  return {
    kernel: { ...verdict(kernel, version), asSent: verdict(asSent, version) },
    libbpf: none,
    "libbpf@1.1": none,
    cilium: none,
    aya: none,
    "aya@0.3": none,
    bpftool: verdict(null),
  };
}

export function fixed(fields: Partial<FixResult> = {}): FixResult {
  return {
    bytes: new Uint8Array([1]),
    changed: true,
    plan: [],
    diagnostics: [],
    summary: [],
    verdicts: verdicts(null),
    ...fields,
  };
}

export function checked(diagnostics: readonly Diagnostic[] = []): CheckResult {
  return { diagnostics, verdicts: verdicts(null) };
}

const unexpected = async (): Promise<never> => {
  throw new Error("the engine was not to be asked");
};

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stdoutBytes: Uint8Array;
  readonly stderr: string;
  readonly written: readonly ReplaceRequest[];
}

/** Runs the program in a world of given files; content "!" is an unreadable file. */
export async function runIn(
  args: readonly string[],
  files: Readonly<Record<string, string>>,
  engine: Partial<Engine> = {},
  world: Partial<Host> = {},
): Promise<Ran> {
  const out: Uint8Array[] = [];
  let stderr = "";
  const written: ReplaceRequest[] = [];
  const host: Host = {
    env: {},
    stdoutIsTty: false,
    stderrIsTty: false,
    readInput(path): InputFile {
      const content = files[path];
      if (content === undefined) throw new BtfFixError("IO", "cannot read the input: no such file or directory");
      return { bytes: new TextEncoder().encode(content), mode: path === "-" ? undefined : 0o755 };
    },
    objectsIn: () => undefined,
    replaceFile(request) {
      written.push(request);
      return { alsoReplaced: [], leftBehind: 0 };
    },
    stdout: (data) => out.push(typeof data === "string" ? new TextEncoder().encode(data) : data),
    stderr: (text) => {
      stderr += text;
    },
    now: () => 0,
    peakMemory: () => 0,
    ...world,
  };
  const exit = await run(args, host, {
    commands: allCommands,
    engine: {
      check: unexpected,
      fix: unexpected,
      dump: unexpected,
      maps: unexpected,
      emit: unexpected,
      diff: unexpected,
      explain: unexpected,
      ...engine,
    },
  });
  const stdoutBytes = Buffer.concat(out);
  return { exit, stdout: stdoutBytes.toString(), stdoutBytes, stderr, written };
}
