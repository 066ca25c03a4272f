import { expect, test } from "vitest";
import { BtfFixError } from "../../src/errors.ts";
import { diagnostic, fixed, runIn, verdicts } from "./double.ts";

const files = { fork: "raw", other: "raw too", "-": "piped" };
const repaired = fixed({ bytes: new TextEncoder().encode("mended"), summary: ["12 names escaped", "1 map unwrapped"] });

test("the main form writes the result with the input's mode and says what was done", async () => {
  const ran = await runIn(["fork", "-o", "fork.fixed"], files, { fix: async () => repaired });
  expect(ran).toMatchObject({
    exit: 0,
    stdout: "fork: 12 names escaped, 1 map unwrapped, 0 errors\n",
    stderr: "",
    written: [{ path: "fork.fixed", source: "fork", mode: 0o755, bytes: repaired.bytes }],
  });
});

test("the outcome line speaks of the kernel only where the rules can tell", async () => {
  const line = async (kernel: boolean | null, asSent: boolean | null) =>
    (
      await runIn(["fork", "-o", "o"], files, {
        fix: async () => fixed({ summary: ["1 name escaped"], verdicts: verdicts(kernel, asSent, "5.15+") }),
      })
    ).stdout;
  expect(await line(true, true)).toBe("fork: 1 name escaped, 0 errors; kernel 5.15+: BTF accepted\n");
  expect(await line(null, null)).toBe("fork: 1 name escaped, 0 errors\n");
  expect(await line(false, false)).toBe("fork: 1 name escaped, 0 errors; kernel 5.15+: BTF refused\n");
});

test("defects that remain give 1, and the output is written", async () => {
  const fix = async () => fixed({ diagnostics: [diagnostic({ severity: "error" })] });
  const ran = await runIn(["fork", "-o", "o"], files, { fix });
  expect(ran.exit).toBe(1);
  expect(ran.written).toHaveLength(1);
});

test("warnings fail under --strict alone; repaired findings and notes never", async () => {
  const warning = async () => fixed({ diagnostics: [diagnostic({ severity: "warning" })] });
  expect((await runIn(["fork", "-o", "o"], files, { fix: warning })).exit).toBe(0);
  expect((await runIn(["fork", "-o", "o", "--strict"], files, { fix: warning })).exit).toBe(1);
  const harmless = async () =>
    fixed({ diagnostics: [diagnostic({ fixed: "done" }), diagnostic({ severity: "note" })], changed: false });
  const ran = await runIn(["fork", "-o", "o", "--strict", "-q"], files, { fix: harmless });
  expect(ran).toMatchObject({ exit: 0, stdout: "" });
});

test.each([
  ["REFUSED", 4],
  ["VERIFY_FAILED", 4],
  ["ELF_NOT_ELF", 3],
  ["BTF_MALFORMED", 3],
  ["DWARF_MALFORMED", 3],
  ["LIMIT_EXCEEDED", 3],
  ["IO", 5],
] as const)("%s gives exit %i and no output", async (code, exit) => {
  const fix = async () => {
    throw new BtfFixError(code, "no", { section: ".BTF", offset: 24, length: 1 });
  };
  const ran = await runIn(["fork", "-o", "o"], files, { fix });
  expect(ran).toMatchObject({
    exit,
    written: [],
    stdout: "",
    stderr: `fork: error[${code}]: no (section .BTF, offset 0x18)\n`,
  });
});

test("wrong usage that only the library can see is told as wrong usage, of no file", async () => {
  const fix = async () => {
    throw new BtfFixError("USAGE", "no rule is called map/nothing");
  };
  const ran = await runIn(["fork", "-o", "o", "--only", "map/nothing"], files, { fix });
  expect(ran).toMatchObject({ exit: 2, written: [], stdout: "" });
  expect(ran.stderr).toMatch(/^btf-fix: error\[USAGE\]: no rule is called map\/nothing\nusage: /);
});

test("a fault of btf-fix itself is told as such, and the other files go on", async () => {
  const fix = async (bytes: Uint8Array) => {
    if (bytes.length === 3) throw new TypeError("x is undefined");
    return repaired;
  };
  const ran = await runIn(["--in-place", "fork", "other"], files, { fix });
  expect(ran.exit).toBe(3);
  expect(ran.stderr).toContain("internal fault, please report it with the file: x is undefined");
  expect(ran.written.map((request) => request.path)).toEqual(["other"]);
});

test("one bad file among several does not stop the rest, and the highest code wins", async () => {
  const fix = async () => repaired;
  const ran = await runIn(["--in-place", "gone", "fork"], files, { fix });
  expect(ran.exit).toBe(5);
  expect(ran.stderr).toBe("gone: error[IO]: cannot read the input: no such file or directory\n");
  expect(ran.written.map((request) => request.path)).toEqual(["fork"]);
});

test("from standard input to standard output: bytes alone on stdout, the report on stderr", async () => {
  const ran = await runIn(["-", "-o", "-"], files, { fix: async () => repaired });
  expect(ran).toMatchObject({
    exit: 0,
    stdout: "mended",
    stderr: "<stdin>: 12 names escaped, 1 map unwrapped, 0 errors\n",
    written: [],
  });
});

test("a file that is already fine is not touched in place, but written with -o", async () => {
  const fix = async (bytes: Uint8Array) => fixed({ bytes: bytes.slice(), changed: false });
  const inPlace = await runIn(["--in-place", "fork"], files, { fix });
  expect(inPlace).toMatchObject({ exit: 0, stdout: "fork: already fine, 0 errors\n", written: [] });
  expect((await runIn(["fork", "-o", "o"], files, { fix })).written).toHaveLength(1);
});

test("names that could not be kept in step are told", async () => {
  const replaceFile = () => ({ alsoReplaced: ["deps/fork-1"], leftBehind: 2 });
  const ran = await runIn(["--in-place", "fork", "-v"], files, { fix: async () => repaired }, { replaceFile });
  expect(ran.stderr).toBe(
    "fork: the same file as deps/fork-1, which has the result too\n" +
      "fork: 2 other names of this file (hard links) not found; the old content stays there\n",
  );
});

test("--only and --skip reach the library, split at commas", async () => {
  let seen: unknown;
  const fix = async (_: Uint8Array, options: object) => {
    seen = options;
    return repaired;
  };
  await runIn(["fork", "-o", "o", "--only", "M2,N1", "--only", "map/x", "--skip=btf/y"], files, { fix });
  expect(seen).toMatchObject({ only: ["M2", "N1", "map/x"], skip: ["btf/y"] });
});

test("--json reports what was done and where it went", async () => {
  const finding = diagnostic({ fixed: "done" });
  const ran = await runIn(["fork", "-o", "o", "--json"], files, {
    fix: async () => fixed({ diagnostics: [finding], plan: [{ rule: "btf/x", what: "did it" }], summary: ["1 thing"] }),
  });
  expect(JSON.parse(ran.stdout)).toEqual({
    version: 1,
    files: [
      {
        file: "fork",
        output: "o",
        changed: true,
        plan: [{ rule: "btf/x", what: "did it" }],
        summary: ["1 thing"],
        diagnostics: [finding],
        verdicts: verdicts(null),
      },
    ],
  });
});

test("BTF_FIX_TRACE=1 prints the split of the time", async () => {
  let clock = 0;
  const ran = await runIn(
    ["fork", "-o", "o"],
    files,
    {
      fix: async (_, { onPhase }) => {
        onPhase?.("wasm");
        onPhase?.("lower");
        return repaired;
      },
    },
    { env: { BTF_FIX_TRACE: "1" }, now: () => (clock += 2), peakMemory: () => 40_000 },
  );
  expect(JSON.parse(ran.stderr)).toEqual({
    trace: {
      file: "fork",
      phases: { start: 2, read: 2, wasm: 2, lower: 2, fix: 2, save: 2 },
      total: 12,
      peakKiB: 40_000,
    },
  });
});
