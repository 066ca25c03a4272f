import { describe, expect, test } from "vitest";
import { type AyaName, aya03, aya06, runAya } from "./aya.ts";
import { bpftool, bpftoolDump, bpftoolLink, bpftoolLoad, bpftoolSkeleton } from "./bpftool.ts";
import { clang, compileC, replaceText } from "./c-object.ts";
import { cilium, runCilium } from "./cilium.ts";
import { judgeTest } from "./judge-test.ts";
import { kernel, kernelBtfLoad, kernelMapCreate, kernelProgLoad, smallestBtf } from "./kernel.ts";
import { type LibbpfName, libbpf11, libbpf17, runLibbpf } from "./libbpf.ts";
import { probeLine, probes } from "./probes.ts";
import { answer, run } from "./run.ts";

// Every expectation below is what the kernel or the library documents of itself; nothing here is btf-fix's work.

const EINVAL = 22;

/** Two maps, the second pinned, and one program that refers to both. */
const goodSource = `
struct qqvalue { u32 count; u64 total; };
struct { __uint(type, 1); __type(key, u32); __type(value, struct qqvalue); __uint(max_entries, 16); } first SEC(".maps");
struct { __uint(type, 2); __type(key, u32); __type(value, u64); __uint(max_entries, 4); __uint(pinning, 1); } second SEC(".maps");
SEC("socket") int program(void *context) {
  u32 key = 0;
  struct qqvalue *a = lookup(&first, &key);
  u64 *b = lookup(&second, &key);
  return (a ? a->count : 0) + (b ? (u32)*b : 0);
}
`;

/** r0 = 0; exit */
const trivial = Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);

test("every judge says whether it is usable", () => {
  for (const judge of probes()) {
    console.log(probeLine(judge));
    expect(judge.usable).toBe(judge.why === "");
  }
});

test("crash, panic and time-out are told from an answer", () => {
  const sh = (script: string, seconds = 20) => run({ program: "/bin/sh", args: ["-c", script], seconds });
  expect(sh("exit 3")).toMatchObject({ outcome: "answer", value: { status: 3 } });
  expect(sh("kill -SEGV $$")).toEqual({ outcome: "crash", signal: "SIGSEGV" });
  expect(sh("sleep 20", 0.2)).toEqual({ outcome: "timeout", seconds: 0.2 });
  const panic = "thread 'main' (7) panicked at src/x.rs:1:1:";
  expect(sh(`echo "${panic}" >&2; exit 101`)).toEqual({ outcome: "panic", message: panic });
});

describe("kernel", () => {
  judgeTest(kernel())("BPF_BTF_LOAD takes a good blob and says why it refuses a bad one", () => {
    const good = smallestBtf();
    const beyond = Uint8Array.from(good, (byte, index) => (index === 24 ? 9 : byte));
    const zeroSize = Uint8Array.from(good, (byte, index) => (index === 32 ? 0 : byte));
    const verdicts = answer(kernelBtfLoad([good, zeroSize, beyond, good, new Uint8Array()]));
    expect(verdicts.map((verdict) => verdict.errno)).toEqual([0, EINVAL, EINVAL, 0, EINVAL]);
    expect(verdicts[1]?.log).toContain("nr_bits exceeds type_size");
    expect(verdicts[2]?.log).toContain("Invalid name_offset:9");
  });

  judgeTest(kernel())("BPF_MAP_CREATE compares the sizes of the types with those of the map", () => {
    const array = { type: 2, keySize: 4, valueSize: 4, maxEntries: 1 };
    const verdicts = answer(
      kernelMapCreate(smallestBtf(), [
        { ...array, keyTypeId: 1, valueTypeId: 1 },
        { ...array, valueSize: 8, keyTypeId: 1, valueTypeId: 1 },
        { ...array, keySize: 8 },
      ]),
    );
    expect(verdicts).toEqual([
      { btfErrno: 0, withIds: 0, withoutIds: 0 },
      { btfErrno: 0, withIds: EINVAL, withoutIds: 0 },
      { btfErrno: 0, withIds: EINVAL, withoutIds: EINVAL },
    ]);
  });

  judgeTest(kernel())("BPF_PROG_LOAD checks func_info and line_info against the BTF", () => {
    const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
    // INT "i", FUNC_PROTO () -> i, FUNC "i" of that prototype.
    const types = [1, 0x01000000, 4, 0x01000020, 0, 0x0d000000, 1, 1, 0x0c000000, 2];
    const btf = new Uint8Array([...words(0x0001eb9f, 24, 0, 40, 40, 3, ...types), 0, 0x69, 0]);
    const load = (funcType: number, lineOff: number) =>
      answer(
        kernelProgLoad({
          type: 1,
          insns: trivial,
          btf,
          funcInfo: { records: words(0, funcType), recordSize: 8 },
          lineInfo: { records: words(0, 1, lineOff, 1024), recordSize: 16 },
        }),
      );
    expect(load(3, 1)).toMatchObject({ btfErrno: 0, errno: 0, controlErrno: 0 });
    expect(load(1, 1)).toMatchObject({ btfErrno: 0, errno: EINVAL, controlErrno: 0 });
    expect(load(1, 1).log).toContain("invalid type id 1 in func info");
    expect(load(3, 999)).toMatchObject({ errno: EINVAL, controlErrno: 0 });
  });
});

describe.each([
  ["libbpf17", libbpf17],
  ["libbpf11", libbpf11],
] satisfies [LibbpfName, () => unknown][])("%s", (name, probe) => {
  const withObject = judgeTest(probe(), clang());

  withObject("loads a good object, with BTF on every map and each reference bound to its map", () => {
    // Twice: had the first run left its pin behind, the second would meet it.
    for (let round = 0; round < 2; round++) {
      const report = answer(runLibbpf(name, compileC(goodSource), { wantBtf: true }));
      expect(report.open).toEqual({ ok: true, errno: 0 });
      expect(report.load).toEqual({ ok: true, errno: 0 });
      expect(report.btfFd).toBeGreaterThanOrEqual(0);
      const shape = { type: 1, keySize: 4, valueSize: 16, maxEntries: 16, retriedWithoutBtf: false, pinned: false };
      expect(report.maps.find((map) => map.name === "first")).toMatchObject(shape);
      expect(report.maps.find((map) => map.name === "second")).toMatchObject({ pinByName: true, pinned: true });
      for (const map of report.maps) {
        expect(map.kernel?.btfKeyTypeId).toBe(map.btfKeyTypeId);
        expect(map.kernel?.btfValueTypeId).toBeGreaterThan(0);
      }
      const [program] = report.programs;
      expect(program).toMatchObject({ name: "program", section: "socket", loaded: true, attempted: true });
      expect(program?.processed).toBeGreaterThan(5);
      expect(program?.wideLoads.map((load) => load.map)).toEqual(["first", "second"]);
      expect(answer(kernelBtfLoad([report.btf ?? new Uint8Array()]))).toEqual([{ errno: 0, log: "" }]);
    }
  });

  withObject("goes on without BTF when the kernel refuses a name, and shows it", () => {
    const report = answer(runLibbpf(name, replaceText(compileC(goodSource), "qqvalue", "qq\x80alue")));
    expect(report.load?.ok).toBe(true);
    expect(report.btfFd).toBe(-1);
    expect(report.maps.map((map) => map.kernel?.btfValueTypeId)).toEqual([0, 0]);
    expect(report.log.some((line) => line.text.includes("qq\\x80alue"))).toBe(true);
  });

  withObject("refuses to open a map definition with an unknown field", () => {
    const report = answer(runLibbpf(name, compileC(goodSource.replace("pinning", "bogus")), { until: "open" }));
    expect(report).toMatchObject({ open: { ok: false }, load: null, btfFd: null, maps: [], programs: [] });
    expect(report.log.some((line) => line.text.includes("map 'second': unknown field 'bogus'"))).toBe(true);
  });

  withObject("says which program of an object fails, and keeps the verdicts of the others and of the maps", () => {
    const endless = 'SEC("socket") int endless(int *context) { return *(int *)(u64)context[1000]; }';
    const report = answer(runLibbpf(name, compileC(goodSource + endless)));
    expect(report.load?.ok).toBe(false);
    expect(report.programs.map((program) => [program.name, program.loaded])).toEqual([
      ["program", true],
      ["endless", false],
    ]);
    expect(report.programs[1]?.verifierLog).toContain("invalid");
    expect(report.maps.every((map) => map.fd >= 0)).toBe(true);
  });

  withObject("tries the maps one by one when one of them cannot be created", () => {
    const ring = 'struct { __uint(type, 27); __uint(max_entries, 0); } ring SEC(".maps");';
    const report = answer(runLibbpf(name, compileC(goodSource + ring)));
    expect(report.load?.ok).toBe(false);
    const created = report.maps.map((map) => [map.name, map.fd >= 0, map.errno]);
    expect(created).toEqual([
      ["first", true, 0],
      ["second", true, 0],
      ["ring", false, EINVAL],
    ]);
  });

  withObject("shows the maps that libbpf created without their type ids", () => {
    // The kernel wants a 32-bit INT as an array's key; libbpf is refused the struct and tries again without ids.
    const source = goodSource.replace(
      "__uint(type, 2); __type(key, u32); __type(value, u64);",
      "__uint(type, 2); __type(key, struct { u32 a; }); __type(value, u64);",
    );
    const report = answer(runLibbpf(name, compileC(source)));
    expect(report.load?.ok).toBe(true);
    expect(report.maps.map((map) => map.retriedWithoutBtf)).toEqual([false, true]);
  });
});

describe("bpftool", () => {
  const withObject = judgeTest(bpftool(), clang());

  judgeTest(bpftool())("dumps good BTF, raw and as JSON, and refuses bad", () => {
    const raw = answer(bpftoolDump(smallestBtf(), "raw"));
    expect(raw.stdout.toString()).toBe("[1] INT 'i' size=4 bits_offset=0 nr_bits=32 encoding=(none)\n");
    const json = JSON.parse(answer(bpftoolDump(smallestBtf(), "json")).stdout.toString());
    expect(json).toMatchObject({ types: [{ id: 1, kind: "INT", name: "i", size: 4 }] });
    expect(answer(bpftoolDump(Uint8Array.of(1, 2, 3), "raw"))).toMatchObject({ ok: false });
  });

  withObject("makes a skeleton and links objects, and refuses what is none", () => {
    const object = compileC(goodSource);
    expect(answer(bpftoolSkeleton(object)).stdout.toString()).toContain("struct bpf_map *first;");
    const other = compileC('SEC("socket") int other(void *context) { return 0; }');
    const linked = answer(bpftoolLink([object, other]));
    expect(linked.ok).toBe(true);
    expect(answer(bpftoolDump(linked.stdout, "raw")).stdout.toString()).toMatch(/FUNC 'other'/);
    expect(answer(bpftoolLink([object, object])).ok).toBe(false);
    expect(answer(bpftoolSkeleton(trivial)).ok).toBe(false);
  });

  judgeTest(
    bpftool(),
    kernel(),
    clang(),
  )("shows the elements of a loaded map typed, and only with BTF", () => {
    const element = { map: "first", key: Uint8Array.of(7, 0, 0, 0), value: new Uint8Array(16).fill(1, 0, 1) };
    const typed = answer(bpftoolLoad(compileC(goodSource), [element]));
    expect(typed).toMatchObject({ ok: true });
    const first = typed.maps.find((map) => map.name === "first");
    expect(first?.dump).toMatchObject([{ formatted: { key: 7, value: { count: 1, total: 0 } } }]);
    expect(first?.show).toMatchObject({ type: "hash", max_entries: 16 });
    const untyped = answer(bpftoolLoad(replaceText(compileC(goodSource), "qqvalue", "qq\x80alue"), [element]));
    expect(untyped.maps.find((map) => map.name === "first")?.dump).toMatchObject([
      { key: ["0x07", "0x00", "0x00", "0x00"] },
    ]);
    expect(untyped.maps.find((map) => map.name === "first")?.dump).not.toMatchObject([{ formatted: {} }]);
    expect(answer(bpftoolLoad(trivial))).toMatchObject({ ok: false, maps: [] });
  });
});

describe("cilium", () => {
  const withObject = judgeTest(cilium(), clang());

  withObject("loads a good object with typed maps", () => {
    for (let round = 0; round < 2; round++) {
      const report = answer(runCilium(compileC(goodSource)));
      expect(report).toMatchObject({ open: { ok: true }, load: { ok: true } });
      const [first, second] = report.maps;
      expect(first).toMatchObject({ name: "first", type: 1, keySize: 4, valueSize: 16, maxEntries: 16, pinning: 0 });
      expect(first?.value).toContain("qqvalue");
      expect(second).toMatchObject({ name: "second", pinning: 1, kernel: { type: 2, valueSize: 8 } });
      expect(first?.kernel?.btfValueTypeId).toBeGreaterThan(0);
      expect(report.programs).toMatchObject([{ name: "program", section: "socket", loaded: { ok: true } }]);
    }
  });

  withObject("refuses a map whose type has a bad name, and keeps the other map", () => {
    const report = answer(runCilium(replaceText(compileC(goodSource), "qqvalue", "qq\x80alue")));
    expect(report).toMatchObject({ open: { ok: true }, load: { ok: false } });
    expect(report.maps.map((map) => [map.name, map.created?.ok])).toEqual([
      ["first", false],
      ["second", true],
    ]);
    expect(report.maps[0]?.created?.errno).toBe(EINVAL);
    expect(report.programs[0]?.loaded?.ok).toBe(false);
  });

  withObject("refuses to open a map definition with an unknown field", () => {
    const report = answer(runCilium(compileC(goodSource.replace("pinning", "bogus")), { until: "open" }));
    expect(report).toMatchObject({ open: { ok: false }, load: null, maps: [] });
    expect(report.open.error).toContain("unrecognized field bogus");
  });
});

describe.each([
  ["aya03", aya03],
  ["aya06", aya06],
] satisfies [AyaName, () => unknown][])("%s", (name, probe) => {
  judgeTest(
    probe(),
    kernel(),
    clang(),
  )("parses a good object, binds its maps, and sends BTF that the kernel takes", () => {
    const report = answer(runAya(name, compileC(goodSource)));
    const fine = { ok: true, error: null };
    expect(report).toMatchObject({ parse: fine, fixUp: fine, relocate: fine });
    expect(report.maps).toMatchObject([
      { name: "first", definition: "btf", type: 1, keySize: 4, valueSize: 16, maxEntries: 16, pinning: 0 },
      { name: "second", definition: "btf", type: 2, keySize: 4, valueSize: 8, maxEntries: 4, pinning: 1 },
    ]);
    const [program] = report.programs;
    expect(program?.name).toBe("program");
    expect(program?.references.map((reference) => reference.map)).toEqual(["first", "second"]);
    expect(answer(kernelBtfLoad([report.btf ?? new Uint8Array()]))).toEqual([{ errno: 0, log: "" }]);
  });

  judgeTest(
    probe(),
    kernel(),
    clang(),
  )("sends BTF with a bad name, which the kernel refuses", () => {
    const report = answer(runAya(name, replaceText(compileC(goodSource), "qqvalue", "qqvalu|")));
    expect(answer(kernelBtfLoad([report.btf ?? new Uint8Array()]))[0]?.errno).toBe(EINVAL);
  });

  judgeTest(probe())("refuses what is no object", () => {
    expect(answer(runAya(name, trivial))).toMatchObject({ parse: { ok: false }, maps: [], fixUp: null });
  });

  judgeTest(probe(), clang())("does not read a damaged .BTF.ext: 0.3 panics, which is told from 0.6's refusal", () => {
    const object = compileC(goodSource);
    const view = new DataView(object.buffer, object.byteOffset, object.length);
    // .BTF.ext is the second place with the magic of BTF; its func_info begins with the record size, here set to 4.
    const magics = [...object.keys()].filter((at) => at % 4 === 0 && view.getUint32(at, true) === 0x0001eb9f);
    const ext = magics[1] ?? 0;
    view.setUint32(ext + view.getUint32(ext + 4, true), 4, true);
    const result = runAya(name, object);
    if (name === "aya03") expect(result.outcome).toBe("panic");
    else expect(result).toMatchObject({ outcome: "answer", value: { parse: { ok: false } } });
  });
});
