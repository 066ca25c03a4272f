import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { library } from "../../src/cli/library.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { fixObject } from "../../src/fix.ts";
import { kernelTypes, VMLINUX } from "../../tools/scoreboard/kernel-types.ts";
import { withBtf } from "../e2e/rewrite.ts";
import { Graph } from "../graph.ts";
import { aya03, aya06, runAya } from "../judges/aya.ts";
import { bpftool, bpftoolDump } from "../judges/bpftool.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import type { Judge } from "../judges/judge.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { type LibbpfReport, libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { compileRust, rustc } from "../lower/rustc.ts";
import { buildObject, CALL, EXIT, type Insn, R_BPF_64_32 } from "../object.ts";

/** The BTF of the running kernel, as a thing that a test may need. */
const types: Judge = { name: "kernel types", version: "", usable: existsSync(VMLINUX), why: `no ${VMLINUX}` };
const vmlinux = kernelTypes;

const GLUE = `
#[no_mangle] #[link_section = "license"] pub static LICENSE: [u8; 4] = *b"GPL\\0";
#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
`;

/** Everything that a loader said about an object that it should have taken. */
function complaints(report: LibbpfReport): unknown {
  const refused = report.programs.filter(({ loaded }) => !loaded).map(({ verifierLog }) => verifierLog);
  return {
    open: report.open.ok,
    load: report.load?.ok,
    log: report.log.filter(({ level }) => level === "warn"),
    refused,
  };
}
const NO_ADDRESS = /^ldimm64 failed to find the address for kernel symbol '(bpf_prog_active|runqueues)'\.$/;
const NOTHING = { open: true, load: true, log: [], refused: [] };

async function mended(
  raw: Uint8Array,
): Promise<{ readonly bytes: Uint8Array; readonly done: Record<string, string | undefined> }> {
  const { bytes, diagnostics } = await fixObject(raw, { vmlinux });
  const done = diagnostics
    .filter(({ rule }) => rule === "elf/extern-without-btf")
    .map(({ message, fixed }) => [/extern (\S+)/.exec(message)?.[1] ?? "", fixed] as const);
  const errors = (await checkObject(bytes)).diagnostics.filter(({ severity }) => severity === "error");
  expect(errors).toEqual([]);
  expect(await fixObject(bytes, { vmlinux })).toMatchObject({ bytes, changed: false, plan: [] });
  return { bytes, done: Object.fromEntries(done) };
}

/** The object with a symbol made weak, which stable Rust cannot say. */
function weakened(object: Uint8Array, name: string): Uint8Array {
  const { sections, symbols, symtab } = parseElf(object);
  const symbol = symbols.find((candidate) => candidate.name === name);
  const bytes = Uint8Array.from(object);
  // st_info of an Elf64_Sym: STB_WEAK, STT_NOTYPE.
  bytes[(sections[symtab ?? 0]?.offset ?? 0) + (symbol?.index ?? 0) * 24 + 4] = 0x20;
  return bytes;
}

describe("externs of Rust", () => {
  judgeTest(
    types,
    rustc(),
    libbpf17(),
    libbpf11(),
    cilium(),
  )("functions with records and pointers in their prototypes", async () => {
    const raw = compileRust(`
extern "C" {
    fn bpf_task_from_pid(pid: i32) -> *mut core::ffi::c_void;
    fn bpf_task_release(task: *mut core::ffi::c_void);
    fn bpf_rcu_read_lock();
    fn bpf_rcu_read_unlock();
}
#[no_mangle] #[link_section = "tp_btf/task_newtask"] pub extern "C" fn prog(_ctx: *mut u64) -> i32 {
    unsafe {
        bpf_rcu_read_lock();
        bpf_rcu_read_unlock();
        let task = bpf_task_from_pid(1);
        if !task.is_null() { bpf_task_release(task); }
    }
    0
}
${GLUE}`);
    expect(answer(runLibbpf("libbpf17", raw)).open).toEqual({ ok: false, errno: 2 });
    const { bytes, done } = await mended(raw);
    const told = "described it as the kernel's function";
    expect(done).toEqual({
      bpf_task_from_pid: told,
      bpf_task_release: told,
      bpf_rcu_read_lock: told,
      bpf_rcu_read_unlock: told,
    });
    for (const name of ["libbpf17", "libbpf11"] as const)
      expect(complaints(answer(runLibbpf(name, bytes)))).toEqual(NOTHING);
    expect(answer(runCilium(bytes)).load).toMatchObject({ ok: true });
  });

  judgeTest(
    types,
    rustc(),
    clang(),
    libbpf17(),
    libbpf11(),
  )("variables: with a type of the kernel's, and without one", async () => {
    const { bytes, done } = await mended(
      compileRust(`
extern "C" { static runqueues: u8; static bpf_prog_active: i32; static _stext: u8; }
#[no_mangle] #[link_section = "raw_tp/sys_enter"] pub extern "C" fn prog(_ctx: *mut u64) -> i32 {
    let per_cpu: extern "C" fn(*const u8) -> *const u8 = unsafe { core::mem::transmute(154usize) };
    let active = per_cpu(&raw const bpf_prog_active as *const u8) as *const i32;
    let queue = per_cpu(&raw const runqueues);
    let fops = &raw const _stext as usize;
    unsafe { *active + (*queue as i32) + ((fops >> 60) as i32) }
}
${GLUE}`),
    );
    expect(done).toEqual({
      runqueues: "described it as the kernel's variable",
      bpf_prog_active: "described it as the kernel's variable",
      _stext: "described it as a kernel symbol without a type",
    });
    const twin = compileC(`
extern const int bpf_prog_active SEC(".ksyms");
struct rq { int unused; };
extern const struct rq runqueues SEC(".ksyms");
extern const void _stext SEC(".ksyms");
static void *(*per_cpu)(const void *) = (void *)154;
SEC("raw_tp/sys_enter") int prog(void *ctx) {
  int *active = per_cpu(&bpf_prog_active);
  return *active + (((u64)&_stext) >> 60) + (((u64)&runqueues) >> 60);
}`);
    for (const name of ["libbpf17", "libbpf11"] as const) {
      const [ours, theirs] = [bytes, twin].map((object) => answer(runLibbpf(name, object)));
      if (ours === undefined || theirs === undefined) throw new Error("no report");
      expect(ours.open.ok).toBe(true);
      if (theirs.load?.ok === true) expect(complaints(ours)).toEqual(NOTHING);
      // A kernel that does not list its data has no address for them, whoever asks.
      else {
        for (const { programs } of [ours, theirs]) expect(programs[0]?.verifierLog.split("\n")[0]).toMatch(NO_ADDRESS);
      }
    }
  });

  judgeTest(
    types,
    rustc(),
    libbpf17(),
    libbpf11(),
  )(".kconfig: what libbpf knows itself, and numbers by the width of their reads", async () => {
    const { bytes, done } = await mended(
      compileRust(`
extern "C" { static LINUX_KERNEL_VERSION: u32; static LINUX_HAS_BPF_COOKIE: bool; static CONFIG_HZ: u64; }
#[no_mangle] #[link_section = "raw_tp/sys_enter"] pub extern "C" fn prog(_ctx: *mut u64) -> i32 {
    unsafe {
        let cookie = (&raw const LINUX_HAS_BPF_COOKIE).read_volatile();
        (&raw const LINUX_KERNEL_VERSION).read_volatile() as i32 + cookie as i32 + (&raw const CONFIG_HZ).read_volatile() as i32
    }
}
${GLUE}`),
    );
    expect(done).toEqual({
      LINUX_KERNEL_VERSION: "described it as unsigned int in .kconfig",
      LINUX_HAS_BPF_COOKIE: "described it as bool in .kconfig",
      CONFIG_HZ: "described it as unsigned long long in .kconfig, for it is read so",
    });
    for (const name of ["libbpf17", "libbpf11"] as const) {
      const report = answer(runLibbpf(name, bytes));
      // Where the kernel's configuration cannot be read, libbpf says so of CONFIG_HZ, and of nothing else.
      const said = report.log.filter(({ level }) => level === "warn").map(({ text }) => text);
      if (report.load?.ok === true) expect(said).toEqual([]);
      else expect(said.join("\n")).toMatch(/failed to open system Kconfig|CONFIG_HZ/);
      expect(report.open.ok).toBe(true);
    }
  });

  judgeTest(rustc())("a bool or tristate of the configuration is refused by name: nothing tells which", async () => {
    const raw = compileRust(`
extern "C" { static CONFIG_BPF_SYSCALL: bool; }
#[no_mangle] #[link_section = "xdp"] pub extern "C" fn prog(_ctx: *mut u64) -> i32 {
    unsafe { (&raw const CONFIG_BPF_SYSCALL).read_volatile() as i32 }
}
${GLUE}`);
    await expect(fixObject(raw, { vmlinux: () => undefined })).rejects.toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("CONFIG_BPF_SYSCALL: no debug info gives its type"),
    });
  });

  judgeTest(
    types,
    rustc(),
    libbpf17(),
  )("a function that the kernel lacks is refused, unless its symbol is weak", async () => {
    const raw = compileRust(`
extern "C" { fn no_such_kfunc(); }
#[no_mangle] #[link_section = "tp_btf/task_newtask"] pub extern "C" fn prog(ctx: *mut u64) -> i32 {
    if unsafe { *ctx } == 0 { unsafe { no_such_kfunc() } }
    0
}
${GLUE}`);
    await expect(fixObject(raw, { vmlinux })).rejects.toMatchObject({
      code: "REFUSED",
      message:
        "externs have no BTF and get none: no_such_kfunc: the kernel's BTF has no such function, and those of modules are not looked up [elf/extern-without-btf]",
    });
    const { bytes, done } = await mended(weakened(raw, "no_such_kfunc"));
    expect(done).toEqual({ no_such_kfunc: "described it as a function that this kernel lacks" });
    // The verifier sees that the pointer is never null, so the call is dead code.
    expect(complaints(answer(runLibbpf("libbpf17", bytes)))).toEqual(NOTHING);
  });
});

judgeTest(clang(), bpftool())("the debug info of C declares what an extern of .kconfig is", async () => {
  const raw = compileC(`
extern _Bool CONFIG_BPF_SYSCALL SEC(".kconfig");
SEC("xdp") int prog(void *ctx) { return CONFIG_BPF_SYSCALL ? 2 : 1; }
`);
  // BTF knows it under another name, that is: not.
  const spoilt = withBtf(raw, (builder) => {
    for (let id = 1; id < builder.nextId; id++) {
      const type = builder.get(id);
      if (type?.kind === "var" && type.linkage === 2) builder.replace(id, { ...type, nameOff: builder.string("int") });
    }
  });
  const { bytes, diagnostics } = await fixObject(spoilt);
  expect(diagnostics.find(({ rule }) => rule === "elf/extern-without-btf")?.fixed).toBe(
    "described it in .kconfig as the debug info declares it",
  );
  const text = answer(bpftoolDump(bytes, "raw")).stdout.toString("latin1");
  const id = /\[(\d+)\] VAR 'CONFIG_BPF_SYSCALL' type_id=(\d+), linkage=extern/.exec(text);
  expect(text).toMatch(new RegExp(`^\\[${id?.[2]}\\] INT '_Bool' size=1 .*encoding=BOOL`, "m"));
  expect(text).toContain(`type_id=${id?.[1]} offset=0 size=1 (VAR 'CONFIG_BPF_SYSCALL')`);
});

describe("s37, an object that calls kfuncs", () => {
  const folder = join(import.meta.dirname, "..", "..", "corpus");
  for (const path of ["shapes/s37_extern_kfunc.bpfel.o", "shapes-linked/s37_extern_kfunc.bpfel.o"]) {
    judgeTest(
      types,
      libbpf17(),
      libbpf11(),
      cilium(),
      aya06(),
      bpftool(),
    )(`${path} is fine with the kernel's types`, async () => {
      const { bytes } = await mended(new Uint8Array(readFileSync(join(folder, path))));
      for (const name of ["libbpf17", "libbpf11"] as const) {
        const report = answer(runLibbpf(name, bytes));
        expect(complaints(report)).toEqual(NOTHING);
        expect(report.btfFd).toBeGreaterThanOrEqual(0);
      }
      expect(answer(runCilium(bytes)).load).toMatchObject({ ok: true });
      expect(answer(runAya("aya06", bytes)).parse.ok).toBe(true);
      expect(answer(bpftoolDump(bytes, "c"))).toMatchObject({ ok: true });
    });
  }
  judgeTest(aya03())("aya 0.3 does with it what it did", async () => {
    const raw = new Uint8Array(readFileSync(join(folder, "shapes/s37_extern_kfunc.bpfel.o")));
    const { bytes } = await fixObject(raw, { vmlinux });
    const [before, after] = [raw, bytes].map((object) => answer(runAya("aya03", object)));
    expect([after?.parse.ok, after?.relocate?.ok]).toEqual([before?.parse.ok, before?.relocate?.ok]);
  });
});

test("without a source externs are refused by name", async () => {
  const insns: readonly Insn[] = [CALL, EXIT];
  const object = buildObject({
    sections: [{ name: "tc", insns, relocations: [{ offset: 0, type: R_BPF_64_32, symbol: "bpf_rcu_read_lock" }] }],
    symbols: [{ name: "prog", section: "tc", size: 16 }, { name: "bpf_rcu_read_lock" }],
    btf: new Graph().finish(),
  });
  await expect(fixObject(object, { vmlinux: () => undefined })).rejects.toMatchObject({
    code: "REFUSED",
    message:
      "externs have no BTF and get none: bpf_rcu_read_lock: there is no kernel BTF to look it up in [elf/extern-without-btf]",
  });
  // A caller of the library who says nothing of the kernel is told what is wrong, as `check` does.
  const { diagnostics, changed } = await fixObject(object);
  expect(changed).toBe(false);
  expect(diagnostics.find(({ rule }) => rule === "elf/extern-without-btf")).toMatchObject({ severity: "error" });
});

test("a broken file of kernel types is named as such", async () => {
  const object = buildObject({
    sections: [{ name: "tc", insns: [CALL, EXIT], relocations: [{ offset: 0, type: R_BPF_64_32, symbol: "kfunc" }] }],
    symbols: [{ name: "prog", section: "tc", size: 16 }, { name: "kfunc" }],
    btf: new Graph().finish(),
  });
  const options = {
    legacyMaps: "convert",
    enums: "tagged",
    names: "escape",
    cTypes: false,
    license: undefined,
  } as const;
  await expect(library.fix(object, { ...options, vmlinux: () => new Uint8Array(3) })).rejects.toMatchObject({
    code: "BTF_MALFORMED",
    message: expect.stringMatching(/^the kernel's types cannot be read: /),
  });
});
