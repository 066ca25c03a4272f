import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import type { Btf } from "../../src/btf/model.ts";
import { typesWithIds } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";

/** What the running kernel says of helpers in programs of one type. */
export interface LiveType {
  readonly type: number;
  /** Helpers that a license bars, and helpers that any license may call. */
  readonly barred: readonly number[];
  readonly open: readonly number[];
}

/** All that was learnt from the running kernel. */
export interface Live {
  readonly kernel: string;
  readonly types: readonly LiveType[];
  /** Program types that the kernel does not let us try, with errno. */
  readonly untried: readonly { readonly type: number; readonly errno: number }[];
  /** Names without their prefix ("trace_printk", "KPROBE") by number. */
  readonly helperNames: ReadonlyMap<number, string>;
  readonly typeNames: ReadonlyMap<number, string>;
}

function enumNames(btf: Btf, name: string, prefix: string): ReadonlyMap<number, string> {
  for (const type of btf.types) {
    if (type.kind !== "enum" || nameText(btf, type.nameOff) !== name) continue;
    const named = type.values.map(({ nameOff, value }) => [value, nameText(btf, nameOff)] as const);
    return new Map(
      named.filter(([, text]) => text.startsWith(prefix)).map(([value, text]) => [value, text.slice(prefix.length)]),
    );
  }
  throw new Error(`the kernel's BTF has no enum ${name}`);
}

/** `enum bpf_attach_type` and BPF_F_SLEEPABLE of include/uapi/linux/bpf.h. */
const [TRACE_RAW_TP, TRACE_ITER, LSM_MAC] = [23, 28, 27] as const;
const SLEEPABLE = 16;
const [TRACING, STRUCT_OPS, LSM, SYSCALL] = [26, 27, 29, 31] as const;

/** The ways to try each program type: `type,attach type,type id in the kernel's BTF,flags`. */
function attempts(btf: Btf, types: Iterable<number>): readonly string[] {
  const ids = new Map<string, number>();
  const wanted = [
    "typedef btf_trace_sched_switch",
    "func bpf_iter_task",
    "func bpf_lsm_file_open",
    "struct tcp_congestion_ops",
  ];
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind !== "typedef" && type.kind !== "func" && type.kind !== "struct") continue;
    const name = `${type.kind} ${nameText(btf, type.nameOff)}`;
    if (wanted.includes(name)) ids.set(name, id);
  }
  const [traced, iterated, hooked, replaced] = wanted.map((name) => ids.get(name) ?? 0);
  return [...types].flatMap((type) => {
    if (type === TRACING) return [`${type},${TRACE_RAW_TP},${traced},0`, `${type},${TRACE_ITER},${iterated},0`];
    if (type === LSM) return [`${type},${LSM_MAC},${hooked},0`];
    if (type === STRUCT_OPS) return [`${type},0,${replaced},0`];
    if (type === SYSCALL) return [`${type},0,0,${SLEEPABLE}`];
    // Most types want no attach type; the others each know one of the first sixty.
    return Array.from({ length: 60 }, (_, attach) => `${type},${attach},0,0`);
  });
}

interface Line extends LiveType {
  readonly errno: number;
}

function runProbe(program: string, last: number, hows: readonly string[]): readonly Line[] {
  const run = spawnSync(program, [String(last), ...hows], { encoding: "utf8", timeout: 300_000, maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`probe: ${run.stderr || run.error}`);
  return run.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

function union(...lists: readonly (readonly number[])[]): readonly number[] {
  return [...new Set(lists.flat())].sort((a, b) => a - b);
}

/** Builds the probe, and tries every helper in every type of program that the running kernel knows. Needs root, gcc and the kernel's BTF. */
export function probeKernel(): Live {
  const btf = parseBtf(new Uint8Array(readFileSync("/sys/kernel/btf/vmlinux")));
  const helperNames = enumNames(btf, "bpf_func_id", "BPF_FUNC_");
  const typeNames = enumNames(btf, "bpf_prog_type", "BPF_PROG_TYPE_");
  const known = [...typeNames].filter(([type, name]) => type > 0 && !name.startsWith("_")).map(([type]) => type);
  const folder = mkdtempSync(join(tmpdir(), "gpl-helpers-"));
  try {
    const program = join(folder, "probe");
    const source = new URL("probe.c", import.meta.url).pathname;
    const built = spawnSync("gcc", ["-O1", "-o", program, source], { encoding: "utf8" });
    if (built.status !== 0) throw new Error(`gcc: ${built.stderr}`);
    // With no helpers to try, the first round only finds the ways that the verifier lets in.
    const hows = attempts(btf, known);
    const first = runProbe(program, 0, hows);
    const open = hows.filter((_, i) => first[i]?.errno === 0);
    // One attach type stands for a type of program, except where they differ in what they may call.
    const chosen = open.filter(
      (how, i) =>
        how.startsWith(`${TRACING},`) || open.findIndex((other) => other.split(",")[0] === how.split(",")[0]) === i,
    );
    const last = Math.max(...[...helperNames.keys()].filter((id) => id < 10_000)) + 1;
    const lines = runProbe(program, last, chosen);
    const types = known.flatMap((type) => {
      const of = lines.filter((line) => line.type === type);
      return of.length === 0
        ? []
        : [{ type, barred: union(...of.map((l) => l.barred)), open: union(...of.map((l) => l.open)) }];
    });
    const untried = known.flatMap((type) => {
      const at = hows.findIndex((how) => how.startsWith(`${type},`));
      return types.some((tried) => tried.type === type) ? [] : [{ type, errno: first[at]?.errno ?? 0 }];
    });
    return { kernel: release().replace(/-.*/, ""), types, untried, helperNames, typeNames };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
