import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CheckResult } from "../../src/api.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { checkObject } from "../../src/check.ts";
import { BtfFixError } from "../../src/errors.ts";
import { fixObject } from "../../src/fix.ts";
import { kernelRefuses } from "../../src/rules/index.ts";
import { KERNEL_RELEASES } from "../../src/rules/kernel/rule.ts";
import { LOADERS, type LoaderKey } from "../../src/rules/loaders.ts";
import { allObjects, type ScoredObject } from "../../tools/scoreboard/objects.ts";

/** Findings and verdicts of one report say the same; that the verdicts are true the tests in `test/rules` ask the judges themselves. */

const VMLINUX = "/sys/kernel/btf/vmlinux";

/** Little-endian ones: their twins are of the same source. */
const objects = allObjects().filter(({ name }) => name.includes(".bpfel."));

/** Names that the kernel does not take, and that user space asks for (exit code 4). */
const REFUSED = /s33_static_linkage/;

/** Every verdict of refusal has an error or warning that says so, and every finding of one a verdict. */
function expectAgreement({ diagnostics, verdicts }: CheckResult): void {
  const { kernel } = verdicts;
  // What libbpf does not send no kernel sees.
  if (kernel.asSent.accepted !== null) expect(kernelRefuses(diagnostics)).toBe(!kernel.asSent.accepted);
  for (const { key, judge, isNewest } of LOADERS) {
    const { accepted, opens } = verdicts[key];
    const refusing = diagnostics.filter(({ answers }) =>
      answers.some((entry) => entry.judge === judge && entry.answer === "rejects"),
    );
    // A loader that refuses what the kernel refuses passes on the kernel's word.
    if (accepted === false && !kernelRefuses(diagnostics)) expect(refusing, key).not.toEqual([]);
    if (opens === true && accepted === null && isNewest) {
      expect(
        refusing.filter(({ severity }) => severity === "error"),
        key,
      ).toEqual([]);
    }
  }
}

describe("findings and verdicts agree", () => {
  test.each(objects)("$name", async ({ path }) => {
    expectAgreement(await checkObject(readFileSync(path)));
  });
});

async function fixed({ path, license }: ScoredObject): Promise<Uint8Array> {
  const options = {
    ...(license === undefined ? {} : { license }),
    ...(existsSync(VMLINUX) ? { vmlinux: () => parseBtf(readFileSync(VMLINUX)) } : {}),
  };
  return (await fixObject(readFileSync(path), options)).bytes;
}

/** A refusal that no repair of ours ends: what the loader, or that version of it, does not have. */
interface Lack {
  readonly loaders: readonly LoaderKey[];
  /** Of the judge's own. */
  readonly rule: string;
  readonly objects: RegExp;
  readonly why: string;
}

const AYA: readonly LoaderKey[] = ["aya", "aya@0.3"];

const LACKS: readonly Lack[] = [
  { loaders: AYA, rule: "AP-01", objects: /^c\//, why: "sections that libbpf knows and aya does not: tc, syscall, ?…" },
  { loaders: AYA, rule: "AP-05", objects: /^c\/aliases/, why: "two names of one function" },
  { loaders: AYA, rule: "AX-01", objects: /^c\/(externs_mixed|kconfig)/, why: "no settings of the kernel" },
  { loaders: AYA, rule: "AE-10", objects: /^c\/core_types/, why: "no CO-RE question whether types match" },
  { loaders: AYA, rule: "AL-05", objects: /^c\/maps_sized/, why: "no ring buffers that user space fills" },
  { loaders: AYA, rule: "AM-03", objects: /^c\/maps_options/, why: "no map_extra of 64 bits" },
  { loaders: AYA, rule: "AM-08", objects: /s30_prog_array/, why: "fills no map of programs at the start" },
  {
    loaders: ["aya@0.3"],
    rule: "AL-07",
    objects: /s08_array_value|more\/states|c\/(odd_keys|maps_types|arrays)/,
    why: "takes an array of arrays, or of pointers, for shorter than it is",
  },
  {
    loaders: ["aya@0.3"],
    rule: "AX-01",
    objects: /s37_extern_kfunc|c\/(cpumasks|kernel_pointers|open_iteration|variadic)/,
    why: "no functions or variables of the kernel",
  },
  {
    loaders: ["cilium"],
    rule: "CD-05",
    objects: /^c\/(externs_mixed|ksyms|per_cpu)/,
    why: "no variables of the kernel",
  },
  { loaders: ["cilium"], rule: "CR-13", objects: /^c\/kconfig/, why: "no settings of the kernel that may be missing" },
  { loaders: ["cilium"], rule: "CE-02", objects: /^c\/struct_ops/, why: "no struct_ops without a link" },
  {
    loaders: ["cilium"],
    rule: "CE-07",
    objects: /^c\/(arena_globals|custom_)/,
    why: "no sections of data of one's own",
  },
  { loaders: ["cilium"], rule: "CM-41", objects: /s14_pinning|^c\/maps_options/, why: "no numa_node" },
  { loaders: ["cilium"], rule: "CR-02", objects: /^c\/hidden_symbols/, why: "no weak maps" },
  { loaders: ["libbpf@1.1"], rule: "LM-10", objects: /^c\/maps_options/, why: "no map_extra of 64 bits" },
  { loaders: ["libbpf@1.1"], rule: "LR-01", objects: /^c\/arena_globals/, why: "no arenas" },
  { loaders: ["libbpf@1.1"], rule: "KB-40", objects: /^c\/exceptions/, why: "leaves out the callback of exceptions" },
];

function lackOf(object: string, loader: string, rule: string | undefined): Lack | undefined {
  return LACKS.find(
    ({ loaders, rule: lacked, objects: named }) =>
      lacked === rule && loaders.some((key) => key === loader) && named.test(object),
  );
}

/** Shapes whose externs come from a kernel. */
const NEEDS_KERNEL = /s37_extern_kfunc/;

/** Both byte orders: kernels and loaders read them by rules of their own. */
describe("what was repaired is clean", () => {
  const repaired = allObjects().filter(({ name }) => !REFUSED.test(name));
  const met = new Set<Lack>();

  test.each(repaired)("$name", async (object) => {
    if (NEEDS_KERNEL.test(object.name) && !existsSync(VMLINUX)) return;
    const result = await checkObject(await fixed(object));
    expectAgreement(result);
    const { diagnostics, verdicts } = result;
    for (const release of KERNEL_RELEASES) {
      expect(verdicts[`kernel@${release}`]?.asSent, release).toMatchObject({ accepted: true });
    }
    const refusing = LOADERS.flatMap(({ key }) => {
      const { accepted, rule, message } = verdicts[key];
      if (accepted !== false) return [];
      const lack = lackOf(object.name, key, rule);
      if (lack !== undefined) met.add(lack);
      return lack === undefined ? [[key, rule, message]] : [];
    });
    expect(refusing).toEqual([]);
    const left = diagnostics.filter(({ severity, rule }) => {
      const [family = "", fact = ""] = rule.split("/");
      return severity !== "note" && lackOf(object.name, family, fact.toUpperCase()) === undefined;
    });
    expect(left).toEqual([]);
  });

  test("and every exception is one", () => {
    expect(LACKS.filter((lack) => !met.has(lack))).toEqual([]);
  });

  const refused = objects.filter(({ name }) => REFUSED.test(name));
  test.each(refused)("$name is refused", async (object) => {
    await expect(fixed(object)).rejects.toThrow(BtfFixError);
  });
});
