import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { allObjects } from "../../tools/scoreboard/objects.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { type LibbpfReport, libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { machineLibbpf } from "../judges/machine.ts";
import { matrixKernel } from "../judges/qemu.ts";
import { answer } from "../judges/run.ts";

const RULE = "datasec/empty";

/** Constants without names alone: what the compilers of the corpus make of array initialisers, tables of switches and string literals. */
const EMPTY = [
  "aya-kinds/stand-in/btf_lpm_trie",
  "aya-kinds/stand-in/legacy_lpm_trie",
  "c/bounded_loops",
  "c/maps_per_cpu",
  "c/odd_keys",
  "shapes/s05_generic_def",
  "shapes/s10_enum_values",
  "shapes/s36_seed_macro_2022",
];

interface Pair {
  readonly name: string;
  /** With every other repair, so that only this one tells them apart. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

const objects = allObjects().filter(({ name }) => EMPTY.some((stem) => name.startsWith(`${stem}.`)));

const made = new Map<string, Promise<readonly Pair[]>>();

function pairs(order: "bpfel" | "bpfeb"): Promise<readonly Pair[]> {
  const known = made.get(order) ?? pairsOf(order);
  made.set(order, known);
  return known;
}

async function pairsOf(order: string): Promise<readonly Pair[]> {
  const wanted = objects.filter(({ name }) => name.includes(`.${order}.`));
  return Promise.all(
    wanted.map(async ({ name, path }) => {
      const raw = readFileSync(path);
      const before = (await fixObject(raw, { skip: [RULE] })).bytes;
      return { name, before, after: (await fixObject(raw)).bytes };
    }),
  );
}

/** What an object's user has of it, type ids of maps aside. */
function use({ open, load, maps, programs }: LibbpfReport): unknown {
  return {
    opens: open.ok,
    loads: load?.ok,
    maps: maps.map(({ name, type, valueSize, mapFlags, fd }) => [name, type, valueSize, mapFlags, fd >= 0]),
    programs: programs.map(({ name, loaded, processed, wideLoads }) => [
      name,
      loaded,
      processed,
      wideLoads.map(({ map }) => map),
    ]),
  };
}

/** Type ids of the maps that the kernel holds. */
function typeIds({ maps }: LibbpfReport): unknown {
  return maps.map(({ name, kernel: held }) => [name, held?.btfKeyTypeId, held?.btfValueTypeId]);
}

function holdsBtf({ btfFd }: LibbpfReport): boolean {
  return (btfFd ?? -1) >= 0;
}

describe("a DATASEC without entries lists its bytes", () => {
  test("as one static variable, which 5.10 takes, once and for all", async () => {
    expect(objects).toHaveLength(2 * EMPTY.length);
    for (const { name, before, after } of [...(await pairs("bpfel")), ...(await pairs("bpfeb"))]) {
      const asked = await checkObject(before, { kernel: "5.10" });
      expect(
        asked.diagnostics.filter(({ rule }) => rule === RULE),
        name,
      ).toMatchObject([{ severity: "warning" }]);
      expect(asked.verdicts["kernel@5.10"]?.asSent, name).toMatchObject({ accepted: false, rule: "KD-02" });
      const { diagnostics, verdicts } = await checkObject(after, { kernel: "5.10" });
      expect(verdicts["kernel@5.10"]?.asSent.accepted, name).toBe(true);
      // Of programs 5.10 may take less: it knows no callbacks.
      const left = diagnostics.filter(({ rule, severity }) => severity === "error" && !rule.startsWith("kernel/kb-"));
      expect(left, name).toEqual([]);
      expect(await fixObject(after), name).toMatchObject({ bytes: after, changed: false, plan: [] });
    }
  });

  judgeTest(libbpf17(), libbpf11())("and stays the type of its map where it was taken before", async () => {
    for (const { name, before, after } of await pairs("bpfel")) {
      for (const library of ["libbpf17", "libbpf11"] as const) {
        const [then, now] = [answer(runLibbpf(library, before)), answer(runLibbpf(library, after))];
        expect([holdsBtf(then), holdsBtf(now)], name).toEqual([true, true]);
        expect(use(now), name).toEqual(use(then));
        expect(typeIds(now), name).toEqual(typeIds(then));
      }
    }
  });

  judgeTest(matrixKernel("5.10"), libbpf17())(
    "and 5.10 holds the BTF that it refused, with the ids of 6.18",
    async () => {
      const all = await pairs("bpfel");
      const { answers } = await machineLibbpf(
        "5.10",
        all.flatMap(({ before, after }) => [before, after]),
      );
      for (const [index, { name, after }] of all.entries()) {
        const [then, now] = answers.slice(index * 2, index * 2 + 2).map(answer);
        if (then === undefined || now === undefined) throw new RangeError("an answer is missing");
        expect([holdsBtf(then), holdsBtf(now)], name).toEqual([false, true]);
        expect(use(now), name).toEqual(use(then));
        expect(typeIds(now), name).toEqual(typeIds(answer(runLibbpf("libbpf17", after))));
      }
    },
  );
});

/** A global function that 5.10 does not verify alone, and constants of its caller, which have a name if `named`. */
function withPointer(named: boolean): Uint8Array {
  return compileC(`
    struct many { u32 of[6]; };
    __attribute__((noinline)) int at(const struct many *many, u32 i) { return many ? many->of[i & 3] : 0; }
    ${named ? "const volatile u32 setting = 1;" : "enum { setting = 1 };"}
    SEC("socket") int main_program(void *context) {
      struct many many = {{3, 141, 59, 26, 53, 58}};
      return at(&many, setting);
    }`);
}

describe("where 5.10 would refuse a function with its BTF", () => {
  judgeTest(clang())("the DATASEC stays empty, and the finding says why", async () => {
    const raw = withPointer(false);
    const { bytes, changed, diagnostics } = await fixObject(raw);
    const found = diagnostics.filter(({ rule }) => rule === RULE);
    expect(found).toMatchObject([{ help: expect.stringContaining("5.10 would verify global functions") }]);
    expect([changed, found[0]?.fixed]).toEqual([false, undefined]);
    expect(await fixObject(bytes)).toMatchObject({ bytes, changed: false, plan: [] });
  });

  judgeTest(clang(), matrixKernel("5.10"))(
    "5.10 loads it so, and refuses the same with a constant that has a name",
    async () => {
      const fixed = await Promise.all([false, true].map(async (named) => (await fixObject(withPointer(named))).bytes));
      const [kept, named] = (await machineLibbpf("5.10", fixed)).answers.map(answer);
      expect([kept?.load?.ok, kept && holdsBtf(kept)]).toEqual([true, false]);
      expect([named?.load?.ok, named && holdsBtf(named)]).toEqual([false, true]);
      expect(named?.programs[0]?.verifierLog).toContain("Arg#0 type PTR in at() is not supported yet");
    },
  );
});
