import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { bundleProgram, ROOT } from "../../tools/bundle.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { compilers, forkObject } from "./fork-system.ts";

/** docs/seed.md prints what the program prints of the objects as built. */

const OBJECTS = {
  "target/bpfel-unknown-none/debug/fork": { library: "aya", target: "bpfel-unknown-none", profile: "dev" },
  "fork-ebpf-libbpf/fork.bpf.o": { library: "libbpf", target: "bpfel-unknown-none", profile: "release" },
} as const;

/** Each `$ btf-fix …` of the page with the lines below it, up to the next command or the end of the block; what is cut short is not among them. */
function examples(page: string): readonly (readonly [command: string, output: string])[] {
  const blocks = [...page.matchAll(/^```console\n(.*?)^```/gms)].map(([, text]) => text ?? "");
  return blocks.flatMap((text) =>
    text
      .split(/^\$ /m)
      .filter((part) => part.startsWith("btf-fix ") && !part.includes("…"))
      .map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1)] as const),
  );
}

judgeTest(compilers())("the examples of docs/seed.md are true", async () => {
  const folder = mkdtempSync(join(tmpdir(), "btf-fix-seed-"));
  try {
    await bundleProgram(join(folder, "dist"));
    for (const [path, build] of Object.entries(OBJECTS)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), forkObject(build));
    }
    const shown = examples(readFileSync(join(ROOT, "docs/seed.md"), "utf8"));
    expect(shown.length).toBeGreaterThan(3);
    for (const [command, output] of shown) {
      const args = [join(folder, "dist/cli.cjs"), ...command.split(" ").slice(1)];
      const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
      expect([command, stdout + stderr]).toEqual([command, output]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
