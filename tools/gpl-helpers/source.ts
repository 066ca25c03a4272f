import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the source of a kernel says: for each helper by name, whether some prototype of it is for the GPL only, and whether some is not. */
export interface SourceSays {
  readonly version: string;
  readonly helpers: ReadonlyMap<string, { readonly barred: boolean; readonly open: boolean }>;
}

/** Folders in which prototypes of helpers stand. */
const FOLDERS = ["kernel/bpf", "kernel/trace", "net", "security", "drivers/media/rc", "fs"] as const;

function sh(command: string, folder: string): void {
  const run = spawnSync("bash", ["-o", "pipefail", "-c", command], { cwd: folder, encoding: "utf8", timeout: 600_000 });
  if (run.status !== 0) throw new Error(`${command}: ${run.stderr}`);
}

function cFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".c")).map((name) => join(folder, name));
}

const PROTO = /struct bpf_func_proto (\w+)(?:\s+__\w+)*\s*=\s*\{([\s\S]*?)\n\};/g;
const CASES = /((?:case BPF_FUNC_\w+:\s*)+)((?:(?!case |default:)[\s\S])*)/g;

/** Prototypes that a function hands out, as `bpf_get_trace_printk_proto`, stand for those it names. */
function getters(text: string): readonly (readonly [name: string, protos: readonly string[]])[] {
  return [
    ...text.matchAll(
      /\n(?:\w+ )*(?:const )?struct bpf_func_proto \*\s*(?:__\w+\s+)?(\w+)\([^)]*\)\s*\{([\s\S]*?)\n\}/g,
    ),
  ].map(([, name = "", body = ""]) => [name, [...body.matchAll(/&(\w*_proto\w*)/g)].map(([, proto = ""]) => proto)]);
}

/** Reads the prototypes under `root`; the text itself goes no further than this function. */
function read(root: string): SourceSays["helpers"] {
  const protos = new Map<string, boolean>();
  const given = new Map<string, readonly string[]>();
  const used = new Map<string, Set<string>>();
  for (const file of FOLDERS.flatMap((folder) => cFiles(join(root, folder)))) {
    const text = readFileSync(file, "utf8");
    if (!text.includes("bpf_func_proto")) continue;
    for (const [, name = "", body = ""] of text.matchAll(PROTO)) protos.set(name, /\.gpl_only\s*=\s*true/.test(body));
    for (const [name, list] of getters(text)) given.set(name, [...(given.get(name) ?? []), ...list]);
    for (const [, labels = "", body = ""] of text.matchAll(CASES)) {
      const named = [...body.matchAll(/&(\w*_proto\w*)/g), ...body.matchAll(/(bpf_get_\w+_proto)\(/g)];
      for (const [, helper = ""] of labels.matchAll(/BPF_FUNC_(\w+)/g)) {
        const all = used.get(helper) ?? new Set();
        for (const [, proto = ""] of named) all.add(proto);
        used.set(helper, all);
      }
    }
  }
  return new Map(
    [...used].map(([helper, names]) => {
      const flags = [...names].flatMap((name) => given.get(name) ?? [name]).flatMap((name) => protos.get(name) ?? []);
      return [helper, { barred: flags.includes(true), open: flags.includes(false) }] as const;
    }),
  );
}

/** Fetches a Debian package of the kernel's source into a folder of its own, reads `.gpl_only`, and leaves nothing behind. */
export function readSource(pack: string): SourceSays {
  const folder = mkdtempSync(join(tmpdir(), "gpl-helpers-"));
  try {
    sh(`apt-get download ${pack}`, folder);
    const deb = readdirSync(folder).find((name) => name.endsWith(".deb")) ?? "";
    const wanted = FOLDERS.map((name) => `'*/${name}/*.c'`).join(" ");
    sh(`dpkg-deb --fsys-tarfile ${deb} | tar -xO ./usr/src/${pack}.tar.xz | tar -xJ --wildcards ${wanted}`, folder);
    return { version: deb.split("_")[1]?.replace("%3a", ":") ?? "", helpers: read(join(folder, pack)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
