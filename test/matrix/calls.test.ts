import { describe, expect } from "vitest";
import { MATRIX_RELEASES } from "../../tools/matrix/kernels.ts";
import { fixedObjects, judgeObjects } from "../../tools/matrix/objects.ts";
import { inPairs } from "../../tools/matrix/parallel.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { smallestBtf } from "../judges/kernel.ts";
import { libbpf17 } from "../judges/libbpf.ts";
import { machineBtfLoad, machineMapCreate, machineProgLoad } from "../judges/machine.ts";
import { matrixKernel, runInKernel } from "../judges/qemu.ts";
import { answer } from "../judges/run.ts";

const EINVAL = 22;

const kernels = MATRIX_RELEASES.map(matrixKernel);

/** Every boot takes seconds; between these the calls themselves did not change. */
const OLDEST_AND_NEWEST = ["5.10", "7.3"] as const;

function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

/** r0 = 0; exit */
const trivial = Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);

/** INT "i", FUNC_PROTO () -> i, FUNC "i" of that prototype. */
const types = [1, 0x0100_0000, 4, 0x0100_0020, 0, 0x0d00_0000, 1, 1, 0x0c00_0000, 2];
const functionBtf = new Uint8Array([...words(0x0001_eb9f, 24, 0, 40, 40, 3, ...types), 0, 0x69, 0]);

// What each call is expected to say here holds of every release, and the kernel's documentation says it.
describe("oldest and newest kernel answer", () => {
  judgeTest(...OLDEST_AND_NEWEST.map(matrixKernel))(
    "of BTF, maps with and without type ids, and programs with func_info",
    async () => {
      const array = { type: 2, keySize: 4, valueSize: 4, maxEntries: 1 };
      const maps = [
        { ...array, keyTypeId: 1, valueTypeId: 1 },
        { ...array, valueSize: 8, keyTypeId: 1, valueTypeId: 1 },
        { ...array, keySize: 8 },
      ];
      const program = (type: number) => ({
        type: 1,
        insns: trivial,
        btf: functionBtf,
        funcInfo: { records: words(0, type), recordSize: 8 },
      });
      await inPairs(OLDEST_AND_NEWEST, async (release) => {
        const zeroSize = Uint8Array.from(smallestBtf(), (byte, index) => (index === 32 ? 0 : byte));
        const loaded = await machineBtfLoad(release, [smallestBtf(), zeroSize]);
        expect(loaded.kernel).toMatch(new RegExp(`^${release}[.-]`));
        expect(loaded.answers.map(({ errno }) => errno)).toEqual([0, EINVAL]);
        expect(loaded.answers[1]?.log).toContain("nr_bits exceeds type_size");
        // More maps than one job is told of.
        const many = Array.from({ length: 25 }, () => maps).flat();
        const created = await machineMapCreate(release, [
          { btf: smallestBtf(), maps: many },
          { btf: zeroSize, maps },
        ]);
        const verdicts = [0, EINVAL, EINVAL].map((withIds, index) => ({
          btfErrno: 0,
          withIds,
          withoutIds: index === 2 ? EINVAL : 0,
        }));
        expect(created.answers[0]).toEqual(Array.from({ length: 25 }, () => verdicts).flat());
        expect(created.answers[1]?.map(({ btfErrno, withIds }) => [btfErrno, withIds])).toEqual(
          maps.map(() => [EINVAL, null]),
        );
        const { answers } = await machineProgLoad(release, [program(3), program(1)]);
        expect(answers[0]).toMatchObject({ btfErrno: 0, errno: 0, controlErrno: 0 });
        expect(answers[1]).toMatchObject({ errno: EINVAL, controlErrno: 0 });
        expect(answers[1]?.log).toContain("invalid type id 1 in func info");
      });
    },
  );
});

judgeTest(matrixKernel("6.12"))("a machine tells a time-out from an exit status, and goes on after it", async () => {
  const { outcomes } = await runInKernel("6.12", [
    { program: "/kernel", args: ["btf-load", "missing"] },
    { program: "/libbpf", args: ["--version"] },
    { program: "/libbpf", args: ["--version"], seconds: 0 },
    { program: "/libbpf", args: ["--version"] },
  ]);
  expect(outcomes[0]).toMatchObject({ outcome: "answer", value: { status: 2 } });
  expect(answer(outcomes[1] ?? { outcome: "crash", signal: "" }).stdout.toString()).toBe("v1.7\n");
  expect(outcomes[2]).toEqual({ outcome: "timeout", seconds: 0 });
  expect(outcomes[3]).toEqual(outcomes[1]);
});

judgeTest(...kernels, libbpf17())(
  "programs as Aya's users write them come as far as here, but for named reasons",
  async () => {
    const objects = await fixedObjects(["aya-programs/"]);
    expect(objects.length).toBeGreaterThan(10);
    await inPairs(MATRIX_RELEASES, async (release) => {
      const verdicts = await judgeObjects(release, objects);
      expect(verdicts.filter(({ wrong }) => wrong !== "")).toEqual([]);
      const aboutBtf = verdicts.filter(({ ending }) => ["BTF", "func_info", "type ids"].includes(ending));
      expect(aboutBtf, release).toEqual([]);
      // Rust's callbacks, bloom filters and storage by task came after 5.10.
      if (release !== "5.10") expect(verdicts.filter(({ ending }) => ending !== "fine")).toEqual([]);
    });
  },
);
