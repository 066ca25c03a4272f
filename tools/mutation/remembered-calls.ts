import { spawnSync as spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheRoot } from "../judges/cache.ts";

/*
 * What tests import from "node:child_process" when they are bundled for mutants. A program that was called before with the same
 * arguments, input and files gives what it gave then; scratch folders, whose names are random, count by what is in them. Judges are found
 * by paths that hold the digest of their sources.
 */

export * from "node:child_process";

interface Remembered {
  readonly status: number | null;
  readonly signal: string | null;
  readonly error?: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Files that the call left in scratch folders: folder's number, name, content. */
  readonly left: readonly (readonly [folder: number, name: string, content: string])[];
}

const SCRATCH = new RegExp(`${tmpdir()}/btf-fix-[\\w-]+-\\w{6}`, "g");

const store = join(cacheRoot(), "answers", "calls");

function scratchOf(args: readonly string[]): readonly string[] {
  return [...new Set(args.flatMap((arg) => arg.match(SCRATCH) ?? []))];
}

function contents(folder: string): Map<string, Buffer> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name))]));
}

const replaced = (text: string, from: readonly string[], to: readonly string[]): string =>
  from.reduce((now, one, index) => now.replaceAll(one, to[index] ?? ""), text);

interface Options {
  readonly input?: Uint8Array;
}

function ask(program: string, args: readonly string[], options: Options): Remembered {
  const folders = scratchOf(args);
  const marks = folders.map((_, index) => `<scratch ${index}>`);
  const hash = createHash("sha256").update(JSON.stringify([program, args.map((arg) => replaced(arg, folders, marks))]));
  hash.update(options.input ?? "");
  const before = folders.map(contents);
  for (const files of before) for (const [name, bytes] of files) hash.update(`\0${name}\0`).update(bytes);
  const file = join(store, `${hash.digest("hex")}.json`);
  if (existsSync(file)) {
    const known = JSON.parse(readFileSync(file, "utf8")) as Remembered;
    for (const [folder, name, content] of known.left) {
      writeFileSync(join(folders[folder] ?? "", name), Buffer.from(content, "base64"));
    }
    return named(known, marks, folders);
  }
  const { status, signal, error, stdout, stderr } = spawn(program, args, { ...options, maxBuffer: 1 << 29 });
  const hidden = (bytes: Buffer | null): string =>
    Buffer.from(replaced((bytes ?? Buffer.alloc(0)).toString("latin1"), folders, marks), "latin1").toString("base64");
  const left = folders.flatMap((folder, index) =>
    [...contents(folder)]
      .filter(([name, bytes]) => before[index]?.get(name)?.equals(bytes) !== true)
      .map(([name, bytes]) => [index, name, bytes.toString("base64")] as const),
  );
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const said: Remembered = {
    status,
    signal,
    stdout: hidden(stdout),
    stderr: hidden(stderr),
    left,
    ...(code === undefined ? {} : { error: code }),
  };
  // What took too long may not do so another time.
  if (code !== "ETIMEDOUT") {
    mkdirSync(store, { recursive: true });
    writeFileSync(file, JSON.stringify(said));
  }
  return named(said, marks, folders);
}

/** With the scratch folders of this call. */
function named(said: Remembered, marks: readonly string[], folders: readonly string[]): Remembered {
  const back = (text: string): string =>
    Buffer.from(replaced(Buffer.from(text, "base64").toString("latin1"), marks, folders), "latin1").toString("base64");
  return { ...said, stdout: back(said.stdout), stderr: back(said.stderr) };
}

/** As Node's; of options only the input tells calls apart. */
export function spawnSync(
  program: string,
  args: readonly string[] = [],
  options: Options & { encoding?: string } = {},
): unknown {
  const { encoding, ...others } = options;
  const { status, signal, error, stdout, stderr } = ask(program, args, others);
  const output = (text: string): Buffer | string => {
    const bytes = Buffer.from(text, "base64");
    return encoding === undefined || encoding === "buffer" ? bytes : bytes.toString("utf8");
  };
  const failure = error === undefined ? {} : { error: Object.assign(new Error(error), { code: error }) };
  return { status, signal, stdout: output(stdout), stderr: output(stderr), ...failure };
}

/** As Node's. */
export function execFileSync(
  program: string,
  args: readonly string[] = [],
  options: Options & { encoding?: string } = {},
): unknown {
  const { stdio: _, ...others } = options as Options & { stdio?: unknown; encoding?: string };
  const { status, stdout, stderr } = spawnSync(program, args, others) as ReturnType<typeof spawn>;
  if (status !== 0) throw Object.assign(new Error(`${program} failed: ${stderr}`), { status, stdout, stderr });
  return stdout;
}
