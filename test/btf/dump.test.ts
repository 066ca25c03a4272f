import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { encodeBtfExt, parseBtfExt } from "../../src/btf/ext.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { renderJson } from "../../src/btf/render/json.ts";
import { renderRaw } from "../../src/btf/render/raw.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { inScratch } from "../judges/run.ts";
import { arbitraryBlob, type BlobOptions } from "./arbitrary.ts";
import { assemble, stringTable, type WireRecord } from "./assemble.ts";
import { bpftool, compareBlobs, compareFiles, dumpFile, type ExpectedDump } from "./bpftool.ts";

const withBpftool = judgeTest(bpftool());
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

function expected(bytes: Uint8Array): ExpectedDump {
  const btf = parseBtf(bytes);
  return { raw: renderRaw(btf), json: renderJson(btf, { pretty: false }) };
}

/** Every number of `fc.sample` follows from the seed, which the message of a failure names. */
function generated(options: BlobOptions, count: number, seed: number): (ExpectedDump & { bytes: Uint8Array })[] {
  return fc
    .sample(arbitraryBlob(options), { numRuns: count, seed })
    .map(({ bytes }) => ({ bytes, ...expected(bytes) }));
}

// bpftool 7.1 takes a header of more than 24 bytes in the machine's own byte order only.
const families: readonly (readonly [string, BlobOptions])[] = [
  ["plausible", {}],
  ["wild", { style: "wild" }],
  ["wild, little-endian, odd header and gaps", { style: "wild", odd: true, littleEndian: true }],
];

for (const [name, options] of families) {
  withBpftool(`dumps equal bpftool's on 700 generated blobs: ${name}`, () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    expect(compareBlobs(generated(options, 700, seed)), `seed ${seed}`).toEqual([]);
  });
}

withBpftool("pretty dumps equal bpftool's", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  inScratch((folder) => {
    const file = join(folder, "blob.btf");
    for (const { bytes } of fc.sample(arbitraryBlob({ style: "wild" }), { numRuns: 40, seed })) {
      writeFileSync(file, bytes);
      expect(text(renderJson(parseBtf(bytes), { pretty: true })), `seed ${seed}`).toBe(text(dumpFile(file, "-p")));
    }
  });
});

withBpftool("split dumps show the own types, with names of the base", () => {
  const names = stringTable(["base", "int"]);
  const [base = 0, int = 0] = names.offsets;
  const word: WireRecord = { nameOff: int, kind: 1, vlen: 0, kindFlag: false, sizeOrType: 4, words: [32] };
  const bytes = assemble({ littleEndian: true, records: [word], strings: names.bytes });
  const variable: WireRecord = { nameOff: base, kind: 14, vlen: 0, kindFlag: false, sizeOrType: 1, words: [1] };
  const section: WireRecord = {
    nameOff: names.bytes.length + 1,
    kind: 15,
    vlen: 3,
    kindFlag: false,
    sizeOrType: 4,
    words: [1, 0, 4, 2, 4, 4, 0, 8, 4],
  };
  const strings = stringTable([".data"]).bytes;
  const split = assemble({ littleEndian: true, records: [variable, section], strings });
  inScratch((folder) => {
    writeFileSync(join(folder, "base"), bytes);
    writeFileSync(join(folder, "split"), split);
    const btf = parseBtf(split, parseBtf(bytes));
    expect(text(renderRaw(btf))).toBe(text(dumpFile(join(folder, "split"), "-B", join(folder, "base"))));
  });
});

withBpftool("dumps of the kernel's BTF equal bpftool's", () => {
  const path = "/sys/kernel/btf/vmlinux";
  if (!existsSync(path)) return;
  const btf = parseBtf(new Uint8Array(readFileSync(path)));
  expect(dumpFile(path).equals(renderRaw(btf))).toBe(true);
  expect(dumpFile(path, "-j").equals(renderJson(btf, { pretty: false }))).toBe(true);
});

const corpus = fileURLToPath(new URL("../../corpus", import.meta.url));
const objects = readdirSync(corpus, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".o") && !name.startsWith("."))
  .sort();

withBpftool(
  `dumps of the ${objects.length} objects of the corpus equal bpftool's, and their sections come back`,
  () => {
    const dumps = objects.flatMap((name) => {
      const file = join(corpus, name);
      const sections = parseElf(new Uint8Array(readFileSync(file))).sections;
      const ext = sections.find((section) => section.name === ".BTF.ext");
      if (ext !== undefined) expect(encodeBtfExt(parseBtfExt(ext.bytes)), name).toEqual(ext.bytes);
      const section = sections.find((candidate) => candidate.name === ".BTF");
      if (section === undefined) return [];
      expect(encodeBtf(parseBtf(section.bytes)), name).toEqual(section.bytes);
      return [{ file, ...expected(section.bytes) }];
    });
    expect(dumps.length).toBeGreaterThan(0);
    expect(compareFiles(dumps)).toEqual([]);
  },
);
