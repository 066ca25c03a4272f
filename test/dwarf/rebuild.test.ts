/** A rebuild of the crate gives the committed bytes, where the compiler is the recorded one. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type BuildRecord, bytesModule, compile, sha256, toolVersions } from "../../tools/build-wasm.ts";

const crate = fileURLToPath(new URL("../../wasm", import.meta.url));
const cache = fileURLToPath(new URL("../../.cache/wasm-rebuild", import.meta.url));
const record = JSON.parse(readFileSync(join(crate, "BUILD.json"), "utf8")) as BuildRecord;

/** Why no rebuild can be compared; undefined if one can. */
function reasonToSkip(): string | undefined {
  const versions = toolVersions();
  if ("missing" in versions) {
    if (process.env["BTF_FIX_JUDGES"] === "required") throw new Error(`${versions.missing} not installed`);
    return `${versions.missing} not installed`;
  }
  for (const key of ["rustc", "lld", "gimli"] as const) {
    if (versions[key] !== record[key]) return `${key} is ${versions[key]}, the record says ${record[key]}`;
  }
  return undefined;
}

/** Digest of everything that a build depends on: a machine that has built these sources once need not do it again. */
function sourcesDigest(): string {
  const hash = createHash("sha256");
  const sources = readdirSync(join(crate, "src"))
    .sort()
    .map((name) => join("src", name));
  for (const name of ["Cargo.toml", ...sources, "../tools/build-wasm.ts"]) {
    hash.update(`${name}\0`).update(readFileSync(join(crate, name)));
  }
  return hash.update(JSON.stringify([record.rustc, record.lld, record.gimli])).digest("hex");
}

const reason = reasonToSkip();

test.skipIf(reason !== undefined)(
  `a rebuild gives the recorded digest${reason === undefined ? "" : ` (${reason})`}`,
  () => {
    const known = join(cache, sourcesDigest());
    if (!existsSync(known)) {
      const built = compile(join(cache, "target"));
      mkdirSync(cache, { recursive: true });
      writeFileSync(known, sha256(built));
    }
    expect(readFileSync(known, "utf8")).toBe(record.sha256);
  },
);

test("the base64 twin is what the build writes", () => {
  const wasm = new Uint8Array(readFileSync(join(crate, "gimli_wasm.wasm")));
  expect(sha256(wasm)).toBe(record.sha256);
  expect(readFileSync(join(crate, "bytes.ts"), "utf8")).toBe(bytesModule(wasm));
});
