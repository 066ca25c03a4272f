import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect } from "vitest";
import { checkObject, fixObject } from "../../src/index.ts";
import { WORKSPACE } from "../../tools/corpus/cargo.ts";
import { cachedFile } from "../../tools/fork/cached.ts";
import { needClangForBpf, needRustForBpf } from "../../tools/fork/needs.ts";
import { findProgram, versionLine } from "../../tools/judges/toolchain.ts";
import { type Judge, once } from "../judges/judge.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { compilers, forkObject } from "./fork-system.ts";

/** The seed looks with `readelf -S` whether "something went wrong"; check says what, of the same program built wrong by real tools. */

const TARGET = "bpfel-unknown-none";
const STRIP = "llvm-strip-22";
const READELF = "readelf";

function tool(name: string): () => Judge {
  return once(() => {
    const usable = findProgram(name) !== undefined;
    return { name, version: versionLine(name) ?? "", usable, why: usable ? "" : "not installed" };
  });
}

const withTools = judgeTest(compilers(), tool(STRIP)(), tool(READELF)());

/** The Aya program in the release profile, built with other flags. */
function built(name: string, flags: readonly string[]): Buffer {
  const { rustc, cargo, bpfLinker } = needRustForBpf(TARGET);
  const path = cachedFile({
    name: `fork-${name}.o`,
    sources: ["ebpf/fork-ebpf-aya", "ebpf/Cargo.toml", "ebpf/Cargo.lock"],
    versions: [`${versionLine(rustc)}`, `${versionLine(bpfLinker)}`, ...flags],
    build() {
      const target = mkdtempSync(join(tmpdir(), "btf-fix-steps-"));
      const args = ["build", "--locked", "--quiet", "--release", "--ignore-rust-version", "--target", TARGET];
      const all = [...flags, `-Clinker=${bpfLinker}`, `--cfg=bpf_target_arch="x86_64"`];
      const env = {
        ...process.env,
        RUSTC: rustc,
        RUSTC_BOOTSTRAP: "1",
        CARGO_ENCODED_RUSTFLAGS: all.join("\x1f"),
        CARGO_TARGET_DIR: target,
        CARGO_BUILD_JOBS: "2",
      };
      try {
        execFileSync(cargo, [...args, "--package", "fork-ebpf-aya"], { cwd: WORKSPACE, env });
        return kept(readFileSync(join(target, TARGET, "release", "fork")));
      } finally {
        rmSync(target, { recursive: true, force: true });
      }
    },
  });
  return readFileSync(path);
}

const scratch = mkdtempSync(join(tmpdir(), "btf-fix-steps-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function kept(bytes: Uint8Array): string {
  const path = join(scratch, "kept.o");
  writeFileSync(path, bytes);
  return path;
}

function stripped(object: Uint8Array, ...options: readonly string[]): Buffer {
  const output = join(scratch, "stripped.o");
  execFileSync(STRIP, [...options, "-o", output, kept(object)]);
  return readFileSync(output);
}

/** Those of the seed's list that readelf finds, and the symbol table. */
function sectionsOf(object: Uint8Array): readonly string[] {
  const text = execFileSync(READELF, ["-S", "-W", kept(object)], { encoding: "utf8" });
  const names = [...text.matchAll(/^\s*\[\s*\d+\]\s+(\S+)/gm)].map(([, name]) => name);
  return [".maps", ".debug_info", ".BTF", ".BTF.ext", ".symtab"].filter((name) => names.includes(name));
}

const whole = { library: "aya", target: TARGET, profile: "release" } as const;

describe("there is no .BTF, and the step that lost it is named", () => {
  const steps: readonly {
    readonly what: string;
    readonly object: () => Buffer;
    readonly sections: readonly string[];
    readonly says: RegExp;
  }[] = [
    {
      what: "linked without --btf",
      object: () => built("no-btf", ["-Cdebuginfo=2"]),
      sections: [".maps", ".symtab"],
      says: /neither debug info nor a section \.BTF; link with `--btf`/,
    },
    {
      what: "compiled by clang without -g",
      object: () => {
        const output = join(scratch, "plain.o");
        const source = join(WORKSPACE, "fork-ebpf-libbpf", "fork.bpf.c");
        // CO-RE cannot do without, which clang says by itself.
        const args = ["--target=bpfel", "-O2", "-Dpreserve_access_index=unused", "-c", source, "-o", output];
        execFileSync(needClangForBpf().clang, args);
        return readFileSync(output);
      },
      sections: [".maps", ".symtab"],
      says: /neither debug info nor a section \.BTF; .* clang wants `-g`$/,
    },
    {
      what: "stripped",
      object: () => stripped(forkObject(whole)),
      sections: [".maps"],
      says: /^the object is stripped: .*; leave out what strips it/,
    },
  ];
  for (const { what, object, sections, says } of steps) {
    withTools(what, async () => {
      const bytes = object();
      expect(sectionsOf(bytes)).toEqual(sections);
      for (const use of [checkObject, fixObject]) {
        await expect(use(bytes)).rejects.toMatchObject({ code: "BTF_MISSING", message: expect.stringMatching(says) });
      }
    });
  }

  withTools("compiled with debug = 0", async () => {
    const bytes = built("debug-0", ["-Cdebuginfo=0", "-Clink-arg=--btf"]);
    // Of rustc's own library, which came with it.
    expect(sectionsOf(bytes)).toEqual([".maps", ".debug_info", ".symtab"]);
    const [finding] = (await checkObject(bytes)).diagnostics;
    expect(finding).toMatchObject({ rule: "elf/btf-missing", severity: "error" });
    expect(`${finding?.message}; ${finding?.help}`).toMatch(/debug info is about no code .*; build with `debug = 2`/);
    await expect(fixObject(bytes)).rejects.toMatchObject({
      message: expect.stringMatching(/build it with `debug = 2`$/),
    });
  });
});

withTools("debug = 1 leaves a .BTF without types, and is named", async () => {
  const bytes = built("debug-1", ["-Cdebuginfo=1", "-Clink-arg=--btf"]);
  expect(sectionsOf(bytes)).toEqual([".maps", ".debug_info", ".BTF", ".BTF.ext", ".symtab"]);
  const finding = (await checkObject(bytes)).diagnostics.find(({ rule }) => rule === "func/without-prototype");
  expect(finding).toMatchObject({ severity: "error", help: expect.stringContaining("build with `debug = 2`") });
});

withTools("llvm-strip -g leaves the .BTF, and nothing is amiss that was not before", async () => {
  const object = forkObject(whole);
  const bytes = stripped(object, "-g");
  expect(sectionsOf(object)).toEqual([".maps", ".debug_info", ".BTF", ".BTF.ext", ".symtab"]);
  expect(sectionsOf(bytes)).toEqual([".maps", ".BTF", ".BTF.ext", ".symtab"]);
  const rulesOf = async (of: Uint8Array): Promise<readonly string[]> =>
    (await checkObject(of)).diagnostics.filter(({ severity }) => severity === "error").map(({ rule }) => rule);
  expect(await rulesOf(bytes)).toEqual(await rulesOf(object));
});
