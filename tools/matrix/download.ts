import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  kernelFile,
  kernelsFolder,
  MATRIX_KERNELS,
  type MatrixKernel,
  type Suite,
  sha256,
  storedKernel,
} from "./kernels.ts";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Standard output of a program; throws the last line of its errors if it fails. */
export function run(program: string, args: readonly string[], cwd: string): string {
  const result = spawnSync(program, args, { cwd, encoding: "utf8", timeout: 300_000, maxBuffer: 1 << 28 });
  if (result.error !== undefined) throw result.error;
  if (result.status === 0) return result.stdout;
  throw new Error(result.stderr.trim().split("\n").at(-1) || `${program} exited with ${result.status}`);
}

/** The mirror that this machine's own apt is set to; the security archive lies beside the main one. */
function mirror(archive: Suite["archive"]): string {
  const folder = "/etc/apt/sources.list.d";
  const files = [
    "/etc/apt/sources.list",
    ...(existsSync(folder) ? readdirSync(folder).map((f) => join(folder, f)) : []),
  ];
  const text = files.flatMap((file) => (existsSync(file) ? readFileSync(file, "utf8").split("\n") : []));
  const urls = text.flatMap((line) => (line.startsWith("#") ? [] : (line.match(/https?:\/\/[^\s\]]+/g) ?? [])));
  const debian = urls.map((url) => url.replace(/\/$/, "")).filter((url) => /\/debian(-security)?$/.test(url));
  const own = debian.find((url) => url.endsWith(`/${archive}`)) ?? debian[0]?.replace(/debian(-security)?$/, archive);
  if (own === undefined) throw new Error("apt knows no mirror of Debian");
  return own;
}

/** apt with a state of its own below `folder`: knows one suite, checks its signature, and leaves this machine's apt alone. */
export function privateApt(folder: string, suite: Suite): readonly string[] {
  for (const name of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(folder, name), { recursive: true });
  const list = join(folder, "sources.list");
  writeFileSync(list, `deb [arch=amd64 signed-by=${KEYRING}] ${mirror(suite.archive)} ${suite.name} main\n`);
  const options = [
    `Dir::State=${folder}`,
    `Dir::State::Lists=${join(folder, "lists")}`,
    "Dir::State::status=/dev/null",
    `Dir::Cache=${join(folder, "cache")}`,
    `Dir::Etc::sourcelist=${list}`,
    "Dir::Etc::sourceparts=/dev/null",
    "Dir::Etc::preferencesparts=/dev/null",
    "APT::Architecture=amd64",
    "APT::Sandbox::User=root",
    // Nothing but the list of packages is wanted.
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    "Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled=false",
    "Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled=false",
  ];
  return options.flatMap((option) => ["-o", option]);
}

/** Newest first, as Debian sorts versions. */
function newestFirst(candidates: readonly Candidate[], cwd: string): readonly Candidate[] {
  const isNewer = (a: string, b: string): boolean =>
    spawnSync("dpkg", ["--compare-versions", a, "gt", b], { cwd }).status === 0;
  return [...candidates].sort((a, b) => (isNewer(a.version, b.version) ? -1 : isNewer(b.version, a.version) ? 1 : 0));
}

/** A package that a suite offers. */
export interface Candidate {
  readonly package: string;
  readonly version: string;
}

/** Packages whose names match, newest first; `cwd` is any folder. */
export function candidates(options: readonly string[], pattern: RegExp, cwd: string): readonly Candidate[] {
  const names = run("apt-cache", [...options, "pkgnames", "linux-"], cwd).split("\n");
  const found = names.filter((name) => pattern.test(name));
  const rows = found.flatMap((name) =>
    run("apt-cache", [...options, "madison", name], cwd)
      .trim()
      .split("\n"),
  );
  const parsed = rows.map((row) => row.split("|").map((cell) => cell.trim()));
  return newestFirst(
    parsed.flatMap(([name = "", version = ""]) => (version === "" ? [] : [{ package: name, version }])),
    cwd,
  );
}

function findFile(folder: string): string | undefined {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const name = names.find((path) => /(^|\/)vmlinuz[^/]*$/.test(path));
  return name === undefined ? undefined : join(folder, name);
}

/** Downloads the newest kernel of a suite, takes the bootable file out of its package, and files it. */
function fromSuite({ release, pattern }: MatrixKernel, suite: Suite): string {
  const folder = mkdtempSync(join(tmpdir(), "btf-fix-apt-"));
  try {
    const options = privateApt(folder, suite);
    run("apt-get", [...options, "update", "-q"], folder);
    const [newest] = candidates(options, pattern, folder);
    if (newest === undefined) throw new Error("no such package");
    run("apt-get", [...options, "download", "-q", `${newest.package}=${newest.version}`], folder);
    const deb = readdirSync(folder).find((name) => name.endsWith(".deb"));
    if (deb === undefined) throw new Error("no package was downloaded");
    const root = join(folder, "root");
    run("dpkg-deb", ["-x", join(folder, deb), root], folder);
    const image = findFile(root);
    if (image === undefined) throw new Error(`${newest.package} holds no kernel`);
    const bytes = readFileSync(image);
    const stored = { ...newest, sha256: sha256(bytes) };
    mkdirSync(kernelsFolder(), { recursive: true });
    place(kernelFile(stored), bytes);
    place(join(kernelsFolder(), `${release}.json`), `${JSON.stringify(stored, null, 2)}\n`);
    return `${newest.package} ${newest.version}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Renamed into place, since a test that runs beside this must never boot half a kernel. */
function place(path: string, bytes: Uint8Array | string): void {
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, bytes);
  renameSync(fresh, path);
}

function ensureKernel(kernel: MatrixKernel, say: (line: string) => void): void {
  const reasons: string[] = [];
  for (const suite of kernel.suites) {
    try {
      say(`kernel ${kernel.release}: ${fromSuite(kernel, suite)} from ${suite.name}`);
      return;
    } catch (error) {
      reasons.push(`${suite.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  say(`kernel ${kernel.release}: not downloaded: ${reasons.join("; ")}`);
}

/**
 * Downloads the kernels of the matrix that the cache lacks, by apt, which checks the archive's signatures; installs nothing. `refresh`
 * asks for the newest of each. Never throws; says what it does.
 */
export function ensureKernels(say: (line: string) => void, refresh = false): void {
  if (!existsSync("/usr/bin/apt-get") || !existsSync(KEYRING)) {
    say("kernels: no apt and Debian's keys here, taking what is there");
    return;
  }
  for (const kernel of MATRIX_KERNELS) {
    const stored = refresh ? undefined : storedKernel(kernel.release);
    if (stored === undefined) ensureKernel(kernel, say);
    else say(`kernel ${kernel.release}: up to date (${stored.package} ${stored.version})`);
  }
}
