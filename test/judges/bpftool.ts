import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, versionLine } from "../../tools/judges/toolchain.ts";
import { type Judge, once } from "./judge.ts";
import { asFile, inScratch, type Outcome, run } from "./run.ts";

/** What a bpftool command did: its exit status and output as bytes, which need not be UTF-8. */
export interface BpftoolResult {
  readonly ok: boolean;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** An element to write before a map is dumped; key and value are whole, in the machine's byte order. */
export interface MapElement {
  readonly map: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A pinned map after `prog loadall`; the name is that of the pin, where "." stands as "_". */
export interface DumpedMap {
  readonly name: string;
  /** `map show -j`. */
  readonly show: unknown;
  /** `map dump -j`: its elements; with BTF each has a `formatted` one, typed. Undefined if it cannot be dumped. */
  readonly dump: unknown;
  /** Text of `map dump`. */
  readonly text: string;
}

/** `prog loadall` and what its maps hold. */
export interface BpftoolLoad {
  readonly ok: boolean;
  readonly stderr: string;
  readonly maps: readonly DumpedMap[];
}

/** The text formats of `btf dump file`. */
export type DumpFormat = "raw" | "json" | "c";

function program(): string {
  return findProgram("bpftool", "/usr/sbin/bpftool") ?? "bpftool";
}

/** Debian's bpftool; its dumps and its linker need no bpf(), `bpftoolLoad` does. */
export const bpftool: () => Judge = once(() => {
  const judge = { name: "bpftool", version: "", usable: false };
  const line = versionLine(program(), "version");
  if (line === undefined) return { ...judge, why: "bpftool is not installed" };
  return { ...judge, version: /v([\d.]+)$/.exec(line)?.[1] ?? line, usable: true, why: "" };
});

function command(args: readonly string[], seconds = 60): Outcome<BpftoolResult> {
  const result = run({ program: program(), args, seconds });
  if (result.outcome !== "answer") return result;
  const { stdout, stderr, status } = result.value;
  return { outcome: "answer", value: { ok: status === 0, stdout, stderr } };
}

/** `bpftool btf dump file`: of an object, or of bare BTF, whose base is the file given for split BTF. */
export function bpftoolDump(
  input: Uint8Array | string,
  format: DumpFormat,
  base?: Uint8Array | string,
): Outcome<BpftoolResult> {
  const asked = format === "json" ? ["-j"] : [];
  const tail = format === "json" ? [] : ["format", format];
  return asFile(input, "input", (path) => {
    if (base === undefined) return command([...asked, "btf", "dump", "file", path, ...tail]);
    return asFile(base, "base", (below) => command([...asked, "-B", below, "btf", "dump", "file", path, ...tail]));
  });
}

/** `bpftool gen skeleton`: a C header for the object, on stdout. */
export function bpftoolSkeleton(object: Uint8Array | string): Outcome<BpftoolResult> {
  return asFile(object, "object.o", (path) => command(["gen", "skeleton", path, "name", "object"]));
}

/** `bpftool gen object`: the objects linked into one, which is on `stdout`. */
export function bpftoolLink(objects: readonly (Uint8Array | string)[]): Outcome<BpftoolResult> {
  const link = (rest: readonly (Uint8Array | string)[], paths: readonly string[]): Outcome<BpftoolResult> => {
    const [object, ...others] = rest;
    if (object !== undefined) return asFile(object, "object.o", (path) => link(others, [...paths, path]));
    return inScratch((folder) => {
      const output = join(folder, "linked.o");
      const result = command(["gen", "object", output, ...paths]);
      if (result.outcome !== "answer" || !existsSync(output)) return result;
      return { outcome: "answer", value: { ...result.value, stdout: readFileSync(output) } };
    });
  };
  return link(objects, []);
}

/**
 * The shell's part: one process tree, since only that sees the bpffs. Maps are pinned at its root, where libbpf puts those
 * that ask to be pinned by name (it refuses a second place); pins with a dot are the kernel's own.
 */
const loadScript = `
bpftool=$1 object=$2 out=$3; shift 3
"$bpftool" prog loadall "$object" /sys/fs/bpf/judged_programs pinmaps /sys/fs/bpf || exit 1
while [ $# -gt 0 ]; do "$bpftool" map update pinned "/sys/fs/bpf/$1" key hex $2 value hex $3 || exit 1; shift 3; done
for pin in /sys/fs/bpf/*; do
  name=\${pin##*/}
  case "$name" in *.* | judged_programs | "*") continue ;; esac
  "$bpftool" -j map show pinned "$pin" > "$out/$name.show"
  "$bpftool" -j map dump pinned "$pin" > "$out/$name.dump" 2> /dev/null
  "$bpftool" map dump pinned "$pin" > "$out/$name.text" 2>&1
done
exit 0
`;

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** `bpftool prog loadall` with every map pinned, then each map shown and dumped; the pins die with the run. */
export function bpftoolLoad(
  object: Uint8Array | string,
  elements: readonly MapElement[] = [],
  seconds = 60,
): Outcome<BpftoolLoad> {
  return inScratch((out) =>
    asFile(object, "object.o", (path) => {
      const updates = elements.flatMap((element) => [element.map, hex(element.key), hex(element.value)]);
      const args = ["-c", loadScript, "sh", program(), path, out, ...updates];
      const result = run({ program: "/bin/sh", args, privateBpffs: true, seconds });
      if (result.outcome !== "answer") return result;
      const names = readdirSync(out).filter((file) => file.endsWith(".show"));
      const maps = names.map((file) => {
        const name = file.slice(0, -".show".length);
        const text = readFileSync(join(out, `${name}.text`), "utf8");
        return { name, show: parsed(join(out, file)), dump: parsed(join(out, `${name}.dump`)), text };
      });
      return { outcome: "answer", value: { ok: result.value.status === 0, stderr: result.value.stderr, maps } };
    }),
  );
}
