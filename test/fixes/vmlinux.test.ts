import { expect } from "vitest";
import { BtfBuilder } from "../../src/btf/builder.ts";
import { encodeBtf } from "../../src/btf/encode.ts";
import { type Btf, typeById } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { fixObject } from "../../src/fix.ts";
import { kernelCopier } from "../../src/fixes/vmlinux.ts";
import { kernelTypes } from "../../tools/scoreboard/kernel-types.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { buildObject, CALL, EXIT, R_BPF_64_32 } from "../object.ts";

const types = { name: "kernel types", version: "", usable: kernelTypes() !== undefined, why: "no kernel types" };

function kernelOf(): Btf {
  const btf = kernelTypes();
  if (btf === undefined) throw new Error("no kernel types");
  return btf;
}

/** Names of the functions that the kernel's BTF marks as kfuncs, by DECL_TAG; pahole does so since 1.27. */
function kfuncs(btf: Btf): readonly string[] {
  const names = btf.types.flatMap((type) => {
    if (type.kind !== "declTag" || nameText(btf, type.nameOff) !== "bpf_kfunc") return [];
    const func = typeById(btf, type.type);
    return func?.kind === "func" ? [nameText(btf, func.nameOff)] : [];
  });
  return [...new Set(names)].sort();
}

judgeTest(types, kernel())("the kernel takes the copied prototype of every function of its own", () => {
  const source = kernelOf();
  const empty = new Graph().finish();
  const builder = new BtfBuilder(empty);
  const copier = kernelCopier(empty, builder, source);
  for (const type of source.types) if (type.kind === "func") copier.copy(type.type);
  const copy = builder.finish();
  expect(copy.types.length).toBeGreaterThan(10_000);
  const [verdict] = answer(kernelBtfLoad([encodeBtf(copy)]));
  expect(verdict).toMatchObject({ errno: 0 });
});

judgeTest(
  types,
  kernel(),
  libbpf17(),
)("libbpf finds the description of every kfunc compatible with the kernel's", async () => {
  const names = kfuncs(kernelOf());
  // A kernel whose pahole marks no kfuncs has some all the same.
  const all = names.length > 0 ? names : ["bpf_rcu_read_lock", "bpf_task_from_pid", "bpf_task_release"];
  for (let first = 0; first < all.length; first += 100) {
    const some = all.slice(first, first + 100);
    const object = buildObject({
      sections: [
        {
          name: "syscall",
          insns: [...some.map(() => CALL), EXIT],
          relocations: some.map((symbol, i) => ({ offset: i * 8, type: R_BPF_64_32, symbol })),
        },
        { name: "license", bytes: new TextEncoder().encode("GPL\0") },
      ],
      symbols: [{ name: "prog", section: "syscall", size: (some.length + 1) * 8 }, ...some.map((name) => ({ name }))],
      btf: new Graph().finish(),
    });
    const { bytes, diagnostics } = await fixObject(object, { vmlinux: kernelTypes });
    expect(diagnostics.filter(({ severity, fixed }) => severity === "error" && fixed === undefined)).toEqual([]);
    const report = answer(runLibbpf("libbpf17", bytes));
    expect(report.open).toEqual({ ok: true, errno: 0 });
    const said = report.log.map(({ text }) => text).join("\n");
    expect(said).not.toMatch(/incompatible|not resolved|not found in kernel/);
    // The program makes no sense, which the verifier says, not libbpf.
    expect(report.programs[0]?.verifierLog).not.toBe("");
  }
});
