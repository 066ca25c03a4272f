import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { judgeProgram } from "../../tools/judges/cache.ts";
import { findProgram, versionLine } from "../../tools/judges/toolchain.ts";
import { bpftool } from "./bpftool.ts";
import { builtProgram, type Judge, notBuilt, once } from "./judge.ts";
import { kernel } from "./kernel.ts";
import { asFile, inScratch, type Outcome, runJson } from "./run.ts";

/** What became of an object that was loaded, attached where it says by itself, and used by a script. */
export interface AttachReport {
  /** Names of the programs that were attached. */
  readonly attached: readonly string[];
  /** Exit status of the script. */
  readonly status: number;
  /** What failed before the script ran, and libbpf's first warning. */
  readonly error?: string;
  readonly said?: string;
  /** JSON that the script left, by name: what `dump` and `run` wrote. */
  readonly left: ReadonlyMap<string, unknown>;
}

/** Our runner on Debian's libbpf, with bpftool for the script. */
export const attach: () => Judge = once(() => {
  const judge = { name: "attach", version: "", usable: false };
  const program = judgeProgram("attach");
  if (program === undefined) return { ...judge, why: notBuilt("attach") };
  const version = versionLine(program, "--version")?.replace(/^v/, "") ?? "";
  const missing = [kernel(), bpftool()].find(({ usable }) => !usable);
  if (missing !== undefined) return { ...judge, version, why: `${missing.name}: ${missing.why}` };
  return { ...judge, version, usable: true, why: "" };
});

/**
 * What a script finds: `run PROGRAM PACKET [REPEAT]` runs a program on a packet, `dump MAP` leaves its elements, `element MAP KEY VALUE`
 * (bytes in hex) writes one, `connect PORT` tries a TCP connection to this machine.
 */
const PRELUDE = `
set -e
bpftool=$1 node=$2 out=$3
maps=/sys/fs/bpf/maps programs=/sys/fs/bpf/programs
map() { if [ -e $maps/$1 ]; then echo $maps/$1; else echo /sys/fs/bpf/$1; fi; }
run() { "$bpftool" -j prog run pinned $programs/$1 data_in "$out/$2" repeat \${3:-1} > "$out/$1.json"; }
dump() { "$bpftool" -j map dump pinned $(map $1) > "$out/$1.json"; }
element() { "$bpftool" map update pinned $(map $1) key hex $2 value hex $3; }
connect() { "$node" -e 'require("net").connect(+process.argv[1], "127.0.0.1").on("error", () => {})' $1; }
`;

/** Loads an object (bytes or path), attaches what says by itself where it belongs, and runs a shell script; see `PRELUDE`. */
export function runAttached(
  object: Uint8Array | string,
  script: string,
  packets: Readonly<Record<string, Uint8Array>> = {},
  seconds = 60,
): Outcome<AttachReport> {
  return inScratch((out) =>
    inScratch((groups) =>
      asFile(object, "object.o", (path) => {
        for (const [name, bytes] of Object.entries(packets)) writeFileSync(join(out, name), bytes);
        const bpftoolPath = findProgram("bpftool", "/usr/sbin/bpftool") ?? "bpftool";
        const command = ["/bin/sh", "-c", PRELUDE + script, "sh", bpftoolPath, process.execPath, out];
        const args = [path, groups, ...command];
        const result = runJson<Omit<AttachReport, "left">>({
          program: builtProgram("attach"),
          args,
          privateBpffs: true,
          seconds,
        });
        if (result.outcome !== "answer") return result;
        const left = readdirSync(out).filter((name) => name.endsWith(".json"));
        const entries = left.map((name) => [name.slice(0, -".json".length), parsed(join(out, name))] as const);
        return { outcome: "answer", value: { ...result.value, left: new Map(entries) } };
      }),
    ),
  );
}

function parsed(path: string): unknown {
  const text = readFileSync(path, "utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
