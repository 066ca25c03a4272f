import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";

/** Files that stay in the cache folder. */
const KEPT = 12;

/** Compiled code is good for one program, one Node and one processor. */
function fileName(key: string): string {
  return `${key}-${process.version}-${process.arch}.bin`;
}

/**
 * Where a run keeps compiled code: BTF_FIX_CACHE, or btf-fix/code/ in the user's cache folder (XDG base directories). Undefined where there is
 * none, or BTF_FIX_CACHE is "off".
 */
function cacheFolder(): string | undefined {
  const { BTF_FIX_CACHE: own, XDG_CACHE_HOME: xdg, HOME: home } = process.env;
  if (own === "off") return undefined;
  if (own) return own;
  if (xdg?.startsWith("/")) return `${xdg}/btf-fix/code`;
  return home ? `${home}/.cache/btf-fix/code` : undefined;
}

/** The file's content, if nobody but this user (or who installed the package) can have written it: it will be run. */
function readTrusted(path: string, owner: number | undefined): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(fd);
    if (owner !== undefined && (stat.uid !== owner || (stat.mode & 0o022) !== 0)) return undefined;
    // Of the size that it has: readFileSync would look for more.
    const bytes = Buffer.allocUnsafeSlow(stat.size);
    return readSync(fd, bytes) === bytes.length ? bytes : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** Compiled code under this key, which tells programs apart: what the build put beside it, or what an earlier run kept. */
export function findCache(programFolder: string, key: string): Buffer | undefined {
  const beside = `${programFolder}/cache/${fileName(key)}`;
  // As trustworthy as the program itself, which lies in the same folder.
  const built = readTrusted(beside, undefined);
  if (built !== undefined) return built;
  const folder = cacheFolder();
  if (folder === undefined) return undefined;
  return readTrusted(`${folder}/${fileName(key)}`, process.getuid?.());
}

/** Leaves the newest files: builds and Nodes come and go, and each would leave half a megabyte for ever. */
function forgetOldest(folder: string): void {
  const files = readdirSync(folder).filter((name) => name.endsWith(".bin"));
  if (files.length <= KEPT) return;
  const aged = files.map((name) => ({ path: `${folder}/${name}`, time: statSync(`${folder}/${name}`).mtimeMs }));
  aged.sort((a, b) => b.time - a.time);
  for (const { path } of aged.slice(KEPT)) unlinkSync(path);
}

/** Keeps compiled code for later runs, and forgets the oldest. A folder that cannot be written to is no fault. */
export function storeCache(key: string, bytes: Uint8Array): void {
  const folder = cacheFolder();
  if (folder === undefined) return;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const name = fileName(key);
    const temporary = `${folder}/${`${name}.${process.pid}.tmp`}`;
    writeFileSync(temporary, bytes, { mode: 0o600, flag: "wx" });
    renameSync(temporary, `${folder}/${name}`);
    forgetOldest(folder);
  } catch {
    // The next run compiles again.
  }
}
