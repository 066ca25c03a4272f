import { expect, test } from "vitest";
import { BtfFixError } from "../../src/errors.ts";
import type { MapDefinition } from "../../src/maps/definition.ts";
import { runIn } from "./double.ts";

test("dump hands format, indentation and base to the renderer and prints its bytes as they are", async () => {
  const seen: unknown[] = [];
  const dump = async (bytes: Uint8Array, request: unknown) => {
    seen.push([new TextDecoder().decode(bytes), request]);
    return new Uint8Array([0xff, 0x0a]);
  };
  const files = { o: "object", vmlinux: "base" };
  const ran = await runIn(["dump", "o", "--format", "json", "--pretty", "-B", "vmlinux"], files, { dump });
  expect(ran.exit).toBe(0);
  expect([...ran.stdoutBytes]).toEqual([0xff, 0x0a]);
  expect(seen).toEqual([["object", { format: "json", pretty: true, base: new TextEncoder().encode("base") }]]);
  await runIn(["dump", "o"], files, { dump });
  expect(seen[1]).toEqual(["object", { format: "raw", pretty: false, base: undefined }]);
});

test("dump of an unusable file: one error with code, section and offset", async () => {
  const dump = async () => {
    throw new BtfFixError("BTF_MISSING", "no section .BTF");
  };
  expect(await runIn(["dump", "o"], { o: "" }, { dump })).toMatchObject({
    exit: 3,
    stdout: "",
    stderr: "o: error[BTF_MISSING]: no section .BTF\n",
  });
  const missingBase = await runIn(["dump", "o", "--base", "b"], { o: "" }, { dump });
  expect(missingBase).toMatchObject({ exit: 5, stderr: expect.stringMatching(/^b: error\[IO\]/) });
});

const pidMap: MapDefinition = {
  name: "PID_MAP",
  section: ".maps",
  place: { file: "src/main.rs", line: 12, column: undefined },
  type: 1,
  typeName: "hash",
  key: { name: "u32", size: 4, members: null },
  value: { name: "Flow", size: 1, members: [{ name: "a", bitOffset: 0, type: "u8" }] },
  keySize: 4,
  valueSize: 1,
  maxEntries: 1024,
  mapFlags: 1,
  numaNode: null,
  mapExtra: null,
  pinning: 1,
  values: null,
};

test("maps prints a table, or the definitions as JSON without file or witness", async () => {
  const asked: string[] = [];
  const maps = async (_: Uint8Array, witness: string) => {
    asked.push(witness);
    return [pidMap];
  };
  const table = await runIn(["maps", "o"], { o: "" }, { maps });
  expect(table.stdout).toBe(
    "name     type  key            value          max_entries  flags  pinning  source\n" +
      "PID_MAP  hash  u32 (4 bytes)  Flow (1 byte)  1024         0x1    by name  src/main.rs:12\n",
  );
  const json = await runIn(["maps", "o", "--from", "dwarf", "--json"], { o: "" }, { maps });
  expect(JSON.parse(json.stdout)).toEqual({ version: 1, maps: [JSON.parse(JSON.stringify(pidMap))] });
  expect(asked).toEqual(["both", "dwarf"]);
});
