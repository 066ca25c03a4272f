import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkObject, fixObject, parseBtf, parseElf, renderRaw } from "../../src/index.ts";
import { ROOT } from "../../tools/bundle.ts";
import { LIBRARIES, type ObjectBuild } from "../../tools/fork/objects.ts";
import { forkRecord, recordEnvironment } from "../../tools/fork/record.ts";
import { bpftool, bpftoolDump } from "../judges/bpftool.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel } from "../judges/kernel.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import {
  askBpftool,
  BUILDS,
  background,
  buildName,
  compilers,
  forkObject,
  heldBy,
  makeForks,
  tracepoints,
  until,
  userSpace,
} from "./fork-system.ts";

/** The system that the seed set out to build: two programs, two libraries, every pair of them on the live kernel. */

const FORKS = 5;
const NATIVE = BUILDS.filter(({ target }) => target === "bpfel-unknown-none");
const FOREIGN = BUILDS.filter(({ target }) => target === "bpfeb-unknown-none");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "btf-fix-fork-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** What `npm run start` lets a library load: what bpf-linker wrote repaired, what clang wrote as it is. */
async function ready(build: ObjectBuild): Promise<string> {
  const object = forkObject(build);
  const bytes = build.library === "aya" ? (await fixObject(object)).bytes : object;
  return written(`${build.library}-${build.profile}.o`, bytes);
}

const onKernel = judgeTest(compilers(), tracepoints(), bpftool());

for (const library of LIBRARIES) {
  describe(`user space on ${library}`, () => {
    for (const build of NATIVE) {
      onKernel(`runs ${buildName(build)}`, async () => {
        const running = background(userSpace(library), [await ready(build)]);
        await until(running, (stdout) => stdout.includes("attached"));
        const forks = makeForks(FORKS);
        expect(new Set(forks.flat()).size).toBe(2 * FORKS);
        const lines = forks.map(([parent, child]) => `PID_MAP[${parent}] = ${child}`);
        await until(running, (stdout) => lines.every((line) => stdout.includes(line)));
        const shown = heldBy(running.pid, "map_id").map((id) =>
          JSON.parse(askBpftool("-j", "map", "show", "id", `${id}`)),
        );
        const map = shown.find(({ name }) => name === "PID_MAP");
        const dump: readonly { formatted?: { key: number; value: number } }[] = JSON.parse(
          askBpftool("-j", "map", "dump", "id", `${map.id}`),
        );
        const [program] = heldBy(running.pid, "prog_id");
        const { btf_id } = JSON.parse(askBpftool("-j", "prog", "show", "id", `${program}`));
        const code = askBpftool("prog", "dump", "xlated", "id", `${program}`, "linum");
        const trace = readFileSync("/sys/kernel/tracing/trace", "utf8");
        running.interrupt();
        const ended = await running.ended;

        expect(ended).toMatchObject({ code: 0, stderr: "" });
        expect(ended.stdout.split("\n")).toEqual(expect.arrayContaining(lines));
        expect(ended.stdout).toMatch(/^stopped after \d+ events$/m);
        // With types, bpftool has "formatted"; the keys and values are numbers, not bytes.
        const elements = dump.map(({ formatted }) => [formatted?.key, formatted?.value]);
        expect(elements).toEqual(expect.arrayContaining(forks.map((fork) => [...fork])));
        expect(map).toMatchObject({ type: "hash", btf_id });
        expect(btf_id).toBeGreaterThan(0);
        for (const [parent, child] of forks) {
          expect(trace).toContain(`fork! parent pid: ${parent}, child pid: ${child}\n`);
        }
        const source = build.library === "aya" ? "fork-ebpf-aya/src/main.rs" : "fork.bpf.c";
        expect(code).toMatch(new RegExp(`; .*child_pid.* \\[file:\\S*${source} line_num:\\d+ line_col:\\d+\\]`));
      });

      onKernel(`does with ${buildName(build)}, as built, what check says`, async () => {
        const object = forkObject(build);
        const { verdicts } = await checkObject(object);
        const path = written(`raw-${build.library}-${build.profile}.o`, object);
        const running = background(userSpace(library), [path, "--events", "1"]);
        await until(running, (stdout) => {
          makeForks(1);
          return stdout.includes("PID_MAP[");
        });
        const { code, stdout, stderr } = await running.ended;
        const { accepted, message } = verdicts[library];
        expect([code === 0, message]).toEqual([accepted !== false, message]);
        if (code === 0) {
          expect(stdout).toMatch(/^1 events, as asked for$/m);
          return;
        }
        // libbpf's reason, word for word as check foretells it, and the error number of its call.
        expect(code).toBe(1);
        expect(stdout).toBe("");
        expect(stderr).toContain(`libbpf: ${message}\n`);
        expect(stderr).toMatch(/^error: libbpf cannot load .*: Invalid argument \(os error 22\)$/m);
      });
    }

    onKernel("says why it loads nothing else, and exits with 1", async () => {
      const [fork] = NATIVE;
      if (fork === undefined) throw new Error("no program");
      const object = forkObject(fork);
      const own = library === "libbpf";
      const tried: readonly [what: string, path: string, says: RegExp][] = [
        ["nothing", join(folder, "nothing.o"), /No such file or directory/],
        ["text", written("text.o", Buffer.from("fork")), own ? /is not a proper ELF object/ : /error parsing ELF data/],
        [
          "half",
          written("half.o", object.subarray(0, object.length / 2)),
          own ? /^libbpf: elf: / : /error parsing ELF data/,
        ],
        ["a host's program", process.execPath, own ? /not a valid eBPF object/ : /error parsing BPF object: /],
        ["another program", join(ROOT, "corpus/c/atomics.bpfel.o"), /has no program fork$/],
        [
          "the other byte order",
          join(ROOT, "corpus/aya/fork.bpfeb.release.o"),
          own ? /endianness/ : /error parsing BTF header/,
        ],
      ];
      for (const [what, path, says] of tried) {
        const { status, stdout, stderr } = spawnSync(userSpace(library), [path], { encoding: "utf8", timeout: 60_000 });
        expect([what, status, stdout]).toEqual([what, 1, ""]);
        expect(stderr.trimEnd()).toMatch(new RegExp(says, "m"));
        expect(stderr).toMatch(/^error: .*\n$/m);
      }
    });

    judgeTest(compilers())("takes a number of events, and nothing else", () => {
      for (const args of [[], ["a.o", "--events", "0"], ["a.o", "--events", "x"], ["a.o", "b.o"], ["a.o", "--force"]]) {
        const { status, stderr } = spawnSync(userSpace(library), args, { encoding: "utf8", timeout: 60_000 });
        expect([args, status]).toEqual([args, 2]);
        expect(stderr).toContain("try '--help'");
      }
    });
  });
}

describe("big-endian", () => {
  for (const build of FOREIGN) {
    judgeTest(
      compilers(),
      bpftool(),
      libbpf17(),
      kernel(),
    )(`${buildName(build)} is sound once it is ready`, async () => {
      const bytes = readFileSync(await ready(build));
      const { diagnostics, verdicts } = await checkObject(bytes);
      expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(verdicts.libbpf.accepted).not.toBe(false);
      const elf = parseElf(bytes);
      expect(elf.littleEndian).toBe(false);
      const blob = elf.sections.find(({ name }) => name === ".BTF")?.bytes ?? new Uint8Array();
      const raw = answer(bpftoolDump(bytes, "raw"));
      expect(Buffer.from(renderRaw(parseBtf(blob))).toString()).toBe(raw.stdout.toString());
      // libbpf opens objects of the other byte order, and loads none.
      const report = answer(runLibbpf("libbpf17", bytes));
      expect(report.open.errno).toBe(0);
    });
  }
});

judgeTest(tracepoints())("the record is where the event's format says", () => {
  const format = readFileSync("/sys/kernel/tracing/events/sched/sched_process_fork/format", "utf8");
  const offset = (field: string): number => Number(new RegExp(`${field};\\s+offset:(\\d+)`).exec(format)?.[1]);
  expect(forkRecord()).toEqual({ parentPid: offset("parent_pid"), childPid: offset("child_pid") });
});

test("the build is told of a record only where the source does not know it", () => {
  expect(recordEnvironment({ parentPid: 12, childPid: 20 })).toEqual({});
  expect(recordEnvironment({ parentPid: 24, childPid: 44 })).toEqual({
    FORK_PARENT_PID_OFFSET: "24",
    FORK_CHILD_PID_OFFSET: "44",
  });
});
