import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "../judges/cache.ts";
import { findProgram, versionLine } from "../judges/toolchain.ts";
import type { TestGroup } from "./llvm-tests.ts";

export const BYTE_ORDERS = ["bpfel", "bpfeb"] as const;
export type ByteOrder = (typeof BYTE_ORDERS)[number];

/** An object that LLVM made of one of its tests, and the same without `.BTF`, `.BTF.ext` and their relocations. */
export interface TestObject {
  readonly object: Uint8Array;
  readonly withoutBtf: Uint8Array;
}

function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed (npm run judges)`);
  return path;
}

function quietly(name: string, args: readonly string[]): void {
  execFileSync(program(name), args, { stdio: ["ignore", "ignore", "pipe"] });
}

let version: string | undefined;

/** Objects of another LLVM are other objects. */
function compiler(): string {
  version ??= versionLine(program("llc-22")) ?? "";
  return version;
}

/** Compiles a test as its own RUN lines ask: through opt where they begin with it, for the third instruction set where they say so. */
export function compileTest(group: TestGroup, folder: string, test: string, order: ByteOrder): TestObject {
  const source = join(folder, `${test}.ll`);
  const text = readFileSync(source, "utf8");
  const output = join(cacheRoot(), "llvm-objects", compiler().replace(/\W+/g, "-"), group);
  mkdirSync(output, { recursive: true });
  const object = join(output, `${test}.${order}.o`);
  const without = join(output, `${test}.${order}.plain.o`);
  if (!existsSync(without)) {
    let input = source;
    if (text.includes("RUN: opt")) {
      input = join(output, `${test}.opt.ll`);
      quietly("opt-22", ["-O2", "-mtriple=bpf-pc-linux", "-S", "-o", input, source]);
    }
    const cpu = text.includes("-mcpu=v3") ? ["-mcpu=v3"] : [];
    quietly("llc-22", [`-mtriple=${order}`, ...cpu, "-filetype=obj", "-o", object, input]);
    const sections = [".BTF", ".BTF.ext", ".rel.BTF", ".rel.BTF.ext"].map((name) => `--remove-section=${name}`);
    quietly("llvm-objcopy-22", [...sections, object, without]);
  }
  return { object: new Uint8Array(readFileSync(object)), withoutBtf: new Uint8Array(readFileSync(without)) };
}
