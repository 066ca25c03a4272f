import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toolchain, versionLine } from "../../tools/judges/toolchain.ts";
import { type Judge, once } from "./judge.ts";
import { inScratch } from "./run.ts";

/** clang 22, not a judge but needed to make objects at test time; probed like one so that tests skip alike. */
export const clang: () => Judge = once(() => {
  const version = versionLine(toolchain().clang)?.match(/\d+\.\d+\.\d+/)?.[0];
  if (version === undefined) return { name: "clang", version: "", usable: false, why: "clang-22 is not installed" };
  return { name: "clang", version, usable: true, why: "" };
});

const prelude = `
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
typedef unsigned int u32;
typedef unsigned long long u64;
static void *(*lookup)(void *map, const void *key) = (void *)1;
`;

const licenseLine = (license: string): string => `char LICENSE[] SEC("license") = ${JSON.stringify(license)};\n`;

/**
 * Compiles C for BPF with BTF, little endian unless said, and returns the object's bytes; SEC, __uint, __type, u32, u64 are there, and a
 * license unless it is null.
 */
export function compileC(
  source: string,
  target: "bpfel" | "bpfeb" = "bpfel",
  license: string | null = "GPL",
): Uint8Array {
  return inScratch((folder) => {
    const input = join(folder, "object.c");
    const output = join(folder, "object.o");
    writeFileSync(input, prelude + (license === null ? "" : licenseLine(license)) + source);
    const flags = ["-target", target, "-mcpu=v3", "-g", "-O2", "-c", input, "-o", output];
    execFileSync(toolchain().clang ?? "clang-22", flags, { stdio: ["ignore", "ignore", "pipe"] });
    return new Uint8Array(readFileSync(output));
  });
}

/** The object with every occurrence of one text replaced by another of the same length. */
export function replaceText(object: Uint8Array, from: string, to: string): Uint8Array {
  const text = Buffer.from(object).toString("latin1");
  if (from.length !== to.length || !text.includes(from)) throw new Error(`cannot replace ${from} by ${to}`);
  return new Uint8Array(Buffer.from(text.replaceAll(from, to), "latin1"));
}
