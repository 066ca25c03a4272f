/**
 * `npm run conformance:dedup [-- BYTES]`: the BTF of a made-up object of 155 MB (or BYTES) of `.debug_info` in units, regenerated and then
 * deduplicated here and by libbpf 1.7. Fails unless both give the same bytes, or at least equally many types and the same graph.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dedupBtf } from "../../src/btf/dedup.ts";
import { encodeBtf } from "../../src/btf/encode.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { graphDifference } from "../../test/btf/same-graph.ts";
import { dedup17, libbpfDedup } from "../../test/judges/dedup.ts";
import { bigObject } from "../bench/big-object.ts";
import { bundleProgram } from "../bundle.ts";

/** The `.BTF` that `emit` makes of an object. */
async function emittedBtf(path: string): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "btf-fix-dedup-"));
  try {
    await bundleProgram(folder);
    const output = join(folder, "emitted.o");
    const args = [join(folder, "cli.cjs"), "emit", path, "-o", output, "--from", "dwarf"];
    const run = spawnSync(process.execPath, args, { encoding: "utf8", env: { ...process.env, BTF_FIX_CACHE: "off" } });
    if (run.status !== 0) throw new Error(`emit exits with ${run.status}: ${run.stderr.trim()}`);
    const section = sectionNamed(parseElf(readFileSync(output)), ".BTF");
    if (section === undefined) throw new Error("emit has written no .BTF");
    return section.bytes.slice();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const judge = dedup17();
if (!judge.usable) throw new Error(`${judge.name}: ${judge.why}`);
const { path, infoSize, units } = bigObject(Number(process.argv[2] ?? 155_000_000));
const bytes = await emittedBtf(path);
const apart = parseBtf(bytes);
const start = performance.now();
const ours = dedupBtf(apart).btf;
const took = performance.now() - start;
const [theirs] = libbpfDedup("dedup17", [{ btf: bytes }]);
if (theirs === undefined || theirs.errno !== 0) throw new Error(`libbpf refuses: errno ${theirs?.errno}`);
const equal = Buffer.compare(encodeBtf(ours), theirs.btf) === 0;
const libbpf = equal ? ours : parseBtf(theirs.btf);
const difference = equal ? undefined : graphDifference(ours, libbpf);
console.log(
  `${(infoSize / 1e6).toFixed(1)} MB of .debug_info in ${units} units: ${apart.types.length} types to ${ours.types.length}, ` +
    `libbpf ${judge.version} to ${libbpf.types.length}; ${equal ? "same bytes" : (difference ?? "other bytes, same graph")}`,
);
console.log(`btf-fix ${(took / 1000).toFixed(1)} s, libbpf ${(theirs.microseconds / 1e6).toFixed(1)} s`);
process.exitCode = difference === undefined ? 0 : 1;
