import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { BtfFixError } from "../../src/errors.ts";
import { fixObject } from "../../src/fix.ts";
import { toolchain } from "../../tools/judges/toolchain.ts";
import { kernelTypes } from "../../tools/scoreboard/kernel-types.ts";
import { allObjects } from "../../tools/scoreboard/objects.ts";
import { bpftool, bpftoolDump, bpftoolLink, bpftoolSkeleton } from "../judges/bpftool.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { answer, inScratch } from "../judges/run.ts";

const RUST = allObjects().filter(({ name }) => name.includes(".bpfel.") && !/^c\/|\/c\/|stand-in/.test(name));

/** Undefined for an object that is refused as a whole. */
async function withCTypes(path: string): Promise<Uint8Array | undefined> {
  try {
    return (await fixObject(readFileSync(path), { cTypes: true, vmlinux: kernelTypes })).bytes;
  } catch (error) {
    if (error instanceof BtfFixError && error.code === "REFUSED") return undefined;
    throw error;
  }
}

/** Contexts of programs, which the object's types and the kernel's header for user space both define. */
const OF_THE_KERNEL = ["xdp_md", "bpf_raw_tracepoint_args"];

/** clang's errors on a program of user space that includes the skeleton, after the object's types if it is given them. */
function compileSkeleton(object: Uint8Array, types: boolean): string {
  const skeleton = answer(bpftoolSkeleton(object));
  if (!skeleton.ok) return skeleton.stderr;
  return inScratch((folder) => {
    writeFileSync(join(folder, "object.skel.h"), skeleton.stdout);
    writeFileSync(join(folder, "types.h"), answer(bpftoolDump(object, "c")).stdout);
    const apart = OF_THE_KERNEL.map((name) => [`#define ${name} ${name}_of_object\n`, `#undef ${name}\n`] as const);
    const include = types
      ? `#define BPF_NO_PRESERVE_ACCESS_INDEX\n${apart.map(([before]) => before).join("")}#include "types.h"\n${apart.map(([, after]) => after).join("")}`
      : "";
    writeFileSync(
      join(folder, "user.c"),
      `${include}#include "object.skel.h"\nint main(void) { return object__open() == 0; }\n`,
    );
    try {
      execFileSync(toolchain().clang ?? "clang-22", ["-fsyntax-only", "-w", join(folder, "user.c")], { stdio: "pipe" });
      return "";
    } catch (error) {
      return String((error as { stderr?: Buffer }).stderr);
    }
  });
}

/** A C program of the same form: a section of its own for globals, pointers to other globals, records as globals. */
const POINTERS_IN_C = `static int target = 1; int *pointer = &target;
SEC("socket") int prog(void *ctx) { return pointer == &target; }`;

describe("objects fixed with --c-types", () => {
  judgeTest(bpftool(), clang())(
    "bpftool's skeleton of each compiles, with the object's types where globals are records",
    async () => {
      const faults: string[] = [];
      for (const { name, path } of RUST) {
        const object = await withCTypes(path);
        if (object === undefined) continue;
        const alone = compileSkeleton(object, false);
        // A skeleton names the records of globals and leaves them to the user, as in C.
        const errors = /incomplete type/.test(alone) ? compileSkeleton(object, true) : alone;
        if (errors !== "") faults.push(`${name}: ${errors.slice(0, 400)}`);
      }
      expect(faults).toEqual([]);
    },
  );

  judgeTest(bpftool(), clang())("bpftool links each with a C object, save what it links of no compiler", async () => {
    const partner = compileC(
      `struct { __uint(type, 2); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } map_of_c SEC(".maps");
       char LICENSE_OF_C[] SEC("license") = "GPL"; int answer(void) { u32 key = 0; return lookup(&map_of_c, &key) != 0; }`,
      "bpfel",
      null,
    );
    const own = answer(bpftoolLink([compileC(POINTERS_IN_C, "bpfel", null), partner]));
    expect(own.stderr).toContain("relocation against STT_SECTION in non-exec section");
    const faults: string[] = [];
    let linked = 0;
    for (const { name, path } of RUST) {
      const object = await withCTypes(path);
      if (object === undefined) continue;
      const { ok, stderr } = answer(bpftoolLink([object, partner]));
      if (ok) linked++;
      else if (!stderr.includes("relocation against STT_SECTION in non-exec section"))
        faults.push(`${name}: ${stderr}`);
    }
    console.log(`${linked} of ${RUST.length} linked`);
    expect(faults).toEqual([]);
  });
});
