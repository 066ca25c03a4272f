import { expect, test } from "vitest";
import type { EngineFixOptions } from "../../src/cli/engine.ts";
import { BtfFixError } from "../../src/errors.ts";
import { fixed, runIn } from "./double.ts";

const files = { fork: "raw", other: "raw too", "/sys/kernel/btf/vmlinux": "kernel" };
const plan = [{ rule: "map/wrapped", what: "map A is wrapped: unwrapped it", typeId: 3 }];
const repaired = fixed({ bytes: new TextEncoder().encode("mended"), plan, summary: ["1 map unwrapped"] });
const range = { section: ".BTF", offset: 24, length: 12 };
const engine = {
  fix: async () => repaired,
  diff: async () => [{ what: "type 3", before: "was", after: "is", range, typeId: 3 }],
};

test("--dry-run writes nothing, needs no target and prints the plan", async () => {
  expect(await runIn(["fork", "--dry-run"], files, engine)).toMatchObject({
    exit: 0,
    written: [],
    stdout: `fork: plan
  1. map/wrapped: map A is wrapped: unwrapped it
  type 3 .BTF+24, 12 bytes
    - was
    + is
fork: 1 map unwrapped, 0 errors
`,
  });
});

test("--dry-run with a target leaves that alone too", async () => {
  expect((await runIn(["fork", "-o", "out", "--dry-run"], files, engine)).written).toEqual([]);
  expect((await runIn(["fork", "--in-place", "--dry-run"], files, engine)).written).toEqual([]);
});

test("--plan json prints nothing but the plan of every file, refused ones included, and writes", async () => {
  const fix = async (bytes: Uint8Array) => {
    if (bytes.length === 3) return repaired;
    throw new BtfFixError("REFUSED", "no");
  };
  const ran = await runIn(["--in-place", "fork", "other", "--plan", "json"], files, { ...engine, fix });
  expect(ran.exit).toBe(4);
  expect(ran.written.map(({ path }) => path)).toEqual(["fork"]);
  expect(JSON.parse(ran.stdout)).toMatchObject({
    version: 1,
    files: [
      {
        file: "fork",
        output: "fork",
        repairs: plan,
        edits: [{ what: "type 3", before: "was", after: "is", range, repairs: [0] }],
      },
      { file: "other", error: { code: "REFUSED", message: "no" } },
    ],
  });
});

test("--json and --plan exclude each other; --dry-run --json is the report alone", async () => {
  expect((await runIn(["fork", "--json", "--plan", "json"], files, engine)).exit).toBe(2);
  const ran = await runIn(["fork", "--json", "--dry-run"], files, engine);
  expect(JSON.parse(ran.stdout)).toMatchObject({ files: [{ file: "fork", output: null }] });
});

test("what the user decides reaches the library, and the kernel's types are read only when asked for", async () => {
  const seen: EngineFixOptions[] = [];
  const fix = async (_: Uint8Array, options: EngineFixOptions) => {
    seen.push(options);
    return repaired;
  };
  await runIn(["fork", "--dry-run"], files, { ...engine, fix });
  const chosen = ["--legacy-maps=keep", "--enum", "union", "--names=short", "--c-types", "--license", "GPL"];
  await runIn(["fork", "--dry-run", ...chosen, "--vmlinux", "other"], files, { ...engine, fix });
  const [plain, decided] = seen;
  expect(plain).toMatchObject({ legacyMaps: "convert", enums: "tagged", names: "escape", cTypes: false });
  expect(plain?.license).toBeUndefined();
  expect(new TextDecoder().decode(plain?.vmlinux())).toBe("kernel");
  expect(decided).toMatchObject({ legacyMaps: "keep", enums: "union", names: "short", cTypes: true, license: "GPL" });
  expect(new TextDecoder().decode(decided?.vmlinux())).toBe("raw too");
  await runIn(["fork", "--dry-run"], { fork: "raw" }, { ...engine, fix });
  expect(seen[2]?.vmlinux()).toBeUndefined();
  expect((await runIn(["fork", "--dry-run", "--enum", "none"], files, engine)).exit).toBe(2);
});
